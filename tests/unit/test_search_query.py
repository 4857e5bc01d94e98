"""What is found in the catalogue, in which order, and how its pages follow each other."""

from __future__ import annotations

import random
from typing import Any, get_args

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib.catalogue.schemas import BookList, BookOrder
from chalicelib.catalogue.search import query
from chalicelib.errors import Invalid
from tests.factories_search import Catalogue

ID = "0" * 26
ORDERS = get_args(BookOrder)


@pytest.fixture
def catalogue() -> Catalogue:
    return Catalogue()


def find(catalogue: Catalogue, q: str | None = None, order: BookOrder = "relevance", **wanted: Any) -> query.Results:
    return query.find(catalogue.searcher(), BookList(q=q, **wanted), order)


def titles(catalogue: Catalogue, q: str | None = None, order: BookOrder = "relevance", **wanted: Any) -> list[str]:
    return catalogue.titles(find(catalogue, q, order, **wanted).ids)


FOUND = [
    # text of a title, what is asked
    ("Pride and Prejudice", "pride"),
    ("Pride and Prejudice", "prejudice pride"),
    ("Pride and Prejudice", "PRIDE prej"),
    ("Pride and Prejudice", "prejudce"),
    ("Pride and Prejudice", "pried"),
    ("Pride and Prejudice", "praide and prejudise"),
    ("Pride and Prejudice", '(+pride) AND "prejudice"~ -and'),
    ("The Ocean at the End", "ocaen"),
    ("Mansfield Park", "mansfeild pakr"),
    ("O’Brien's War", "obrien"),
    ("O’Brien's War", "o brien"),
    ("O’Brien's War", "O'Brien"),
    ("O’Brien's War", "obriens"),
    ("Well-known Truths", "wellknown"),
    ("Well-known Truths", "well known"),
    ("Well known Truths", "well-known"),
    ("C++ Primer", "c++"),
    ("The R&D Manual", "r&d"),
    ("R.U.R.", "rur"),
    ("Große Erwartungen", "grosse"),
    ("Les Misérables", "miserables"),
    ("L'Étranger", "etranger"),
    ("L'Étranger", "letranger"),
    ("Ὀδύσσεια", "οδυσσεια"),
    ("ΛΟΓΟΣ", "λογος"),
    ("İnce Memed", "ince memed"),
    ("Truyện Kiều", "truyen kieu"),
    ("Đất nước", "dat nuoc"),
    ("Преступление и наказание", "преступленые"),
    ("Ёлка", "елка"),
    ("गोदान", "गोदान"),
    ("आवाज़ की दुनिया", "आवाज"),
    ("ज़िन्दगी", "जिंदगी"),
    ("चाँद का मुँह", "चांद"),
    ("காடு", "காடு"),
    ("كِتَابُ الأَحْلام", "كتاب الاحلام"),
    ("مدينة الملح", "مدينه"),
    ("مدينة الملح", "المدينة ملح"),
    ("مدينة الملح", "المدنية"),
    ("The Great Gatsby", "a great gatsby"),
    ("Great Expectations", "the great expectations"),
    ("War & Peace", "war and peace"),
    ("コンピュータ入門", "コンピョータ入門"),
    ("Well known Truths", "well-known trths"),
    ("کتاب", "كتاب"),
    ("שִׁירָה", "שירה"),
    ("紅楼夢物語", "紅楼"),
    ("紅楼夢物語", "楼夢物"),
    ("紅楼夢物語", "夢"),
    ("紅楼夢物語", "語"),
    ("紅楼夢 物語", "物語 紅楼夢"),
    ("コンピューター入門", "こんぴゅーた"),
    ("コンピュータ入門", "ｺﾝﾋﾟｭｰﾀｰ"),
    ("도서관에서 만난", "도서관"),
    ("도서관에서 만난", "만난"),
    ("สามก๊ก ฉบับสมบูรณ์", "สมบูรณ์"),
    ("1984", "1984"),
    ("१९८४", "1984"),
    ("Ｆｕｌｌ Width", "full width"),
]

NOT_FOUND = [
    ("Pride and Prejudice", "pride zzz"),
    ("Pride and Prejudice", "prd"),
    ("War", "wat"),
    ("1984", "1985"),
    ("1984", "1948"),
    ("काम", "कम"),
    ("紅楼夢物語", "楼紅"),
    ("紅楼夢物語", "紅夢"),
    ("がく", "かく"),
    ("Pride and Prejudice", "!!! ***"),
    ("Mountain", "maontein x"),
    ("River", "rxvyr"),
]


def test_a_title_is_found_in_every_script_by_its_words_their_beginnings_and_with_slips(catalogue: Catalogue) -> None:
    for title in dict.fromkeys(title for title, _ in FOUND):
        catalogue.book(title)
    searcher = catalogue.searcher()
    missed = [
        (title, q)
        for title, q in FOUND
        if title not in catalogue.titles(query.find(searcher, BookList(q=q), "relevance").ids)
    ]
    assert missed == []


@pytest.mark.parametrize(("title", "q"), NOT_FOUND)
def test_a_title_is_not_found_by_other_words(catalogue: Catalogue, title: str, q: str) -> None:
    catalogue.book(title)
    assert titles(catalogue, q) == []


@pytest.mark.parametrize(
    "q",
    [
        "persuasion",
        "austen",
        "jane austen persuasion",
        "novels of bath",
        "classics",
        "regency",
        "murray",
        "persuasion classics austen",
        "9780141439686",
        "978-0-14-143968-6",
        "978 0 14 143968 6",
        "ISBN 0-14-143968-8",
        "0141439688",
        "urn:isbn:9780141439686",
    ],
)
def test_a_book_is_found_by_title_author_series_section_subject_publisher_and_isbn(
    catalogue: Catalogue, q: str
) -> None:
    catalogue.book("Something Else", "Somebody Else")
    catalogue.book(
        "Persuasion",
        "Jane Austen",
        series="Novels of Bath",
        section_ids=[catalogue.section("Classics")],
        subjects=["Regency England"],
        publisher="John Murray",
        identifiers=["urn:isbn:9780141439686"],
    )
    assert titles(catalogue, q) == ["Persuasion"]


def test_the_title_comes_before_the_author_and_then_what_the_book_is_about(catalogue: Catalogue) -> None:
    catalogue.book("By subject", subjects=["Poe"])
    catalogue.book("By section", section_ids=[catalogue.section("Poe")])
    catalogue.book("By series", series="Poe")
    catalogue.book("By beginning", "Poet")
    catalogue.book("By one of his names", "Edgar Poe")
    catalogue.book("Of Poe and Others")
    catalogue.book("Poe: A Life, by Poe")
    catalogue.book("By his name", "Poe")
    catalogue.book("Poe")
    assert titles(catalogue, "poe") == [
        "Poe",
        "By his name",
        "Poe: A Life, by Poe",
        "Of Poe and Others",
        "By one of his names",
        "By series",
        "By section",
        "By subject",
        "By beginning",
    ]


def test_words_as_they_stand_come_before_words_anywhere_in_the_title(catalogue: Catalogue) -> None:
    catalogue.book("Peace before the War", loan_count=9)
    catalogue.book("On War and Peace")
    catalogue.book("War and Peace: A Novel")
    assert titles(catalogue, "war and peace") == ["War and Peace: A Novel", "On War and Peace", "Peace before the War"]


def test_of_two_that_answer_as_well_the_more_borrowed_comes_first_and_then_the_newer(catalogue: Catalogue) -> None:
    catalogue.book("Gardens of Spring")
    catalogue.book("Gardens of Summer", loan_count=3)
    catalogue.book("Gardens of Autumn")
    assert titles(catalogue, "gardens") == ["Gardens of Summer", "Gardens of Autumn", "Gardens of Spring"]


def test_slips_of_typing_come_behind_what_was_asked_for_and_one_before_two(catalogue: Catalogue) -> None:
    catalogue.book("Algorithms", loan_count=9)
    catalogue.book("Algorithm")
    catalogue.book("Algoritm, an Introduction")
    catalogue.book("Algoritmic")
    assert titles(catalogue, "algoritm") == ["Algoritm, an Introduction", "Algoritmic"]
    assert titles(catalogue, "algortihm") == ["Algorithm", "Algorithms", "Algoritm, an Introduction"]


def test_a_word_that_books_have_is_not_taken_for_a_slip(catalogue: Catalogue) -> None:
    catalogue.book("House")
    catalogue.book("Horse")
    assert titles(catalogue, "house") == ["House"]
    assert titles(catalogue, "houze") == ["House"]
    assert titles(catalogue, "housr") == ["House"]
    assert sorted(titles(catalogue, "hoose")) == ["Horse", "House"]


def test_filters_narrow_what_is_searched_and_combine(catalogue: Catalogue) -> None:
    poetry, prose = catalogue.section("Poetry"), catalogue.section("Prose")
    catalogue.book("A River", "Ana Sousa", language="pt-BR", section_ids=[poetry], format="pdf")
    catalogue.book("B River", "Ana Sousa", language="pt", section_ids=[prose])
    catalogue.book("C River", "Ana María Sousa", language="en", section_ids=[poetry, prose])
    assert sorted(titles(catalogue, "river", language="pt")) == ["A River", "B River"]
    assert titles(catalogue, "river", language="PT-br") == ["A River"]
    assert sorted(titles(catalogue, None, section=poetry)) == ["A River", "C River"]
    assert titles(catalogue, None, section=poetry, language="pt", format="pdf") == ["A River"]
    assert sorted(titles(catalogue, "river", author="ana sousa")) == ["A River", "B River"]
    assert titles(catalogue, "sousa", author="ANA MARIA SOUSA", section=prose) == ["C River"]
    assert titles(catalogue, None, author="Ana") == []


def test_facets_count_what_would_be_found_without_their_own_filter(catalogue: Catalogue) -> None:
    poetry, prose = catalogue.section("Poetry"), catalogue.section("Prose")
    for language, section in [("en", poetry), ("en-GB", prose), ("hi", poetry), ("hi", prose), ("hi", poetry)]:
        catalogue.book("River", language=language, section_ids=[section])
    catalogue.book("Sea", language="fr", section_ids=[poetry])
    catalogue.book("River", format="pdf")
    overview = find(catalogue, "river", section=poetry).overview
    assert overview is not None
    assert overview.total == 3
    assert [(v.value, v.text, v.count) for v in overview.facets.sections] == [
        (poetry, "Poetry", 3),
        (prose, "Prose", 2),
    ]
    assert [(v.value, v.count) for v in overview.facets.languages] == [("hi", 2), ("en", 1)]
    assert [(v.value, v.count) for v in overview.facets.formats] == [("epub", 3)]


def test_facets_come_with_the_first_page_only(catalogue: Catalogue) -> None:
    for _ in range(3):
        catalogue.book("River")
    page = find(catalogue, "river", limit=2)
    assert page.overview is not None
    assert page.overview.total == 3
    assert find(catalogue, "river", limit=2, cursor=page.next_cursor).overview is None


@pytest.mark.parametrize(
    ("q", "meant"),
    [
        ("gartens ant rivers of xyzzyq", "gardens and rivers of"),
        ("garzenz", "gardens"),
        ("cat riverz", None),
        ("qqqqqqqq", None),
        ("!!!", None),
    ],
)
def test_where_nothing_is_found_what_is_near_and_would_be_is_named(
    catalogue: Catalogue, q: str, meant: str | None
) -> None:
    catalogue.book("Gardens and Rivers of the World")
    results = find(catalogue, q)
    if meant is None:
        assert results.did_you_mean is None or find(catalogue, results.did_you_mean).ids
    else:
        assert (results.ids, results.did_you_mean) == ([], meant)


def test_an_empty_library_has_nothing_and_says_so(catalogue: Catalogue) -> None:
    for order in ORDERS:
        assert find(catalogue, "anything", order) == query.Results([], None, find(catalogue, None).overview, None)


def test_each_order_is_that_of_its_list(catalogue: Catalogue) -> None:
    catalogue.book("Émile, a river", rating_sum=50, rating_count=10, loan_count=1)
    catalogue.book("Zola’s river", rating_sum=5, rating_count=1, loan_count=3)
    catalogue.book("A river, vol. 10", loan_count=2)
    catalogue.book("A river, vol. 9", rating_sum=15, rating_count=5)
    assert titles(catalogue, "river", "title") == [
        "A river, vol. 9",
        "A river, vol. 10",
        "Émile, a river",
        "Zola’s river",
    ]
    assert titles(catalogue, "river", "newest") == [
        "A river, vol. 9",
        "A river, vol. 10",
        "Zola’s river",
        "Émile, a river",
    ]
    assert titles(catalogue, "river", "popular") == [
        "Zola’s river",
        "A river, vol. 10",
        "Émile, a river",
        "A river, vol. 9",
    ]
    assert titles(catalogue, "river", "rating") == [
        "Émile, a river",
        "Zola’s river",
        "A river, vol. 9",
        "A river, vol. 10",
    ]


TITLES = ["River", "The River", "Rivers of Spring", "A Rivr", "The River and the Garden", "Garden"]


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("q", ["river", "the river", "rivr", None])
@settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32), limit=st.integers(1, 7))
def test_pages_neither_skip_nor_repeat_while_books_are_added(
    q: str | None, order: BookOrder, seed: int, limit: int
) -> None:
    catalogue, chance = Catalogue(), random.Random(seed)

    def add(count: int) -> None:
        for _ in range(count):
            voices = chance.choice([0, 0, 1, 2])
            catalogue.book(
                chance.choice(TITLES),
                language="en",
                loan_count=chance.choice([0, 0, 1, 5]),
                rating_count=voices,
                rating_sum=voices * chance.randint(1, 5),
            )

    add(25)
    expected = find(catalogue, q, order, language="en", limit=100).ids
    seen: list[str] = []
    cursor = None
    while True:
        page = find(catalogue, q, order, language="en", limit=limit, cursor=cursor)
        seen += page.ids
        if (cursor := page.next_cursor) is None:
            break
        add(2 if len(catalogue.books) < 60 else 0)
    assert len(set(seen)) == len(seen)
    assert [book_id for book_id in seen if book_id in set(expected)] == expected


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "x",
        "relevance.0.0.1",
        f"newest.0.0.1.{ID}",
        f"relevance.0.0.x.{ID}",
        f"relevance.0.0.{2**64}.{ID}",
        f"relevance.0.0.٣.{ID}",
        f"relevance.0.0.1.{ID}\n",
        f"relevance.0.0.1.{'u' * 26}",
        f"relevance.x.0.1.{ID}",
        f"relevance.65535.0.1.{ID}",
        f"relevance.0.999.1.{ID}",
    ],
)
def test_a_cursor_of_another_list_is_refused(catalogue: Catalogue, cursor: str) -> None:
    catalogue.book("River")
    with pytest.raises(Invalid):
        find(catalogue, "river", cursor=cursor)


@pytest.mark.parametrize("key", ["-a", "a b", "a]", 'a"', "TO *}", "é"])
def test_a_cursor_cannot_say_anything_to_the_index(catalogue: Catalogue, key: str) -> None:
    catalogue.book("River")
    with pytest.raises(Invalid):
        find(catalogue, "river", "title", cursor=f"title.0.0.{key}.{ID}")


HOSTILE = [
    "\0",
    "'" * 200,
    "a" * 200,
    "a " * 100,
    "*:*",
    "title:[* TO *]",
    "(((((((((",
    '"unterminated',
    "AND OR NOT",
    "-" * 200,
    "😀" * 100,
    "\ud83d",
    "\u202e\u200f" * 100,
    "界" * 200,
    "ก" * 200,
    "़" * 200,
    "a\u0301" * 100,
    "ﷺ" * 200,
    "+" * 199 + "c",
    "'-." * 66,
    "abcd-" * 40,
    "İ" * 200,
    " ".join("abcdefghijkl"[i % 5 :] for i in range(16)),
    "^ $",
    "\t\n",
    "isbn",
    "urn:isbn:",
    "9" * 200,
]


@pytest.fixture(scope="module")
def some() -> Catalogue:
    catalogue = Catalogue()
    section = catalogue.section("Fiction")
    for number in range(60):
        catalogue.book(f"Title {number} of the river", f"Author {number}", section_ids=[section], language="en")
    catalogue.book("紅楼夢 a'b-c 界")
    return catalogue


@pytest.mark.parametrize("order", ["relevance", "title"])
@pytest.mark.parametrize("q", HOSTILE)
def test_whatever_is_asked_there_is_an_answer(some: Catalogue, q: str, order: BookOrder) -> None:
    find(some, q, order)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    q=st.one_of(
        st.text(max_size=200),
        st.text("abct ilerv'-.\"*~^$:()[]{}\\/+&|!? AND界紅楼़َ", max_size=200),
    )
)
def test_no_text_makes_a_search_fail(some: Catalogue, q: str) -> None:
    find(some, q)


def test_an_operator_means_no_more_than_a_space(some: Catalogue) -> None:
    for q in ["title -river", "title AND NOT river", "tit* river", "title~2 river", '"title river"', "+title +river"]:
        asked = q.replace("AND NOT", "").replace("tit*", "title").replace("~2", "")
        assert find(some, asked).overview == find(some, "title river").overview
