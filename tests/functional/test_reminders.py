"""Reminders: at whose hour, of what, once; and what happens to them on their way."""

from __future__ import annotations

import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from chalicelib import clients, queues, settings
from chalicelib.accounts import passwords
from chalicelib.ids import new_id
from chalicelib.notices import bounces, jobs, letters, plans
from chalicelib.notices.tables import Allowance, Letter, Plan
from tests.client import Client
from tests.factories import PASSWORD, Town
from tests.fakes import SettableClock
from tests.post import PostOffice, bounce, complaint, html_of, text_of

MONDAY = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
ADA = "ada@school.example"


@pytest.fixture(autouse=True)
def quick_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "hashed", lambda password: f"hashed {password}")
    monkeypatch.setattr(passwords, "matches", lambda kept, password: kept == f"hashed {password}")


@pytest.fixture
def post(monkeypatch: pytest.MonkeyPatch, clock: SettableClock) -> PostOffice:
    office = PostOffice(clock)
    monkeypatch.setattr(clients, "ses", lambda: office)
    monkeypatch.setattr(clients, "sns", lambda: office)
    monkeypatch.setattr(queues, "send", office.enqueue)
    monkeypatch.setenv("MAIL_FROM", "Library <library@school.example>")
    settings.current.cache_clear()
    return office


@pytest.fixture(autouse=True)
def settings_of_the_tests():
    yield
    settings.current.cache_clear()


@pytest.fixture
def ada(town: Town, post: PostOffice, clock: SettableClock) -> Client:
    """A patron in Paris, with an address, who was here on Monday morning."""
    return patron(town, post, "ada", ADA)


def patron(town: Town, post: PostOffice, name: str, email: str | None, **profile: Any) -> Client:
    town.librarian  # noqa: B018 - a library has one before it has patrons
    client = town.visitor()
    wanted = {"username": name, "password": PASSWORD, "name": name.title(), **({"email": email} if email else {})}
    assert client.post("/auth/register", wanted).status == 201
    assert client.sign_in(name, PASSWORD).status == 200
    assert client.patch("/me", {"timezone": "Europe/Paris", **profile}).status == 200
    post.settle()
    return client


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def remind(clock: SettableClock, when: datetime) -> int:
    clock.time = when
    return jobs.remind(when, when)


@pytest.fixture(autouse=True)
def on_monday(clock: SettableClock) -> None:
    clock.time = MONDAY


# 18:00 in Paris is 17:00 UTC in November.


def test_who_did_not_come_is_reminded_at_their_hour_and_at_no_other(ada: Client, post: PostOffice, clock) -> None:
    assert remind(clock, at("2026-11-24T16:45")) == 0
    assert remind(clock, at("2026-11-24T17:00")) == 1
    post.deliver()
    (mail,) = post.to(ADA, "reminder")
    assert mail["Subject"] == "New on the shelves of Carrel"
    assert "You were last here yesterday." in text_of(mail)


def test_who_came_today_is_not_reminded_of_staying_away(ada: Client, post: PostOffice, clock) -> None:
    clock.time = at("2026-11-24T08:00")
    assert ada.sign_in("ada", PASSWORD).status == 200
    post.tell()
    assert remind(clock, at("2026-11-24T17:00")) == 0


def test_a_loan_is_spoken_of_from_the_days_before_it_is_due_that_its_patron_chose(
    town: Town, ada: Client, post: PostOffice, clock
) -> None:
    ada.patch("/me", {"reminders": {"days_before_due": 2, "idle_days": 300}})
    town.loan(ada, town.book(title="गोदान"))  # due on Monday the 30th at 9:00
    post.tell()
    told = [day for day in range(23, 31) if remind(clock, at(f"2026-11-{day}T17:00"))]
    assert told == [28, 29]
    post.deliver()
    assert post.to(ADA, "reminder")[0]["Subject"] == "“गोदान” is due on Monday 30 November"


def test_a_day_is_one_message_of_all_there_is_to_say(town: Town, ada: Client, post: PostOffice, clock) -> None:
    book = town.book(title="Sought", copies=1)
    other = patron(town, post, "eve", None)
    loan = town.loan(other, book)
    town.loan(ada, book, if_unavailable="wait")
    town.loan(ada, town.book(title="Kept", loan_period="P2D"))
    clock.time = at("2026-11-23T10:00")
    other.post(f"/loans/{loan['id']}/return")
    post.settle()
    assert [mail["Subject"] for mail in post.to(ADA, "ready")] == ["“Sought” is ready for you"]
    assert remind(clock, at("2026-11-24T17:00")) == 1
    post.deliver()
    (mail,) = post.to(ADA, "reminder")
    assert all(said in text_of(mail) for said in ("Kept", "Sought", "last here yesterday"))


def test_each_channel_has_a_letter_of_its_own(
    town: Town, post: PostOffice, clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen = {"channels": ["email", "sms"]}
    patron(town, post, "ada", ADA, phone="+33612345678", reminders=chosen)
    assert remind(clock, at("2026-11-24T17:00")) == 2
    post.deliver()
    assert len(post.to(ADA, "reminder")) == 1
    assert [one["PhoneNumber"] for one in post.texts] == ["+33612345678"]
    assert post.texts[0]["Message"].startswith("New on the shelves of Carrel http")


def test_text_messages_end_with_the_months_allowance(town: Town, post: PostOffice, clock) -> None:
    for number in range(3):
        patron(town, post, f"patron{number}x", None, phone=f"+3361234567{number}", reminders={"channels": ["sms"]})
    Allowance("2026-11", sent=settings.current().sms_per_month - 2).save()
    remind(clock, at("2026-11-24T17:00"))
    post.deliver()
    assert len(post.texts) == 2
    (failed,) = town.librarian.get("/notices/failed").json["items"]
    assert "as many text messages" in failed["why"]


class TestNeverTwice:
    def test_a_run_that_is_repeated_says_nothing_more(self, ada: Client, post: PostOffice, clock) -> None:
        assert [remind(clock, at(f"2026-11-24T17:{minute}")) for minute in ("00", "00", "15", "30")] == [1, 0, 0, 0]
        post.deliver()
        assert len(post.to(ADA, "reminder")) == 1

    def test_a_run_that_died_after_it_kept_the_letter_is_made_good(
        self, ada: Client, post: PostOffice, clock, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def dies(letter_id: str, delay: timedelta = timedelta(0)) -> None:
            raise ConnectionError("the power is gone")

        with monkeypatch.context() as patched:
            patched.setattr(letters, "wake", dies)
            with pytest.raises(ConnectionError):
                remind(clock, at("2026-11-24T17:00"))
        assert post.queue == []
        remind(clock, at("2026-11-24T17:15"))
        post.deliver()
        assert len(post.to(ADA, "reminder")) == 1

    def test_two_runs_in_parallel_keep_one_letter(
        self, ada: Client, post: PostOffice, clock, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        when = at("2026-11-24T17:00")
        inner, runs = jobs._kept, []

        def kept(made: Any, due: Any, planned_at: Any) -> Any:
            if not runs:  # another run is quicker between this one's reading and writing
                runs.append(1)
                runs.append(jobs.remind(when, when))
            return inner(made, due, planned_at)

        monkeypatch.setattr(jobs, "_kept", kept)
        clock.time = when
        assert (jobs.remind(when, when), runs[1]) == (0, 1)
        post.deliver()
        post.deliver()
        assert len(post.to(ADA, "reminder")) == 1

    def test_a_message_that_the_queue_delivers_twice_is_sent_once(self, ada: Client, post: PostOffice, clock) -> None:
        remind(clock, at("2026-11-24T17:00"))
        post.queue *= 3
        post.deliver()
        assert len(post.to(ADA, "reminder")) == 1

    def test_where_nobody_knows_whether_a_reminder_went_out_it_is_not_sent_again_but_listed(
        self, town: Town, ada: Client, post: PostOffice, clock, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        remind(clock, at("2026-11-24T17:00"))
        waiting = list(post.queue)

        class Died(BaseException):
            pass

        def dies(letter: Letter, handed_over: bool, now: datetime) -> None:
            raise Died

        with monkeypatch.context() as patched:
            patched.setattr(letters, "_note", dies)
            with pytest.raises(Died):
                post.deliver()
        post.queue += waiting
        post.deliver()  # the queue brings it back while somebody may be at it, then when nobody is
        clock.forward(minutes=4)
        post.queue += waiting
        post.deliver()
        assert len(post.to(ADA, "reminder")) == 1
        (failed,) = town.librarian.get("/notices/failed").json["items"]
        assert (failed["patron"], failed["kind"]) == ("Ada", "reminder")
        assert "not known" in failed["why"]

    def test_what_somebody_waits_for_is_sent_again_where_nobody_knows(
        self, town: Town, ada: Client, post: PostOffice, clock
    ) -> None:
        town.visitor().post("/auth/password/forgot", {"login": "ada"})
        post.tell()

        def lost(_: Any) -> None:
            post.trouble = lambda _: None
            raise ReadTimeoutError(endpoint_url="ses")

        post.trouble = lost
        post.deliver()
        clock.forward(seconds=31)
        post.deliver()
        assert len(post.to(ADA, "password-reset")) == 1


def throttled(_: Any) -> None:
    said: Any = {"Error": {"Code": "ThrottlingException"}, "ResponseMetadata": {"HTTPStatusCode": 400}}
    raise ClientError(said, "SendEmail")


class TestFailing:
    def test_what_fails_for_now_is_tried_again_with_growing_rests(self, ada: Client, post: PostOffice, clock) -> None:
        remind(clock, at("2026-11-24T17:00"))
        post.trouble = throttled
        for _ in range(3):
            post.deliver()
            clock.forward(minutes=11)
        assert post.to(ADA, "reminder") == []
        post.trouble = lambda _: None
        post.deliver()
        assert len(post.to(ADA, "reminder")) == 1

    def test_what_always_fails_ends_with_the_librarian_who_can_send_it_again(
        self, town: Town, ada: Client, post: PostOffice, clock
    ) -> None:
        post.trouble = throttled
        remind(clock, at("2026-11-24T17:00"))
        for _ in range(7):
            post.deliver()
            clock.forward(hours=5)
            letters.wake_forgotten(clock())
        (failed,) = town.librarian.get("/notices/failed").json["items"]
        assert (failed["tries"], failed["why"]) == (6, "SES: ThrottlingException")
        assert [one["kind"] for one in town.librarian.get("/notifications").json["items"]] == ["letters-failed"]
        post.trouble = lambda _: None
        assert town.librarian.post(f"/notices/{failed['id']}/resend").status == 202
        assert town.librarian.post(f"/notices/{failed['id']}/resend").problem == "not-failed"
        post.deliver()
        assert len(post.to(ADA, "reminder")) == 1
        assert town.librarian.get("/notices/failed").json["items"] == []

    def test_a_template_that_misses_a_field_fails_its_own_notice_only(
        self, town: Town, ada: Client, post: PostOffice, clock, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        patron(town, post, "eve", "eve@school.example")
        inner, asked = jobs.contents, []

        def torn(*asked_for: Any) -> dict[str, Any]:
            made = inner(*asked_for)
            asked.append(made)
            return {key: made[key] for key in made if len(asked) > 1 or key != "ready"}

        monkeypatch.setattr(jobs, "contents", torn)
        remind(clock, at("2026-11-24T17:00"))
        post.deliver()
        assert len([mail for mail in post.mails if mail["X-Carrel-Kind"] == "reminder"]) == 1
        (failed,) = town.librarian.get("/notices/failed").json["items"]
        assert failed["why"] == "The notice reminder could not be written: 'ready' is undefined"
        assert town.librarian.delete(f"/notices/{failed['id']}").status == 204

    def test_one_patron_who_cannot_be_reminded_holds_up_no_other(
        self, town: Town, ada: Client, post: PostOffice, clock, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        patron(town, post, "eve", "eve@school.example")
        inner, broken = plans.wishes, ada.id

        def wishes(person: Any, plan: Any) -> Any:
            if person.id == broken:
                raise ValueError("a zone that was taken out of the database")
            return inner(person, plan)

        monkeypatch.setattr(plans, "wishes", wishes)
        with pytest.raises(ValueError, match="zone"):
            remind(clock, at("2026-11-24T17:00"))
        post.deliver()
        assert len(post.to("eve@school.example", "reminder")) == 1


class TestComingBack:
    def test_a_mail_that_bounced_stops_the_channel_and_says_so(self, ada: Client, post: PostOffice, clock) -> None:
        bounces.take(bounce(ADA), clock())
        bounces.take(bounce(ADA), clock())
        post.tell()
        (stopped,) = ada.get("/me").json["stopped"]
        assert (stopped["channel"], "user unknown" in stopped["reason"]) == ("email", True)
        assert [one["kind"] for one in ada.get("/notifications").json["items"]] == ["channel-stopped"]
        assert ada.get("/me/reminders/next").json["unreachable"][0]["channel"] == "email"
        assert remind(clock, at("2026-11-24T17:00")) == 0

    def test_an_address_that_is_given_again_is_tried_again(self, ada: Client, post: PostOffice, clock) -> None:
        bounces.take(complaint(ADA), clock())
        post.tell()
        assert ada.patch("/me", {"email": ADA}).json["stopped"] == []
        post.tell()
        assert remind(clock, at("2026-11-24T17:00")) == 1

    def test_a_mail_that_may_come_through_later_stops_nothing(self, ada: Client, clock) -> None:
        bounces.take(bounce(ADA, "Transient"), clock())
        bounces.take(bounce("nobody@school.example"), clock())
        assert ada.get("/me").json["stopped"] == []


class TestLinks:
    @pytest.fixture
    def mail(self, town: Town, ada: Client, post: PostOffice, clock) -> Any:
        self.loan = town.loan(ada, town.book(title="Kept <b>", loan_period="P2D"))
        post.tell()
        remind(clock, at("2026-11-23T17:00"))
        post.deliver()
        (mail,) = post.to(ADA, "reminder")
        return mail

    def link(self, mail: Any, after: str) -> str:
        found = re.search(rf"{after}: (\S+)", text_of(mail))
        assert found
        return found[1]

    def follow(self, town: Town, link: str, method: str = "POST") -> Any:
        parts = urlsplit(link)
        token = parse_qs(parts.query)["token"][0]
        return town.visitor().call(method, f"{parts.path.removeprefix('/api')}?token={token}")

    def test_a_link_asks_first_and_a_post_does_it_once(self, town: Town, ada: Client, mail: Any) -> None:
        link = self.link(mail, "Return it now")
        asked = self.follow(town, link, "GET")
        assert asked.status == 200
        assert "Return “Kept &lt;b&gt;”?" in asked.body.decode()
        assert "default-src 'none'" in asked.headers["content-security-policy"]
        assert ada.get(f"/loans/{self.loan['id']}").json["status"] == "active"
        assert "is returned" in self.follow(town, link).body.decode()
        assert ada.get(f"/loans/{self.loan['id']}").json["status"] == "returned"
        assert "done already" in self.follow(town, link).body.decode()

    def test_a_renewal_link_renews_once(self, town: Town, ada: Client, mail: Any) -> None:
        link = self.link(mail, "Keep it longer")
        assert "is renewed" in self.follow(town, link).body.decode()
        assert "done already" in self.follow(town, link).body.decode()
        assert ada.get(f"/loans/{self.loan['id']}").json["renewals"] == 1

    def test_reminders_pause_for_a_week(self, town: Town, ada: Client, post: PostOffice, mail: Any, clock) -> None:
        link = self.link(mail, "No reminders for a week")
        assert self.follow(town, link).status == 200
        assert "done already" in self.follow(town, link).body.decode()
        days = [day for day in range(24, 30) if remind(clock, at(f"2026-11-{day}T17:00"))]
        assert days == []
        assert remind(clock, at("2026-11-30T17:00")) == 1

    def test_a_mail_program_unsubscribes_with_one_click(self, town: Town, ada: Client, mail: Any) -> None:
        assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        parts = urlsplit(mail["List-Unsubscribe"].strip("<>"))
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        done = town.visitor().call("POST", f"/act?{parts.query}", headers=form, raw=b"List-Unsubscribe=One-Click")
        assert done.status == 200
        assert ada.get("/me").json["reminders"]["channels"] == []

    def test_a_link_ends_and_cannot_be_made_up(self, town: Town, mail: Any, clock) -> None:
        link = self.link(mail, "Return it now")
        forged = link[:-3] + ("aaa" if link[-3:] != "aaa" else "bbb")
        assert self.follow(town, forged).status == 410
        assert self.follow(town, link.partition("?")[0] + "?token=x").status == 410
        clock.forward(days=15)
        assert self.follow(town, link).status == 410

    def test_a_link_does_nothing_for_somebody_who_is_gone(self, town: Town, ada: Client, mail: Any) -> None:
        town.librarian.delete(f"/patrons/{ada.id}")
        assert self.follow(town, self.link(mail, "Return it now")).status == 410

    def test_a_title_is_text_in_the_html_too(self, mail: Any) -> None:
        assert "Kept <b>" not in html_of(mail)
        assert "Kept &lt;b&gt;" in html_of(mail)


class TestAsOfAnotherTime:
    def test_a_run_as_of_a_day_to_come_speaks_to_whose_hour_it_is_and_leaves_the_plans(
        self, town: Town, ada: Client, post: PostOffice, clock
    ) -> None:
        patron(town, post, "ravi", "ravi@school.example", timezone="Asia/Kolkata")
        before = {plan.patron_id: plan.next_at for plan in plans.due(at("2027-01-01T00:00"))}
        assert jobs.remind(at("2026-12-10T12:30"), clock()) == 1
        assert jobs.remind(at("2026-12-10T12:30"), clock()) == 0
        assert jobs.remind(at("2026-12-10T16:00"), clock()) == 0
        assert jobs.remind(at("2026-12-10T17:00"), clock()) == 1
        post.deliver()
        assert Counter(mail["To"] for mail in post.mails if mail["X-Carrel-Kind"] == "reminder") == {
            ADA: 1,
            "ravi@school.example": 1,
        }
        assert {plan.patron_id: plan.next_at for plan in plans.due(at("2027-01-01T00:00"))} == before

    def test_a_rehearsal_says_what_would_be_sent_and_changes_nothing(
        self, ada: Client, post: PostOffice, clock
    ) -> None:
        (told,) = jobs.rehearse(at("2026-11-24T17:00"), clock())
        assert (told.name, told.channel, told.subject) == ("Ada", "email", "New on the shelves of Carrel")
        assert remind(clock, at("2026-11-24T17:00")) == 1

    def test_a_schedule_that_was_down_catches_up_but_not_in_the_night(
        self, ada: Client, post: PostOffice, clock
    ) -> None:
        assert remind(clock, at("2026-11-24T20:30")) == 1
        assert remind(clock, at("2026-11-25T22:30")) == 0
        assert remind(clock, at("2026-11-26T17:00")) == 1


class TestPreferences:
    def test_the_next_reminder_is_shown_as_it_will_be(self, town: Town, ada: Client, post: PostOffice, clock) -> None:
        town.loan(ada, town.book(title="Kept"))
        ada.patch("/me", {"reminders": {"idle_days": 100, "days_before_due": 3, "quiet_days": ["friday", "saturday"]}})
        shown = ada.get("/me/reminders/next").json
        assert (shown["at"], shown["channels"]) == ("2026-11-29T17:00:00Z", ["email"])
        post.tell()
        assert remind(clock, at("2026-11-28T17:00")) == 0
        assert remind(clock, at("2026-11-29T17:00")) == 1
        post.deliver()
        assert post.to(ADA, "reminder")[0]["Subject"] == shown["subject"]

    @pytest.mark.parametrize(
        ("wrong", "field"),
        [
            ({"reminders": {"hour": 25}}, "reminders.hour"),
            ({"timezone": "Europe/Atlantis"}, "timezone"),
            ({"phone": "12345"}, "phone"),
            ({"chat_webhook": "https://example.org/hook"}, "chat_webhook"),
            ({"chat_webhook": "http://chat.googleapis.com/v1/spaces/a"}, "chat_webhook"),
            ({"chat_webhook": "https://169.254.169.254/latest"}, "chat_webhook"),
            ({"reminders": {"quiet_days": ["caturday"]}}, "reminders.quiet_days.0"),
            ({"reminders": {"channels": ["pigeon"]}}, "reminders.channels.0"),
        ],
    )
    def test_what_makes_no_sense_is_refused_where_it_stands(self, ada: Client, wrong: Any, field: str) -> None:
        refused = ada.patch("/me", wrong)
        assert (refused.status, refused.wrong_fields) == (422, {field})

    def test_who_cannot_be_reached_costs_nothing_and_is_told_why(
        self, town: Town, post: PostOffice, clock, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        quiet = patron(town, post, "quiet", None)
        assert [plan.patron_id for plan in plans.due(at("2036-01-01T00:00"))] == []
        assert quiet.get("/me/reminders/next").json["unreachable"] == [
            {"channel": "email", "reason": "You gave no e-mail address."}
        ]


def test_reading_grows_with_who_is_due_and_not_with_who_there_is(
    town: Town, ada: Client, post: PostOffice, clock, counted, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run_among(others: int) -> Counter[str]:
        with Plan.batch_write() as batch:
            for number in range(others):
                seen = MONDAY
                plan = Plan(new_id(MONDAY), shard=str(number % 8), next_at=at("2026-11-30T17:00"), seen_at=seen)
                batch.save(plan)
        with counted() as calls:
            assert remind(clock, clock() + timedelta(days=1)) == 1
        return Counter(calls)

    clock.time = at("2026-11-23T17:00")
    few = run_among(10)
    ada.sign_in("ada", PASSWORD)
    post.tell()
    assert run_among(400) == few


def test_a_letters_way_is_told_whole(ada: Client, post: PostOffice, clock) -> None:
    remind(clock, at("2026-11-24T17:00"))
    (letter_id,) = post.queue
    post.deliver()
    kept = Letter.get(letter_id)
    assert (kept.state, kept.tries, kept.pile, kept.data) == ("sent", 1, None, {})
