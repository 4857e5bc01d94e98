"""Language tags as books declare them, in the form of BCP 47 (RFC 5646)."""

import re

# Two- or three-letter language, then script, region, variants; good enough to tell a tag from a sentence.
TAG = re.compile(r"[a-z]{2,3}(-[a-z0-9]{1,8}){0,5}")

# "Undetermined", "no language", "several": true, and of no use to someone who looks for books in a language.
SAYS_NOTHING = frozenset({"und", "zxx", "mul", "mis"})

# RFC 5646, section 2.2.1: the two-letter code where one exists. These are the three-letter codes (ISO
# 639-2, both forms) of languages with such a code that turn up in e-books.
SHORTER = {
    "ara": "ar", "ben": "bn", "bul": "bg", "cat": "ca", "ces": "cs", "chi": "zh", "cze": "cs", "dan": "da",
    "deu": "de", "dut": "nl", "ell": "el", "eng": "en", "est": "et", "eus": "eu", "fas": "fa", "fin": "fi",
    "fra": "fr", "fre": "fr", "ger": "de", "gre": "el", "guj": "gu", "heb": "he", "hin": "hi", "hrv": "hr",
    "hun": "hu", "ind": "id", "ita": "it", "jpn": "ja", "kan": "kn", "kor": "ko", "lat": "la", "lit": "lt",
    "mal": "ml", "mar": "mr", "nep": "ne", "nld": "nl", "nor": "no", "pan": "pa", "per": "fa", "pol": "pl",
    "por": "pt", "ron": "ro", "rum": "ro", "rus": "ru", "san": "sa", "slk": "sk", "slv": "sl", "spa": "es",
    "srp": "sr", "swa": "sw", "swe": "sv", "tam": "ta", "tel": "te", "tha": "th", "tur": "tr", "ukr": "uk",
    "urd": "ur", "vie": "vi", "zho": "zh",
}  # fmt: skip


def normalise(declared: str | None) -> str | None:
    """The tag in its usual case ("en_us" → "en-US", "zh-hant" → "zh-Hant", "eng" → "en"), or None if it is
    not one.
    """
    tag = (declared or "").strip().replace("_", "-").lower()
    if not TAG.fullmatch(tag):
        return None
    language, *rest = tag.split("-")
    if language in SAYS_NOTHING:
        return None
    return "-".join([SHORTER.get(language, language), *map(_subtag, rest)])


def same_language(one: str, other: str) -> bool:
    """Whether two tags name the same language, in whatever script or region."""
    return one.partition("-")[0] == other.partition("-")[0]


def _subtag(subtag: str) -> str:
    """RFC 5646, section 2.1.1: scripts of four letters are capitalised, regions of two letters are upper
    case.
    """
    if len(subtag) == 4 and subtag.isalpha():
        return subtag.capitalize()
    return subtag.upper() if len(subtag) == 2 else subtag
