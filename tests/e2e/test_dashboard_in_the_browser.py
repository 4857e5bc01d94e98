"""The librarian's desk: figures, charts and their tables, exports, jobs and reports."""

from __future__ import annotations

import csv
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, expect

from tests.e2e.conftest import PHONE, Visitor
from tests.factories import LIBRARIAN, Town


def until(ask: Callable[[], Any], good: Callable[[Any], bool]) -> Any:
    """What is answered once it is good: figures follow what happens, within moments."""
    end = time.monotonic() + 15
    while not good(answer := ask()):
        assert time.monotonic() < end, f"still {answer}"
        time.sleep(0.1)
    return answer


def figure(page: Page, name: str, value: int) -> None:
    card = page.get_by_role("main").get_by_role("link", name=f"{name} {value}", exact=False)
    expect(card.first).to_be_visible()


def test_the_desk_shows_what_was_lent_as_figures_and_as_a_table(town: Town, librarian: Visitor) -> None:
    def overview() -> dict[str, Any]:
        return town.librarian.get("/stats/overview").json

    section = town.section("Charted waters")
    book = town.book(title="Counted Once", section_ids=[section["id"]])
    before = overview()
    patron = town.patron()
    loan = town.loan(patron, book)
    assert patron.post(f"/loans/{loan['id']}/return").status == 200
    town.loan(patron, town.book(title="Counted Twice", section_ids=[section["id"]]))
    now = until(
        overview,
        lambda seen: (seen["returned"], seen["active"]) == (before["returned"] + 1, before["active"] + 1),
    )

    page = librarian.page
    librarian.goes_to("/librarian")
    figure(page, "On loan", now["active"])
    figure(page, "Returned", now["returned"])
    figure(page, "Requests waiting", now["requested"])
    by_day = page.get_by_role("figure", name="Issued, returned and expired, by day")
    expect(by_day.get_by_role("img")).to_be_visible()
    by_day.get_by_role("button", name="As a table").click()
    today = by_day.get_by_role("row").last
    expect(by_day.get_by_role("columnheader")).to_have_text(["Day", "Issued", "Returned", "Expired"])
    assert int(today.get_by_role("cell").first.inner_text()) >= 2
    by_section = page.get_by_role("figure", name="By section")
    by_section.get_by_role("button", name="As a table").click()
    expect(by_section.get_by_role("row", name="Charted waters 2 1")).to_be_visible()

    page.get_by_label("Days", exact=True).select_option("From one day to another")
    page.get_by_label("From", exact=True).fill("2026-02-10")
    page.get_by_label("To", exact=True).fill("2026-02-01")
    page.get_by_label("To", exact=True).blur()
    librarian.sees("This is before the beginning.")
    page.get_by_label("Days", exact=True).select_option("Last 7 days")
    expect(by_day.get_by_role("row")).to_have_count(8)
    page.reload()
    expect(page.get_by_label("Days", exact=True)).to_have_value("7")

    page.get_by_role("main").get_by_role("link", name="On loan").click()
    page.wait_for_url("**/librarian/loans?status=active")
    librarian.sees("Counted Twice")
    assert librarian.complaints == []


def test_an_export_is_asked_for_downloaded_and_opened(town: Town, librarian: Visitor, tmp_path: Path) -> None:
    town.loan(town.patron(), town.book(title="=Exported, with care"))
    page = librarian.page
    librarian.goes_to("/librarian")
    exports = page.get_by_role("region", name="Exports")
    exports.get_by_label("On loan").check()
    exports.get_by_label("Webhook").first.fill("nowhere")
    exports.get_by_role("button", name="Export", exact=True).click()
    expect(exports.get_by_label("Webhook").first).to_have_attribute("aria-invalid", "true")
    expect(exports.get_by_label("Webhook").first).to_be_focused()
    exports.get_by_label("Webhook").first.fill("")
    exports.get_by_role("button", name="Export", exact=True).click()
    librarian.sees("The export is under way.")
    with page.expect_download() as download:
        exports.get_by_role("button", name="Download Loans").first.click()
    assert download.value.suggested_filename.startswith("loans-")
    download.value.save_as(tmp_path / "loans.csv")
    assert (tmp_path / "loans.csv").read_bytes().startswith(b"\xef\xbb\xbf")
    with (tmp_path / "loans.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["status"] for row in rows} == {"active"}
    assert any("Exported, with care" in row["title"] for row in rows)

    exports.get_by_role("button", name="Show the secret").click()
    secret = town.librarian.get("/webhook-secret").json["secret"]
    expect(exports.get_by_label("Webhook secret")).to_have_value(secret)
    assert librarian.complaints == []


def test_a_job_is_run_now_and_tells_what_came_of_it(librarian: Visitor) -> None:
    page = librarian.page
    librarian.goes_to("/librarian")
    jobs = page.get_by_role("region", name="Jobs")
    expect(jobs.get_by_role("heading", name="Monthly report")).to_be_visible()
    jobs.get_by_role("button", name="Run now End loans that are past due").click()
    asking = page.get_by_role("dialog", name="Run “End loans that are past due” now?")
    asking.get_by_role("button", name="Run now").click()
    expect(page.get_by_role("status").filter(has_text="End loans that are past due:")).to_contain_text("ended")
    assert librarian.complaints == []


def test_the_desk_fits_a_phone_in_arabic_by_night(opens: Callable[..., Visitor], town: Town) -> None:
    town.loan(town.patron(), town.book(title="A title that is much longer than any phone is wide, and goes on"))
    librarian = opens(PHONE, color_scheme="dark")
    librarian.signs_in(LIBRARIAN["email"], LIBRARIAN["password"])
    librarian.goes_to("/librarian?lang=ar")
    page = librarian.page
    expect(page.get_by_role("figure").first.get_by_role("img")).to_be_visible()
    assert page.evaluate("document.documentElement.dir") == "rtl"
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") == 0
    assert librarian.complaints == []
