"""Whether a book is locked by its seller. Obfuscated fonts are not a lock: readers undo them without any
key.
"""

from chalicelib.catalogue.intake.archive import Archive
from chalicelib.catalogue.intake.markup import find_all, parse_leniently
from chalicelib.catalogue.intake.model import Limits, Refused

FONT_OBFUSCATION = frozenset(
    {
        "http://www.idpf.org/2008/embedding",  # EPUB 3.3, section 4.4
        "http://ns.adobe.com/pdf/enc#RC",  # Adobe's older way of the same
    }
)
LICENCES = {
    "META-INF/license.lcpl": "Readium LCP",
    "META-INF/sinf.xml": "Apple FairPlay",
}
ADOBE_RIGHTS = b"ns.adobe.com/adept"


def check_unlocked(archive: Archive, limits: Limits) -> None:
    """Raise `Refused` with code drm if any part of the book needs a seller's key (EPUB 3.3, section
    4.2.6.3).
    """
    for name, scheme in LICENCES.items():
        if name in archive:
            raise _locked(scheme)
    if ADOBE_RIGHTS in (archive.read("META-INF/rights.xml", limits.xml_bytes) or b""):
        raise _locked("Adobe ADEPT")
    if "META-INF/encryption.xml" not in archive:
        return
    root = parse_leniently(archive.read("META-INF/encryption.xml", limits.xml_bytes) or b"")
    if root is None:
        # What cannot be read may be a lock; a book with obfuscated fonts always has a readable list of them.
        raise _locked("DRM")
    methods = (method for data in find_all(root, "EncryptedData") for method in find_all(data, "EncryptionMethod"))
    if any((method.get("Algorithm") or "").strip() not in FONT_OBFUSCATION for method in methods):
        raise _locked("DRM")


def _locked(scheme: str) -> Refused:
    return Refused("drm", scheme)
