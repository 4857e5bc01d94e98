"""The roll: the lines by which the librarian finds patrons, written in the transaction that changes the patron.

A patron has a line in the collection of names, a line for each word they may be found by, and one in their group's
collection. A page of the desk is one query of one collection, whether there are a hundred patrons or a million.
"""

from __future__ import annotations

import base64
import binascii
import re
import unicodedata
from collections.abc import Sequence
from typing import Any

from chalicelib.accounts.tables import Account, Roll
from chalicelib.database import Transaction
from chalicelib.ids import LENGTH, is_id
from chalicelib.paging import Part, wrong_cursor

NAMES = "name"
WORDS = "word"
LONGEST = 40
"""Characters of a name or word that count."""

MOST_WORDS = 20
"""Words a patron is found by; a name has rarely more than five. It keeps the lines within one transaction."""

MOST_QUERIES = 4
READ_AT_ONCE = 1000
"""Lines looked at in one query where some of them may be passed over."""

_LAST = "\U0010ffff"
# Marks that combine are left out by their class; these are the ones that have none: Arabic's tatweel, Devanagari's
# candrabindu, anusvara and visarga, and apostrophes however they are typed.
_PASSED_OVER = frozenset("\u0640\u0901\u0902\u0903'`\u2018\u2019\u02bc")


def folded(text: str) -> str:
    """`text` without case, spaces, accents and the diacritics of Arabic and Devanagari."""
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    return "".join(
        c
        for c in plain
        if not (unicodedata.combining(c) or c in _PASSED_OVER or c.isspace() or unicodedata.category(c) == "Cf")
    )


def enter(transaction: Transaction, patron: Account, before: Account | None = None) -> None:
    """Write the lines of `patron` as part of `transaction`, and strike those of the patron `before` the change."""
    lines = lines_of(patron)
    kept = {(line.of, line.key) for line in lines}
    if before is not None:
        strike(transaction, [line for line in lines_of(before) if (line.of, line.key) not in kept])
    for line in lines:
        transaction.put(line)


def strike(transaction: Transaction, lines: Sequence[Roll]) -> None:
    """Remove lines as part of `transaction`."""
    for line in lines:
        transaction.delete(line)


def lines_of(patron: Account) -> list[Roll]:
    """The lines of a patron."""
    words = _words_of(patron)
    keys = [(NAMES, _name_key(patron.name)), *((WORDS, word) for word in words)]
    if patron.group:
        keys.append((collection_of_group(patron.group), _name_key(patron.name)))
    return [
        Roll(
            of=of,
            key=f"{key}#{patron.id}",
            part=_part(of, suspended=patron.suspended_at is not None),
            words="".join(f" {word}" for word in words),
        )
        for of, key in keys
    ]


def find(asked: str, group: str | None, suspended: bool | None, limit: int, cursor: str | None) -> Part[str]:
    """A page of the ids of patrons, by name; where words are `asked` for, of those of whom some word begins with each
    of them, by the longest of these.

    For several words, or a word within a group, up to 4,000 lines are looked at; a page may then be short before
    the list is at its end.

    Raises Invalid for a wrong cursor.
    """
    wanted = sorted((word for word in (folded(part)[:LONGEST] for part in asked.split()) if word), key=len)
    prefix = ""
    of = NAMES
    if group is not None:
        of = collection_of_group(group)
    elif wanted:
        of, prefix = WORDS, wanted.pop()
    passing: Any = None
    for word in wanted:
        holds = Roll.words.contains(f" {word}")
        passing = holds if passing is None else passing & holds
    where = (Roll.query, of) if suspended is None else (Roll.by_standing.query, _part(of, suspended=suspended))
    pages = where[0](
        where[1],
        _between(prefix, _opened(cursor, prefix)),
        filter_condition=passing,
        # Twice a page: somebody who has two words that fit is found by the first of them only.
        page_size=2 * limit + 2 if passing is None else READ_AT_ONCE,
    ).page_iter
    found: list[Roll] = []
    last: str | None = None
    for number, page in enumerate(pages, 1):
        lines = [Roll.from_raw_data(raw) for raw in page["Items"]]
        found += [line for line in lines if _is_first(line, prefix)]
        last = page.get("LastEvaluatedKey", {}).get("key", {}).get("S")
        if len(found) > limit or number == MOST_QUERIES:
            break
    if len(found) > limit:
        last = found[limit - 1].key
    return Part([line.key[-LENGTH:] for line in found[:limit]], _sealed(last) if last else None)


def namesakes(name: str, group: str | None) -> list[str]:
    """The ids of the patrons of this name in a group, or in the library where there is no group."""
    of = collection_of_group(group) if group else NAMES
    found = Roll.query(of, Roll.key.startswith(f"{_name_key(name)}#"), consistent_read=True)
    return [line.key[-LENGTH:] for line in found]


def collection_of_group(group: str) -> str:
    """The collection of a group, however it is spelled."""
    return f"group:{folded(group)}"


def _words_of(patron: Account) -> list[str]:
    """What a patron is found by: user name, e-mail address, the words of the name, and the parts of those words."""
    words = patron.name.split()
    parts = [part for word in words for part in re.split(r"[^\w'\u2019]+", word) if part]
    said = [patron.username, patron.email or "", *words, *parts]
    return list(dict.fromkeys(word for word in (folded(one)[:LONGEST] for one in said) if word))[:MOST_WORDS]


def _name_key(name: str) -> str:
    return " ".join(filter(None, map(folded, name.split())))[:LONGEST]


def _part(of: str, *, suspended: bool) -> str:
    return f"{of}/{'suspended' if suspended else 'good'}"


def _is_first(line: Roll, prefix: str) -> bool:
    """Whether this is the first of a patron's words that begins with `prefix`."""
    if not prefix:
        return True
    return line.key[: -LENGTH - 1] == min(word for word in line.words.split() if word.startswith(prefix))


def _between(prefix: str, after: str | None) -> Any:
    if not prefix:
        return Roll.key > after if after else None
    return Roll.key.between(f"{after}\x00" if after else prefix, prefix + _LAST)


def _sealed(key: str) -> str:
    return base64.urlsafe_b64encode(key.encode()).decode().rstrip("=")


def _opened(cursor: str | None, prefix: str) -> str | None:
    if cursor is None:
        return None
    try:
        key = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
    except (binascii.Error, ValueError):
        raise wrong_cursor() from None
    if not (key.startswith(prefix) and key[-LENGTH - 1 : -LENGTH] == "#" and is_id(key[-LENGTH:])):
        raise wrong_cursor()
    return key
