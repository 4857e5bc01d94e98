"""What somebody who types may mean."""

from __future__ import annotations

import pytest

from chalicelib.catalogue.schemas import Suggestion
from chalicelib.catalogue.search import completion
from tests.factories_search import Catalogue


@pytest.fixture
def catalogue() -> Catalogue:
    return Catalogue()


def suggested(catalogue: Catalogue, text: str, limit: int = 8) -> list[Suggestion]:
    candidates = completion.candidates(catalogue.searcher(), text, limit)
    return completion.suggestions(candidates, catalogue.books, limit)


def texts(catalogue: Catalogue, text: str, limit: int = 8) -> list[tuple[str, str]]:
    return [(one.kind, one.text) for one in suggested(catalogue, text, limit)]


@pytest.mark.parametrize("typed", ["p", "pers", "PERSUASION", "persua", "perssua", "prsuas"])
def test_a_title_is_suggested_while_it_is_typed_and_in_spite_of_a_slip(catalogue: Catalogue, typed: str) -> None:
    book_id = catalogue.book("Persuasion", "Jane Austen")
    assert suggested(catalogue, typed) == [Suggestion(kind="title", text="Persuasion", id=book_id)]


@pytest.mark.parametrize("typed", ["jan", "aus", "jane au", "austen ja", "JÁNE AUSTEN", "asuten", "austne"])
def test_an_author_is_suggested_by_any_name_as_it_stands_on_a_book(catalogue: Catalogue, typed: str) -> None:
    catalogue.book("Persuasion", "Jane Austen", "Editor Somebody")
    assert suggested(catalogue, typed) == [Suggestion(kind="author", text="Jane Austen", id="Jane Austen")]


@pytest.mark.parametrize("typed", ["po", "poetry", "verse", "peotry"])
def test_a_section_is_suggested_by_any_word_of_its_name(catalogue: Catalogue, typed: str) -> None:
    section_id = catalogue.section("Poetry & Verse")
    assert suggested(catalogue, typed) == [Suggestion(kind="section", text="Poetry & Verse", id=section_id)]


@pytest.mark.parametrize(
    ("title", "author", "typed"),
    [
        ("紅楼夢", "曹雪芹", "紅"),
        ("紅楼夢", "曹雪芹", "楼夢"),
        ("紅楼夢", "曹雪芹", "雪芹"),
        ("海辺のカフカ", "村上春樹", "カフ"),
        ("海辺のカフカ", "村上春樹", "春"),
        ("गोदान", "प्रेमचंद", "गोद"),
        ("गोदान", "प्रेमचंद", "प्रेमचँद"),
        ("الأيام", "طه حسين", "الايا"),
        ("الأيام", "طه حسين", "حسي"),
        ("แผ่นดิน", "คึกฤทธิ์", "ดิน"),
    ],
)
def test_every_script_is_completed(catalogue: Catalogue, title: str, author: str, typed: str) -> None:
    catalogue.book(title, author)
    assert texts(catalogue, typed) in ([("title", title)], [("author", author)])


def test_the_most_borrowed_title_comes_first_and_the_author_of_most_books(catalogue: Catalogue) -> None:
    catalogue.book("River of Gold", "Ana Rivera")
    catalogue.book("River of Silver", "Ben Rivers", loan_count=5)
    catalogue.book("Something", "Ben Rivers")
    assert texts(catalogue, "river") == [
        ("title", "River of Silver"),
        ("author", "Ben Rivers"),
        ("title", "River of Gold"),
        ("author", "Ana Rivera"),
    ]


def test_editions_of_a_title_are_one_suggestion(catalogue: Catalogue) -> None:
    for number in range(5):
        catalogue.book("Emma" if number % 2 else "EMMA", "Jane Austen", loan_count=number)
    assert texts(catalogue, "emma") == [("title", "EMMA")]


def test_there_are_never_more_than_were_asked_for_and_each_kind_has_its_turn(catalogue: Catalogue) -> None:
    for number in range(20):
        catalogue.book(f"Grey {number}", f"Grey Author {number}")
    catalogue.section("Grey literature")
    kinds = [kind for kind, _ in texts(catalogue, "gre", 5)]
    assert len(kinds) == 5
    assert set(kinds) == {"title", "author", "section"}


def test_what_was_removed_a_moment_ago_is_not_suggested(catalogue: Catalogue) -> None:
    book_id = catalogue.book("Emma", "Jane Austen")
    candidates = completion.candidates(catalogue.searcher(), "emma", 8)
    assert candidates.book_ids() == {book_id}
    assert completion.suggestions(candidates, {}, 8) == []


@pytest.mark.parametrize("typed", ["!", " ", "\0", "^", "$", "a" * 200, "'" * 200, "界" * 200, "[", "\t", "ー", "़"])
def test_whatever_is_typed_there_is_an_answer(catalogue: Catalogue, typed: str) -> None:
    catalogue.book("Emma", "Jane Austen")
    assert isinstance(suggested(catalogue, typed), list)
    assert isinstance(suggested(Catalogue(), typed), list)
