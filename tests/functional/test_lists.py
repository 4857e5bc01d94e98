"""Lists, page by page, while the library goes on changing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import islice
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from chalicelib import wiring
from chalicelib.catalogue import lists, popularity, sections, service
from chalicelib.catalogue.tables import Book, Section
from chalicelib.database import Transaction
from chalicelib.errors import Invalid
from chalicelib.paging import Part
from tests.factories import Town

CHANGES = ["added", "renamed", "rated", "lent", "removed"]
SOME = settings(
    max_examples=6,
    derandomize=True,
    deadline=None,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def titles(town: Town, query: str = "sort=title") -> list[str]:
    """The titles of all pages."""
    seen: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        page = town.visitor().get(f"/books?{query}&limit=2" + (f"&cursor={cursor}" if cursor else "")).json
        seen += [book["title"] for book in page["items"]]
        cursor = page["next_cursor"]
    return seen


def names(town: Town, sort: str, cursor: str = "") -> tuple[list[str], str | None]:
    """The names on a page of sections, and its cursor."""
    page = town.visitor().get(f"/sections?sort={sort}&limit=2" + (f"&cursor={cursor}" if cursor else "")).json
    return [section["name"] for section in page["items"]], page["next_cursor"]


class TestByTitle:
    def test_titles_stand_in_the_order_of_the_alphabets(self, town: Town) -> None:
        wanted = ["1984", "Émile 2", "Emile 10", "zorn", "Ἰλιάς", "Ёлка", "كتاب", "गोदान", "雪国"]
        for title in reversed(wanted):
            town.book(title=title)
        assert titles(town) == wanted

    def test_a_new_title_takes_its_place_at_once_and_a_removed_one_leaves_it(self, town: Town) -> None:
        first, second = town.book(title="Alpha"), town.book(title="Beta")
        assert titles(town) == ["Alpha", "Beta"]
        town.librarian.patch(f"/books/{first['id']}", {"title": "Gamma"})
        assert titles(town) == ["Beta", "Gamma"]
        town.librarian.delete(f"/books/{second['id']}")
        assert titles(town) == ["Gamma"]

    def test_ebooks_of_one_title_are_all_listed(self, town: Town) -> None:
        for _ in range(5):
            town.book(title="Poems")
        assert titles(town) == ["Poems"] * 5

    def test_an_ebook_from_before_this_list_joins_it_at_its_next_change(self, town: Town) -> None:
        book = town.book(title="Old")
        kept = service.book(book["id"])
        kept.update([Book.titled.remove()])
        assert titles(town) == []
        assert town.librarian.post("/books/batch", {"ids": [book["id"]]}).json["results"][0]["ok"]
        assert titles(town) == ["Old"]


@pytest.mark.parametrize("sort", ["title", "rating", "popular"])
@pytest.mark.parametrize("cursor", ["nonsense", "%23", "w6k", "YWJj", "YQ%3D%3D", "é"])
def test_what_no_list_gave_out_is_no_cursor(town: Town, sort: str, cursor: str) -> None:
    for path in (f"/books?sort={sort}", "/sections?sort=name"):
        refused = town.visitor().get(f"{path}&cursor={cursor}")
        assert (refused.status, refused.wrong_fields) == (422, {"cursor"})


class TestSections:
    def test_names_stand_in_the_order_of_the_alphabets(self, town: Town) -> None:
        wanted = ["Art 2", "Art 10", "écrits", "Zen", "Поэзия", "कविता"]
        for name in reversed(wanted):
            town.section(name)
        assert [s["name"] for s in town.visitor().get("/sections?sort=name").json["items"]] == wanted

    def test_one_voice_does_not_make_the_best_section(self, town: Town) -> None:
        loved, lone, unrated = (town.section(name) for name in ("loved", "lone", "unrated"))
        del unrated
        patrons = [town.patron() for _ in range(4)]
        for section, voices in ((loved, 4), (lone, 1)):
            book = town.book(section_ids=[section["id"]])
            for patron in patrons[:voices]:
                town.loan(patron, book)
                patron.put(f"/books/{book['id']}/review", {"rating": 5})
        assert [s["name"] for s in town.visitor().get("/sections?sort=rating").json["items"]] == [
            "loved",
            "lone",
            "unrated",
        ]

    @pytest.mark.parametrize("sort", ["name", "rating", "newest"])
    def test_a_list_goes_on_after_the_section_it_stopped_at_was_removed(self, town: Town, sort: str) -> None:
        made = {name: town.section(name)["id"] for name in ("a", "b", "c", "d")}
        page, cursor = names(town, sort)
        town.librarian.delete(f"/sections/{made[page[-1]]}")
        rest, end = names(town, sort, cursor or "")
        assert (sorted(page + rest), end) == (["a", "b", "c", "d"], None)


@dataclass
class Shelf:
    """A list read page by page: what it showed, and where it stands."""

    read: Callable[[int, str | None], Part[Any]]
    seen: list[str] = field(default_factory=list[str])
    cursor: str | None = None
    ended: bool = False

    def turn(self, size: int) -> None:
        if not self.ended:
            part = self.read(size, self.cursor)
            self.seen += [item.id for item in part.items]
            self.cursor, self.ended = part.next_cursor, part.next_cursor is None
            assert len(self.seen) < 100, "the list does not end"


@SOME
@given(
    st.lists(st.sampled_from(["Ash", "ash", "Äsche", "Bach", "Каша", "雪", "9", "10"]), min_size=5, max_size=9),
    st.lists(
        st.tuples(st.sampled_from(CHANGES), st.integers(0, 99), st.sampled_from(["A", "Ash", "M", "Я"])), max_size=12
    ),
    st.integers(1, 3),
)
def test_lists_of_ebooks_neither_skip_nor_repeat_while_others_are_added_and_changed(
    town: Town, made: list[str], happening: list[tuple[str, int, str]], size: int
) -> None:
    cache, now = wiring.cache(), wiring.now()
    for kept in list(Book.query("books")):
        service.remove_book(kept.id, "librarian", cache, now, lambda _: None)
    section = sections.add("All", "", "librarian", cache, now).id

    def add(title: str, after: int) -> str:
        fields: dict[str, Any] = {"title": title, "section_ids": [section]}
        return service.add_book(fields, "librarian", cache, now + timedelta(seconds=after)).id

    there = [add(title, after) for after, title in enumerate(made)]
    untouched = set(there)
    shelves = [
        Shelf(lists.newest),
        Shelf(lists.best_rated),
        Shelf(lists.most_borrowed),
        Shelf(lists.by_title),
        Shelf(lambda limit, cursor: lists.of_section(section, limit, cursor)),
    ]
    steps = iter(happening)
    number = len(made)
    while not all(shelf.ended for shelf in shelves):
        for shelf in shelves:
            shelf.turn(size)
        for change, at, title in islice(steps, 2):
            number += 1
            book_id = there[at % len(there)]
            if change == "added" or not _happens(change, book_id, title, number):
                add(title, number)
            else:
                untouched.discard(book_id)
    for shelf in shelves:
        seen = [book for book in shelf.seen if book in untouched]
        assert (len(seen), set(seen)) == (len(untouched), untouched)


def _happens(change: str, book_id: str, title: str, number: int) -> bool:
    """Change a book; whether it was still there."""
    cache, now = wiring.cache(), wiring.now()
    if not service.on_shelves([book_id]):
        return False
    match change:
        case "renamed":
            service.change_book(book_id, {"title": title}, "librarian", cache, now)
        case "rated":
            transaction = Transaction()
            service.rate(transaction, service.book(book_id), number % 5 + 1, 1, cache)
            transaction.commit()
        case "lent":
            popularity.count_loans(book_id, [f"fact-{number}-{book_id}"], cache, now)
        case _:
            service.remove_book(book_id, "librarian", cache, now, lambda _: None)
    return True


@SOME
@given(
    st.lists(st.sampled_from(["Ash", "ash", "Äsche", "Bach", "Каша", "9", "10"]), min_size=3, max_size=8),
    st.lists(st.tuples(st.sampled_from(["added", "renamed", "rated", "removed"]), st.integers(0, 99)), max_size=10),
    st.integers(1, 3),
    st.sampled_from(["newest", "name", "rating"]),
)
def test_lists_of_sections_neither_skip_nor_repeat_while_others_are_added_and_changed(
    town: Town, made: list[str], happening: list[tuple[str, int]], size: int, sort: str
) -> None:
    cache, now = wiring.cache(), wiring.now()
    for old in list(Section.query("sections")):
        sections.remove(old.id, "librarian", cache, now, lambda _: None)
    there = [sections.add(name, "", "librarian", cache, now + timedelta(seconds=i)).id for i, name in enumerate(made)]
    untouched, left = set(there), set(there)
    shelf = Shelf(lambda limit, cursor: sections.listed(None, sort, limit, cursor))
    steps = iter(happening)
    while not shelf.ended:
        shelf.turn(size)
        for change, at in islice(steps, 2):
            section = there[at % len(there)]
            if change == "added" or section not in left:
                sections.add("M", "", "librarian", cache, now + timedelta(seconds=100 + at))
                continue
            untouched.discard(section)
            if change == "renamed":
                sections.change(section, {"name": "B"}, "librarian", cache, now, lambda _: None)
            elif change == "rated":
                Section("sections", section).update([Section.rating_sum.add(5), Section.rating_count.add(1)])
            else:
                sections.remove(section, "librarian", cache, now, lambda _: None)
                left.discard(section)
    seen = [section for section in shelf.seen if section in untouched]
    assert (len(seen), set(seen)) == (len(untouched), untouched)


def test_a_cursor_of_an_identifier_is_none_of_a_ranking() -> None:
    with pytest.raises(Invalid):
        lists.by_title(2, "0" * 26)
