"""Lengths of time as the API writes them: ISO 8601 durations of weeks, days, hours, minutes and seconds.

Years and months are left out, since their length depends on when they start; a day is 24 hours.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated, TypeAlias

import msgspec

PATTERN = (
    r"^P(?:[0-9]{1,4}W|(?=[0-9]|T[0-9])(?:[0-9]{1,4}D)?"
    r"(?:T(?=[0-9])(?:[0-9]{1,6}H)?(?:[0-9]{1,6}M)?(?:[0-9]{1,8}S)?)?)$(?!\n)"
)

Period: TypeAlias = Annotated[
    str,
    msgspec.Meta(pattern=PATTERN, description="ISO 8601 duration, as PT30M, PT12H, P7D or P2W", examples=["P7D"]),
]

SHORTEST = timedelta(minutes=1)
LONGEST = timedelta(weeks=52)

_UNITS = {"W": "weeks", "D": "days", "H": "hours", "M": "minutes", "S": "seconds"}


def parse(text: str) -> timedelta:
    """The length of `text`.

    Raises ValueError where it is not such a duration, or not between a minute and 52 weeks.
    """
    if not re.match(PATTERN, text):
        raise ValueError("Write a duration such as PT30M, PT12H, P7D or P2W.")
    length = timedelta(**{_UNITS[unit]: int(number) for number, unit in re.findall(r"([0-9]+)([WDHMS])", text)})
    if not SHORTEST <= length <= LONGEST:
        raise ValueError("Choose a period between one minute and 52 weeks.")
    return length
