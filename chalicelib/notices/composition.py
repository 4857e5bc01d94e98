"""Notices put into words: a folder of templates for each, `templates/<notice>/{subject.txt,body.txt,body.html}`, and a
`sample.json` of the data it takes, for its preview and its tests.

Templates see the data of the notice and `words` (see there), its `t(key, count, …)`, `on(time)` and `at(time)` for days
and times in the reader's zone, `library`, `name`, `home` (the web app's address), `act(action, subject)`, the address
of a link that does one thing without signing in, and `leave`, that of the one which unsubscribes, or none. The bodies
see the `subject` too.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from chalicelib.notices import words

TEMPLATES = Path(__file__).with_name("templates")

Act = Callable[[str, str], str]


class NotComposed(Exception):
    """A template asks for what the notice does not have, or is broken; says which and what."""


@dataclass(frozen=True, slots=True)
class Reader:
    """Who a notice is written for. `timezone` is IANA's name of it."""

    name: str
    language: str
    timezone: str


@dataclass(frozen=True, slots=True)
class Message:
    """A notice in words. `url` is where one goes from it, for channels that have room for no more; `leave` is where
    one puts an end to such notices."""

    kind: str
    subject: str
    text: str
    html: str
    language: str
    url: str
    leave: str | None


def kinds() -> list[str]:
    """The notices there are."""
    return sorted(path.name for path in TEMPLATES.iterdir() if path.is_dir())


def sample(kind: str) -> dict[str, Any]:
    """Data such as the notice is made of."""
    return json.loads((TEMPLATES / kind / "sample.json").read_text(encoding="utf-8"))


def compose(
    kind: str, data: Mapping[str, Any], reader: Reader, library: str, home: str, act: Act, leave: str | None = None
) -> Message:
    """The notice of this `kind` for `reader`.

    Raises NotComposed.
    """
    from jinja2 import TemplateError

    spoken = words.of(reader.language)
    zone = ZoneInfo(reader.timezone)

    def on(text: str) -> str:
        return spoken.day(datetime.fromisoformat(text), zone)

    def at(text: str) -> str:
        return spoken.time(datetime.fromisoformat(text), zone)

    known: dict[str, Any] = {
        **data,
        "words": spoken,
        "t": spoken.say,
        "on": on,
        "at": at,
        "library": library,
        "name": reader.name,
        "home": home,
        "act": act,
        "leave": leave,
    }
    try:
        subject = " ".join(_rendered(kind, "subject.txt", known).split())
        text, html = (_rendered(kind, part, known | {"subject": subject}) for part in ("body.txt", "body.html"))
    except (TemplateError, KeyError, TypeError, ValueError) as error:
        raise NotComposed(f"The notice {kind} could not be written: {error}") from error
    url = str(data.get("url") or home)
    return Message(kind, subject, text.strip() + "\n", html, spoken.language, url, leave)


def _rendered(kind: str, part: str, known: Mapping[str, Any]) -> str:
    return _templates().get_template(f"{kind}/{part}").render(known)


def with_page(message: Message, page: str) -> Message:
    """A notice whose HTML was made elsewhere."""
    return replace(message, html=page)


@cache
def _templates() -> Any:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=select_autoescape(["html"], default_for_string=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
