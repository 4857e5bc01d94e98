"""What the library tells people: the bell, reminders as one chooses them, a forgotten password, monthly reports."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from typing import Any

import urllib3
from playwright.sync_api import expect

from tests.e2e.conftest import PHONE, Visitor
from tests.factories import PASSWORD, Town


def mail_to(address: str, email: str, kind: str) -> dict[str, Any]:
    """The newest mail of a kind to an address, once it is there."""
    end = time.monotonic() + 15
    while time.monotonic() < end:
        box = urllib3.request("GET", f"{address}/_local/mail", headers={"Accept": "application/json"}).json()
        for mail in box["items"]:
            if mail["kind"] == kind and email in str(mail["to"]):
                return mail
        time.sleep(0.1)
    raise AssertionError(f"no {kind} came to {email}")


def told(patron: Any, kind: str) -> None:
    """Waits until somebody was told something: that follows what happens, within moments."""
    end = time.monotonic() + 15
    while all(one["kind"] != kind for one in patron.get("/notifications").json["items"]):
        assert time.monotonic() < end, f"not told of {kind}"
        time.sleep(0.1)


def test_the_bell_counts_what_is_unread_and_leads_to_it(opens: Callable[..., Visitor], town: Town) -> None:
    patron = town.patron("listener")
    book = town.book(title="Heard of", grant="librarian")
    loan = patron.post("/loans", {"book_id": book["id"]}).json
    assert town.librarian.post(f"/loans/{loan['id']}/grant").status == 200
    told(patron, "loan-granted")

    visitor = opens(PHONE)
    visitor.signs_in("listener", PASSWORD)
    page = visitor.page
    bell = page.get_by_role("link", name=re.compile("Notifications"))
    expect(bell).to_have_accessible_name("Notifications, 1 unread")
    bell.click()
    expect(page.get_by_role("heading", name="Notifications")).to_be_visible()
    row = page.get_by_role("listitem").filter(has_text="Heard of")
    expect(row).to_contain_text("Unread")
    row.get_by_role("link").click()
    page.wait_for_url("**/me/loans")
    expect(bell).to_have_accessible_name("Notifications, none unread")

    assert patron.post(f"/loans/{loan['id']}/return").status == 200
    again = patron.post("/loans", {"book_id": book["id"]}).json
    assert town.librarian.post(f"/loans/{again['id']}/deny", {"reason": "Not now"}).status == 200
    told(patron, "loan-denied")
    visitor.goes_to("/notifications")
    visitor.presses("Mark all as read")
    visitor.sees("All is read.")
    expect(page.get_by_role("listitem").filter(has_text="Unread")).to_have_count(0)
    assert visitor.complaints == []


def test_reminders_are_as_one_chooses_and_say_what_is_wrong_at_its_field(
    opens: Callable[..., Visitor], town: Town
) -> None:
    patron = town.patron("planner")
    assert patron.patch("/me", {"email": "planner@example.org", "timezone": "Asia/Kolkata"}).status == 200
    visitor = opens()
    visitor.signs_in("planner", PASSWORD)
    visitor.goes_to("/me")
    page = visitor.page
    reminders = page.get_by_role("region", name="Reminders")
    expect(reminders.get_by_text("To planner@example.org")).to_be_visible()
    hour = reminders.get_by_label("At which hour")
    hour.fill("25")
    reminders.get_by_role("button", name="Save").click()
    expect(hour).to_have_attribute("aria-invalid", "true")
    expect(hour).to_be_focused()
    expect(reminders.get_by_text("Give a whole number from 0 to 23.")).to_be_visible()

    hour.fill("7")
    reminders.get_by_label("Google Chat").check()
    webhook = reminders.get_by_label("Webhook of your space")
    webhook.fill("not an address")
    reminders.get_by_role("button", name="Save").click()
    expect(webhook).to_have_attribute("aria-invalid", "true")
    expect(webhook).to_have_value("not an address")

    reminders.get_by_label("Google Chat").uncheck()
    reminders.get_by_label("Sunday").check()
    reminders.get_by_role("button", name="Save").click()
    visitor.sees("Your choices are saved.")
    kept = patron.get("/me").json["reminders"]
    assert (kept["hour"], kept["quiet_days"], kept["channels"]) == (7, ["sunday"], ["email"])
    coming = reminders.get_by_role("region", name="The next reminder")
    expect(coming.get_by_role("time")).to_contain_text("7:00")
    assert visitor.complaints == []


def test_a_forgotten_password_is_replaced_by_the_link_that_is_mailed(
    opens: Callable[..., Visitor], town: Town, address: str
) -> None:
    town.patron("absent-minded").patch("/me", {"email": "absent-minded@example.org"})
    visitor = opens()
    page = visitor.page
    for name in ("nobody-at-all", "absent-minded"):
        visitor.goes_to("/login")
        page.get_by_role("link", name="Forgot your password?").click()
        expect(page.get_by_role("heading", name="Forgot your password?")).to_be_visible()
        page.get_by_label("User name or e-mail").fill(name)
        visitor.presses("Send the link")
        visitor.sees("Look into your mailbox")
    mail = mail_to(address, "absent-minded@example.org", "password-reset")
    found = re.search(r"/forgot\?token=[^\s\"<]+", mail["text"])
    assert found, mail["text"]
    link = found.group()

    visitor.goes_to(link)
    page.get_by_label("New password", exact=True).fill("short")
    visitor.presses("Set the password")
    visitor.sees("Use at least 8 characters.")
    page.get_by_label("New password", exact=True).fill("a lamp over an open book")
    visitor.presses("Set the password")
    visitor.sees("Your new password holds.")
    assert town.visitor().sign_in("absent-minded", PASSWORD).status == 401
    visitor.signs_in("absent-minded", "a lamp over an open book")

    visitor.goes_to(link)
    page.get_by_label("New password", exact=True).fill("another lamp over a book")
    visitor.presses("Set the password")
    visitor.sees("This link was used")
    assert visitor.complaints == []


def test_a_library_that_is_new_says_when_its_first_report_comes(librarian: Visitor) -> None:
    librarian.goes_to("/librarian/reports")
    librarian.sees("No report yet")
    librarian.sees("The first one comes on")
    librarian.presses("Make last month’s now")
    librarian.sees("There is nothing to make")
    assert librarian.complaints == []


def test_a_push_is_shown_by_the_browser_with_what_it_is_about(opens: Callable[..., Visitor], address: str) -> None:
    visitor = opens(permissions=["notifications"])
    visitor.goes_to("/login")
    page = visitor.page
    page.evaluate("navigator.serviceWorker.register('/sw.js').then(() => navigator.serviceWorker.ready)")
    tools = visitor.context.new_cdp_session(page)
    known: list[dict[str, Any]] = []
    tools.on("ServiceWorker.workerRegistrationUpdated", lambda event: known.extend(event["registrations"]))
    tools.send("ServiceWorker.enable")
    page.wait_for_function("() => navigator.serviceWorker.controller")
    pushed = {
        "title": "Due tomorrow",
        "body": "Shoals and Sands",
        "url": f"{address}/me/loans",
        "tag": "1",
        "lang": "en",
    }
    push = {"origin": address, "registrationId": known[-1]["registrationId"], "data": json.dumps(pushed)}
    tools.send("ServiceWorker.deliverPushMessage", push)
    page.wait_for_function(
        """async () => {
            const shown = await (await navigator.serviceWorker.ready).getNotifications()
            return shown.length === 1 && shown[0].title === 'Due tomorrow' && shown[0].body === 'Shoals and Sands'
        }"""
    )
    assert visitor.complaints == []
