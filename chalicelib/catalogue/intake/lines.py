"""Whether the lines of a chapter run from top to bottom, as in many Japanese and Chinese books: the CSS that
says so (writing-mode; CSS Writing Modes 3, section 3.1) is looked for, and no more of CSS is understood.
"""

import re
from collections.abc import Iterator
from itertools import islice

from chalicelib.catalogue.intake.archive import Archive
from chalicelib.catalogue.intake.markup import Element, attributes, find, find_all
from chalicelib.catalogue.intake.paths import resolve

LARGEST_SHEET = 256 * 1024
MOST_SHEETS = 40
MOST_SELECTORS = 200
IMPORT = re.compile(r"""@import (?:url\()? ?["']?([^"'); ]+)""")
VERTICAL = re.compile(r"(?:^|[; {-])writing-mode ?: ?(?:vertical-rl|vertical-lr|tb)")
# The element itself, with classes or an id: `body`, `.vrtl`, `html.vrtl`, `*`.
COMPOUND = re.compile(r"(\*|:root|[a-z]+)?((?:[.#][\w-]+)*)", re.IGNORECASE)


class Lines:
    """How the lines of a book's chapters run, its style sheets read once and not more than 40 of them."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self._sheets: dict[str, frozenset[str]] = {}

    def are_vertical(self, name: str, chapter: Element) -> bool:
        """Whether the style sheets of the chapter in the entry `name` set the whole of it in columns."""
        body = find(chapter, "body")
        whole = [chapter] if body is None else [chapter, body]
        if any(VERTICAL.search(_spaced(attributes(element).get("style", ""))) for element in whole):
            return True
        return any(
            _matches(selector, element) for selector in self._vertical_selectors(name, chapter) for element in whole
        )

    def _vertical_selectors(self, name: str, chapter: Element) -> Iterator[str]:
        for element in find_all(chapter, "style"):
            yield from islice(_vertical_rules(_spaced(element.text or "")), MOST_SELECTORS)
        for link in find_all(chapter, "link"):
            # An alternate sheet is the other way to read the book, for who asks for it.
            if (link.get("rel") or "").strip().lower() == "stylesheet":
                yield from self._of_sheet(name, link.get("href") or "")

    def _of_sheet(self, base: str, href: str) -> frozenset[str]:
        place = resolve(base, href)
        name = self._archive.located(place[0]) if place is not None else ""
        if name not in self._sheets:
            self._sheets[name] = frozenset()  # also ends sheets that import each other
            data = self._archive.read(name, LARGEST_SHEET) if len(self._sheets) <= MOST_SHEETS else None
            sheet = _spaced((data or b"").decode("utf-8", "replace"))
            imported = (self._of_sheet(name, href) for href in IMPORT.findall(sheet))
            self._sheets[name] = frozenset(islice(_vertical_rules(sheet), MOST_SELECTORS)).union(*imported)
        return self._sheets[name]


def _spaced(sheet: str) -> str:
    """Without comments, and with single blanks, so that no pattern can be made to look at the same blanks
    again and again.
    """
    first, *others = sheet.split("/*")
    return " ".join("".join([first, *(other.partition("*/")[2] for other in others)]).split())


def _vertical_rules(sheet: str) -> Iterator[str]:
    """The selectors of the rules that ask for vertical lines, in `@media` and the like too."""
    for rule in sheet.split("}"):
        selectors, _, declarations = rule.rpartition("{")
        if VERTICAL.search(declarations):
            yield from selectors.rpartition("{")[2].rpartition(";")[2].split(",")


def _matches(selector: str, element: Element) -> bool:
    """Whether the last part of a selector speaks of the element; what is above it is taken on trust."""
    last = selector.replace(">", " ").split()[-1:]
    compound = COMPOUND.fullmatch(last[0]) if last else None
    if compound is None:
        return False
    declared = attributes(element)
    has = {f".{each}" for each in declared.get("class", "").split()} | {f"#{declared.get('id', '')}"}
    kind = (compound[1] or "*").lower()
    tag = str(element.tag).rpartition("}")[2].lower()
    return kind in ("*", tag, ":root" if tag == "html" else tag) and has.issuperset(
        re.findall(r"[.#][\w-]+", compound[2])
    )
