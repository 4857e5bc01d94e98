"""Reports.

| access pattern                 | key                                   | cost            |
|--------------------------------|---------------------------------------|-----------------|
| begin one, once                | Report owner, month, conditional      | 1 write         |
| one's reports, newest first    | Report owner, months downwards        | 1 query a page  |
| a report                       | index `by_id`                         | 1 query         |

The owner is a patron's id, or `library` for the librarian's.
"""

from __future__ import annotations

from pynamodb.attributes import UnicodeAttribute, UTCDateTimeAttribute
from pynamodb.indexes import AllProjection, GlobalSecondaryIndex

from chalicelib.database import ChoiceAttribute, Place, Table, named
from chalicelib.reports.schemas import ReportStatus

LIBRARY = "library"


class ReportsById(GlobalSecondaryIndex["Report"]):
    class Meta:
        index_name = "by_id"
        projection = AllProjection()

    id = UnicodeAttribute(hash_key=True)


class Report(Table):
    """The report of a month; `as_of` is the time of which it is. Its files are objects."""

    class Meta(Place):
        table_name = named("reports")

    owner = UnicodeAttribute(hash_key=True)
    month = UnicodeAttribute(range_key=True)
    id = UnicodeAttribute()
    status = ChoiceAttribute[ReportStatus](default="queued")
    asked_at = UTCDateTimeAttribute()
    as_of = UTCDateTimeAttribute()
    made_at = UTCDateTimeAttribute(null=True)
    page = UnicodeAttribute(null=True)
    pdf = UnicodeAttribute(null=True)
    by_id = ReportsById()
