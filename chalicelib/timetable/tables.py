"""How each job went.

| access pattern     | key                        | cost    |
|--------------------|----------------------------|---------|
| all jobs           | Job `jobs`                 | 1 query |
| note how one went  | Job `jobs`, name           | 1 write |
"""

from __future__ import annotations

from pynamodb.attributes import UnicodeAttribute, UTCDateTimeAttribute

from chalicelib.database import IntegerAttribute, Place, Table, named

JOBS = "jobs"


class Job(Table):
    """A job's last run and how much that did, its last failure, and how often in a row it failed."""

    class Meta(Place):
        table_name = named("jobs")

    collection = UnicodeAttribute(hash_key=True, default=JOBS)
    name = UnicodeAttribute(range_key=True)
    last_run_at = UTCDateTimeAttribute(null=True)
    done = IntegerAttribute(null=True)
    failures = IntegerAttribute(default=0)
    failed_at = UTCDateTimeAttribute(null=True)
    failure = UnicodeAttribute(null=True)
