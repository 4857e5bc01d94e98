"""The orders of lists. A book or section has its place in them as a key that sorts as text and ends in its id; a book
keeps its own."""

from __future__ import annotations

from chalicelib.catalogue import collation

PRIOR_MEAN = 3.0
"""What a book is taken for before anybody rated it: the middle of the scale."""

PRIOR_VOICES = 5
"""How many voices that counts for: fewer real ones than this do not make a book the best."""


def esteem(points: int, voices: int) -> float:
    """The mean rating of a book, drawn towards the middle while few have rated it: 1 to 5.

    A Bayesian average, in the form that the Internet Movie Database gave for its Top 250: (v·R + m·C) / (v + m), with
    v voices of mean R, and m voices of mean C given to every book.
    """
    return (points + PRIOR_MEAN * PRIOR_VOICES) / (voices + PRIOR_VOICES)


def by_rating(points: int, voices: int, rated_id: str) -> str:
    """The key of a book or section among the best rated; of two that are equal the one with more voices is higher."""
    return f"{esteem(points, voices):.4f}#{min(voices, 99_999_999):08}#{rated_id}"


def by_loans(loans: int, book_id: str) -> str:
    """The key of a book among the most borrowed."""
    return f"{loans:010}#{book_id}"


def by_name(name: str, named_id: str) -> str:
    """The key of a book by its title, or of a section by its name."""
    return f"{collation.key(name)}#{named_id}"
