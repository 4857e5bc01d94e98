"""Requests, grants and returns through the API."""

from __future__ import annotations

import pytest

from chalicelib.circulation import jobs, titles
from tests.client import Client
from tests.factories import Town
from tests.fakes import SettableClock


def test_an_ebook_granted_by_itself_is_borrowed_read_and_returned(town: Town) -> None:
    book = town.book(content="# Hello")
    patron = town.patron()
    loan = town.loan(patron, book)
    assert loan["status"] == "active"
    assert patron.get(f"/books/{book['id']}/read").json["format"] == "markdown"
    returned = patron.post(f"/loans/{loan['id']}/return")
    assert (returned.status, returned.json["status"]) == (200, "returned")
    assert patron.get(f"/books/{book['id']}/read").status == 403


def test_a_request_waits_for_the_librarian_who_grants_it(town: Town) -> None:
    book = town.book(grant="librarian")
    patron = town.patron("Grace")
    loan = town.loan(patron, book)
    assert loan["status"] == "requested"
    inbox = town.librarian.get("/loans?status=requested").json["items"]
    assert [(item["id"], item["patron"]["name"]) for item in inbox] == [(loan["id"], "Grace")]
    granted = town.librarian.post(f"/loans/{loan['id']}/grant", {"period": "PT1M"}).json
    assert granted["status"] == "active"
    assert patron.get("/loans?status=active").json["items"][0]["due_at"] == granted["due_at"]
    assert town.librarian.get("/loans?status=requested").json["items"] == []


def test_a_request_is_denied_with_the_reason_shown_to_the_patron(town: Town) -> None:
    patron = town.patron()
    loan = town.loan(patron, town.book(grant="librarian"))
    town.librarian.post(f"/loans/{loan['id']}/deny", {"reason": "Reserved for the exam class"})
    seen = patron.get(f"/loans/{loan['id']}").json
    assert (seen["status"], seen["reason"]) == ("denied", "Reserved for the exam class")


def test_the_sixth_request_is_refused_and_says_what_to_return(town: Town) -> None:
    patron = town.patron()
    loans = [town.loan(patron, town.book(grant=grant)) for grant in ["automatic", "librarian"] * 2 + ["automatic"]]
    refused = patron.post("/loans", {"book_id": town.book()["id"]})
    assert (refused.status, refused.problem) == (409, "loan-limit-reached")
    assert {way["loan_id"] for way in refused.json["ways_out"]} == {loan["id"] for loan in loans}
    assert {way["action"] for way in refused.json["ways_out"]} == {"return", "cancel"}


@pytest.mark.parametrize("end", ["return", "cancel", "deny", "revoke"])
def test_whatever_ends_a_loan_frees_its_place(town: Town, end: str) -> None:
    town.librarian.patch("/settings", {"loan_limit": 1})
    patron = town.patron()
    loan = town.loan(patron, town.book(grant="automatic" if end == "return" else "librarian"))
    assert patron.post("/loans", {"book_id": town.book()["id"]}).status == 409
    actor = patron if end in {"return", "cancel"} else town.librarian
    assert actor.post(f"/loans/{loan['id']}/{end}").status == 200
    assert patron.post("/loans", {"book_id": town.book()["id"]}).status == 201


def test_nobody_has_the_same_ebook_twice_at_once(town: Town) -> None:
    patron, book = town.patron(), town.book()
    town.loan(patron, book)
    assert patron.post("/loans", {"book_id": book["id"]}).problem == "already-yours"


def test_access_ends_at_the_due_second_with_no_job_run(town: Town, clock: SettableClock) -> None:
    patron, book = town.patron(), town.book(content="words", loan_period="PT5M")
    loan = town.loan(patron, book)
    clock.forward(minutes=4, seconds=58)
    assert patron.get(f"/books/{book['id']}/read").status == 200
    clock.forward(seconds=2)
    assert patron.get(f"/books/{book['id']}/read").status == 403
    assert patron.get(f"/loans/{loan['id']}").json["status"] == "expired"
    assert patron.get("/loans?status=active").json["items"] == []
    assert [item["id"] for item in patron.get("/loans?status=expired").json["items"]] == [loan["id"]]
    assert [item["id"] for item in town.librarian.get("/loans?status=expired").json["items"]] == [loan["id"]]
    assert town.librarian.get("/loans?status=active").json["items"] == []


def test_a_loan_past_due_gives_its_place_free_though_no_job_has_run(town: Town, clock: SettableClock) -> None:
    town.librarian.patch("/settings", {"loan_limit": 1})
    patron, book = town.patron(), town.book(loan_period="PT1M")
    town.loan(patron, book)
    clock.forward(minutes=1)
    assert patron.post("/loans", {"book_id": book["id"]}).status == 201


def test_the_job_closes_what_is_due_and_nothing_else(town: Town, clock: SettableClock) -> None:
    patron = town.patron()
    short, long = town.loan(patron, town.book(loan_period="PT1M")), town.loan(patron, town.book(loan_period="P2W"))
    clock.forward(minutes=2)
    assert jobs.expire_loans(clock()) == 1
    assert jobs.expire_loans(clock()) == 0
    assert patron.get(f"/loans/{short['id']}").json["status"] == "expired"
    assert patron.get(f"/loans/{long['id']}").json["status"] == "active"


def test_a_patron_may_ask_for_less_time_than_the_ebook_is_lent_for_and_not_for_more(town: Town) -> None:
    patron, book = town.patron(), town.book(loan_period="P7D")
    refused = patron.post("/loans", {"book_id": book["id"], "period": "P2W"})
    assert (refused.status, refused.wrong_fields) == (422, {"period"})
    assert patron.post("/loans", {"book_id": book["id"], "period": "PT12H"}).status == 201


def test_one_copy_is_lent_to_one_patron_and_then_to_the_next(town: Town) -> None:
    book = town.book(copies=1)
    first, second = town.patron(), town.patron()
    loan = town.loan(first, book)
    assert second.post("/loans", {"book_id": book["id"]}).problem == "no-copy-available"
    assert second.get(f"/availability?ids={book['id']}").json[book["id"]]["available"] == 0
    first.post(f"/loans/{loan['id']}/return")
    assert second.post("/loans", {"book_id": book["id"]}).status == 201


def test_who_has_the_one_copy_or_no_place_left_is_told_that_and_not_that_no_copy_is_free(town: Town) -> None:
    town.librarian.patch("/settings", {"loan_limit": 1})
    book, holder, full = town.book(copies=1), town.patron(), town.patron()
    town.loan(holder, book)
    town.loan(full, town.book())
    assert holder.post("/loans", {"book_id": book["id"]}).problem == "already-yours"
    assert full.post("/loans", {"book_id": book["id"]}).problem == "loan-limit-reached"


def test_a_copy_past_due_is_free_and_granted_though_no_job_has_run(town: Town, clock: SettableClock) -> None:
    book = town.book(copies=1, grant="librarian", loan_period="PT1M")
    desk, second = town.librarian, town.patron()
    desk.post(f"/loans/{town.loan(town.patron(), book)['id']}/grant")
    asked = town.loan(second, book)
    assert desk.post(f"/loans/{asked['id']}/grant").problem == "no-copy-available"
    clock.forward(minutes=1)
    assert second.get(f"/availability?ids={book['id']}").json[book["id"]]["available"] == 1
    assert desk.post(f"/loans/{asked['id']}/grant").json["status"] == "active"
    assert second.get(f"/availability?ids={book['id']}").json[book["id"]]["available"] == 0


def test_loans_begun_without_a_number_of_copies_count_once_there_is_one(town: Town, clock: SettableClock) -> None:
    book = town.book()
    first, second = town.patron(), town.patron()
    loan = town.loan(first, book)
    town.loan(second, book)
    town.librarian.patch(f"/books/{book['id']}", {"copies": 2})
    for _ in range(2):  # a stream delivers twice
        titles.keep_true(book["id"], clock())
    third = town.patron()
    assert third.post("/loans", {"book_id": book["id"]}).problem == "no-copy-available"
    first.post(f"/loans/{loan['id']}/return")
    assert third.post("/loans", {"book_id": book["id"]}).status == 201
    shown = third.get(f"/availability?ids={book['id']}").json[book["id"]]
    assert (shown["copies"], shown["available"], shown["waiting"]) == (2, 0, 0)


def test_a_request_sent_again_with_its_key_is_one_request(town: Town, clock: SettableClock) -> None:
    patron, other, book = town.patron(), town.patron(), town.book()
    key = {"Idempotency-Key": "the phone's first try"}
    body = {"book_id": book["id"]}
    first = patron.post("/loans", body, headers=key)
    again = patron.post("/loans", body, headers=key)
    assert (first.status, again.status, again.json["id"]) == (201, 201, first.json["id"])
    patron.post(f"/loans/{first.json['id']}/return")
    assert patron.post("/loans", body, headers=key).json["status"] == "returned", "a late repeat borrows nothing"
    assert len(patron.get("/loans").json["items"]) == 1
    assert other.post("/loans", body, headers=key).json["id"] != first.json["id"], "keys are each patron's own"
    assert patron.post("/loans", body, headers={"Idempotency-Key": "another"}).status == 201
    assert patron.post("/loans", body, headers={"Idempotency-Key": "x" * 201}).status == 422


def test_a_patron_neither_sees_nor_ends_the_loans_of_others(town: Town) -> None:
    loan = town.loan(town.patron(), town.book())
    other = town.patron()
    assert other.get(f"/loans/{loan['id']}").status == 404
    assert other.post(f"/loans/{loan['id']}/return").status == 404
    assert other.get("/loans").json["items"] == []


def test_removing_an_ebook_that_is_out_asks_first_and_then_ends_its_loans_openly(town: Town) -> None:
    book, patron = town.book(), town.patron()
    loan = town.loan(patron, book)
    refused = town.librarian.delete(f"/books/{book['id']}")
    assert (refused.status, refused.problem) == (409, "book-is-out")
    assert patron.get(f"/loans/{loan['id']}").json["status"] == "active"
    assert town.librarian.delete(f"/books/{book['id']}?end_loans=true").status == 204
    seen = patron.get(f"/loans/{loan['id']}").json
    assert (seen["status"], seen["book"]["title"]) == ("revoked", book["title"])
    assert patron.get(f"/books/{book['id']}").status == 404


def test_the_librarians_list_pages_through_every_loan_once(town: Town) -> None:
    made = {town.loan(town.patron(), town.book(grant=grant))["id"] for grant in ["librarian", "automatic"] * 3}
    seen: list[str] = []
    cursor = ""
    while True:
        page = town.librarian.get(f"/loans?limit=2{cursor}").json
        seen += [item["id"] for item in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert sorted(seen) == sorted(made)


def test_loans_are_listed_by_patron_by_book_and_by_both(town: Town) -> None:
    ada, ben = town.patron(), town.patron()
    one, two = town.book(), town.book()
    first = town.loan(ada, one)
    ada.post(f"/loans/{first['id']}/return")
    again, other, bens = town.loan(ada, one), town.loan(ada, two), town.loan(ben, one)

    def listed(client: Client, query: str) -> list[str]:
        return [item["id"] for item in client.get(f"/loans?{query}").json["items"]]

    desk = town.librarian
    assert listed(desk, f"book={one['id']}") == [bens["id"], again["id"], first["id"]]
    assert listed(desk, f"patron={ada.id}") == [other["id"], again["id"], first["id"]]
    assert listed(desk, f"patron={ada.id}&book={one['id']}") == [again["id"], first["id"]]
    assert listed(ada, f"book={one['id']}") == [again["id"], first["id"]]
    assert listed(ada, f"book={one['id']}&status=returned") == [first["id"]]
    assert listed(ada, f"patron={ben.id}") == [other["id"], again["id"], first["id"]], "own loans only"
    page = ada.get(f"/loans?book={one['id']}&limit=1").json
    assert listed(ada, f"book={one['id']}&limit=1&cursor={page['next_cursor']}") == [first["id"]]
    for query in ("cursor=nonsense", "status=lost", "status=", "status=active,", f"book={one['id']}&cursor=nonsense"):
        assert desk.get(f"/loans?{query}").status == 422
