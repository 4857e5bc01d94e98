"""Reports: beginning those of a month, and looking at them. `making` makes them.

A month's reports are begun by whoever comes first after the month has ended, and asked for again until they are there;
made by as many functions as the queue gives them to; and each is mailed in the notice of its month, once.
"""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import msgspec

from chalicelib import objects, queues
from chalicelib.accounts import service as accounts
from chalicelib.catalogue import lists as shelves
from chalicelib.database import Collision, get, unless
from chalicelib.errors import NotFound
from chalicelib.ids import id_of
from chalicelib.paging import Part, first
from chalicelib.policy import service as policy
from chalicelib.reports import months
from chalicelib.reports.months import Month
from chalicelib.reports.tables import LIBRARY, Report

QUEUE = "reports"

ADDRESS_LIFE = 15 * 60
"""Seconds for which the address of a page or PDF holds."""

HTML, PDF = "text/html; charset=utf-8", "application/pdf"


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
    if not is_due(month) or not to_be_made(LIBRARY, month, as_of, now):
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


def would_begin(month: Month, now: datetime) -> bool:
    """Whether `begin` would have the reports of a month made."""
    kept = get(Report, LIBRARY, month.name)
    return is_due(month) and (kept is None or kept.status == "queued" or kept.asked_at < month.ends)


def to_be_made(owner: str, month: Month, as_of: datetime, now: datetime) -> bool:
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
        return of_month(owner, month).status == "queued"
    return True


def of_month(owner: str, month: Month) -> Report:
    kept = get(Report, owner, month.name)
    if kept is None:
        raise NotFound("There is no such report.")
    return kept


def zone() -> ZoneInfo:
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
