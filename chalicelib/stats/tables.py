"""What was counted: of the library as it stands, of each day, of each section on each day.

| access pattern                    | key                                        | cost                        |
|-----------------------------------|--------------------------------------------|-----------------------------|
| the library as it stands          | Tally `library`, `now`                     | 1 read                      |
| the days of a range               | Tally `day`, days upwards                  | 1 query                     |
| sections in a range of days       | Tally `section`, day and section upwards   | 1 query (for each MB)       |
| count what some facts tell of     | Told for each + the tallies it changes     | 1 transaction, 1 or 2 reads |
| whose last visit was when         | Visitor patron                             | 1 read (batched)            |

Days are those of the library's zone. A patron is counted in `last_seen` of the day of their last visit and nowhere
else, so that how many came within any number of days is the sum over those days.
"""

from __future__ import annotations

from pynamodb.attributes import TTLAttribute, UnicodeAttribute

from chalicelib.database import IntegerAttribute, Place, Table, named

LIBRARY = "library"
NOW = "now"
DAY = "day"
SECTION = "section"


class Tally(Table):
    """Counters, each of which only facts change."""

    class Meta(Place):
        table_name = named("tallies")

    of = UnicodeAttribute(hash_key=True)
    key = UnicodeAttribute(range_key=True)
    patrons = IntegerAttribute(default=0)
    books = IntegerAttribute(default=0)
    sections = IntegerAttribute(default=0)
    asked = IntegerAttribute(default=0)
    issued = IntegerAttribute(default=0)
    requested = IntegerAttribute(default=0)
    waiting = IntegerAttribute(default=0)
    ready = IntegerAttribute(default=0)
    active = IntegerAttribute(default=0)
    returned = IntegerAttribute(default=0)
    expired = IntegerAttribute(default=0)
    revoked = IntegerAttribute(default=0)
    denied = IntegerAttribute(default=0)
    cancelled = IntegerAttribute(default=0)
    visitors = IntegerAttribute(default=0)
    last_seen = IntegerAttribute(default=0)
    ratings = IntegerAttribute(default=0)
    points = IntegerAttribute(default=0)
    rated_1 = IntegerAttribute(default=0)
    rated_2 = IntegerAttribute(default=0)
    rated_3 = IntegerAttribute(default=0)
    rated_4 = IntegerAttribute(default=0)
    rated_5 = IntegerAttribute(default=0)


class Told(Table):
    """A fact that was counted, for as long as it may be delivered again."""

    class Meta(Place):
        table_name = named("told")

    fact_id = UnicodeAttribute(hash_key=True)
    expires_at = TTLAttribute()


class Visitor(Table):
    """The last day on which a patron did something."""

    class Meta(Place):
        table_name = named("visitors")

    patron_id = UnicodeAttribute(hash_key=True)
    day = UnicodeAttribute()
