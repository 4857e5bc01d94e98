"""The patron desk: finding, adding, inviting, suspending; a patron's data taken out, and a patron erased."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from argon2 import PasswordHasher

from chalicelib import dynamo, wiring
from chalicelib.accounts import passwords, roll, service
from chalicelib.accounts.tables import Account, Invitation, Name, Roll, Session
from chalicelib.database import Transaction
from chalicelib.desk import export, jobs, newcomers
from chalicelib.desk import service as desk_service
from chalicelib.facts import Fact, fact
from chalicelib.ids import new_id
from tests.client import Client, Reply
from tests.factories import PASSWORD, Town
from tests.fakes import FakeRedis, SettableClock

CALL = dynamo.Client._make_api_call


@pytest.fixture(autouse=True)
def quick_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    """Argon2 with next to no work: what is tested here is not the hash."""
    quick = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr(passwords, "_hasher", lambda: quick)
    monkeypatch.setattr(passwords, "_nobody", lambda: quick.hash("nobody has this password"))


def add(town: Town, name: str, **fields: Any) -> dict[str, Any]:
    made = town.librarian.post("/patrons", {"name": name, **fields})
    assert made.status == 201, made.body
    return made.json


def found(town: Town, asked: str = "", **filters: Any) -> list[str]:
    query = "".join(f"&{name}={quote(str(value))}" for name, value in filters.items())
    page = town.librarian.get(f"/patrons?q={quote(asked)}{query}")
    assert page.status == 200, page.body
    return [one["name"] for one in page.json["items"]]


def send_csv(town: Town, *lines: str, **fields: Any) -> Any:
    sent = town.librarian.post("/patrons", {"csv": "\n".join(lines), **fields})
    assert sent.status == 201, sent.body
    return sent.json


def tell_all() -> None:
    """Hand every fact of the day on, as the stream does."""
    for happened in list(Fact.query(wiring.now().strftime("%Y-%m-%d"))):
        jobs.on_fact(happened, wiring.cache(), wiring.now())


class TestFindingPatrons:
    def test_all_are_listed_by_name(self, town: Town) -> None:
        for name in ["Zoë Adams", "ada Lovelace", "Émile Zola"]:
            add(town, name)
        assert found(town) == ["ada Lovelace", "Émile Zola", "Zoë Adams"]

    @pytest.mark.parametrize(
        "asked",
        ["lov", "ADA", "ada lov", "lovelace ada", "countess@ex", "enchantress", "  Ada  ", "king-no", "noel", "ádá"],
    )
    def test_a_patron_is_found_by_the_beginning_of_any_word(self, town: Town, asked: str) -> None:
        add(town, "Ada Lovelace King-Noël", username="enchantress", email="Countess@example.org")
        add(town, "Charles Babbage")
        assert found(town, asked) == ["Ada Lovelace King-Noël"]

    @pytest.mark.parametrize("asked", ["velace", "ada b", "x", "ada ada2"])
    def test_every_word_must_begin_a_word(self, town: Town, asked: str) -> None:
        add(town, "Ada Lovelace")
        add(town, "Barbara Liskov")
        assert found(town, asked) == []

    @pytest.mark.parametrize(
        ("name", "asked"),
        [
            ("مُحَمَّد علي", "محمد"),
            ("محمد علي", "مُحَمَّد"),
            ("أحمد", "احمد"),
            ("ज़ोया ख़ान", "जोया"),
            ("चाँद", "चांद"),
            ("José Nuñez", "nunez"),
            ("Sinéad O’Brien", "o'brien"),
            ("Sinéad O’Brien", "obrien"),
            ("佐藤さくら", "佐藤"),
            ("Straße", "STRASSE"),
        ],
    )
    def test_case_accents_and_diacritics_do_not_matter(self, town: Town, name: str, asked: str) -> None:
        add(town, name, username="somebody-else")
        assert found(town, asked) == [name]

    @pytest.mark.parametrize("asked", ["", "ann", "ann b"])
    def test_pages_have_no_gaps_and_no_doubles(self, town: Town, asked: str) -> None:
        # Everybody has two words that begin with "ann", so that each is met twice.
        names = [f"Ann Annabel B{number:02}" for number in range(9)]
        for name in names:
            add(town, name)
        seen, cursor = [], ""
        for _ in range(20):
            page = town.librarian.get(f"/patrons?limit=2&q={quote(asked)}{cursor}").json
            seen += [one["name"] for one in page["items"]]
            if page["next_cursor"] is None:
                break
            cursor = f"&cursor={page['next_cursor']}"
        assert seen == names

    def test_the_end_of_a_list_is_no_empty_page(self, town: Town) -> None:
        add(town, "Ada")
        add(town, "Bea")
        assert town.librarian.get("/patrons?limit=2").json["next_cursor"] is None

    @pytest.mark.parametrize("cursor", ["x", "eA", "a" * 512, "%C3%A9", "bG92IzEyMw"])
    def test_a_cursor_of_another_list_is_refused(self, town: Town, cursor: str) -> None:
        refused = town.librarian.get(f"/patrons?cursor={cursor}")
        assert (refused.status, refused.wrong_fields) == (422, {"cursor"})
        other = town.librarian.get(f"/patrons?q=zz&cursor={cursor}")
        assert (other.status, other.wrong_fields) == (422, {"cursor"})

    def test_what_a_patron_has_and_had_is_shown(self, town: Town) -> None:
        patron = town.patron("borrower")
        town.loan(patron, town.book())
        patron.post(f"/loans/{town.loan(patron, town.book())['id']}/return")
        (one,) = town.librarian.get("/patrons?q=borrow").json["items"]
        assert (one["loans_open"], one["loans_had"], one["suspended"]) == (1, 1, False)
        assert town.librarian.get(f"/patrons/{patron.id}").json == one

    def test_the_librarian_is_no_patron_of_the_desk(self, town: Town) -> None:
        desk = town.librarian
        assert found(town) == []
        assert desk.get(f"/patrons/{desk.id}").status == 404
        assert desk.patch(f"/patrons/{desk.id}", {"suspended": True}).status == 404
        assert desk.delete(f"/patrons/{desk.id}").status == 404

    def test_filters_are_answered_by_index_and_combine(self, town: Town) -> None:
        one, two = add(town, "Ada One", group="7b"), add(town, "Ada Two", group="7B")
        add(town, "Ada Three", group="8a")
        town.librarian.patch(f"/patrons/{two['id']}", {"suspended": True})
        assert found(town, group="7b") == [one["name"], two["name"]]
        assert found(town, "two", group="7b") == ["Ada Two"]
        assert found(town, "ada", suspended="true") == ["Ada Two"]
        assert found(town, suspended="false") == ["Ada One", "Ada Three"]
        assert found(town, "ada", suspended="false", group="7b") == ["Ada One"]

    def test_a_new_name_is_found_and_the_old_one_is_not(self, town: Town) -> None:
        patron = town.patron("before")
        patron.patch("/me", {"name": "Quite Another", "email": "quite@example.org", "username": "after"})
        assert found(town, "before") == []
        assert found(town, "quite@") == found(town, "another") == found(town, "after") == ["Quite Another"]
        assert len(found(town)) == 1

    def test_a_patron_from_before_the_roll_enters_it_at_the_next_change(self, town: Town) -> None:
        patron = town.patron("veteran")
        for line in roll.lines_of(service.patron(patron.id)):
            line.delete()
        assert found(town) == []
        patron.patch("/me", {"language": "fr"})
        assert found(town) == found(town, "vet") == ["Veteran"]

    def test_a_page_costs_the_same_among_few_and_among_many(self, town: Town, counted: Callable[..., Any]) -> None:
        desk = town.librarian

        def enrol(numbers: range) -> None:
            with Account.batch_write() as accounts, Roll.batch_write() as lines:
                for number in numbers:
                    one = Account(
                        id=new_id(wiring.now()),
                        username=f"ann{number}",
                        name=f"Ann B{number}",
                        role="patron",
                        password_hash="none",
                        timezone="UTC",
                        created_at=wiring.now(),
                        group="all",
                    )
                    accounts.save(one)
                    for line in roll.lines_of(one):
                        lines.save(line)

        def costs() -> list[list[str]]:
            each = []
            for query in ("", "&q=ann", "&q=ann+b", "&suspended=false", "&group=all", "&q=b&group=all"):
                with counted() as calls:
                    assert len(desk.get(f"/patrons?limit=20{query}").json["items"]) == 20
                    each.append(list(calls))
            return each

        enrol(range(100))
        few = costs()
        enrol(range(100, 600))
        assert costs() == few == [["Query", "BatchGetItem", "BatchGetItem"]] * 6


class TestAddingOne:
    def test_a_user_name_and_a_password_are_made_up(self, town: Town) -> None:
        made = add(town, "José Núñez")
        assert (made["username"], made["email"], made["suspended"]) == ("jose.nunez", None, False)
        visitor = town.visitor()
        assert visitor.sign_in("jose.nunez", made["password"]).json["role"] == "patron"
        assert "password" not in town.librarian.get(f"/patrons/{made['id']}").json

    @pytest.mark.parametrize(
        ("name", "username"),
        [
            ("Li", "li.patron"),
            ("नेहा शर्मा", "नेहा.शर्मा"),
            ("<Bobby>; & 'Tables'", "bobby.tables"),
            ("Librarian", "librarian2"),
            ("佐藤", "佐藤.patron"),
            ("!!!", "patron"),
            ("Ada Lovelace" * 8, "ada.lovelaceada.lovelaceada.lo"),
        ],
    )
    def test_user_names_are_made_of_any_name(self, town: Town, name: str, username: str) -> None:
        made = add(town, name)
        assert made["username"] == username
        assert town.visitor().sign_in(username, made["password"]).status == 200

    def test_the_next_of_the_same_name_gets_the_next_user_name(self, town: Town) -> None:
        made = [add(town, "Ada Lovelace")["username"] for _ in range(11)]
        assert made[:3] == ["ada.lovelace", "ada.lovelace2", "ada.lovelace3"]
        assert len(set(made)) == 11

    def test_what_is_given_is_kept(self, town: Town) -> None:
        made = add(town, "Ada", username="ada.l", email="ada@example.org", password=PASSWORD, group="7b")
        assert (made["username"], made["email"], made["group"], made["password"]) == (
            "ada.l",
            "ada@example.org",
            "7b",
            None,
        )
        assert town.visitor().sign_in("ada@example.org", PASSWORD).status == 200

    @pytest.mark.parametrize(
        ("wrong", "field"),
        [
            ({"name": None}, "name"),
            ({"name": " "}, "name"),
            ({"username": "a b"}, "username"),
            ({"email": "nowhere"}, "email"),
            ({"password": "short"}, "password"),
            ({"password": "aaaaaaaaaaaa"}, "password"),
            ({"group": "x" * 101}, "group"),
        ],
    )
    def test_what_is_wrong_is_said_at_its_field(self, town: Town, wrong: dict[str, Any], field: str) -> None:
        refused = town.librarian.post("/patrons", {"name": "Ada", **wrong})
        assert (refused.status, refused.wrong_fields) == (422, {field})

    @pytest.mark.parametrize(("field", "value"), [("username", "TAKEN"), ("email", "Taken@example.org")])
    def test_what_is_taken_is_said_at_its_field(self, town: Town, field: str, value: str) -> None:
        add(town, "First", username="taken", email="taken@example.org")
        refused = town.librarian.post("/patrons", {"name": "Second", field: value})
        assert (refused.status, refused.problem, refused.wrong_fields) == (409, f"{field}-taken", {field})

    def test_sent_twice_with_one_key_it_is_one_patron(self, town: Town) -> None:
        headers = {"Idempotency-Key": "pressed twice"}
        first, second = (town.librarian.post("/patrons", {"name": "Ada"}, headers=headers) for _ in range(2))
        assert (first.status, second.status) == (201, 201)
        assert first.json["id"] == second.json["id"]
        assert (bool(first.json["password"]), second.json["password"]) == (True, None)
        assert found(town) == ["Ada"]
        other = town.librarian.post("/patrons", {"name": "Bea"}, headers=headers)
        assert (other.status, other.wrong_fields) == (422, {"Idempotency-Key"})

    def test_a_lost_password_is_replaced_and_ends_the_sessions(self, town: Town) -> None:
        patron = town.patron("forgetful")
        new = town.librarian.post(f"/patrons/{patron.id}/password").json["password"]
        assert patron.get("/me").status == 401
        assert town.visitor().sign_in("forgetful", PASSWORD).status == 401
        assert town.visitor().sign_in("forgetful", new).status == 200


class TestAddingByCsv:
    @pytest.mark.parametrize("separator", [",", ";", "\t"])
    @pytest.mark.parametrize("mark", ["", "\ufeff"])
    def test_a_class_is_added(self, town: Town, separator: str, mark: str) -> None:
        rows = [["Name", "E-Mail", "Class"], ["Ada Lovelace", "", "7b"], ["नेहा", "neha@example.org", "7b"]]
        sent = send_csv(town, *(mark * (not number) + separator.join(row) for number, row in enumerate(rows)))
        assert [(one["row"], one["ok"], one["name"]) for one in sent["results"]] == [
            (2, True, "Ada Lovelace"),
            (3, True, "नेहा"),
        ]
        assert sent["next_row"] is None
        for one in sent["results"]:
            assert town.visitor().sign_in(one["username"], one["password"]).status == 200
        assert found(town, group="7b") == ["Ada Lovelace", "नेहा"]

    def test_it_may_be_sent_as_csv_itself(self, town: Town) -> None:
        raw = b'name\r\n"Lovelace, Ada"\r\n'
        sent = town.librarian.post("/patrons", raw=raw, headers={"Content-Type": "text/csv; charset=utf-8"})
        assert [one["name"] for one in sent.json["results"]] == ["Lovelace, Ada"]

    def test_elsewhere_csv_is_no_json(self, town: Town) -> None:
        refused = town.librarian.post("/sections", raw=b"name\nAda\n", headers={"Content-Type": "text/csv"})
        assert refused.status == 415

    def test_first_and_last_names_are_joined_and_strange_columns_named(self, town: Town) -> None:
        sent = send_csv(town, "Last Name,First name,Shoe size", "Lovelace,Ada,37")
        assert sent["results"][0]["name"] == "Ada Lovelace"
        assert sent["columns_passed_over"] == ["Shoe size"]

    def test_what_is_wrong_with_a_line_is_said_at_its_field_and_the_others_are_added(self, town: Town) -> None:
        add(town, "Before", username="taken", email="taken@example.org")
        sent = send_csv(
            town,
            "name,username,email,password",
            "A,taken,,",
            "",
            "B,,Taken@example.org,",
            "C,,nowhere,",
            ",,,some password",
            "D,ab,,",
            "E,,,short",
            '"F\nG",fine,,',
            "H,,h@example.org,a good password",
            "I,again,,",
            "J,again,,",
        )
        assert [
            (one["row"], one["ok"], [error["field"] for error in (one["problem"] or {}).get("errors", [])])
            for one in sent["results"]
        ] == [
            (2, False, ["username"]),
            (4, False, ["email"]),
            (5, False, ["email"]),
            (6, False, ["name"]),
            (7, False, ["username"]),
            (8, False, ["password"]),
            (9, False, ["name"]),
            (11, True, []),
            (12, True, []),
            (13, False, ["username"]),
        ]
        assert sent["results"][7]["password"] is None
        assert town.visitor().sign_in("h@example.org", "a good password").status == 200

    def test_the_same_file_again_makes_no_doubles(self, town: Town) -> None:
        lines = ["name,username,email,group", "Ada,ada.l,,7b", "Bea,,bea@example.org,7b", "Cleo,,,7b", "Cleo,,,7b"]
        first = send_csv(town, *lines)
        assert [one["ok"] for one in first["results"]] == [True] * 4
        again = send_csv(town, *lines)
        assert [one["problem"]["type"].rsplit("/", 1)[-1] for one in again["results"]] == [
            "username-taken",
            "email-taken",
            "namesake-known",
            "namesake-known",
        ]
        assert found(town) == ["Ada", "Bea", "Cleo", "Cleo"]
        assert send_csv(town, "name,group", "Cleo,8a")["results"][0]["ok"], "in another class it is somebody else"

    @pytest.mark.parametrize(
        "csv",
        [
            "age,size\n1,2",
            "Ada Lovelace\nCharles Babbage",
            "\n\n",
            "name\nJos\ufffd",
            "n\x00a\x00m\x00e\x00",
            "name\n" + "x\n" * 1001,
            "",
        ],
    )
    def test_a_file_that_cannot_be_read_is_refused_whole(self, town: Town, csv: str) -> None:
        refused = town.librarian.post("/patrons", {"csv": csv})
        assert (refused.status, refused.wrong_fields) == (422, {"csv"})
        assert found(town) == []

    def test_what_is_too_much_for_one_call_is_taken_up_again(self, town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(newcomers, "WORK_AT_ONCE", 10)
        lines = ["name,email", *(f"P{number},p{number}@example.org" for number in range(7))]
        first = send_csv(town, *lines)
        assert (len(first["results"]), first["next_row"]) == (3, 5)
        rest = send_csv(town, *lines, from_row=5)
        assert ([one["row"] for one in rest["results"]], rest["next_row"]) == ([5, 6, 7], 8)
        assert send_csv(town, *lines, from_row=8)["next_row"] is None
        assert len(found(town)) == 7

    def test_lines_that_are_taken_cost_no_call_each(self, town: Town, counted: Callable[..., Any]) -> None:
        lines = ["name,email", *(f"P{number},p{number}@example.org" for number in range(20))]
        send_csv(town, *lines)
        with counted() as calls:
            send_csv(town, *lines)
        assert calls == ["BatchGetItem"]

    def test_an_account_is_one_transaction(self, town: Town, counted: Callable[..., Any]) -> None:
        assert town.librarian.get("/me").status == 200
        with counted() as calls:
            send_csv(town, "name,email", "Ada,ada@example.org")
        # Who is there already; the library's time zone; which user names are free.
        assert calls == ["BatchGetItem", "GetItem", "BatchGetItem", "TransactWriteItems"]


class TestInvitations:
    def invite(self, town: Town, **fields: Any) -> tuple[str, dict[str, Any]]:
        town.librarian.patch("/settings", {"registration": "invited"})
        made = town.librarian.post("/patrons/invitations", fields)
        assert made.status == 201, made.body
        address = urlsplit(made.json["url"])
        assert address.path == "/register"
        return parse_qs(address.query)["invitation"][0], made.json

    def register(self, town: Town, username: str, **fields: Any) -> Reply:
        return town.visitor().post("/auth/register", {"username": username, "password": PASSWORD, **fields})

    def test_who_is_invited_registers_once(self, town: Town) -> None:
        token, made = self.invite(town, email="ada@example.org", name="Ada Lovelace")
        assert self.register(town, "stranger").problem == "registration-closed"
        welcome = self.register(town, "ada.l", invitation=token)
        assert (welcome.status, welcome.json["email"], welcome.json["name"]) == (
            201,
            "ada@example.org",
            "Ada Lovelace",
        )
        again = self.register(town, "second", invitation=token)
        assert (again.status, again.problem) == (403, "invitation-ended")
        assert town.librarian.get("/patrons/invitations").json["items"] == []
        assert token.partition(".")[2] not in str(made["id"])

    def test_a_registration_that_fails_leaves_the_invitation_open(self, town: Town) -> None:
        add(town, "First", username="taken")
        token, _ = self.invite(town)
        assert self.register(town, "taken", invitation=token).status == 409
        assert self.register(town, "free", invitation=token).status == 201

    def test_of_two_at_once_one_registers(self, town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
        token, _ = self.invite(town)
        of_token = service.invitations.of_token
        crossing = iter([True])

        def crossed(*arguments: Any) -> Any:
            kept = of_token(*arguments)
            if next(crossing, False):
                assert self.register(town, "quicker", invitation=token).status == 201
            return kept

        monkeypatch.setattr(service.invitations, "of_token", crossed)
        assert self.register(town, "slower", invitation=token).problem == "invitation-ended"
        assert found(town) == ["quicker"]

    def test_an_invitation_ends(self, town: Town, clock: SettableClock) -> None:
        token, made = self.invite(town, expires_in_days=3)
        assert made["expires_at"] > made["created_at"]
        clock.forward(days=3)
        assert self.register(town, "late", invitation=token).problem == "invitation-ended"
        assert town.visitor().get("/library").status == 200
        clock.forward(days=-3)

    def test_an_invitation_is_withdrawn(self, town: Town) -> None:
        token, made = self.invite(town)
        assert town.librarian.delete(f"/patrons/invitations/{made['id']}").status == 204
        assert town.librarian.delete(f"/patrons/invitations/{made['id']}").status == 404
        assert self.register(town, "late", invitation=token).problem == "invitation-ended"

    @pytest.mark.parametrize("token", ["x", "0" * 26, "0" * 26 + ".secret", ".", "é"])
    def test_a_token_that_was_never_given_out_is_refused(self, town: Town, token: str) -> None:
        self.invite(town)
        assert self.register(town, "crook", invitation=token).problem == "invitation-ended"

    def test_a_forged_secret_opens_nothing_and_only_the_hash_is_kept(self, town: Town) -> None:
        token, made = self.invite(town)
        assert self.register(town, "crook", invitation=f"{made['id']}.forged").problem == "invitation-ended"
        (kept,) = Invitation.query("invitations")
        assert token.partition(".")[2] not in str(kept.attribute_values)

    def test_a_closed_library_invites_nobody(self, town: Town) -> None:
        token, _ = self.invite(town)
        town.librarian.patch("/settings", {"registration": "closed"})
        assert town.librarian.post("/patrons/invitations").problem == "nobody-may-register"
        assert self.register(town, "late", invitation=token).problem == "registration-closed"

    def test_invitations_are_listed_newest_first_in_pages(self, town: Town, clock: SettableClock) -> None:
        for number in range(5):
            clock.forward(seconds=1)
            self.invite(town, name=f"Guest {number}")
        first = town.librarian.get("/patrons/invitations?limit=3").json
        rest = town.librarian.get(f"/patrons/invitations?limit=3&cursor={first['next_cursor']}").json
        assert [one["name"] for one in first["items"] + rest["items"]] == [f"Guest {n}" for n in (4, 3, 2, 1, 0)]
        assert rest["next_cursor"] is None
        assert "url" not in first["items"][0]

    @pytest.mark.parametrize(
        ("wrong", "field"), [({"email": "x"}, "email"), ({"expires_in_days": 0}, "expires_in_days")]
    )
    def test_what_is_wrong_is_said_at_its_field(self, town: Town, wrong: dict[str, Any], field: str) -> None:
        assert town.librarian.post("/patrons/invitations", wrong).wrong_fields == {field}


class TestSuspending:
    def test_who_is_suspended_is_signed_out_everywhere_at_once(self, town: Town) -> None:
        patron, phone = town.patron("wayward"), town.visitor()
        phone.sign_in("wayward", PASSWORD)
        changed = town.librarian.patch(f"/patrons/{patron.id}", {"suspended": True})
        assert (changed.status, changed.json["suspended"]) == (200, True)
        for device in (patron, phone):
            assert device.get("/me").status == 401
            assert device.post("/auth/refresh").status == 401

    def test_signing_in_is_refused_with_a_word_for_who_knows_the_password_only(self, town: Town) -> None:
        patron = town.patron("wayward")
        town.librarian.patch(f"/patrons/{patron.id}", {"suspended": True})
        refused = town.visitor().post("/auth/login", {"login": "wayward", "password": PASSWORD})
        assert (refused.status, refused.problem) == (403, "account-suspended")
        assert "librarian" in refused.json["detail"]
        guessed = town.visitor().post("/auth/login", {"login": "wayward", "password": "a guess"})
        unknown = town.visitor().post("/auth/login", {"login": "nobody", "password": "a guess"})
        assert guessed.body == unknown.body

    def test_a_suspension_is_lifted(self, town: Town) -> None:
        patron = town.patron("wayward")
        for suspended in (True, False):
            town.librarian.patch(f"/patrons/{patron.id}", {"suspended": suspended})
        assert town.visitor().sign_in("wayward", PASSWORD).status == 200
        kinds = [fact.kind for fact in Fact.by_subject.query(patron.id)]
        assert kinds == ["account.opened", "account.suspended", "account.restored"]

    def test_a_sign_in_that_crosses_the_suspension_leaves_no_session(
        self, town: Town, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        patron = town.patron("wayward")
        desk = town.librarian
        matches = passwords.matches
        crossing = iter([True])

        def crossed(*arguments: Any) -> bool:
            if next(crossing, False):
                desk.patch(f"/patrons/{patron.id}", {"suspended": True})
            return matches(*arguments)

        monkeypatch.setattr(passwords, "matches", crossed)
        refused = town.visitor().post("/auth/login", {"login": "wayward", "password": PASSWORD})
        assert refused.problem == "account-suspended"
        assert list(Session.by_account.query(patron.id)) == []

    def test_a_session_that_was_missed_is_ended_by_the_fact(self, town: Town) -> None:
        patron = town.patron("wayward")
        missed = next(iter(Session.by_account.query(patron.id)))
        town.librarian.patch(f"/patrons/{patron.id}", {"suspended": True})
        missed.save()
        tell_all()
        assert list(Session.by_account.query(patron.id)) == []

    def test_nothing_is_lent_to_who_is_suspended(self, town: Town) -> None:
        patron, book = town.patron(), town.book()
        town.librarian.patch(f"/patrons/{patron.id}", {"suspended": True})
        issued = town.librarian.post("/loans/issue", {"patron_ids": [patron.id], "book_ids": [book["id"]]})
        (result,) = issued.json["results"]
        assert result["problem"]["type"].endswith("/patron-suspended")

    def test_a_loan_that_crosses_the_suspension_fails_with_its_transaction(self, town: Town) -> None:
        good, wayward, gone = town.patron(), town.patron(), town.patron()
        town.librarian.patch(f"/patrons/{wayward.id}", {"suspended": True})
        town.librarian.delete(f"/patrons/{gone.id}")
        for patron, lent in ((good, True), (wayward, False), (gone, False)):
            transaction = Transaction()
            transaction.put(fact("loan.granted", wiring.now(), subject=patron.id))
            service.hold_to_standing(transaction, patron.id)
            if lent:
                transaction.commit()
            else:
                with pytest.raises(service.PatronSuspended):
                    transaction.commit()

    def test_a_change_at_the_desk_holds_to_what_was_seen(self, town: Town) -> None:
        made = add(town, "Ada")
        desk, path = town.librarian, f"/patrons/{made['id']}"
        tag = desk.get(path).headers["etag"]
        changed = desk.patch(
            path, {"name": "Ada L", "group": "7b", "email": "ada@example.org"}, headers={"If-Match": tag}
        )
        assert (changed.status, changed.json["name"], changed.json["group"]) == (200, "Ada L", "7b")
        assert changed.headers["etag"] == desk.get(path).headers["etag"]
        assert desk.patch(path, {"name": "Bea"}, headers={"If-Match": tag}).status == 412
        cleared = desk.patch(path, {"group": None, "email": None}).json
        assert (cleared["group"], cleared["email"]) == (None, None)
        assert found(town, group="7b") == found(town, "ada@") == []

    @pytest.mark.parametrize(
        ("wrong", "field"),
        [
            ({"suspended": None}, "suspended"),
            ({"name": None}, "name"),
            ({"email": "x"}, "email"),
            ({"group": ""}, "group"),
        ],
    )
    def test_a_wrong_change_is_refused_at_its_field(self, town: Town, wrong: dict[str, Any], field: str) -> None:
        made = add(town, "Ada")
        refused = town.librarian.patch(f"/patrons/{made['id']}", wrong)
        assert (refused.status, refused.wrong_fields) == (422, {field})

    def test_a_taken_name_is_refused_at_the_desk_too(self, town: Town) -> None:
        add(town, "Ada", username="taken")
        made = add(town, "Bea")
        refused = town.librarian.patch(f"/patrons/{made['id']}", {"username": "taken"})
        assert (refused.status, refused.wrong_fields) == (409, {"username"})


class TestLeavers:
    def test_patrons_leave_with_a_result_for_each(self, town: Town) -> None:
        stays, leaves = town.patron("stays"), town.patron("leaves")
        loan = town.loan(leaves, town.book())
        nobody = "0" * 26
        sent = town.librarian.post("/patrons/leavers", {"patron_ids": [leaves.id, nobody], "end_loans": True})
        assert [(one["id"], one["ok"], one["loans_ended"]) for one in sent.json["results"]] == [
            (leaves.id, True, 1),
            (nobody, False, 0),
        ]
        assert town.librarian.get(f"/loans/{loan['id']}").json["status"] == "revoked"
        assert stays.get("/me").status == 200
        assert leaves.get("/me").status == 401

    def test_loans_go_on_unless_they_are_to_end(self, town: Town) -> None:
        leaves = town.patron()
        loan = town.loan(leaves, town.book())
        town.librarian.post("/patrons/leavers", {"patron_ids": [leaves.id]})
        assert town.librarian.get(f"/loans/{loan['id']}").json["status"] == "active"

    def test_a_group_leaves_part_by_part_and_again_if_need_be(
        self, town: Town, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(desk_service, "LEAVERS_OF_A_GROUP", 2)
        for number in range(5):
            add(town, f"P{number}", group="10c")
        add(town, "Other", group="7b")
        for _ in range(2):
            cursor, done = None, 0
            for _ in range(3):
                sent = town.librarian.post("/patrons/leavers", {"group": "10C", "cursor": cursor}).json
                done += sum(one["ok"] for one in sent["results"])
                cursor = sent["next_cursor"]
            assert (done, cursor) == (5, None)
        assert found(town, suspended="false") == ["Other"]

    @pytest.mark.parametrize(
        ("wrong", "field"),
        [
            ({}, "patron_ids"),
            ({"patron_ids": []}, "patron_ids"),
            ({"patron_ids": ["0" * 26] * 101}, "patron_ids"),
            ({"patron_ids": ["0" * 26], "group": "7b"}, "patron_ids"),
            ({"group": "7b", "cursor": "x"}, "cursor"),
        ],
    )
    def test_what_is_wrong_is_said_at_its_field(self, town: Town, wrong: dict[str, Any], field: str) -> None:
        refused = town.librarian.post("/patrons/leavers", wrong)
        assert (refused.status, refused.wrong_fields) == (422, {field})


class Died(Exception):
    """The function was stopped."""


def reader(town: Town) -> tuple[Client, dict[str, Any], dict[str, Any]]:
    """A patron with a name, an open loan, and a book they rated and wrote about; the loan, and that book."""
    patron, rated = town.patron("ghost"), town.book()
    patron.patch("/me", {"name": "Gertrude Ghost", "email": "ghost@example.org"})
    patron.post(f"/loans/{town.loan(patron, rated)['id']}/return")
    assert patron.put(f"/books/{rated['id']}/review", {"rating": 4, "text": "I am Gertrude"}).status == 200
    return patron, town.loan(patron, town.book(copies=1)), rated


def check_gone(town: Town, patron: Client, loan: dict[str, Any], rated: dict[str, Any]) -> None:
    """Nothing personal is left of the patron of `reader`, and every count is as it was."""
    desk = town.librarian
    assert patron.get("/me").status == 401
    assert patron.post("/auth/refresh").status == 401
    assert town.visitor().sign_in("ghost", PASSWORD).status == 401
    ended = desk.get(f"/loans/{loan['id']}").json
    assert (ended["status"], ended["patron"]["name"]) == ("revoked", None)
    assert desk.get(f"/availability?ids={loan['book_id']}").json[loan["book_id"]]["available"] == 1
    (review,) = desk.get(f"/books/{rated['id']}/reviews").json["items"]
    assert (review["rating"], review["text"], review["patron"]["name"]) == (4, "", None)
    assert desk.get(f"/books/{rated['id']}").json["rating"] == 4
    assert len(desk.get(f"/loans?patron={patron.id}").json["items"]) == 2
    assert found(town) == found(town, "ghost") == []
    assert desk.get(f"/patrons/{patron.id}").status == 404
    kept = Account.get(patron.id)
    left = {"id", "role", "created_at", "erased_at", "revision", "reminders"}
    assert {name for name, value in kept.attribute_values.items() if value is not None} <= left | {
        "language",
        "report_format",
    }
    raw = str(
        [item.to_simple_dict() for item in (kept, *Name.batch_get(["username:ghost", "email:ghost@example.org"]))]
    )
    assert "ertrude" not in raw
    assert "ghost" not in raw
    assert list(Roll.query("name")) == list(Roll.query("word")) == []
    assert list(Session.by_account.query(patron.id)) == []


class TestBeingErased:
    def test_the_librarian_erases_a_patron(self, town: Town) -> None:
        patron, loan, rated = reader(town)
        assert town.librarian.delete(f"/patrons/{patron.id}").status == 204
        check_gone(town, patron, loan, rated)
        assert town.librarian.delete(f"/patrons/{patron.id}").status == 204
        assert town.librarian.patch(f"/patrons/{patron.id}", {"name": "Back"}).status == 404
        tell_all()
        check_gone(town, patron, loan, rated)

    def test_a_patron_is_erased_by_their_own_wish_and_password(self, town: Town) -> None:
        patron, loan, rated = reader(town)
        refused = patron.delete("/me", body={"password": "a guess"})
        assert (refused.status, refused.wrong_fields) == (422, {"password"})
        assert patron.delete("/me").wrong_fields == {"password"}
        assert patron.delete("/me", body={"password": PASSWORD}).status == 204
        check_gone(town, patron, loan, rated)

    def test_guessing_the_password_is_stopped_here_too(self, town: Town) -> None:
        patron = town.patron()
        answers = [patron.delete("/me", body={"password": "a guess"}).status for _ in range(25)]
        assert answers[0] == 422
        assert 429 in answers

    def test_the_librarian_is_not_erased(self, town: Town) -> None:
        assert town.librarian.delete("/me", body={"password": PASSWORD}).status == 403
        assert town.librarian.delete(f"/patrons/{town.librarian.id}").status == 404

    def test_the_names_are_free_for_somebody_else(self, town: Town) -> None:
        patron, _, _ = reader(town)
        town.librarian.delete(f"/patrons/{patron.id}")
        made = add(town, "Gertrude", username="ghost", email="ghost@example.org")
        assert made["id"] != patron.id

    def test_dying_before_any_of_its_calls_harms_nothing(
        self, town: Town, redis: FakeRedis, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        desk = town.librarian
        survived = 0
        for survived in itertools.count():
            patron, loan, rated = reader(town)
            left = [survived]

            def dies(self: Any, operation: str, kwargs: Any, left: list[int] = left) -> Any:
                if left[0] == 0:
                    raise Died
                left[0] -= 1
                return CALL(self, operation, kwargs)

            with monkeypatch.context() as patch:
                patch.setattr(dynamo.Client, "_make_api_call", dies)
                answer = desk.delete(f"/patrons/{patron.id}")
            if Account.get(patron.id).erased_at is None:
                assert town.visitor().sign_in("ghost", PASSWORD).status == 200, "nothing was begun"
                assert desk.delete(f"/patrons/{patron.id}").status == 204
            elif survived % 4 == 0:
                assert desk.delete(f"/patrons/{patron.id}").status == 204
            else:
                tell_all()
            check_gone(town, patron, loan, rated)
            if answer.status == 204:
                break
            assert answer.status == 500
            # For the next round, in which nobody is taken for a guesser.
            redis.kept.clear()
            for one in list(Fact.query(wiring.now().strftime("%Y-%m-%d"))):
                one.delete()
        assert survived > 10, "calls that an erasure makes"


class TestTakingDataOut:
    def test_everything_is_in_the_file(self, town: Town) -> None:
        patron, loan, rated = reader(town)
        taken = patron.get("/me/export")
        assert taken.status == 200
        assert taken.headers["content-disposition"].startswith("attachment;")
        kept = taken.json
        assert kept["profile"] == patron.get("/me").json
        assert len(kept["sessions"]) == 1
        assert next((one["id"], one["status"]) for one in kept["loans"]) == (loan["id"], "active")
        assert {one["book_id"] for one in kept["loans"]} == {loan["book_id"], rated["id"]}
        (review,) = kept["reviews"]
        assert (review["text"], review["title"], review["rating"]) == ("I am Gertrude", rated["title"], 4)
        kinds = [one["kind"] for one in kept["actions"]]
        assert kinds[-1] == "account.opened"
        assert {"loan.granted", "loan.returned", "review.written", "account.changed"} <= set(kinds)
        assert kept["left_out"] == []
        assert "password_hash" not in taken.body.decode()
        assert "secret" not in taken.body.decode()

    def test_nothing_of_anybody_else_is_in_it(self, town: Town) -> None:
        other, _, _ = reader(town)
        assert other.id not in town.patron().get("/me/export").body.decode()

    def test_the_librarian_takes_data_out_too(self, town: Town) -> None:
        assert town.librarian.get("/me/export").json["profile"]["role"] == "librarian"

    def test_what_has_no_room_is_named(self, town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
        patron = town.patron()
        for _ in range(5):
            town.loan(patron, town.book())
        monkeypatch.setattr(export, "BIGGEST", 1000)
        taken = patron.get("/me/export")
        assert [one["part"] for one in taken.json["left_out"]] == ["loans", "actions"]
        assert taken.json["left_out"][0]["included"] == len(taken.json["loans"]) > 0
