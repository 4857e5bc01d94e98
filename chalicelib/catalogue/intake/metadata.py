"""What an EPUB says of itself: Dublin Core with its refinements (EPUB 3.3, section 5.5) and the older
attributes (OPF 2.0.1, 2.2).
"""

import math
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice

from chalicelib.catalogue.intake import language, text
from chalicelib.catalogue.intake.markup import Element, attributes, find, local_name, text_of

MOST_AUTHORS = 50
MOST_SUBJECTS = 50
MOST_IDENTIFIERS = 20
MOST_LANGUAGES = 20


@dataclass(frozen=True, slots=True)
class Statement:
    """One metadata element: its text, its attributes, and what other elements say of it (property →
    value).
    """

    text: str
    attributes: dict[str, str]
    refined: dict[str, str]


@dataclass(frozen=True, slots=True)
class Metadata:
    """All statements of a package by local name ("title", "creator", …), the metas among them under
    "meta".
    """

    statements: dict[str, list[Statement]]

    def title(self) -> str | None:
        """The one marked as main, else the first (EPUB 3.3, section 5.5.3.1.2)."""
        titles = [each for each in self._all("title") if each.text.strip()]
        main = [each for each in titles if each.refined.get("title-type") == "main"]
        return text.clean((main or titles)[0].text, text.LONGEST_TITLE) if titles else None

    def authors(self) -> tuple[str, ...]:
        """All creators, by display-seq and else in document order, as they are written (not as they are
        filed).

        A translator or editor whom the publisher names as creator and not as contributor stays one (EPUB
        3.3, section 5.5.3.2.2).
        """
        creators = sorted(self._all("creator"), key=_display_position)
        return text.clean_all([each.text for each in creators], text.LONGEST_NAME, MOST_AUTHORS)

    def languages(self) -> tuple[str, ...]:
        """The declared languages that are some, the first being the book's (EPUB 3.3, section 5.5.3.1.3)."""
        tags = (language.normalise(each.text) for each in self._all("language"))
        return tuple(islice((tag for tag in tags if tag), MOST_LANGUAGES))

    def description(self) -> str | None:
        return self._first("description", lambda raw: text.plain(raw, text.LONGEST_DESCRIPTION))

    def publisher(self) -> str | None:
        return self._first("publisher", lambda raw: text.clean(raw, text.LONGEST_NAME))

    def identifiers(self) -> tuple[str, ...]:
        return text.clean_all([each.text for each in self._all("identifier")], text.LONGEST_NAME, MOST_IDENTIFIERS)

    def subjects(self) -> tuple[str, ...]:
        return text.clean_all([each.text for each in self._all("subject")], text.LONGEST_NAME, MOST_SUBJECTS)

    def series(self) -> tuple[str | None, float | None]:
        """The series and the book's number in it (EPUB 3.3, appendix D.3: belongs-to-collection; else
        calibre's metas).
        """
        for meta in self._all("meta"):
            if (
                meta.attributes.get("property") == "belongs-to-collection"
                and meta.refined.get("collection-type") != "set"
            ):
                return text.clean(meta.text, text.LONGEST_NAME), _number(meta.refined.get("group-position"))
        return text.clean(self.named("calibre:series"), text.LONGEST_NAME), _number(self.named("calibre:series_index"))

    def fixed_layout(self) -> bool:
        """The layout of the whole book (EPUB 3.3, section 8.2.2.1); and the sign that older tools used
        before it.
        """
        layouts = (each.text for each in self._all("meta") if each.attributes.get("property") == "rendition:layout")
        return next(layouts, "").strip() == "pre-paginated" or self.named("fixed-layout") == "true"

    def vertical(self) -> bool:
        """Whether the lines run from top to bottom, as tools for one maker's readers declare it; else CSS does."""
        return (self.named("primary-writing-mode") or "").startswith("vertical")

    def named(self, name: str) -> str | None:
        """The value of an EPUB 2 meta."""
        metas = (each for each in self._all("meta") if each.attributes.get("name") == name)
        return next((each.attributes.get("content") for each in metas), None)

    def _all(self, name: str) -> list[Statement]:
        return self.statements.get(name, [])

    def _first(self, name: str, read: Callable[[str], str | None]) -> str | None:
        return next((value for each in self._all(name) if (value := read(each.text))), None)


def read_metadata(package_root: Element) -> Metadata:
    """The statements in a package document; none where it has no metadata."""
    root = find(package_root, "metadata")
    if root is None:
        return Metadata({})
    # Through all depths: OEB 1 and early EPUB 2 wrap the statements once more.
    elements = [element for element in root.iter("*") if element is not root]
    refined: defaultdict[str, dict[str, str]] = defaultdict(dict)
    for element in elements:
        about, name = element.get("refines"), element.get("property")
        if about and name:
            refined[about.strip().lstrip("#")].setdefault(name, text_of(element).strip())
    statements: defaultdict[str, list[Statement]] = defaultdict(list)
    for element in elements:
        declared = attributes(element)
        statement = Statement(text_of(element), declared, refined.get(declared.get("id", ""), {}))
        statements[local_name(element)].append(statement)
    return Metadata(dict(statements))


def _display_position(creator: Statement) -> float:
    """Creators without a place of their own come after those that have one, and stay in their order
    (sorting is stable).
    """
    position = _number(creator.refined.get("display-seq"))
    return math.inf if position is None else position


def _number(declared: str | None) -> float | None:
    try:
        number = float((declared or "").strip())
    except ValueError:
        return None
    return number if math.isfinite(number) and abs(number) < 1e6 else None
