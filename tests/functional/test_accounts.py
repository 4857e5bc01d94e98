"""Registering, signing in and out, and the profile."""

from __future__ import annotations

import pytest

from chalicelib.accounts import sessions
from tests.factories import LIBRARIAN, PASSWORD, Town
from tests.fakes import SettableClock


class TestRegistering:
    def test_a_new_patron_signs_in_by_user_name_and_by_email(self, town: Town) -> None:
        visitor = town.visitor()
        made = visitor.post(
            "/auth/register", {"username": "Ada.L", "email": "Ada@Example.org", "password": PASSWORD, "name": "Ada"}
        )
        assert (made.status, made.json["role"]) == (201, "patron")
        assert "password" not in made.body.decode()
        assert visitor.sign_in("ada.l", PASSWORD).json["role"] == "patron"
        assert visitor.sign_in("ada@example.ORG", PASSWORD).status == 200

    @pytest.mark.parametrize(
        ("wrong", "field"),
        [
            ({"username": "ab"}, "username"),
            ({"username": "has space"}, "username"),
            ({"username": "a@b.example"}, "username"),
            ({"username": 7}, "username"),
            ({"username": "librarygoer\n"}, "username"),
            ({"username": "library\u200bgoer"}, "username"),
            ({"email": "a@b.example\n"}, "email"),
            ({"name": " \u200b "}, "name"),
            ({"name": "A\u0000"}, "name"),
            ({"email": "nowhere"}, "email"),
            ({"password": "short"}, "password"),
            ({"password": "librarygoer"}, "password"),
            ({"password": "aaaaaaaaaaaa"}, "password"),
            ({"name": ""}, "name"),
        ],
    )
    def test_what_is_wrong_is_said_at_its_field(self, town: Town, wrong: dict[str, object], field: str) -> None:
        refused = town.visitor().post(
            "/auth/register", {"username": "librarygoer", "password": PASSWORD, "email": None, **wrong}
        )
        assert (refused.status, refused.wrong_fields) == (422, {field})

    def test_every_wrong_field_is_named_at_once(self, town: Town) -> None:
        refused = town.visitor().post("/auth/register", {"email": "x"})
        assert refused.wrong_fields == {"username", "password", "email"}

    def test_names_that_look_alike_are_one_name(self, town: Town) -> None:
        town.patron("straße")
        refused = town.visitor().post("/auth/register", {"username": "STRASSE", "password": PASSWORD})
        assert (refused.status, refused.problem) == (409, "username-taken")

    def test_joiners_that_cannot_be_seen_make_no_other_name(self, town: Town) -> None:
        town.patron("نامها")
        refused = town.visitor().post("/auth/register", {"username": "نام\u200cها", "password": PASSWORD})
        assert refused.problem == "username-taken"

    def test_nobody_registers_as_the_librarian_before_there_is_one(self, town: Town) -> None:
        refused = town.visitor().post("/auth/register", {"username": "Librarian", "password": PASSWORD})
        assert refused.problem == "username-taken"

    def test_user_names_are_of_any_script(self, town: Town) -> None:
        for name in ["नेहा", "Ελένη", "佐藤さくら", "ليلى", "José"]:
            assert town.patron(name).get("/me").json["username"] == name

    def test_no_field_makes_a_second_librarian(self, town: Town) -> None:
        made = town.visitor().post("/auth/register", {"username": "crook", "password": PASSWORD, "role": "librarian"})
        assert made.json["role"] == "patron"
        crook = town.patron("crook2")
        assert crook.patch("/me", {"role": "librarian"}).json["role"] == "patron"

    def test_a_closed_library_takes_nobody(self, town: Town) -> None:
        town.librarian.patch("/settings", {"registration": "closed"})
        refused = town.visitor().post("/auth/register", {"username": "late", "password": PASSWORD})
        assert (refused.status, refused.problem) == (403, "registration-closed")


class TestSigningIn:
    def test_a_wrong_password_and_an_unknown_name_are_refused_alike(self, town: Town) -> None:
        town.patron("known")
        wrong = town.visitor().post("/auth/login", {"login": "known", "password": "not the one"})
        unknown = town.visitor().post("/auth/login", {"login": "unknown", "password": "not the one"})
        assert wrong.status == unknown.status == 401
        assert wrong.body == unknown.body

    @pytest.mark.parametrize("login", ["known", "nobody-here"])
    def test_trying_on_and_on_for_one_account_is_stopped(self, town: Town, login: str) -> None:
        town.patron("known")
        visitor = town.visitor()
        for attempt in range(sessions.ATTEMPTS_FOR_AN_ACCOUNT + 1):
            spelled = [login, login.upper(), f" {login} "][attempt % 3]
            last = visitor.post("/auth/login", {"login": spelled, "password": "a guess, again"})
        assert last.status == 429
        assert int(last.headers["retry-after"]) > 0

    def test_who_knows_the_password_signs_in_as_often_as_they_like(self, town: Town) -> None:
        patron = town.patron("often")
        for _ in range(sessions.ATTEMPTS_FOR_AN_ACCOUNT + 5):
            assert patron.sign_in("often", PASSWORD).status == 200

    def test_guessing_the_password_from_a_borrowed_session_is_stopped_too(self, town: Town) -> None:
        patron = town.patron()
        change = {"password": "another one entirely", "current_password": "a guess"}
        answers = [patron.patch("/me", change).status for _ in range(sessions.ATTEMPTS_FOR_AN_ACCOUNT + 1)]
        assert (answers[0], answers[-1]) == (422, 429)

    def test_a_school_behind_one_address_is_not_stopped(self, town: Town) -> None:
        for number in range(30):
            town.patron(f"pupil{number}")

    def test_signing_out_ends_the_session_and_its_tokens(self, town: Town) -> None:
        patron = town.patron()
        token, cookies = patron.token, dict(patron.cookies)
        assert patron.get("/me").status == 200
        assert patron.post("/auth/logout").status == 204
        assert patron.cookies == {}
        patron.token, patron.cookies = token, cookies
        assert patron.post("/auth/refresh").status == 401
        refused = patron.get("/me")
        assert (refused.status, refused.headers["content-type"]) == (401, "application/problem+json")

    def test_the_refresh_cookie_rotates_and_an_old_one_ends_the_session(self, town: Town, clock: SettableClock) -> None:
        patron = town.patron()
        stolen = dict(patron.cookies)
        assert patron.post("/auth/refresh").status == 200
        assert patron.cookies != stolen
        clock.forward(minutes=1)
        thief = town.visitor()
        thief.cookies = stolen
        assert thief.post("/auth/refresh").problem == "session-ended"
        assert patron.post("/auth/refresh").status == 401

    def test_two_tabs_that_wake_together_both_stay_signed_in(self, town: Town, clock: SettableClock) -> None:
        patron = town.patron()
        tab = town.visitor()
        tab.cookies = dict(patron.cookies)
        assert patron.post("/auth/refresh").status == 200
        assert tab.post("/auth/refresh").status == 200
        assert patron.post("/auth/refresh").status == 200

    def test_an_answer_lost_on_its_way_signs_nobody_out(self, town: Town, clock: SettableClock) -> None:
        patron = town.patron()
        before = dict(patron.cookies)
        patron.post("/auth/refresh")
        patron.cookies = dict(before)  # the phone never saw the answer
        assert patron.post("/auth/refresh").status == 200
        assert patron.cookies != before
        clock.forward(minutes=5)
        assert patron.post("/auth/refresh").status == 200

    def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(self, town: Town) -> None:
        patron = town.patron()
        cookie = patron.post("/auth/refresh").headers["set-cookie"]
        assert {"HttpOnly", "SameSite=Strict", "Path=/api/auth"} <= set(cookie.split("; "))

    @pytest.mark.parametrize("token", ["", "x", "a.b.c", "eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0."])
    def test_a_malformed_or_forged_token_is_refused(self, town: Town, token: str) -> None:
        visitor = town.visitor()
        assert visitor.get("/me", headers={"Authorization": f"Bearer {token}"}).status == 401

    def test_another_device_can_be_signed_out(self, town: Town) -> None:
        patron = town.patron("twice")
        phone = town.visitor()
        phone.sign_in("twice", PASSWORD)
        (other,) = [s["id"] for s in patron.get("/me/sessions").json["items"] if not s["current"]]
        page = patron.get("/me/sessions?limit=1").json
        rest = patron.get(f"/me/sessions?limit=1&cursor={page['next_cursor']}").json
        assert (len(page["items"]), len(rest["items"]), rest["next_cursor"]) == (1, 1, None)
        assert town.patron().delete(f"/me/sessions/{other}").status == 404
        assert patron.delete(f"/me/sessions/{other}").status == 204
        assert phone.get("/me").status == 401
        assert patron.get("/me").status == 200


class TestTheProfile:
    def test_a_profile_is_changed_piece_by_piece(self, town: Town) -> None:
        patron = town.patron()
        changed = patron.patch("/me", {"timezone": "Asia/Kolkata", "reminders": {"hour": 20}})
        assert changed.json["timezone"] == "Asia/Kolkata"
        assert changed.json["reminders"] == {
            **{"channels": ["email"], "hour": 20, "days_before_due": 2, "idle_days": 1},
            "quiet_days": [],
        }
        assert patron.get("/me").json == changed.json

    @pytest.mark.parametrize(
        ("change", "field"),
        [
            ({"timezone": "Mars/Olympus"}, "timezone"),
            ({"timezone": "../../etc/passwd"}, "timezone"),
            ({"reminders": {"hour": 25}}, "reminders.hour"),
            ({"reminders": {"channels": ["pigeon"]}}, "reminders.channels.0"),
            ({"report_format": "docx"}, "report_format"),
            ({"email": "no"}, "email"),
            ({"name": None}, "name"),
        ],
    )
    def test_a_wrong_change_is_refused_at_its_field(self, town: Town, change: dict[str, object], field: str) -> None:
        refused = town.patron().patch("/me", change)
        assert (refused.status, refused.wrong_fields) == (422, {field})

    def test_a_new_user_name_frees_the_old_one(self, town: Town) -> None:
        patron = town.patron("before")
        assert patron.patch("/me", {"username": "after"}).status == 200
        assert town.visitor().sign_in("after", PASSWORD).status == 200
        assert town.visitor().sign_in("before", PASSWORD).status == 401
        town.patron("before")

    def test_an_email_address_is_given_changed_and_taken_back(self, town: Town) -> None:
        patron, other = town.patron(), town.patron()
        assert patron.patch("/me", {"email": "one@example.org"}).json["email"] == "one@example.org"
        assert other.patch("/me", {"email": "ONE@example.org"}).problem == "email-taken"
        assert patron.patch("/me", {"email": None}).json["email"] is None
        assert other.patch("/me", {"email": "one@example.org"}).status == 200

    def test_a_new_password_needs_the_old_one_and_ends_the_other_sessions(self, town: Town) -> None:
        patron = town.patron("careful")
        phone = town.visitor()
        phone.sign_in("careful", PASSWORD)
        new = "a better one than before"
        assert patron.patch("/me", {"password": new}).wrong_fields == {"current_password"}
        assert patron.patch("/me", {"password": new, "current_password": PASSWORD}).status == 200
        assert phone.get("/me").status == 401
        assert town.visitor().sign_in("careful", PASSWORD).status == 401
        assert town.visitor().sign_in("careful", new).status == 200

    def test_a_change_based_on_an_old_profile_is_refused(self, town: Town) -> None:
        patron = town.patron()
        tag = patron.get("/me").headers["etag"]
        assert patron.patch("/me", {"name": "First"}, headers={"If-Match": tag}).status == 200
        assert patron.patch("/me", {"name": "Second"}, headers={"If-Match": tag}).status == 412


class TestTheLibrarian:
    def test_there_is_one_and_making_another_makes_none(self, town: Town) -> None:
        import app

        assert town.librarian.get("/me").json["role"] == "librarian"
        second = {"email": "second@carrel.example", "password": "another long password"}
        assert app.setup({"librarian": second}, None) == {"created": False}
        assert town.visitor().sign_in("second@carrel.example", second["password"]).status == 401
        assert town.visitor().sign_in("librarian", LIBRARIAN["password"]).json["role"] == "librarian"

    def test_the_librarian_keeps_an_email_address(self, town: Town) -> None:
        assert town.librarian.patch("/me", {"email": None}).wrong_fields == {"email"}

    def test_a_lost_password_is_replaced_from_the_machine_and_ends_the_sessions(self, town: Town) -> None:
        import app

        before = town.librarian
        app.setup({"reset_password": "found another one"}, None)
        assert before.get("/me").status == 401
        assert town.visitor().sign_in("librarian", LIBRARIAN["password"]).status == 401
        assert town.visitor().sign_in("librarian", "found another one").status == 200
