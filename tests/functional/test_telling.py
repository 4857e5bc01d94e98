"""The notification centre, and the mails that facts lead to: forgotten passwords, addresses, invitations."""

from __future__ import annotations

import re
from typing import Any

import pytest

from chalicelib import clients, queues, settings
from chalicelib.accounts import passwords
from chalicelib.accounts.tables import Reset
from chalicelib.notices import service
from chalicelib.notices.tables import Notice, Plan, Subscription
from tests.client import Client
from tests.factories import PASSWORD, Town
from tests.post import PostOffice, text_of

ADA = "ada@school.example"
NEW = "a wholly new word"
BROWSER = {
    "endpoint": "https://push.example/1",
    "keys": {"p256dh": "B" + "A" * 86, "auth": "A" * 22},
}


@pytest.fixture(autouse=True)
def quick_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "hashed", lambda password: f"hashed {password}")
    monkeypatch.setattr(passwords, "matches", lambda kept, password: kept == f"hashed {password}")


@pytest.fixture
def post(monkeypatch: pytest.MonkeyPatch, clock) -> Any:
    office = PostOffice(clock)
    monkeypatch.setattr(clients, "ses", lambda: office)
    monkeypatch.setattr(queues, "send", office.enqueue)
    monkeypatch.setenv("MAIL_FROM", "library@school.example")
    settings.current.cache_clear()
    yield office
    settings.current.cache_clear()


@pytest.fixture
def ada(town: Town, post: PostOffice) -> Client:
    town.librarian  # noqa: B018 - a library has one before it has patrons
    client = town.visitor()
    client.post("/auth/register", {"username": "ada", "password": PASSWORD, "name": "Ada", "email": ADA})
    client.sign_in("ada", PASSWORD)
    return client


def kinds(client: Client) -> list[str]:
    return [one["kind"] for one in client.get("/notifications").json["items"]]


def token_in(mail: Any, path: str) -> str:
    found = re.search(rf"{re.escape(path)}\?(?:token|invitation)=(\S+)", text_of(mail))
    assert found
    return found[1]


class TestTheNotificationCentre:
    def test_a_patron_is_told_of_what_others_did_with_their_loans(
        self, town: Town, ada: Client, post: PostOffice, clock
    ) -> None:
        book = town.book(title="Emma", grant="librarian")
        loan = town.loan(ada, book)
        town.librarian.post(f"/loans/{loan['id']}/grant")
        clock.forward(seconds=1)
        town.librarian.post(f"/loans/{loan['id']}/revoke")
        post.tell()
        page = ada.get("/notifications").json
        assert [one["kind"] for one in page["items"]] == ["loan-revoked", "loan-granted"]
        assert page["unread"] == 2
        assert page["items"][0]["data"] == {"loan_id": loan["id"], "book_id": book["id"], "title": "Emma"}
        assert kinds(town.librarian) == ["loan-requested"]

    def test_nobody_is_told_of_what_they_did_themselves(self, town: Town, ada: Client, post: PostOffice) -> None:
        loan = town.loan(ada, town.book())
        ada.post(f"/loans/{loan['id']}/return")
        post.tell()
        assert kinds(ada) == []

    def test_a_fact_that_is_told_twice_is_one_notice(self, town: Town, ada: Client, post: PostOffice) -> None:
        loan = town.loan(ada, town.book(grant="librarian"))
        town.librarian.post(f"/loans/{loan['id']}/deny")
        post.tell()
        post._told.clear()
        post.tell()
        assert kinds(ada) == ["loan-denied"]

    def test_notices_are_read_one_by_one_or_all(self, ada: Client, clock) -> None:
        for number in range(5):
            clock.forward(seconds=1)
            service.tell(ada.id, "loan-granted", clock(), title=f"Book {number}")
        first = ada.get("/notifications?limit=2").json
        assert [one["data"]["title"] for one in first["items"]] == ["Book 4", "Book 3"]
        assert ada.post("/notifications/read", {"ids": [first["items"][0]["id"]]}).json == {"unread": 4}
        rest = ada.get(f"/notifications?cursor={first['next_cursor']}").json
        assert [one["read"] for one in rest["items"]] == [False] * 3
        assert ada.post("/notifications/read", {"all": True}).json == {"unread": 0}
        assert all(one["read"] for one in ada.get("/notifications").json["items"])

    def test_nobody_reads_for_somebody_else(self, town: Town, ada: Client, clock) -> None:
        service.tell(ada.id, "loan-granted", clock(), title="Emma")
        (notice,) = ada.get("/notifications").json["items"]
        assert town.librarian.post("/notifications/read", {"ids": [notice["id"], "0" * 26]}).json == {"unread": 0}
        assert ada.get("/notifications").json["unread"] == 1

    def test_who_is_erased_leaves_nothing_here(self, town: Town, ada: Client, post: PostOffice, clock) -> None:
        service.tell(ada.id, "loan-granted", clock(), title="Emma")
        assert ada.post("/me/push-subscriptions", BROWSER).status == 201
        post.settle()
        town.librarian.delete(f"/patrons/{ada.id}")
        post.settle()
        assert [list(model.query(ada.id)) for model in (Notice, Subscription, Plan)] == [[], [], []]


class TestForgottenPasswords:
    def test_a_link_that_was_mailed_sets_a_new_password_once_and_ends_every_session(
        self, town: Town, ada: Client, post: PostOffice
    ) -> None:
        assert town.visitor().post("/auth/password/forgot", {"login": ADA}).status == 202
        post.settle()
        (mail,) = post.to(ADA, "password-reset")
        token = token_in(mail, "/forgot")
        assert town.visitor().post("/auth/password/reset", {"token": token, "password": NEW}).status == 204
        assert ada.get("/me").status == 401
        assert ada.post("/auth/refresh").status == 401
        assert town.visitor().sign_in("ada", PASSWORD).status == 401
        assert town.visitor().sign_in("ada", NEW).status == 200
        again = town.visitor().post("/auth/password/reset", {"token": token, "password": NEW})
        assert (again.status, again.problem) == (403, "reset-ended")

    def test_who_asks_cannot_tell_whether_there_is_such_an_account(self, town: Town, ada: Client, post) -> None:
        known = town.visitor().post("/auth/password/forgot", {"login": "ada"})
        unknown = town.visitor().post("/auth/password/forgot", {"email": "nobody@school.example"})
        assert (known.status, known.body) == (unknown.status, unknown.body) == (202, b"")
        post.settle()
        assert {mail["To"] for mail in post.mails if mail["X-Carrel-Kind"] == "password-reset"} == {ADA}

    def test_as_much_is_written_for_nobody(self, town: Town, ada: Client, post, counted) -> None:
        calls: list[list[str]] = []
        for login in ("ada", "nobody"):
            with counted() as made:
                town.visitor().post("/auth/password/forgot", {"login": login})
            calls.append([one for one in made if one.startswith("Transact")])
        assert calls[0] == calls[1] == ["TransactWriteItems"]

    def test_a_link_is_good_for_an_hour(self, town: Town, ada: Client, post: PostOffice, clock) -> None:
        town.visitor().post("/auth/password/forgot", {"login": "ada"})
        post.settle()
        token = token_in(post.to(ADA, "password-reset")[0], "/forgot")
        clock.forward(minutes=61)
        refused = town.visitor().post("/auth/password/reset", {"token": token, "password": NEW})
        assert refused.problem == "reset-ended"

    def test_a_token_is_not_guessed_nor_kept(self, town: Town, ada: Client, post: PostOffice) -> None:
        town.visitor().post("/auth/password/forgot", {"login": "ada"})
        post.settle()
        token = token_in(post.to(ADA, "password-reset")[0], "/forgot")
        kept = Reset.get(token.partition(".")[0])
        assert token.partition(".")[2] not in str(kept.attribute_values)
        for wrong in ("x", f"{kept.id}.wrong", f"{kept.id}.{kept.secret_hash}", "0" * 26 + ".x"):
            refused = town.visitor().post("/auth/password/reset", {"token": wrong, "password": NEW})
            assert refused.problem == "reset-ended"

    def test_a_weak_password_is_refused_and_the_link_stays_good(self, town: Town, ada, post: PostOffice) -> None:
        town.visitor().post("/auth/password/forgot", {"login": "ada"})
        post.settle()
        token = token_in(post.to(ADA, "password-reset")[0], "/forgot")
        weak = town.visitor().post("/auth/password/reset", {"token": token, "password": "aaaaaaaa"})
        assert (weak.status, weak.wrong_fields) == (422, {"password"})
        assert town.visitor().post("/auth/password/reset", {"token": token, "password": NEW}).status == 204

    def test_asking_over_and_over_is_slowed_alike_for_somebody_and_nobody(self, town: Town, ada, post) -> None:
        for login in ("ada", "nobody"):
            asked = [town.visitor().post("/auth/password/forgot", {"login": login}).status for _ in range(4)]
            assert asked == [202, 202, 202, 429]

    def test_who_is_suspended_is_mailed_nothing(self, town: Town, ada: Client, post: PostOffice) -> None:
        town.librarian.patch(f"/patrons/{ada.id}", {"suspended": True})
        assert town.visitor().post("/auth/password/forgot", {"login": "ada"}).status == 202
        post.settle()
        assert post.to(ADA, "password-reset") == []

    def test_somebody_must_be_named(self, town: Town, post) -> None:
        assert town.visitor().post("/auth/password/forgot", {}).wrong_fields == {"login"}


class TestAddresses:
    def test_an_address_is_confirmed_by_the_link_that_was_mailed_to_it(
        self, town: Town, ada: Client, post: PostOffice
    ) -> None:
        post.settle()
        assert ada.get("/me").json["email_confirmed"] is False
        (mail,) = post.to(ADA, "confirm-email")
        token = token_in(mail, "/api/act")
        assert town.visitor().post(f"/act?token={token}").status == 200
        assert ada.get("/me").json["email_confirmed"] is True
        ada.patch("/me", {"email": "new@school.example"})
        post.settle()
        assert ada.get("/me").json["email_confirmed"] is False
        assert len(post.to("new@school.example", "confirm-email")) == 1
        assert "cannot be done any more" in town.visitor().post(f"/act?token={token}").body.decode()

    def test_who_the_librarian_adds_is_not_asked(self, town: Town, post: PostOffice) -> None:
        town.librarian.post("/patrons", {"name": "Eve", "email": "eve@school.example"})
        post.settle()
        assert post.to("eve@school.example") == []


class TestInvitations:
    def test_an_invitation_is_mailed_and_accepted_from_there(self, town: Town, post: PostOffice) -> None:
        made = town.librarian.post("/patrons/invitations", {"email": "eve@school.example", "name": "Eve"}).json
        post.settle()
        (mail,) = post.to("eve@school.example", "invitation")
        token = token_in(mail, "/register")
        assert made["url"].endswith(token)
        joined = {"username": "eve", "password": PASSWORD, "invitation": token}
        assert town.visitor().post("/auth/register", joined).status == 201

    def test_one_that_was_withdrawn_is_not_mailed(self, town: Town, post: PostOffice) -> None:
        made = town.librarian.post("/patrons/invitations", {"email": "eve@school.example"}).json
        town.librarian.delete(f"/patrons/invitations/{made['id']}")
        post.settle()
        assert post.mails == []


class TestPushes:
    def test_a_browser_subscribes_and_leaves(self, ada: Client, post: PostOffice) -> None:
        assert len(ada.get("/push/key").json["key"]) == 87
        first, second = (ada.post("/me/push-subscriptions", BROWSER).json["id"] for _ in range(2))
        assert first == second
        ada.patch("/me", {"reminders": {"channels": ["push"]}})
        assert ada.get("/me/reminders/next").json["channels"] == ["push"]
        assert ada.delete("/me/push-subscriptions", body={"endpoint": BROWSER["endpoint"]}).status == 204
        assert ada.get("/me/reminders/next").json["channels"] == []

    @pytest.mark.parametrize("endpoint", ["http://push.example/1", "https://10.0.0.1/1", "https://localhost:80/"])
    def test_a_push_service_is_on_the_internet(self, ada: Client, endpoint: str) -> None:
        refused = ada.post("/me/push-subscriptions", {**BROWSER, "endpoint": endpoint})
        assert (refused.status, refused.wrong_fields) == (422, {"endpoint"})
