"""The library's own settings: one item.

| access pattern | key       | cost                          |
|----------------|-----------|-------------------------------|
| read           | `library` | 1 read, or part of a snapshot |
| change         | `library` | 1 conditional update          |
"""

from __future__ import annotations

from pynamodb.attributes import UnicodeAttribute

from chalicelib.database import IntegerAttribute, Place, Table, named

LIBRARY = "library"


class Policy(Table):
    class Meta(Place):
        table_name = named("policy")

    id = UnicodeAttribute(hash_key=True, default=LIBRARY)
    name = UnicodeAttribute(default="Carrel")
    timezone = UnicodeAttribute(default="UTC")
    currency = UnicodeAttribute(default="EUR")
    loan_limit = IntegerAttribute(default=5)
    loan_period = UnicodeAttribute(default="P7D")
    grant = UnicodeAttribute(default="librarian")
    registration = UnicodeAttribute(default="open")
    pickup_window = UnicodeAttribute(default="P2D")
    revision = IntegerAttribute(default=0)
