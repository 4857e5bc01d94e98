"""Copies and the queue for them: in order of asking, at once, and never two for one copy."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.circulation import jobs, titles
from chalicelib.circulation.tables import Copies, Hold
from tests.client import Client
from tests.factories import Town
from tests.fakes import SettableClock

WAIT = {"if_unavailable": "wait"}


def status(patron: Client, loan: dict[str, Any]) -> str:
    return patron.get(f"/loans/{loan['id']}").json["status"]


def step(patron: Client, loan: dict[str, Any], name: str) -> Any:
    return patron.post(f"/loans/{loan['id']}/{name}")


def queue_of(
    town: Town, waiting: int, clock: SettableClock | None = None, **fields: Any
) -> tuple[dict[str, Any], list[tuple[Client, dict[str, Any]]]]:
    """A book of one copy, who has it, and who waits for it, in order. Who asks at the same millisecond has no order, so
    a clock that stands still is moved on."""
    book = town.book(**{"copies": 1, **fields})
    people: list[tuple[Client, dict[str, Any]]] = []
    for patron in [town.patron() for _ in range(waiting + 1)]:
        people.append((patron, town.loan(patron, book, **WAIT)))
        if clock:
            clock.forward(seconds=1)
    return book, people


def test_who_asks_while_every_copy_is_out_waits_in_order_and_counts_towards_the_limit(town: Town) -> None:
    town.librarian.patch("/settings", {"loan_limit": 1})
    _, people = queue_of(town, 2)
    assert [status(*each) for each in people] == ["active", "waiting", "waiting"]
    assert [people[n][0].get(f"/loans/{people[n][1]['id']}").json["queue_position"] for n in (1, 2)] == [1, 2]
    assert people[2][0].post("/loans", {"book_id": town.book()["id"]}).problem == "loan-limit-reached"


@pytest.mark.parametrize("end", ["return", "revoke", "expire"])
def test_a_copy_that_comes_back_is_kept_for_the_next_at_once(town: Town, clock: SettableClock, end: str) -> None:
    book, people = queue_of(town, 2, clock, loan_period="PT1H")
    holder, loan = people[0]
    match end:
        case "return":
            step(holder, loan, "return")
        case "revoke":
            town.librarian.post(f"/loans/{loan['id']}/revoke")
        case _:
            clock.forward(hours=1)
            jobs.expire_loans(clock())
    assert [status(*each) for each in people[1:]] == ["ready", "waiting"]
    ready = people[1][0].get(f"/loans/{people[1][1]['id']}").json
    assert ready["pickup_by"] > ready["requested_at"]
    assert ready["due_at"] is None
    assert people[1][0].get(f"/books/{book['id']}/read").status == 403
    accepted = step(*people[1], "accept").json
    assert (accepted["status"], accepted["pickup_by"]) == ("active", None)
    assert people[1][0].get(f"/books/{book['id']}/read").status in {200, 404}
    kept = Copies.get(book["id"])
    assert (kept.out, kept.waiting, len(list(Hold.query(book["id"])))) == (1, 1, 1)


def test_nobody_takes_a_copy_past_who_waits(town: Town) -> None:
    book, people = queue_of(town, 1)
    step(*people[0], "return")
    late = town.patron()
    assert late.post("/loans", {"book_id": book["id"]}).problem == "no-copy-available"
    assert late.post("/loans", {"book_id": book["id"], **WAIT}).json["status"] == "waiting"


def test_a_copy_that_is_not_picked_up_passes_on(town: Town, clock: SettableClock) -> None:
    town.librarian.patch("/settings", {"pickup_window": "PT2H"})
    _, people = queue_of(town, 2, clock)
    step(*people[0], "return")
    clock.forward(hours=2)
    lapsed, loan = people[1]
    seen = lapsed.get(f"/loans/{loan['id']}").json
    assert seen["status"] == "expired"
    assert step(lapsed, loan, "accept").problem == "loan-has-moved-on"
    jobs.expire_loans(clock())
    assert [status(*each) for each in people[1:]] == ["expired", "ready"]
    assert "picked up" in lapsed.get(f"/loans/{loan['id']}").json["reason"]


@pytest.mark.parametrize(("who", "left"), [(1, ["waiting"]), (2, ["waiting"])])
def test_who_leaves_the_queue_frees_the_place(town: Town, who: int, left: list[str]) -> None:
    book, people = queue_of(town, 2)
    assert step(*people[who], "cancel").json["status"] == "cancelled"
    assert Copies.get(book["id"]).waiting == 1
    others = [people[n] for n in (1, 2) if n != who]
    assert [status(*each) for each in others] == left
    step(*people[0], "return")
    assert status(*others[0]) == "ready"


def test_a_ready_copy_that_is_declined_passes_on_and_then_is_free(town: Town) -> None:
    book, people = queue_of(town, 2)
    step(*people[0], "return")
    step(*people[1], "cancel")
    assert status(*people[2]) == "ready"
    step(*people[2], "cancel")
    assert Copies.get(book["id"]).out == 0
    assert town.visitor().get(f"/availability?ids={book['id']}").json[book["id"]]["available"] == 1


def test_who_pauses_keeps_the_place_and_is_passed_over(town: Town) -> None:
    book, people = queue_of(town, 3)
    paused = step(*people[1], "pause").json
    assert (paused["status"], paused["paused"], paused["queue_position"]) == ("waiting", True, 1)
    assert step(*people[1], "pause").status == 200
    step(*people[0], "return")
    assert [status(*each) for each in people[1:]] == ["waiting", "ready", "waiting"]
    assert step(*people[1], "resume").json["queue_position"] == 1
    step(*people[2], "cancel")
    assert [status(*each) for each in people[1:]] == ["ready", "cancelled", "waiting"]
    assert Copies.get(book["id"]).waiting == 1


def test_who_resumes_while_a_copy_is_free_has_it_at_once(town: Town) -> None:
    book, people = queue_of(town, 1)
    step(*people[1], "pause")
    step(*people[0], "return")
    assert Copies.get(book["id"]).out == 0
    assert step(*people[1], "resume").json["status"] == "ready"


def test_a_loan_is_renewed_while_nobody_waits(town: Town, clock: SettableClock) -> None:
    book, patron = town.book(copies=1, loan_period="P7D"), town.patron()
    loan = town.loan(patron, book)
    clock.forward(days=5)
    renewed = step(patron, loan, "renew").json
    assert (renewed["status"], renewed["renewals"]) == ("active", 1)
    assert renewed["due_at"] > loan["due_at"]
    other = town.patron()
    waiting = town.loan(other, book, **WAIT)
    assert step(patron, loan, "renew").problem == "somebody-is-waiting"
    step(other, waiting, "pause")
    assert step(patron, loan, "renew").status == 200
    clock.forward(days=8)
    assert step(patron, loan, "renew").problem == "loan-has-moved-on"


def test_a_title_without_a_limit_is_renewed_without_meeting_anybody(town: Town) -> None:
    patron = town.patron()
    assert step(patron, town.loan(patron, town.book()), "renew").status == 200


def test_more_copies_serve_who_waits_and_fewer_take_none_away(town: Town) -> None:
    book, people = queue_of(town, 3)
    town.librarian.patch(f"/books/{book['id']}", {"copies": 3})
    assert [status(*each) for each in people] == ["active", "ready", "ready", "waiting"]
    town.librarian.patch(f"/books/{book['id']}", {"copies": 1})
    step(*people[0], "return")
    assert status(*people[3]) == "waiting"  # two are still out, and there is one
    step(*people[1], "cancel")
    assert (status(*people[3]), Copies.get(book["id"]).out) == ("waiting", 1)
    step(*people[2], "cancel")
    assert status(*people[3]) == "ready"


def test_where_the_limit_goes_everybody_who_waits_is_served(town: Town) -> None:
    book, people = queue_of(town, 2)
    town.librarian.patch(f"/books/{book['id']}", {"copies": None})
    assert [status(*each) for each in people] == ["active", "ready", "ready"]
    step(*people[1], "accept")
    assert step(*people[0], "return").status == 200
    town.librarian.patch(f"/books/{book['id']}", {"copies": 2})
    kept = Copies.get(book["id"])
    assert (kept.out, kept.waiting, kept.total) == (2, 0, 2)


def test_a_request_granted_while_every_copy_is_out_waits_at_its_place_by_the_time_of_asking(town: Town) -> None:
    book = town.book(copies=1, grant="librarian")
    desk, people = town.librarian, [town.patron() for _ in range(3)]
    loans = [town.loan(patron, book, **WAIT) for patron in people]
    assert {loan["status"] for loan in loans} == {"requested"}
    for n in (0, 2, 1):
        assert desk.post(f"/loans/{loans[n]['id']}/grant").status == 200
    assert [status(p, loan) for p, loan in zip(people, loans, strict=True)] == ["active", "waiting", "waiting"]
    assert people[1].get(f"/loans/{loans[1]['id']}").json["queue_position"] == 1
    impatient = town.patron()
    asked = town.loan(impatient, book)
    assert desk.post(f"/loans/{asked['id']}/grant").problem == "no-copy-available"


def test_a_removed_ebook_ends_its_queue_with_the_reason(town: Town) -> None:
    book, people = queue_of(town, 2)
    town.librarian.delete(f"/books/{book['id']}?end_loans=true")
    assert [status(*each) for each in people] == ["revoked"] * 3
    assert list(Hold.query(book["id"])) == []


def test_a_refusal_says_what_would_help(town: Town) -> None:
    book, _ = queue_of(town, 1)
    refused = town.patron().post("/loans", {"book_id": book["id"]}).json
    assert [(way["action"], way["book_id"]) for way in refused["ways_out"]] == [("wait", book["id"])]
    assert refused["ways_out"][0]["by"]


def test_the_wait_is_a_bound_at_first_and_a_range_after_enough_returns(town: Town, clock: SettableClock) -> None:
    book = town.book(copies=1, loan_period="P7D")
    for _ in range(5):
        patron = town.patron()
        loan = town.loan(patron, book)
        clock.forward(days=2)
        step(patron, loan, "return")
    first, second = town.patron(), town.patron()
    town.loan(first, book)
    wait = town.loan(second, book, **WAIT)["wait"]
    assert wait["returns"] == 5
    assert clock().isoformat() < wait["from"] < wait["to"]
    [bound] = [town.loan(town.patron(), other, **WAIT)["wait"] for other in [queue_of(town, 0)[0]]]
    assert (bound["from"], bound["returns"]) == (None, 0)


def test_what_crossed_a_change_of_copies_is_put_right_by_the_fact(town: Town, clock: SettableClock) -> None:
    book, people = queue_of(town, 1)
    Copies(book["id"]).update([Copies.out.set(0)])  # as if a copy had become free beside the queue
    titles.keep_true(book["id"], clock())
    assert status(*people[1]) == "ready"


# ------------------------------------------------------------------------------------------ several at once


def test_a_class_is_given_its_books_with_a_result_for_each(town: Town) -> None:
    books, pupils = [town.book(grant="librarian"), town.book(copies=1)], [town.patron() for _ in range(2)]
    wanted = {"patron_ids": [p.id for p in pupils] + ["0" * 26], "book_ids": [b["id"] for b in books], "period": "P3D"}
    results = town.librarian.post("/loans/issue", wanted).json["results"]
    assert [r["ok"] for r in results] == [True, True, True, False, False, False]
    assert results[3]["problem"]["type"].endswith("no-copy-available")
    assert {r["problem"]["status"] for r in results[4:]} == {404}
    assert results[0]["loan"]["status"] == "active"
    assert results[0]["loan"]["period"] == "P3D"
    assert len(pupils[0].get("/loans?status=active").json["items"]) == 2


def test_what_a_patron_asked_for_is_granted_when_it_is_issued(town: Town) -> None:
    book, patron = town.book(grant="librarian"), town.patron()
    asked = town.loan(patron, book)
    [result] = town.librarian.post("/loans/issue", {"patron_ids": [patron.id], "book_ids": [book["id"]]}).json[
        "results"
    ]
    assert (result["ok"], result["id"]) == (True, asked["id"])
    assert status(patron, asked) == "active"


@pytest.mark.parametrize(("action", "end"), [("grant", "active"), ("deny", "denied"), ("revoke", "revoked")])
def test_several_requests_are_decided_at_once(town: Town, action: str, end: str) -> None:
    book = town.book(grant="librarian")
    people = [town.patron() for _ in range(3)]
    loans = [town.loan(patron, book) for patron in people]
    step(people[2], loans[2], "cancel")
    wanted = {"action": action, "ids": [loan["id"] for loan in loans], "reason": "So."}
    results = town.librarian.post("/loans/batch", wanted).json["results"]
    assert [r["ok"] for r in results] == [True, True, False]
    assert results[2]["problem"]["type"].endswith("loan-has-moved-on")
    assert [r["loan"]["status"] for r in results[:2]] == [end, end]


# ----------------------------------------------------------------------------------------------- sent twice


def test_what_is_sent_again_with_its_key_is_done_once(town: Town, clock: SettableClock) -> None:
    patron, book = town.patron(), town.book(loan_period="P7D")
    once = {"headers": {"Idempotency-Key": "k1"}}
    loan = patron.post("/loans", {"book_id": book["id"]}, **once).json
    assert patron.post("/loans", {"book_id": book["id"]}, **once).json["id"] == loan["id"]
    assert patron.post("/loans", {"book_id": town.book()["id"]}, **once).wrong_fields == {"Idempotency-Key"}
    clock.forward(days=1)
    again = {"headers": {"Idempotency-Key": "k2"}}
    renewed = patron.post(f"/loans/{loan['id']}/renew", **again).json
    clock.forward(hours=1)
    assert patron.post(f"/loans/{loan['id']}/renew", **again).json["due_at"] == renewed["due_at"]
    back = {"headers": {"Idempotency-Key": "k3"}}
    for _ in range(2):
        assert patron.post(f"/loans/{loan['id']}/return", **back).json["status"] == "returned"


def test_an_issue_sent_again_with_its_key_is_done_once(town: Town) -> None:
    books, pupils = [town.book(), town.book()], [town.patron() for _ in range(2)]
    wanted = {"patron_ids": [p.id for p in pupils], "book_ids": [b["id"] for b in books]}
    once = {"headers": {"Idempotency-Key": "class"}}
    first, second = (town.librarian.post("/loans/issue", wanted, **once).json["results"] for _ in range(2))
    assert [r["id"] for r in first] == [r["id"] for r in second]
    assert all(r["ok"] for r in second)


def test_a_key_is_forgotten_after_a_day(town: Town, clock: SettableClock) -> None:
    patron, book = town.patron(), town.book(loan_period="PT1H")
    once = {"headers": {"Idempotency-Key": "k"}}
    first = patron.post("/loans", {"book_id": book["id"]}, **once).json
    clock.forward(days=1, seconds=1)
    assert patron.post("/loans", {"book_id": book["id"]}, **once).json["id"] != first["id"]
