"""Reports: beginning those of a month, making one, looking at them.

A month's reports are begun by whoever comes first after the month has ended, and asked for again until they are there;
made by as many functions as the queue gives them to; and each is mailed in the notice of its month, once.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from itertools import chain
from zoneinfo import ZoneInfo

import msgspec

from chalicelib import facts, objects, pdf, queues, settings
from chalicelib.accounts import service as accounts
from chalicelib.catalogue import lists as shelves
from chalicelib.database import Collision, get, unless
from chalicelib.errors import NotFound
from chalicelib.ids import id_of
from chalicelib.notices import service as notices
from chalicelib.paging import Part, first
from chalicelib.policy import service as policy
from chalicelib.reports import library, months, pages, patron
from chalicelib.reports.months import Month
from chalicelib.reports.tables import LIBRARY, Report

QUEUE = "reports"

AT_ONCE = 100

ADDRESS_LIFE = 15 * 60
"""Seconds for which the address of a page or PDF holds."""

HTML, PDF = "text/html; charset=utf-8", "application/pdf"

OF_READING = ("loan.granted", "loan.accepted", "loan.returned", "loan.expired", "loan.revoked")


class Message(msgspec.Struct, frozen=True):
    """A report to be made: that of `owner`, or, without one, those of all patrons who read in the month, and then that
    of the library."""

    month: str
    as_of: datetime
    owner: str | None = None


def begin(as_of: datetime, now: datetime) -> int:
    """Have the reports made of the month before the one in which `as_of` is; how often that was asked for here: 0 where
    they were made before, or the library was not open yet in that month."""
    month = month_before(as_of)
    if not is_due(month) or not _to_be_made(LIBRARY, month, as_of, now):
        return 0
    queues.send(QUEUE, Message(month.name, as_of))
    return 1


def is_due(month: Month) -> bool:
    """Whether there is something to report of a month: it has a librarian to read it, and had a book."""
    began = shelves.oldest()
    return accounts.librarian_id() is not None and began is not None and began < month.ends


def month_before(as_of: datetime) -> Month:
    """The month before the one in which `as_of` is, where the library is."""
    return months.of(as_of, ZoneInfo(policy.current().timezone)).before()


def make(message: Message, now: datetime) -> None:
    """Make the report that a message asks for, or ask for each. Safe to repeat."""
    month = months.named(message.month, _zone())
    if message.owner is None:
        # The library's last: as long as that is not there, all are asked for again.
        for owner in chain(_readers(month), (LIBRARY,)):
            if _to_be_made(owner, month, message.as_of, now):
                queues.send(QUEUE, Message(month.name, message.as_of, owner))
    elif message.owner == LIBRARY:
        _make_library(month, now)
    else:
        _make_patron(message.owner, month, now)


def would_begin(month: Month, now: datetime) -> bool:
    """Whether `begin` would have the reports of a month made."""
    kept = get(Report, LIBRARY, month.name)
    return is_due(month) and (kept is None or kept.status == "queued" or kept.asked_at < month.ends)


def _to_be_made(owner: str, month: Month, as_of: datetime, now: datetime) -> bool:
    """Whether the report of a month is begun here, or was begun and is not there yet. It is begun again where it was
    made before the month had ended, as of a time to come."""
    made = Report(
        owner=owner,
        month=month.name,
        id=id_of(f"report {owner} {month.name} {as_of.isoformat()}"),
        asked_at=now,
        as_of=as_of,
    )
    try:
        with unless(Collision):
            made.save(Report.owner.does_not_exist() | ((Report.asked_at < month.ends) & (Report.asked_at < now)))
    except Collision:
        return _one(owner, month).status == "queued"
    return True


def _readers(month: Month) -> Iterator[str]:
    """The patrons who lent or brought back something in a month, each once."""
    seen: set[str] = set()
    for one in facts.of_kinds(OF_READING, month.begins, month.ends):
        reader = one.details.as_dict()["patron_id"]
        if reader not in seen:
            seen.add(reader)
            yield reader


def _make_library(month: Month, now: datetime) -> None:
    report, librarian = _one(LIBRARY, month), accounts.own(accounts.librarian_id() or "")[0]
    it = library.gathered(month, report.as_of, now)
    page = pages.of_library(it, librarian.language, library.MOST_LOANS)
    paper = page if it.all_loans <= pages.LOANS_ON_PAPER else pages.of_library(it, librarian.language)
    _keep(report, page, paper, now)
    attached = _wants_pdf(librarian, report)
    data = pages.mail_of_library(it, f"{settings.current().public_url}/librarian/reports", attached=attached)
    _send("monthly-report", librarian, report, data, attached, now)


def _make_patron(patron_id: str, month: Month, now: datetime) -> None:
    try:
        report, person = _one(patron_id, month), accounts.patron(patron_id)
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


def _one(owner: str, month: Month) -> Report:
    kept = get(Report, owner, month.name)
    if kept is None:
        raise NotFound("There is no such report.")
    return kept


def _zone() -> ZoneInfo:
    return ZoneInfo(policy.current().timezone)


# --------------------------------------------------------------------------------------------- looking at reports


def owner_of(caller_id: str, *, is_librarian: bool) -> str:
    """Whose reports somebody reads as their own."""
    return LIBRARY if is_librarian else caller_id


def listed(owner: str, month: str | None, limit: int, cursor: str | None) -> Part[Report]:
    """A page of the reports of `owner`, the newest month first.

    Raises Invalid.
    """
    for name in filter(None, (month, cursor)):
        months.named(name, ZoneInfo("UTC"))
    wanted = Report.month == month if month else Report.month < cursor if cursor else None
    found = Report.query(owner, wanted, scan_index_forward=False, limit=limit + 1, consistent_read=True)
    return first(found, limit, lambda report: report.month)


def one(report_id: str, owner: str) -> Report:
    """The report of this id, if it is of `owner`.

    Raises NotFound.
    """
    kept = next(iter(Report.by_id.query(report_id, limit=1)), None)
    if kept is None or kept.owner != owner:
        raise NotFound("There is no such report.")
    return kept


def addresses(report: Report, host: str | None) -> tuple[str | None, str | None]:
    """Where the page and the PDF of a report are for a quarter of an hour."""
    return (
        objects.download_address(report.page, ADDRESS_LIFE, host, HTML) if report.page else None,
        objects.download_address(report.pdf, ADDRESS_LIFE, host, PDF) if report.pdf else None,
    )


def forget(patron_id: str) -> None:
    """Remove the reports of a patron who was erased. Safe to repeat."""
    for report in list(Report.query(patron_id, consistent_read=True)):
        objects.remove(*filter(None, (report.page, report.pdf)))
        report.delete()
