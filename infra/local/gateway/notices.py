"""Previews of every notice in every language, at `/_local/notices`, made of the sample data beside its templates.

/_local/notices                              the list
/_local/notices/<notice>/<language>          one of them
/_local/notices/<notice>/<language>/body     its HTML, for the sandboxed frame of the page
"""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from chalicelib.notices import composition, words
from infra.local.gateway import wsgi
from infra.local.gateway.mailbox import LAYOUT, MAIL_POLICY, PAGE_POLICY, guarded
from infra.local.gateway.refusals import Answer
from infra.local.gateway.wsgi import Environ, StartResponse

PREFIX = "/_local/notices"

NAMES = {"ar": "أمينة الحسيني", "en": "Ελένη Παπαδάκη", "fr": "Zoë Lefèvre", "hi": "कविता राव"}
ZONE = "Europe/Paris"
UNASKED = frozenset({"reminder", "ready", "monthly-report", "reading-month"})
"""What the library sends of its own accord, and lets people unsubscribe from."""


class Notices:
    """The previews. `home` is where the library is reached."""

    def __init__(self, home: str) -> None:
        self._home = home

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        return wsgi.send(self._answer(environ), environ, start_response)

    def _answer(self, environ: Environ) -> Answer:
        if environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
            return Answer(405, [("Allow", "GET, HEAD")], b"")
        languages = sorted(words.PLURALS)
        match environ["PATH_INFO"].removeprefix(PREFIX).strip("/").split("/"):
            case [""]:
                return _page("Notices", _list(languages))
            case [kind, language] if kind in composition.kinds() and language in languages:
                return self._shown(kind, language)
            case [kind, language, "body"] if kind in composition.kinds() and language in languages:
                html = self._composed(kind, language).html
                return Answer(200, guarded("text/html; charset=utf-8", MAIL_POLICY), html.encode())
            case _:
                return _page("Not found", "<p>There is no such notice.", status=404)

    def _composed(self, kind: str, language: str) -> composition.Message:
        def act(action: str, subject: str) -> str:
            return f"{self._home}/api/act?token=only-a-preview"

        reader = composition.Reader(NAMES.get(language, "Asha"), language, ZONE)
        leave = act("unsubscribe", "email") if kind in UNASKED else None
        return composition.compose(kind, composition.sample(kind), reader, "Carrel", self._home, act, leave)

    def _shown(self, kind: str, language: str) -> Answer:
        try:
            message = self._composed(kind, language)
        except composition.NotComposed as error:
            return _page(kind, f"<p>{escape(str(error))}", status=500)
        return _page(
            f"{kind}, {language}",
            f'<p><a href="{PREFIX}">← All notices</a><h2 dir=auto>{escape(message.subject)}</h2>'
            f'<iframe sandbox title="The mail" src="{PREFIX}/{kind}/{language}/body"></iframe>'
            f"<details open><summary>As text</summary><pre dir=auto>{escape(message.text)}</pre></details>",
        )


def _list(languages: list[str]) -> str:
    def row(kind: str) -> str:
        links = " ".join(f'<a href="{PREFIX}/{kind}/{language}">{language}</a>' for language in languages)
        return f"<li class=files><b>{escape(kind)}</b> {links}"

    return f"<ul>{''.join(map(row, composition.kinds()))}</ul>"


def _page(title: str, content: str, status: int = 200) -> Answer:
    return Answer(
        status,
        guarded("text/html; charset=utf-8", PAGE_POLICY),
        LAYOUT.format(
            escape(title), content, "Notices", "Every notice in every language, made of sample data."
        ).encode(),
    )
