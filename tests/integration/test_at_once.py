"""Many people at the same moment: what the library promises holds on a real database."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any, TypeVar

import boto3

from infra.local.cloud import EmbeddedCloud
from infra.local.processes import ROOT
from infra.local.provision import provision, read
from tests.client import Client, Reply
from tests.factories import PASSWORD, Town

T = TypeVar("T")


def at_once(*calls: Callable[[], T]) -> list[T]:
    """What the calls return, all begun in the same moment."""
    start = Barrier(len(calls))

    def run(call: Callable[[], T]) -> T:
        start.wait()
        return call()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


def statuses(replies: list[Reply]) -> Counter[int]:
    return Counter(reply.status for reply in replies)


def test_sixteen_requests_of_one_patron_at_once_make_five_loans(town: Town) -> None:
    patron = town.patron()
    books = [town.book(grant="automatic" if n % 2 else "librarian") for n in range(16)]
    replies = at_once(*(lambda b=b: patron.post("/loans", {"book_id": b["id"]}) for b in books))
    assert statuses(replies) == {201: 5, 409: 11}
    assert {r.problem for r in replies if r.status == 409} == {"loan-limit-reached"}
    assert len(patron.get("/loans?status=requested,active&limit=100").json["items"]) == 5


def test_one_book_asked_for_twelve_times_at_once_is_lent_once(town: Town) -> None:
    patron, book = town.patron(), town.book()
    replies = at_once(*[lambda: patron.post("/loans", {"book_id": book["id"]})] * 12)
    assert statuses(replies) == {201: 1, 409: 11}


def test_one_request_sent_eight_times_at_once_with_its_key_is_answered_with_one_loan(town: Town) -> None:
    patron, book = town.patron(), town.book()
    key = {"Idempotency-Key": "once"}
    replies = at_once(*[lambda: patron.post("/loans", {"book_id": book["id"]}, headers=key)] * 8)
    assert statuses(replies) == {201: 8}
    assert len({reply.json["id"] for reply in replies}) == 1


def test_three_copies_go_to_three_of_twelve_patrons(town: Town) -> None:
    book = town.book(copies=3)
    patrons = [town.patron() for _ in range(12)]
    replies = at_once(*(lambda p=p: p.post("/loans", {"book_id": book["id"]}) for p in patrons))
    assert statuses(replies) == {201: 3, 409: 9}
    availability = patrons[0].get(f"/availability?ids={book['id']}").json[book["id"]]
    assert (availability["copies"], availability["available"], availability["waiting"]) == (3, 0, 0)
    loans = [(p, r.json["id"]) for p, r in zip(patrons, replies, strict=True) if r.status == 201]
    assert statuses(at_once(*(lambda p=p, i=i: p.post(f"/loans/{i}/return") for p, i in loans))) == {200: 3}
    assert patrons[0].get(f"/availability?ids={book['id']}").json[book["id"]]["available"] == 3


def test_a_book_without_a_number_of_copies_is_lent_to_all_who_ask_at_once(town: Town) -> None:
    book = town.book()
    patrons = [town.patron() for _ in range(16)]
    replies = at_once(*(lambda p=p: p.post("/loans", {"book_id": book["id"]}) for p in patrons))
    assert statuses(replies) == {201: 16}


def test_a_loan_returned_revoked_and_returned_again_at_once_ends_once(town: Town) -> None:
    patron = town.patron()
    loan = town.loan(patron, town.book(copies=1))
    path = f"/loans/{loan['id']}"
    librarian = town.librarian
    replies = at_once(*[lambda: patron.post(f"{path}/return")] * 4, *[lambda: librarian.post(f"{path}/revoke")] * 4)
    assert statuses(replies) == {200: 1, 409: 7}
    available = patron.get(f"/availability?ids={loan['book_id']}").json[loan["book_id"]]["available"]
    assert available == 1


def test_a_request_granted_denied_and_cancelled_at_once_goes_one_way(town: Town) -> None:
    patron = town.patron()
    loan = town.loan(patron, town.book(grant="librarian"))
    path = f"/loans/{loan['id']}"
    librarian = town.librarian
    replies = at_once(
        lambda: librarian.post(f"{path}/grant"),
        lambda: librarian.post(f"{path}/deny"),
        lambda: patron.post(f"{path}/cancel"),
    )
    assert statuses(replies) == {200: 1, 409: 2}
    won = next(r.json["status"] for r in replies if r.status == 200)
    assert patron.get(path).json["status"] == won


def test_one_user_name_and_one_email_address_go_to_one_of_many(town: Town) -> None:
    visitors = [town.visitor() for _ in range(8)]
    same = {"username": "Sought.After", "password": PASSWORD}
    assert statuses(at_once(*(lambda v=v: v.post("/auth/register", same) for v in visitors))) == {201: 1, 409: 7}
    patrons = [town.patron() for _ in range(8)]
    mail = {"email": "sought@example.org"}
    assert statuses(at_once(*(lambda p=p: p.patch("/me", mail) for p in patrons))) == {200: 1, 409: 7}


def test_racing_starts_make_one_librarian(tmp_path: Path) -> None:
    make = (
        "import app, sys\n"
        "librarian = {'email': f'start{sys.argv[1]}@carrel.example', 'password': 'keeper of the books'}\n"
        "print(app.setup({'librarian': librarian}, None)['created'])"
    )
    with EmbeddedCloud(tmp_path) as cloud:
        session = boto3.Session()
        provision(read(), lambda service: session.client(service, **cloud.client_settings), stage="test")
        environment = {
            **os.environ,
            "AWS_ENDPOINT_URL": cloud.endpoint,
            "AWS_ACCESS_KEY_ID": cloud.client_settings["aws_access_key_id"],
            "AWS_SECRET_ACCESS_KEY": cloud.client_settings["aws_secret_access_key"],
        }
        starts = [
            subprocess.Popen([sys.executable, "-c", make, str(n)], cwd=ROOT, env=environment, stdout=subprocess.PIPE)
            for n in range(4)
        ]
        said = sorted(start.communicate(timeout=60)[0].decode().strip() for start in starts)
    assert said == ["False", "False", "False", "True"]


def test_sixteen_ratings_at_once_give_the_exact_mean(town: Town) -> None:
    section = town.section()
    book = town.book(section_ids=[section["id"]])
    patrons = [town.patron() for _ in range(16)]
    for patron in patrons:
        town.loan(patron, book)
    ratings = [n % 5 + 1 for n in range(16)]
    path = f"/books/{book['id']}/review"
    replies = at_once(*(lambda p=p, r=r: p.put(path, {"rating": r}) for p, r in zip(patrons, ratings, strict=True)))
    assert statuses(replies) == {200: 16}
    seen = town.visitor().get(f"/books/{book['id']}").json
    assert (seen["rating"], seen["rating_count"]) == (round(sum(ratings) / 16, 2), 16)
    shelf = town.visitor().get(f"/sections/{section['id']}").json
    assert (shelf["rating"], shelf["rating_count"]) == (seen["rating"], 16)


def test_edits_of_one_book_at_once_lose_no_section_count(town: Town) -> None:
    sections = [town.section() for _ in range(4)]
    book = town.book()
    librarian = town.librarian
    replies = at_once(
        *(lambda s=s: librarian.patch(f"/books/{book['id']}", {"section_ids": [s["id"]]}) for s in sections * 2)
    )
    assert statuses(replies) == {200: 8}
    final = town.visitor().get(f"/books/{book['id']}").json["section_ids"]
    counts = {s["id"]: town.visitor().get(f"/sections/{s['id']}").json["book_count"] for s in sections}
    assert counts == {s["id"]: int([s["id"]] == final) for s in sections}


def test_ratings_never_stand_in_the_way_of_the_librarians_edits(town: Town) -> None:
    book, librarian = town.book(), town.librarian
    patrons = [town.patron() for _ in range(3)]
    for patron in patrons:
        town.loan(patron, book)
    path = f"/books/{book['id']}"

    def rate(patron: Client) -> list[Reply]:
        return [patron.put(f"{path}/review", {"rating": n % 5 + 1}) for n in range(8)]

    def edit() -> list[Reply]:
        return [librarian.patch(path, {"pages": n + 1}) for n in range(8)]

    replies = at_once(edit, *(lambda p=p: rate(p) for p in patrons))
    assert statuses([reply for one in replies for reply in one]) == {200: 32}


def test_what_everybody_reads_is_never_older_than_what_one_wrote(town: Town) -> None:
    book = town.book()
    librarian, readers = town.librarian, [town.visitor() for _ in range(3)]
    path = f"/books/{book['id']}"

    def write() -> bool:
        fresh = True
        for n in range(25):
            librarian.patch(path, {"title": f"Edition {n:02}"})
            fresh &= librarian.get(path).json["title"] == f"Edition {n:02}"
        return fresh

    def read(reader: int) -> bool:
        seen = [readers[reader].get(path).json["title"] for _ in range(60)]
        editions = [title for title in seen if title.startswith("Edition")]
        return editions == sorted(editions)

    assert all(at_once(write, *(lambda n=n: read(n) for n in range(3))))


# ------------------------------------------------------------------------------------------------- the queue

WAIT = {"if_unavailable": "wait"}


def in_line(town: Town, people: int, copies: int) -> tuple[dict[str, Any], dict[str, Client], list[str]]:
    """A book that `people` ask for at once; whose each loan is, and the loans in the order in which they were asked
    for, as their ids tell."""
    book = town.book(copies=copies)
    patrons = [town.patron() for _ in range(people)]
    replies = at_once(*(lambda p=p: p.post("/loans", {"book_id": book["id"], **WAIT}) for p in patrons))
    assert statuses(replies) == {201: people}
    owners = {reply.json["id"]: patron for reply, patron in zip(replies, patrons, strict=True)}
    return book, owners, sorted(owners, key=lambda loan_id: loan_id[26:])


def seen(owners: dict[str, Client]) -> dict[str, str]:
    return {loan_id: patron.get(f"/loans/{loan_id}").json["status"] for loan_id, patron in owners.items()}


def supply(town: Town, book: dict[str, Any]) -> dict[str, Any]:
    return town.visitor().get(f"/availability?ids={book['id']}").json[book["id"]]


def test_twelve_who_wait_for_two_copies_are_served_in_order_and_once(town: Town) -> None:
    book, owners, line = in_line(town, 12, copies=2)
    assert Counter(seen(owners).values()) == {"active": 2, "waiting": 10}
    served: list[str] = []
    waiting = [loan_id for loan_id in line if seen(owners)[loan_id] == "waiting"]
    while True:
        now = seen(owners)
        if done := [loan_id for loan_id, status in now.items() if status == "active"]:
            replies = at_once(*(lambda i=i: owners[i].post(f"/loans/{i}/return") for i in done))
            assert statuses(replies) == {200: len(done)}
        elif ready := [loan_id for loan_id in line if now[loan_id] == "ready"]:
            served += ready
            assert len(ready) <= 2
            replies = at_once(*(lambda i=i: owners[i].post(f"/loans/{i}/accept") for i in ready))
            assert statuses(replies) == {200: len(ready)}
        else:
            break
    assert served == waiting
    assert set(seen(owners).values()) == {"returned"}
    assert supply(town, book)["available"] == 2


def test_a_copy_returned_as_the_next_in_line_leaves_goes_to_one_who_waits(town: Town) -> None:
    for _ in range(4):
        book, owners, line = in_line(town, 4, copies=1)
        now = seen(owners)
        [holder] = [loan_id for loan_id in line if now[loan_id] == "active"]
        first, second, third = [loan_id for loan_id in line if now[loan_id] == "waiting"]
        replies = at_once(
            lambda h=holder, o=owners: o[h].post(f"/loans/{h}/return"),
            lambda f=first, o=owners: o[f].post(f"/loans/{f}/cancel"),
        )
        assert statuses(replies) == {200: 2}
        after = seen(owners)
        assert (after[first], after[second], after[third]) == ("cancelled", "ready", "waiting")
        assert supply(town, book)["waiting"] == 1


def test_who_pauses_and_resumes_as_copies_come_back_is_passed_over_or_served_and_never_lost(town: Town) -> None:
    book, owners, line = in_line(town, 6, copies=2)
    now = seen(owners)
    held = [loan_id for loan_id in line if now[loan_id] == "active"]
    waiting = [loan_id for loan_id in line if now[loan_id] == "waiting"]

    def dither(loan_id: str) -> Reply:
        for _ in range(3):
            owners[loan_id].post(f"/loans/{loan_id}/pause")
            reply = owners[loan_id].post(f"/loans/{loan_id}/resume")
        return reply

    replies = at_once(
        *(lambda i=i: dither(i) for i in waiting[:2]), *(lambda i=i: owners[i].post(f"/loans/{i}/return") for i in held)
    )
    assert set(statuses(replies)) <= {200, 409}, "409 to who was served before resuming"
    after = seen(owners)
    assert Counter(after[loan_id] for loan_id in waiting) == {"ready": 2, "waiting": 2}
    assert supply(town, book)["waiting"] == 2


def test_copies_changed_while_everybody_returns_and_asks_end_with_as_many_out_as_there_are(town: Town) -> None:
    book, owners, _ = in_line(town, 8, copies=3)
    librarian = town.librarian

    def change() -> list[Reply]:
        return [librarian.patch(f"/books/{book['id']}", {"copies": n}) for n in (1, 4, 2, 5, 1, 2)]

    def come_and_go(loan_id: str) -> list[Reply]:
        patron, replies = owners[loan_id], []
        for _ in range(3):
            replies += [patron.post(f"/loans/{loan_id}/{step}") for step in ("accept", "return", "cancel")]
            asked = patron.post("/loans", {"book_id": book["id"], **WAIT})
            loan_id = asked.json["id"] if asked.status == 201 else loan_id
            replies.append(asked)
        return replies

    changed, *others = at_once(change, *(lambda i=i: come_and_go(i) for i in owners))
    assert statuses(changed) == {200: 6}
    assert set(statuses([reply for one in others for reply in one])) <= {200, 201, 409}
    held = librarian.get(f"/loans?book={book['id']}&status=ready,active&limit=100").json["items"]
    waiting = librarian.get(f"/loans?book={book['id']}&status=waiting&limit=100").json["items"]
    assert len(held) + len(waiting) == 8
    now = supply(town, book)
    assert (now["copies"], now["waiting"]) == (2, len(waiting))
    assert not waiting or now["available"] == 0
    for loan in sorted(held, key=lambda loan: loan["id"]):
        ended = librarian.post(f"/loans/{loan['id']}/revoke")
        assert ended.status == 200
    held = librarian.get(f"/loans?book={book['id']}&status=ready,active&limit=100").json["items"]
    assert len(held) == min(2, len(waiting)), "those who wait have every copy that there is, and no more"
