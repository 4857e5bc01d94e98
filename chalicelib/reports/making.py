"""Making a report: its page, its PDF, and the notice that brings it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from itertools import chain
from zoneinfo import ZoneInfo

from chalicelib import facts, objects, pdf, queues, settings
from chalicelib.accounts import service as accounts
from chalicelib.database import unless
from chalicelib.errors import NotFound
from chalicelib.notices import service as notices
from chalicelib.reports import library, months, pages, patron
from chalicelib.reports.months import Month
from chalicelib.reports.service import HTML, PDF, QUEUE, Message, of_month, to_be_made, zone
from chalicelib.reports.tables import LIBRARY, Report

OF_READING = ("loan.granted", "loan.accepted", "loan.returned", "loan.expired", "loan.revoked")


def make(message: Message, now: datetime) -> None:
    """Make the report that a message asks for, or ask for each. Safe to repeat."""
    month = months.named(message.month, zone())
    if message.owner is None:
        # The library's last: as long as that is not there, all are asked for again.
        for owner in chain(_readers(month), (LIBRARY,)):
            if to_be_made(owner, month, message.as_of, now):
                queues.send(QUEUE, Message(month.name, message.as_of, owner))
    elif message.owner == LIBRARY:
        _make_library(month, now)
    else:
        _make_patron(message.owner, month, now)


def _readers(month: Month) -> Iterator[str]:
    """The patrons who lent or brought back something in a month, each once."""
    seen: set[str] = set()
    for one in facts.of_kinds(OF_READING, month.begins, month.ends):
        reader = one.details.as_dict()["patron_id"]
        if reader not in seen:
            seen.add(reader)
            yield reader


def _make_library(month: Month, now: datetime) -> None:
    report, librarian = of_month(LIBRARY, month), accounts.own(accounts.librarian_id() or "")[0]
    it = library.gathered(month, report.as_of, now)
    page = pages.of_library(it, librarian.language, library.MOST_LOANS)
    paper = page if it.all_loans <= pages.LOANS_ON_PAPER else pages.of_library(it, librarian.language)
    _keep(report, page, paper, now)
    attached = _wants_pdf(librarian, report)
    data = pages.mail_of_library(it, f"{settings.current().public_url}/librarian/reports", attached=attached)
    _send("monthly-report", librarian, report, data, attached, now)


def _make_patron(patron_id: str, month: Month, now: datetime) -> None:
    try:
        report, person = of_month(patron_id, month), accounts.patron(patron_id)
        it = patron.gathered(patron_id, month, report.as_of)
        page = pages.of_patron(it, person.language, ZoneInfo(person.timezone))
        _keep(report, page, page, now)
    except NotFound:  # erased, before it was begun or meanwhile
        Report(owner=patron_id, month=month.name).delete()
        return
    attached = _wants_pdf(person, report)
    data = pages.mail_of_patron(it, f"{settings.current().public_url}/me/reports", attached=attached)
    _send("reading-month", person, report, data, attached, now)


def _keep(report: Report, page: str, paper: str, now: datetime) -> None:
    """Keep the files of a report, which is ready then.

    Raises NotFound where it was let go of meanwhile.
    """
    place = f"reports/{report.owner}/{report.id}"
    report.page, report.pdf = f"{place}.html", f"{place}.pdf"
    report.status, report.made_at = "ready", now
    with objects.undone_if_refused(report.page, report.pdf):
        objects.put(report.page, page.encode(), HTML)
        try:
            objects.put(report.pdf, pdf.printed(paper), PDF)
        except pdf.NoPrinter:
            report.pdf = None
        with unless(NotFound):
            report.save(Report.owner.exists())


def _wants_pdf(person: accounts.Account, report: Report) -> bool:
    return person.report_format == "pdf" and report.pdf is not None


def _send(
    kind: str, person: accounts.Account, report: Report, data: dict[str, object], attached: bool, now: datetime
) -> None:
    notices.tell(person.id, kind, now, once=report.id, month=report.month, report_id=report.id)
    if person.email is None:
        return
    files = [notices.Attachment(f"{report.month}.pdf", PDF, report.pdf)] if attached and report.pdf else []
    notices.send(kind, person.id, data, now, once=report.id, attachments=files, unasked=True)
