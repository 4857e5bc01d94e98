"""App passwords, and how reading apps sign in with them: Authentication for OPDS, by HTTP Basic and by OAuth 2.0."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any
from urllib.parse import urlencode

import pytest

from chalicelib.accounts.app_passwords import MOST
from chalicelib.accounts.tables import AppPassword
from tests.client import Client, Reply
from tests.factories import PASSWORD, Town
from tests.fakes import FakeRedis, SettableClock
from tests.reading_app import ReadingApp, app_of, basic

SHELF = "/opds/shelf"


def send(town: Town) -> Any:
    return town._send


def name_of(patron: Client) -> str:
    return patron.get("/me").json["username"]


def assert_challenged(reply: Reply) -> None:
    assert reply.status == 401
    assert reply.headers["content-type"] == "application/opds-authentication+json"
    assert reply.headers["www-authenticate"] == 'Basic realm="Carrel", charset="UTF-8"'
    flows = [flow["type"].removeprefix("http://opds-spec.org/auth/") for flow in reply.json["authentication"]]
    assert flows == ["basic", "oauth/password"]


class TestAppPasswords:
    def test_one_is_made_shown_once_listed_and_revoked(self, town: Town) -> None:
        patron = town.patron()
        made = patron.post("/me/app-passwords", {"name": "Kindle of Asha"})
        assert made.status == 201
        groups = made.json["password"].split("-")
        assert [len(group) for group in groups] == [4] * 5  # 99 bits
        (shown,) = patron.get("/me/app-passwords").json["items"]
        assert shown == {key: value for key, value in made.json.items() if key != "password"}
        app = ReadingApp(send(town), name_of(patron), made.json["password"])
        assert app.get(SHELF).status == 200
        assert patron.delete(f"/me/app-passwords/{shown['id']}").status == 204
        assert_challenged(app.get(SHELF))
        assert patron.get("/me/app-passwords").json["items"] == []
        assert patron.delete(f"/me/app-passwords/{shown['id']}").status == 404

    @pytest.mark.parametrize("sent", ["Basic", "Basic é", "Basic ====", "Basic /w==", "Bearer é", "Digest x", "é"])
    def test_what_is_no_signing_in_is_answered_with_how_to(self, town: Town, sent: str) -> None:
        assert_challenged(send(town)("GET", SHELF, {"Authorization": sent}, b""))

    def test_only_a_digest_is_kept(self, town: Town) -> None:
        patron = town.patron()
        text = patron.post("/me/app-passwords", {"name": "App"}).json["password"]
        (kept,) = AppPassword.by_account.query(patron.id)
        assert text not in str(kept.attribute_values)
        assert text.replace("-", "") not in str(kept.attribute_values)

    def test_nobody_revokes_anothers(self, town: Town) -> None:
        mine = town.patron().post("/me/app-passwords", {"name": "App"}).json
        assert town.patron().delete(f"/me/app-passwords/{mine['id']}").status == 404
        assert town.librarian.delete(f"/me/app-passwords/{mine['id']}").status == 404

    def test_it_opens_the_feeds_and_nothing_else(self, town: Town) -> None:
        patron = town.patron()
        text = patron.post("/me/app-passwords", {"name": "App"}).json["password"]
        assert town.visitor().sign_in(name_of(patron), text).status == 401
        app = ReadingApp(send(town), name_of(patron), text)
        assert app.get("/api/me").status == 401
        app.headers["Authorization"] = "Bearer " + token(town, name_of(patron), text).json["access_token"]
        assert app.get(SHELF).status == 200
        assert app.get("/api/me").status == 401

    def test_there_are_only_so_many(self, town: Town) -> None:
        patron = town.patron()
        for n in range(MOST):
            assert patron.post("/me/app-passwords", {"name": f"App {n}"}).status == 201
        assert patron.post("/me/app-passwords", {"name": "One more"}).problem == "too-many-app-passwords"
        page = patron.get("/me/app-passwords?limit=15").json
        rest = patron.get(f"/me/app-passwords?limit=15&cursor={page['next_cursor']}").json
        names = [one["name"] for one in page["items"] + rest["items"]]
        assert names == [f"App {n}" for n in reversed(range(MOST))]

    @pytest.mark.parametrize("name", ["", " ", "x" * 101, "a\nb"])
    def test_one_has_a_name_that_says_something(self, town: Town, name: str) -> None:
        assert town.patron().post("/me/app-passwords", {"name": name}).wrong_fields == {"name"}

    def test_the_day_of_its_last_use_is_kept_with_one_write_a_day(
        self,
        town: Town,
        clock: SettableClock,
        redis: FakeRedis,
        counted: Callable[[], AbstractContextManager[list[str]]],
    ) -> None:
        patron = town.patron()
        app = app_of(patron, send(town))
        assert patron.get("/me/app-passwords").json["items"][0]["used_on"] is None

        def writes() -> int:
            with counted() as calls:
                app.get("/opds/sections")
            return calls.count("UpdateItem")

        assert [writes() for _ in range(3)] == [1, 0, 0]
        assert patron.get("/me/app-passwords").json["items"][0]["used_on"] == clock().date().isoformat()
        redis.kept.clear()
        assert writes() == 0
        redis.kept.clear()
        clock.forward(days=1)
        assert [writes() for _ in range(2)] == [1, 0]

    def test_it_is_known_to_the_cache_and_else_found_by_two_reads(
        self, town: Town, redis: FakeRedis, counted: Callable[[], AbstractContextManager[list[str]]]
    ) -> None:
        app = app_of(town.patron(), send(town))
        app.get("/opds/sections")
        with counted() as calls:
            app.get("/opds/sections")
        assert calls == ["Query"]
        redis.kept.clear()
        with counted() as calls:
            app.get("/opds/sections")
        assert sorted(calls) == ["GetItem", "GetItem", "Query"]


class TestBasic:
    @pytest.mark.parametrize("path", ["/opds/shelf", "/opds/v1/shelf", "/opds/profile"])
    @pytest.mark.parametrize("method", ["GET", "HEAD"])
    def test_who_has_to_sign_in_is_told_how(self, town: Town, path: str, method: str) -> None:
        reply = ReadingApp(send(town)).call(method, path)
        assert reply.status == 401
        assert reply.headers["www-authenticate"].startswith("Basic ")
        assert 'rel="http://opds-spec.org/auth/document"' in reply.headers["link"]
        assert bool(reply.body) == (method == "GET")

    def test_borrowing_and_fetching_need_signing_in(self, town: Town) -> None:
        book, app = town.book(), ReadingApp(send(town))
        for method, step in [
            *(("GET", "borrow"), ("POST", "borrow"), ("PUT", "borrow"), ("DELETE", "borrow"), ("GET", "return")),
            *(("POST", "renew"), ("GET", "file"), ("HEAD", "file")),
        ]:
            assert app.call(method, f"/opds/books/{book['id']}/{step}").status == 401
        assert app.get(f"/opds/v1/books/{book['id']}/fetch").status == 401

    def test_the_name_is_a_user_name_or_an_address_and_case_and_dashes_do_not_matter(self, town: Town) -> None:
        patron = town.patron()
        patron.patch("/me", {"email": "asha@example.org"})
        text = patron.post("/me/app-passwords", {"name": "App"}).json["password"]
        for login in (name_of(patron), name_of(patron).upper(), "Asha@Example.org"):
            for typed in (text, text.upper(), text.replace("-", ""), text.replace("-", " ")):
                assert ReadingApp(send(town), login, typed).get(SHELF).status == 200

    def test_what_does_not_belong_together_is_refused(self, town: Town) -> None:
        patron, other = town.patron(), town.patron()
        text = patron.post("/me/app-passwords", {"name": "App"}).json["password"]
        for login, password in [
            (name_of(patron), "wrong"),
            (name_of(patron), ""),
            (name_of(patron), PASSWORD),  # reading apps keep what they are given: not the account's own password
            (name_of(other), text),
            ("nobody", text),
            ("", text),
        ]:
            assert_challenged(ReadingApp(send(town), login, password).get(SHELF))

    def test_it_is_refused_on_open_feeds_too_so_that_it_is_noticed(self, town: Town) -> None:
        assert_challenged(ReadingApp(send(town), "nobody", "wrong").get("/opds"))

    @pytest.mark.parametrize(
        "header", ["Basic", "Basic ", "Basic ???", "Basic bm9jb2xvbg==", "Digest x", "Bearer x", "x", "Basic /w=="]
    )
    def test_what_is_malformed_is_refused(self, town: Town, header: str) -> None:
        assert_challenged(ReadingApp(send(town)).get("/opds", {"Authorization": header}))

    def test_guessing_is_slowed_down_and_knowing_is_not(self, town: Town) -> None:
        patron = town.patron()
        good = app_of(patron, send(town))
        for _ in range(30):
            assert good.get("/opds/sections").status == 200
        bad = ReadingApp(send(town), name_of(patron), "guess")
        assert [bad.get("/opds").status for _ in range(11)] == [401] * 10 + [429]
        assert "retry-after" in bad.get("/opds").headers
        assert good.get("/opds/sections").status == 200

    def test_who_is_suspended_is_refused_at_once_and_comes_back(self, town: Town) -> None:
        patron, book = town.patron(), town.book()
        app = app_of(patron, send(town))
        assert app.get(SHELF).status == 200
        town.librarian.patch(f"/patrons/{patron.id}", {"suspended": True})
        for path in (SHELF, "/opds", f"/opds/books/{book['id']}/borrow"):
            assert (app.get(path).status, app.get(path).problem) == (403, "account-suspended")
        town.librarian.patch(f"/patrons/{patron.id}", {"suspended": False})
        assert app.get(SHELF).status == 200

    def test_who_is_erased_is_gone_and_so_are_their_app_passwords(self, town: Town) -> None:
        patron = town.patron()
        app = app_of(patron, send(town))
        assert app.get(SHELF).status == 200
        assert patron.call("DELETE", "/me", {"password": PASSWORD}).status == 204
        assert_challenged(app.get(SHELF))
        from chalicelib import wiring
        from chalicelib.accounts import service

        service.finish_erasure(patron.id, wiring.cache())
        assert list(AppPassword.by_account.query(patron.id)) == []


class TestAuthenticationDocument:
    def test_it_is_open_and_tells_everything_needed(self, town: Town) -> None:
        reply = ReadingApp(send(town)).get("/opds/authentication")
        assert (reply.status, reply.headers["content-type"]) == (200, "application/opds-authentication+json")
        said = reply.json
        assert said["id"] == "http://127.0.0.1:8000/opds/authentication"
        assert {link["rel"] for link in said["links"]} >= {"http://opds-spec.org/shelf", "profile", "register", "help"}
        basic_flow, oauth = said["authentication"]
        assert basic_flow["labels"] == {"login": "User name or e-mail", "password": "App password"}
        assert {link["rel"] for link in oauth["links"]} == {"authenticate", "refresh"}

    def test_it_offers_to_register_only_where_anyone_may(self, town: Town) -> None:
        town.librarian.patch("/settings", {"registration": "closed"})
        said = ReadingApp(send(town)).get("/opds/authentication").json
        assert "register" not in {link["rel"] for link in said["links"]}


def token(town: Town, login: str, password: str) -> Reply:
    return ask(town, grant_type="password", username=login, password=password)


def ask(town: Town, **form: str) -> Reply:
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    return ReadingApp(send(town)).call("POST", "/opds/token", headers, urlencode(form).encode())


class TestOAuth:
    def test_a_token_is_had_for_the_accounts_password_and_renewed(self, town: Town) -> None:
        patron = town.patron()
        granted = token(town, name_of(patron), PASSWORD)
        assert (granted.status, granted.headers["cache-control"]) == (200, "no-store")
        assert set(granted.json) == {"access_token", "token_type", "expires_in", "refresh_token"}
        assert (granted.json["token_type"], granted.json["expires_in"]) == ("Bearer", 600)
        app = ReadingApp(send(town))
        app.headers["Authorization"] = "Bearer " + granted.json["access_token"]
        assert app.get(SHELF).status == 200
        renewed = ask(town, grant_type="refresh_token", refresh_token=granted.json["refresh_token"])
        app.headers["Authorization"] = "Bearer " + renewed.json["access_token"]
        assert app.get(SHELF).status == 200

    def test_signing_that_device_out_ends_it(self, town: Town) -> None:
        patron = town.patron()
        granted = token(town, name_of(patron), PASSWORD).json
        app = ReadingApp(send(town))
        app.headers["Authorization"] = "Bearer " + granted["access_token"]
        for session in patron.get("/me/sessions").json["items"]:
            if not session["current"]:
                patron.delete(f"/me/sessions/{session['id']}")
        assert_challenged(app.get(SHELF))
        refused = ask(town, grant_type="refresh_token", refresh_token=granted["refresh_token"])
        assert (refused.status, refused.json["error"]) == (400, "invalid_grant")

    def test_an_app_password_will_do_until_it_is_revoked(self, town: Town) -> None:
        patron = town.patron()
        made = patron.post("/me/app-passwords", {"name": "App"}).json
        granted = token(town, name_of(patron), made["password"])
        assert granted.status == 200
        app = ReadingApp(send(town))
        app.headers["Authorization"] = "Bearer " + granted.json["access_token"]
        renewal = {"grant_type": "refresh_token", "refresh_token": granted.json["refresh_token"]}
        assert (app.get(SHELF).status, ask(town, **renewal).status) == (200, 200)
        patron.delete(f"/me/app-passwords/{made['id']}")
        assert_challenged(app.get(SHELF))
        assert ask(town, **renewal).json["error"] == "invalid_grant"

    def test_who_is_suspended_has_no_token(self, town: Town) -> None:
        patron = town.patron()
        text = patron.post("/me/app-passwords", {"name": "App"}).json["password"]
        login = name_of(patron)
        sealed = token(town, login, text).json["refresh_token"]
        town.librarian.patch(f"/patrons/{patron.id}", {"suspended": True})
        for password in (text, PASSWORD):
            assert token(town, login, password).json["error"] == "invalid_grant"
        assert ask(town, grant_type="refresh_token", refresh_token=sealed).json["error"] == "invalid_grant"

    @pytest.mark.parametrize(
        ("form", "error"),
        [
            ({}, "invalid_request"),
            ({"grant_type": "password", "username": "x"}, "invalid_request"),
            ({"grant_type": "refresh_token"}, "invalid_request"),
            ({"grant_type": "refresh_token", "refresh_token": "x"}, "invalid_grant"),
            ({"grant_type": "refresh_token", "refresh_token": "x.y"}, "invalid_grant"),
            ({"grant_type": "password", "username": "x", "password": "y"}, "invalid_grant"),
            ({"grant_type": "client_credentials"}, "unsupported_grant_type"),
        ],
    )
    def test_what_is_refused_says_why_as_oauth_does(self, town: Town, form: dict[str, str], error: str) -> None:
        refused = ask(town, **form)
        assert (refused.status, refused.json["error"]) == (400, error)
        assert set(refused.json) == {"error", "error_description"}

    def test_guessing_is_slowed_down(self, town: Town) -> None:
        name = name_of(town.patron())
        statuses = [token(town, name, "guess").status for _ in range(11)]
        assert statuses[-1] == 429

    def test_a_browser_that_signed_in_to_the_library_reads_the_feeds(self, town: Town) -> None:
        patron = town.patron()
        app = ReadingApp(send(town))
        app.headers["Authorization"] = f"Bearer {patron.token}"
        assert app.get(SHELF).status == 200
        patron.post("/auth/logout")
        assert app.get(SHELF).status == 401


def test_the_header_of_basic_is_in_utf_8(town: Town) -> None:
    patron = town.patron("आशा")
    text = patron.post("/me/app-passwords", {"name": "App"}).json["password"]
    app = ReadingApp(send(town))
    assert app.get(SHELF, {"Authorization": basic("आशा", text)}).status == 200
