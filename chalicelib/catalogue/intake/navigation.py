"""A book's contents list and its list of printed pages: EPUB 3 navigation documents, and EPUB 2's NCX."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice

from chalicelib.catalogue.intake import text
from chalicelib.catalogue.intake.archive import Archive
from chalicelib.catalogue.intake.markup import (
    Element,
    attributes,
    find,
    find_all,
    local_name,
    parse_leniently,
    text_of,
)
from chalicelib.catalogue.intake.model import ContentsEntry, Limits
from chalicelib.catalogue.intake.package import Package
from chalicelib.catalogue.intake.paths import resolve

MOST_ENTRIES = 1_000
LONGEST_ENTRY = 200
LONGEST_HREF = 500
DEEPEST_LEVEL = 12
NCX_TYPE = "application/x-dtbncx+xml"


def read_navigation(archive: Archive, package: Package, limits: Limits) -> tuple[tuple[ContentsEntry, ...], int | None]:
    """The contents, at most 1,000 entries, and how many printed pages the book lists (None if it lists
    none).
    """
    contents: tuple[ContentsEntry, ...] = ()
    pages: int | None = None
    for read, name in _sources(package):
        root = parse_leniently(archive.read(name, limits.xml_bytes) or b"")
        if root is not None:
            entries, count = read(root, name)
            contents = contents or tuple(_located(archive, entry) for entry in islice(entries, MOST_ENTRIES))
            pages = pages or count or None
    return contents, pages


def _located(archive: Archive, entry: ContentsEntry) -> ContentsEntry:
    if entry.href is None:
        return entry
    name, mark, fragment = entry.href.partition("#")
    return replace(entry, href=archive.located(name) + mark + fragment)


def _sources(package: Package):
    """The navigation document first; a book that has an NCX too keeps it for old readers."""
    if nav := package.with_property("nav"):
        yield _read_nav, nav.name
    ncx = package.items.get(package.ncx or "") or next(
        (item for item in package.items.values() if item.media_type == NCX_TYPE), None
    )
    if ncx is not None:
        yield _read_ncx, ncx.name


def _read_nav(root: Element, name: str) -> tuple[Iterator[ContentsEntry], int]:
    """EPUB 3.3, section 7.4: `nav` elements told apart by epub:type."""
    contents: Iterator[ContentsEntry] = iter(())
    pages = 0
    for nav in find_all(root, "nav"):
        kinds = attributes(nav).get("type", "").split()
        if "toc" in kinds:
            contents = _list_entries(find(nav, "ol"), name, 1)
        elif "page-list" in kinds:
            pages = sum(1 for _ in find_all(nav, "a"))
    return contents, pages


def _list_entries(ordered: Element | None, base: str, level: int) -> Iterator[ContentsEntry]:
    if ordered is None or level > DEEPEST_LEVEL:
        return
    for item in ordered:
        if local_name(item) != "li":
            continue
        for child in item:
            kind = local_name(child)
            if kind in ("a", "span"):
                yield from _entry(text_of(child), child.get("href"), base, level)
            elif kind == "ol":
                yield from _list_entries(child, base, level + 1)


def _read_ncx(root: Element, name: str) -> tuple[Iterator[ContentsEntry], int]:
    """OPF 2.0.1, section 2.4.1, after ANSI/NISO Z39.86-2005, section 8."""
    points = find(root, "navMap")
    contents = _point_entries(points, name, 1) if points is not None else iter(())
    return contents, sum(1 for _ in find_all(root, "pageTarget"))


def _point_entries(parent: Element, base: str, level: int) -> Iterator[ContentsEntry]:
    if level > DEEPEST_LEVEL:
        return
    for point in parent:
        if local_name(point) != "navpoint":
            continue
        label, content = "", None
        for child in point:
            if local_name(child) == "navlabel":
                label = text_of(child)
            elif local_name(child) == "content":
                content = child.get("src")
        yield from _entry(label, content, base, level)
        yield from _point_entries(point, base, level + 1)


def _entry(label: str, href: str | None, base: str, level: int) -> Iterator[ContentsEntry]:
    title = text.clean(label, LONGEST_ENTRY)
    place = resolve(base, href) if href else None
    if title is None or (href and place is None):  # without words, or leading out of the book
        return
    target = None
    if place is not None:
        target = f"{place[0]}#{place[1]}" if place[1] else place[0]
        if len(target) > LONGEST_HREF or text.clean(target, LONGEST_HREF) != target:
            target = None
    yield ContentsEntry(title, target, level)
