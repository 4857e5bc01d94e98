"""The package document of an EPUB (EPUB 3.3, section 5; OPF 2.0.1): which parts the book has, and in what
order.
"""

from dataclasses import dataclass
from typing import Literal

from chalicelib.catalogue.intake.archive import Archive
from chalicelib.catalogue.intake.markup import Element, attributes, find, find_all, parse
from chalicelib.catalogue.intake.model import Limits, Refused
from chalicelib.catalogue.intake.paths import resolve

CONTAINER = "META-INF/container.xml"
PACKAGE_TYPE = "application/oebps-package+xml"
FIXED = "rendition:layout-pre-paginated"


@dataclass(frozen=True, slots=True)
class Item:
    """A part named by the manifest. `name` is its path in the container; the entry itself may be missing."""

    id: str
    name: str
    media_type: str
    properties: frozenset[str]


@dataclass(frozen=True, slots=True)
class Package:
    """The package document, read. `items` are those inside the container, by id; `spine` the ids in reading
    order.

    `fixed_pages` is how many of the spine's references ask for a fixed layout of their own (EPUB 3.3,
    section 8.2.2.1.1).
    """

    name: str
    root: Element
    items: dict[str, Item]
    spine: tuple[str, ...]
    fixed_pages: int
    ncx: str | None
    direction: Literal["ltr", "rtl"] | None

    def with_property(self, name: str) -> Item | None:
        """The first item that declares a property, such as `nav` or `cover-image` (EPUB 3.3, appendix
        D.5).
        """
        return next((item for item in self.items.values() if name in item.properties), None)


def read_package(archive: Archive, limits: Limits) -> Package:
    """The first package that the container names and has (EPUB 3.3, section 4.2.6.3.1). Raises `Refused`:
    incomplete without one, broken where it cannot be read.

    Container and package have to be well-formed, because the browser's reader opens no book in which they
    are not.
    """
    name = _package_name(archive, limits)
    root = parse(archive.read(name, limits.xml_bytes) or b"")
    if root is None:
        raise Refused("broken", "package")
    spine = find(root, "spine")
    references = list(find_all(spine, "itemref")) if spine is not None else []
    direction = (spine.get("page-progression-direction") or "").strip().lower() if spine is not None else ""
    return Package(
        name=name,
        root=root,
        items=_items(archive, root, name),
        spine=tuple(reference.get("idref") or "" for reference in references),
        fixed_pages=sum(FIXED in (reference.get("properties") or "").split() for reference in references),
        ncx=spine.get("toc") if spine is not None else None,
        direction=direction if direction == "ltr" or direction == "rtl" else None,
    )


def _package_name(archive: Archive, limits: Limits) -> str:
    root = parse(archive.read(CONTAINER, limits.xml_bytes) or b"")
    for rootfile in find_all(root, "rootfile") if root is not None else ():
        place = resolve("", rootfile.get("full-path") or "")
        name = archive.located(place[0]) if place is not None else ""
        if name in archive and (rootfile.get("media-type") or PACKAGE_TYPE).strip().lower() == PACKAGE_TYPE:
            return name
    raise Refused("incomplete", "container")


def _items(archive: Archive, root: Element, base: str) -> dict[str, Item]:
    items: dict[str, Item] = {}
    for element in find_all(root, "item"):
        declared = attributes(element)
        place = resolve(base, declared.get("href", ""))
        if place is None:  # remote: never fetched, so for us it does not exist
            continue
        item = Item(
            id=declared.get("id", ""),
            name=archive.located(place[0]),
            media_type=declared.get("media-type", "").strip().lower(),
            properties=frozenset(declared.get("properties", "").split()),
        )
        items.setdefault(item.id, item)
    return items
