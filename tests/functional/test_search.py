"""Searching the catalogue, and what is suggested to who types, through the API."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.factories import Town

Indexed = Callable[[], None]


def titles(answer) -> list[str]:
    assert answer.status == 200, answer.json
    return [item["title"] for item in answer.json["items"]]


def test_anyone_searches_and_sees_books_as_they_are_now(town: Town, indexed: Indexed) -> None:
    section = town.librarian.post("/sections", {"name": "Clássicos"}).json
    book = town.book(
        title="Memórias póstumas",
        authors=["Machado de Assis"],
        language="pt-BR",
        section_ids=[section["id"]],
        content="# Um",
    )
    town.book(title="Dom Casmurro", authors=["Machado de Assis"], language="pt")
    indexed()
    answer = town.visitor().get("/books?q=memorias+machdo")
    assert answer.json["items"] == [town.visitor().get(f"/books/{book['id']}").json]
    assert answer.json["next_cursor"] is None
    assert answer.json["total"] == 1
    assert answer.json["facets"] == {
        "sections": [{"value": section["id"], "text": "Clássicos", "count": 1}],
        "languages": [{"value": "pt", "text": "pt", "count": 1}],
        "formats": [{"value": "markdown", "text": "markdown", "count": 1}],
    }
    assert "did_you_mean" not in answer.json
    assert sorted(titles(town.visitor().get("/books?q=machado&language=pt"))) == ["Dom Casmurro", "Memórias póstumas"]
    assert titles(town.visitor().get("/books?author=machado+de+assis&language=pt-BR")) == ["Memórias póstumas"]
    assert titles(town.visitor().get(f"/books?section={section['id']}&sort=title")) == ["Memórias póstumas"]


def test_where_nothing_is_found_what_was_meant_is_named(town: Town, indexed: Indexed) -> None:
    town.book(title="Gardens of Spring")
    indexed()
    answer = town.visitor().get("/books?q=gartenz+spring")
    assert (answer.json["items"], answer.json["total"], answer.json["did_you_mean"]) == ([], 0, "gardens spring")


@pytest.mark.parametrize("sort", ["relevance", "newest", "rating", "popular", "title"])
def test_pages_of_a_search_follow_each_other_by_their_cursors(town: Town, indexed: Indexed, sort: str) -> None:
    for number in range(5):
        town.book(title=f"River {number}")
    indexed()
    visitor = town.visitor()
    whole = titles(visitor.get(f"/books?q=river&sort={sort}"))
    seen: list[str] = []
    path = f"/books?q=river&sort={sort}&limit=2"
    cursor = ""
    while cursor is not None:
        page = visitor.get(path + (f"&cursor={cursor}" if cursor else ""))
        assert ("total" in page.json) == (not cursor)
        seen += titles(page)
        cursor = page.json["next_cursor"]
    assert seen == whole
    assert len(seen) == 5


@pytest.mark.parametrize("query", ["q=river&cursor=x", "q=river&sort=title&cursor=relevance.0.0.1." + "0" * 26])
def test_a_cursor_of_another_list_is_refused(town: Town, indexed: Indexed, query: str) -> None:
    town.book(title="River")
    indexed()
    answer = town.visitor().get(f"/books?{query}")
    assert (answer.status, answer.json["errors"][0]["field"]) == (422, "cursor")


@pytest.mark.parametrize("q", ["%00", "%F0%9F%98%80", "*", "title:[*%20TO%20*]", "%22", "(" * 200, "a" * 200])
def test_whatever_is_asked_there_is_an_answer(town: Town, indexed: Indexed, q: str) -> None:
    town.book(title="River")
    indexed()
    assert town.visitor().get(f"/books?q={q}").status == 200
    assert town.visitor().get(f"/suggest?q={q}").status == 200


def test_a_search_and_a_suggestion_are_one_read_after_the_index(town: Town, indexed: Indexed, counted) -> None:
    section = town.librarian.post("/sections", {"name": "Rivers"}).json
    for number in range(30):
        town.book(title=f"River {number}", authors=[f"River Author {number}"], section_ids=[section["id"]])
    indexed()
    visitor = town.visitor()
    visitor.get("/books?q=river&limit=1")  # the index is looked at once a second
    for path in ["/books?q=river&limit=30", "/books?q=rivre&limit=30&sort=title", "/suggest?q=riv"]:
        with counted() as calls:
            assert visitor.get(path).json["items"]
        assert calls == ["BatchGetItem"], path


def test_a_removed_book_is_left_out_even_before_the_index_knows(town: Town, indexed: Indexed) -> None:
    kept, removed = town.book(title="River kept"), town.book(title="River removed")
    indexed()
    town.librarian.delete(f"/books/{removed['id']}")
    assert titles(town.visitor().get("/books?q=river")) == [kept["title"]]
    assert [one["text"] for one in town.visitor().get("/suggest?q=river").json["items"]] == ["River kept"]


def test_titles_authors_and_sections_are_suggested(town: Town, indexed: Indexed) -> None:
    section = town.librarian.post("/sections", {"name": "Austen and others"}).json
    book = town.book(title="Austen’s Letters", authors=["Jane Austen"], section_ids=[section["id"]])
    indexed()
    assert town.visitor().get("/suggest?q=aust").json == {
        "items": [
            {"kind": "title", "text": "Austen’s Letters", "id": book["id"]},
            {"kind": "author", "text": "Jane Austen", "id": "Jane Austen"},
            {"kind": "section", "text": "Austen and others", "id": section["id"]},
        ]
    }
    assert [one["kind"] for one in town.visitor().get("/suggest?q=ausetn&limit=2").json["items"]] == ["title", "author"]


@pytest.mark.parametrize("query", ["", "q=", "q=" + "a" * 201, "q=a&limit=21", "q=a&limit=0"])
def test_a_suggestion_is_asked_for_by_a_few_letters(town: Town, indexed: Indexed, query: str) -> None:
    assert town.visitor().get(f"/suggest?{query}").status == 422


@pytest.mark.parametrize("q", ["philosophie", "PHILOSÓPHIE", "philo", "philosofie", "moderne"])
def test_sections_are_found_whatever_case_accents_and_slips(town: Town, q: str) -> None:
    for name in ["Philosophie moderne", "Histoire"]:
        town.librarian.post("/sections", {"name": name})
    answer = town.visitor().get(f"/sections?q={q}")
    assert [section["name"] for section in answer.json["items"]] == ["Philosophie moderne"]


def test_a_book_is_found_by_its_new_title_and_no_longer_by_the_old(town: Town, indexed: Indexed) -> None:
    book = town.book(title="River")
    indexed()
    town.librarian.patch(f"/books/{book['id']}", {"title": "Mountain"})
    indexed()
    assert titles(town.visitor().get("/books?q=river")) == []
    assert titles(town.visitor().get("/books?q=mountain")) == ["Mountain"]
