"""Search over the catalogue: an index of tantivy's, in segments that lie in storage.

| module      | what it knows                                                                    |
|-------------|----------------------------------------------------------------------------------|
| words       | what a text is found by, in every script                                         |
| fields      | what is kept of an e-book and of a section in the index                          |
| matching    | which books have a word: whole, as a beginning, but for slips of typing          |
| steps       | how well a book answers a query                                                  |
| facets      | how many books were found, and what they have in common                          |
| query       | what is asked, as tantivy takes it, and what comes back                          |
| completion  | what somebody who types may mean                                                 |
| shelf       | what an index consists of, in storage and on this machine                        |
| lease       | one writer of an index at a time, and what it publishes                          |
| reader      | the index as this process has it, brought up to date                             |
| writer      | what happened, brought into the index                                            |
| rebuild     | the index made anew from the tables; what must be seen to each minute            |

It stands beside the tables: it answers with ids, and what is shown of them is read from the tables. Without it every
list that needs no search works.
"""

from __future__ import annotations

from chalicelib.errors import Unavailable


class SearchUnavailable(Unavailable):
    """The index is missing or broken; it is made anew from the tables."""

    title = "Search is not available"

    def __init__(self) -> None:
        super().__init__("Search is being put in order. The shelves work in the meantime.", retry_after=5)
