"""Puts a made-up catalogue into an empty library: real items of every table that books touch, in batches, and the
search index made of them. It says nothing to the facts: nothing happened, the books are simply there.

    python -m infra.bench.load SIZE SEED         in the environment of an open library; writes JSON
"""

from __future__ import annotations

import hashlib
import json
import random
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import asdict, dataclass
from datetime import timedelta
from itertools import islice
from typing import Any

import msgspec
from pynamodb.models import Model

from chalicelib import clients, dynamo, ids, objects, wiring
from chalicelib.catalogue import ranking
from chalicelib.catalogue.holdings import DIGEST
from chalicelib.catalogue.schemas import MEDIA_TYPES, Format
from chalicelib.catalogue.search import rebuild
from chalicelib.catalogue.tables import BOOKS, Book, File, Holding, Price, Section, Series, Shelving
from chalicelib.database import Place
from chalicelib.ids import ALPHABET
from infra.bench import catalogue
from infra.bench.catalogue import SECTIONS, Row
from infra.local.demo import epub, pdf, texts
from infra.local.processes import Trouble

AT_ONCE = 25
"""Items that DynamoDB takes in one batch."""

THREADS = 4
"""More do not help: the embedded cloud executes one call at a time."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """How many books and items went in, and the seconds that took; then those of the index."""

    books: int
    items: int
    seconds: float
    indexing: float


def load(size: int, seed: int) -> Loaded:
    """Fill the empty library of this process's environment with `size` books.

    Raises Trouble where it has books.
    """
    if list(Book.query(BOOKS, limit=1)):
        raise Trouble("There are books in this library already; a made-up catalogue goes into an empty one.")
    began = time.monotonic()
    items = _write(size, seed)
    written = time.monotonic()
    _say("making the search index")
    rebuild.start(wiring.now())
    rebuild.go_on(wiring.now, lambda: True)
    return Loaded(size, items, written - began, time.monotonic() - written)


def _write(size: int, seed: int) -> int:
    files = _files()
    section_ids = [
        _id(seed, f"section {place}", catalogue.OPENED - timedelta(days=1)) for place in range(len(SECTIONS))
    ]
    books, points, voices = Counter[int](), Counter[int](), Counter[int]()

    def models() -> Iterator[Model]:
        for row in catalogue.rows(size, seed):
            for place in row.sections:
                books[place] += 1
                points[place] += row.points
                voices[place] += row.voices
            yield from models_of(row, seed, section_ids, files)
            if row.number % 5_000 == 4_999:
                _say(f"{row.number + 1} of {size} books")
        for place, name in enumerate(SECTIONS):
            yield Section(
                id=section_ids[place],
                name=name,
                description=f"Everything the library has about {name.lower()}.",
                created_at=catalogue.OPENED,
                book_count=books[place],
                rating_sum=points[place],
                rating_count=voices[place],
            )

    return _put(models())


def models_of(row: Row, seed: int, section_ids: list[str], files: dict[str, File]) -> Iterator[Model]:
    """The items of one book, as adding it would have made them."""
    book_id = _id(seed, f"book {row.number}", row.added)
    origin = f"{DIGEST}{hashlib.sha256(book_id.encode()).hexdigest()}"
    shelves = [section_ids[place] for place in row.sections]
    yield Book(
        id=book_id,
        title=row.title,
        authors=list(row.authors),
        description=row.description,
        language=row.language,
        series=Series(name=row.series[0], position=row.series[1]) if row.series else None,
        subjects=list(row.subjects),
        identifiers=[f"urn:isbn:979{row.number:010}"],
        section_ids=shelves,
        pages=row.pages,
        price=Price(amount=row.price, currency="EUR") if row.price else None,
        copies=row.copies,
        loan_period="P7D",
        grant="automatic",
        rating_sum=row.points,
        rating_count=row.voices,
        rated=ranking.by_rating(row.points, row.voices, book_id),
        loan_count=row.loans,
        borrowed=ranking.by_loans(row.loans, book_id),
        titled=ranking.by_name(row.title, book_id),
        file=files[row.format],
        origins=[origin],
        created_at=row.added,
    )
    for section_id in shelves:
        yield Shelving(section_id=section_id, book_id=book_id)
    yield Holding(origin=origin, book_ids={book_id})


def _id(seed: int, what: str, moment: Any) -> str:
    """An identifier made at `moment`, the same at every run."""
    chance = random.Random(f"{seed}/{what}")
    return ids.before(moment)[:10] + "".join(chance.choice(ALPHABET) for _ in range(ids.LENGTH - 10))


def _files() -> dict[str, File]:
    """One file for all books of a format, so that each can be read."""
    text = texts.everything()[0]
    bodies: dict[Format, bytes] = {"epub": epub.make(text), "pdf": pdf.make(text)}
    kept: dict[str, File] = {}
    for format_, body in bodies.items():
        key = f"books/made-up/all.{format_}"
        objects.put(key, body, MEDIA_TYPES[format_])
        kept[format_] = File(format=format_, key=key, size=len(body))
    return kept


def _put(models: Iterable[Model]) -> int:
    """Write `models` in batches, a few at once; how many they were."""
    client = dynamo.Client(
        Place.host or "",
        Place.region,
        clients.credentials,
        connect_timeout=Place.connect_timeout_seconds,
        read_timeout=60,
    )
    written = 0
    with ThreadPoolExecutor(THREADS) as pool:
        under_way: set[Future[None]] = set()
        rest = iter(models)
        while batch := list(islice(rest, AT_ONCE)):
            asked: dict[str, list[Any]] = {}
            for model in batch:
                asked.setdefault(model.Meta.table_name, []).append({"PutRequest": {"Item": model.serialize()}})
            if len(under_way) == THREADS * 2:
                done, under_way = wait(under_way, return_when=FIRST_COMPLETED)
                for each in done:
                    each.result()
            under_way.add(pool.submit(_put_batch, client, asked))
            written += len(batch)
        for each in under_way:
            each.result()
    return written


def _put_batch(client: dynamo.Client, asked: dict[str, list[Any]]) -> None:
    while asked:
        answer = client.send("BatchWriteItem", msgspec.json.encode({"RequestItems": asked}))
        if answer.status != 200:
            raise Trouble(f"DynamoDB refused a batch: {answer.body.decode()}")
        asked = msgspec.json.decode(answer.body).get("UnprocessedItems", {})


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    try:
        json.dump(asdict(load(int(sys.argv[1]), int(sys.argv[2]))), sys.stdout)
    except Trouble as trouble:
        sys.exit(str(trouble))
