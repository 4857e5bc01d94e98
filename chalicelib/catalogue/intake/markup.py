"""XML from outside, parsed so that it can neither reach out nor blow up. The only importer of lxml.

Entities are not resolved, no DTD is loaded, nothing is fetched. A document that declares external entities
(forbidden by EPUB 3.3, section 3.9) or entities made of entities (the "billion laughs") is refused as
hostile; a harmless DOCTYPE, as in every NCX and many chapters, is not.
"""

import importlib
import re
from collections.abc import Iterator
from html.entities import html5
from typing import Any, Protocol, cast

from chalicelib.catalogue.intake.model import Refused

# lxml is compiled and brings no types; what is used of it is described by `Element` below.
etree: Any = importlib.import_module("lxml.etree")

NESTED = re.compile(r"&(?!#)|%")
# Elements inside a line of text; at the edges of all others one word ends and the next begins.
INLINE = frozenset(
    {
        *(
            "a",
            "abbr",
            "b",
            "bdi",
            "bdo",
            "big",
            "cite",
            "code",
            "data",
            "del",
            "dfn",
            "em",
            "font",
            "i",
            "ins",
            "kbd",
        ),
        *(
            "mark",
            "q",
            "rb",
            "ruby",
            "s",
            "samp",
            "small",
            "span",
            "strong",
            "sub",
            "sup",
            "time",
            "tt",
            "u",
            "var",
            "wbr",
        ),
    }
)
# Not part of the text that one reads: the readings beside ruby characters would count each word twice.
UNREAD = frozenset({"head", "rp", "rt", "script", "style", "template"})

TRICK = "entities that reach out or blow up"


class Element(Protocol):
    """The part of an lxml element that intake uses. `tag` is no string for what is not an element (a
    reference to an entity).
    """

    tag: object
    text: str | None
    tail: str | None

    def get(self, name: str) -> str | None: ...

    def iter(self, name: str) -> "Iterator[Element]": ...

    def __iter__(self) -> "Iterator[Element]": ...

    def items(self) -> list[tuple[str, str]]: ...


def parse(data: bytes) -> Element | None:
    """The root of a well-formed document; None for one that is not. Raises `Refused` (hostile) as said
    above.
    """
    root = _parse(data, recover=False)
    # Some packages are in another encoding than they declare.
    for encoding in ("utf-8", "windows-1252") if root is None else ():
        if root is None:
            root = _parse(data, recover=False, encoding=encoding)
    return root


def parse_leniently(data: bytes) -> Element | None:
    """The root of whatever can be made of a document, as browsers do with a chapter; None where there is
    nothing.
    """
    return _parse(data, recover=True)


def _parse(data: bytes, *, recover: bool, encoding: str | None = None) -> Element | None:
    parser = etree.XMLParser(
        encoding=encoding,
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
        recover=recover,
    )
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError:
        root = None
    except ValueError:  # no bytes of a document at all
        return None
    # In attributes libxml2 always resolves entities, and stops by itself where that grows out of
    # proportion. Other limits of its own (depth) are met by honest careless chapters too, whose beginning
    # is good enough.
    if any(error.type_name == "ERR_NO_MEMORY" for error in parser.error_log):
        raise MemoryError
    if any("entity amplification" in error.message or "entity loop" in error.message for error in parser.error_log):
        raise Refused("hostile", TRICK)
    if root is None:
        return None
    _check_declarations(root)
    return cast(Element, root)


def _check_declarations(root: Any) -> None:
    declarations = root.getroottree().docinfo.internalDTD
    for entity in declarations.iterentities() if declarations is not None else ():
        if entity.system_url is not None or entity.content is None or NESTED.search(entity.content):
            raise Refused("hostile", TRICK)


def local_name(element: Element) -> str:
    """The name without its namespace, which old and careless books get wrong; "" for what is not an
    element.
    """
    return element.tag.rpartition("}")[2].rpartition(":")[2].lower() if isinstance(element.tag, str) else ""


def attributes(element: Element) -> dict[str, str]:
    """The attributes by their names without namespaces."""
    return {name.rpartition("}")[2]: value for name, value in element.items()}


def find(element: Element, name: str) -> Element | None:
    """The first element of this name (without namespace) at any depth."""
    return next(find_all(element, name), None)


def find_all(element: Element, name: str) -> Iterator[Element]:
    """All elements of this name (without namespace) at any depth, in document order."""
    return element.iter(f"{{*}}{name}")


def text_of(element: Element) -> str:
    """The text as one reads it, blocks apart from each other, in document order.

    A stack and not recursion: libxml2 permits deeper nesting than Python does.
    """
    parts: list[str] = []
    waiting: list[Element | str] = [element]
    while waiting:
        node = waiting.pop()
        if isinstance(node, str):
            parts.append(node)
            continue
        if not isinstance(node.tag, str):
            # A named character such as &nbsp;, which is text although its DTD is not loaded.
            parts.append(html5.get((node.text or "")[1:], ""))
            continue
        name = local_name(node)
        if name in UNREAD:
            continue
        edge = "" if name in INLINE else " "
        inside: list[Element | str] = [edge, node.text or ""]
        for child in node:
            inside += [child, child.tail or ""]
        inside.append(edge)
        waiting += reversed(inside)
    return "".join(parts)
