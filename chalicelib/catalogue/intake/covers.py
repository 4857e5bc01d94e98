"""Which picture in an EPUB is its cover. Books say it in four ways, and some in none."""

import base64
import binascii
from collections.abc import Iterator

from chalicelib.catalogue.intake.archive import Archive
from chalicelib.catalogue.intake.markup import Element, attributes, find_all, local_name, parse_leniently
from chalicelib.catalogue.intake.metadata import Metadata
from chalicelib.catalogue.intake.model import Limits
from chalicelib.catalogue.intake.package import Package
from chalicelib.catalogue.intake.paths import resolve
from chalicelib.catalogue.intake.pictures import LARGEST_PICTURE

RASTER_ENDINGS = (".jpg", ".jpeg", ".png", ".gif", ".webp")
PAGE_ENDINGS = (".xhtml", ".html", ".htm", ".xml", ".svg")


def cover_pictures(archive: Archive, package: Package, metadata: Metadata, limits: Limits) -> Iterator[bytes]:
    """Bytes that may be the cover picture, likeliest first, each at most 32 MiB and not yet looked at.

    Of a page or an SVG only the raster picture inside is given: an SVG is a program, and is never passed on.
    """
    for name in dict.fromkeys(map(archive.located, _named_covers(archive, package, metadata))):
        if name.lower().endswith(PAGE_ENDINGS):
            yield from _pictures_on(archive, name, limits)
        elif (data := archive.read(name, LARGEST_PICTURE)) is not None:
            yield data


def _named_covers(archive: Archive, package: Package, metadata: Metadata) -> Iterator[str]:
    if item := package.with_property("cover-image"):  # EPUB 3.3, appendix D.5.1
        yield item.name
    declared = (metadata.named("cover") or "").strip()  # no standard says so, but all of EPUB 2 does
    if declared in package.items:
        yield package.items[declared].name
    elif declared and (place := resolve(package.name, declared)):
        yield place[0]
    for reference in find_all(package.root, "reference"):  # OPF 2.0.1, section 2.6
        is_cover = (reference.get("type") or "").strip().lower() == "cover"
        if is_cover and (place := resolve(package.name, reference.get("href") or "")):
            yield place[0]
    for name in sorted(archive.names()):
        if "cover" in name.rpartition("/")[2].lower() and name.lower().endswith(RASTER_ENDINGS):
            yield name


def _pictures_on(archive: Archive, page: str, limits: Limits) -> Iterator[bytes]:
    root = parse_leniently(archive.read(page, limits.xml_bytes) or b"")
    source = next(_picture_sources(root), None) if root is not None else None
    if source is None:
        return
    if source.startswith("data:"):
        yield from _data_url(source)
        return
    place = resolve(page, source)
    data = archive.read(archive.located(place[0]), LARGEST_PICTURE) if place is not None else None
    if data is not None:  # another SVG is no raster, and falls through when it is to be drawn
        yield data


def _picture_sources(root: Element) -> Iterator[str]:
    """Where the pictures of a page are: `src` of HTML's img, `href` (also of XLink) of SVG's image."""
    for element in find_all(root, "*"):
        declared = attributes(element)
        name = local_name(element)
        source = declared.get("src") if name == "img" else declared.get("href") if name == "image" else None
        if source:
            yield source.strip()


def _data_url(url: str) -> Iterator[bytes]:
    """The bytes in a base64 data URL (RFC 2397)."""
    head, _, encoded = url.partition(",")
    if head.endswith(";base64"):
        try:
            yield base64.b64decode(encoded)
        except binascii.Error:
            return
