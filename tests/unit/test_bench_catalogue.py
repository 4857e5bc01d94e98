"""The made-up catalogue of the bench."""

from __future__ import annotations

from collections import Counter
from itertools import islice

from infra.bench import catalogue


def test_a_book_depends_on_the_seed_the_size_and_its_number_alone() -> None:
    alone = catalogue.row(1, 500, 321)
    assert alone == list(catalogue.rows(500, seed=1))[321]
    assert alone != catalogue.row(2, 500, 321)


def test_its_languages_have_their_shares_and_its_titles_a_long_tail() -> None:
    rows = list(catalogue.rows(2_000))
    shares = Counter(row.language for row in rows)
    for language, tongue in catalogue.TONGUES.items():
        assert abs(shares[language] / 20 - tongue.share) < 4, language
    words = Counter(word for row in rows if row.language == "en" for word in row.title.split())
    assert sum(count == 1 for count in words.values()) > 100


def test_few_authors_and_sections_have_most_of_its_books() -> None:
    rows = list(catalogue.rows(2_000))
    for counted in (Counter(a for row in rows for a in row.authors), Counter(s for row in rows for s in row.sections)):
        dearest = sum(count for _, count in counted.most_common(len(counted) // 5))
        assert dearest > sum(counted.values()) * 0.4


def test_what_it_says_of_a_book_could_stand_in_a_library() -> None:
    for row in islice(catalogue.rows(100_000), 300):
        assert 0 < len(row.title) <= 500
        assert row.authors
        assert row.voices <= row.points <= row.voices * 5
        assert all(0 <= place < len(catalogue.SECTIONS) for place in row.sections)
        assert 25 <= len(row.description.split()) <= 70
