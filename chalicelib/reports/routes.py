"""Routes of reports."""

from __future__ import annotations

from chalicelib.errors import NotFound
from chalicelib.reports import service
from chalicelib.reports.schemas import ReportList, Reports, ReportShown
from chalicelib.reports.tables import Report
from chalicelib.routing import Call, Nothing, Routes, Who

routes = Routes(__name__)


def _shown(report: Report, host: str | None) -> ReportShown:
    html_url, pdf_url = service.addresses(report, host)
    return ReportShown(
        id=report.id,
        month=report.month,
        status=report.status,
        made_at=report.made_at,
        html_url=html_url,
        pdf_url=pdf_url,
    )


@routes.operation("GET", "/reports", who=Who.SIGNED_IN, query=ReportList, returns=Reports)
def list_reports(call: Call[Nothing, ReportList]) -> Reports:
    """One's monthly reports; for the librarian, those of the library."""
    owner = service.owner_of(call.caller.id, is_librarian=call.caller.is_librarian)
    part = service.listed(owner, call.query.month, call.query.limit, call.query.cursor)
    host = call.header("host")
    return Reports(items=[_shown(report, host) for report in part.items], next_cursor=part.next_cursor)


@routes.operation("GET", "/reports/{report_id}", who=Who.SIGNED_IN, returns=ReportShown, refusals=(NotFound,))
def show_report(call: Call[Nothing, Nothing], report_id: str) -> ReportShown:
    """A monthly report."""
    owner = service.owner_of(call.caller.id, is_librarian=call.caller.is_librarian)
    return _shown(service.one(report_id, owner), call.header("host"))
