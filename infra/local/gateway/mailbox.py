"""The local mailbox: every mail the library sent, at `/_local/mail`, for people and, as JSON, for programs.

/_local/mail                 the list            {"items": [{id, kind, to, subject, text, html, attachments, sent_at}]}
/_local/mail/<id>            one mail            the same, one item
/_local/mail/<id>/body       its HTML, for the sandboxed frame of the page
/_local/mail/<id>/files/<n>  an attachment
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from functools import lru_cache
from html import escape
from pathlib import Path
from typing import Any

from infra.local.gateway import wsgi
from infra.local.gateway.refusals import Answer
from infra.local.gateway.wsgi import Environ, StartResponse

PREFIX = "/_local/mail"
KIND = "X-Carrel-Kind"

NEWEST = 500
"""How many mails the list goes back."""

# The page runs no script, and a mail in its frame runs none and fetches nothing.
PAGE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-src 'self'; img-src 'self' data:; base-uri 'none'"
MAIL_POLICY = "sandbox allow-popups; default-src 'none'; style-src 'unsafe-inline'; img-src data:"


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that came with a mail; `url` leads to it."""

    name: str
    type: str
    url: str


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail. `kind` names the notice: reminder, monthly-report, …; `sent_at` is ISO 8601 in UTC."""

    id: str
    kind: str | None
    to: list[str]
    subject: str
    text: str
    html: str | None
    attachments: list[Attachment]
    sent_at: str


class Mailbox:
    """The mails kept in `folder`, a file each, named so that their order is that of their names."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        return wsgi.send(self._answer(environ), environ, start_response)

    def _answer(self, environ: Environ) -> Answer:
        if environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
            return Answer(405, [("Allow", "GET, HEAD")], b"")
        as_json = "application/json" in environ.get("HTTP_ACCEPT", "")
        match environ["PATH_INFO"].removeprefix(PREFIX).strip("/").split("/"):
            case [""]:
                mails = [_read(file) for file in self._files()]
                return _json({"items": [asdict(m) for m in mails]}) if as_json else _page("Mailbox", _list(mails))
            case [id] if file := self._find(id):
                mail = _read(file)
                return _json(asdict(mail)) if as_json else _page(mail.subject, _letter(mail))
            case [id, "body"] if file := self._find(id):
                html = _read(file).html or ""
                return Answer(200, guarded("text/html; charset=utf-8", MAIL_POLICY), html.encode())
            case [id, "files", n] if (file := self._find(id)) and n.isdigit():
                return _file(file, int(n))
            case _:
                return _page("Not found", "<p>There is no such mail.", status=404)

    def _files(self) -> list[Path]:
        return sorted(self._folder.glob("[!.]*.eml"), reverse=True)[:NEWEST]

    def _find(self, id: str) -> Path | None:
        return next((file for file in self._folder.glob("[!.]*.eml") if file.stem == id), None)


@lru_cache(maxsize=NEWEST)
def _read(file: Path) -> Mail:
    """A mail never changes, so it is read once."""
    message = _parsed(file)
    return Mail(
        id=file.stem,
        kind=message[KIND],
        to=[a.strip() for a in str(message["To"] or "").split(",") if a.strip()],
        subject=str(message["Subject"] or ""),
        text=_part(message, "plain") or "",
        html=_part(message, "html"),
        attachments=[
            Attachment(a.get_filename() or f"file-{n}", a.get_content_type(), f"{PREFIX}/{file.stem}/files/{n}")
            for n, a in enumerate(message.iter_attachments())
        ],
        sent_at=_sent_at(file),
    )


def _parsed(file: Path) -> EmailMessage:
    return BytesParser(EmailMessage, policy=policy.default).parsebytes(file.read_bytes())


def _part(message: EmailMessage, kind: str) -> str | None:
    part = message.get_body((kind,))
    return part.get_content() if part is not None else None


def _sent_at(file: Path) -> str:
    at = datetime.fromtimestamp(int(file.stem.partition("-")[0]) / 1e9, UTC)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _file(file: Path, n: int) -> Answer:
    attachments = list(_parsed(file).iter_attachments())
    if n >= len(attachments):
        return _page("Not found", "<p>There is no such attachment.", status=404)
    part = attachments[n]
    content: Any = part.get_payload(decode=True) or b""
    name = (part.get_filename() or f"file-{n}").encode("ascii", "replace").decode().replace('"', "'")
    headers = [
        *guarded(part.get_content_type(), MAIL_POLICY),
        ("Content-Disposition", f'inline; filename="{name}"'),
    ]
    return Answer(200, headers, content)


def _json(value: object) -> Answer:
    body = json.dumps(value, ensure_ascii=False).encode()
    return Answer(200, guarded("application/json", "default-src 'none'"), body)


def _page(title: str, content: str, status: int = 200) -> Answer:
    return Answer(
        status,
        guarded("text/html; charset=utf-8", PAGE_POLICY),
        LAYOUT.format(escape(title), content, "Mailbox", "Mail this library sent. Nothing left this machine.").encode(),
    )


def guarded(media_type: str, security: str) -> list[tuple[str, str]]:
    """The headers of a page that may do no more than `security` says."""
    return [
        ("Content-Type", media_type),
        ("Content-Security-Policy", security),
        ("X-Content-Type-Options", "nosniff"),
        ("Cache-Control", "no-store"),
    ]


def _list(mails: list[Mail]) -> str:
    if not mails:
        return "<p class=empty>No mail yet. What the library sends – reminders, reports, resets – appears here."
    return f"<ul>{''.join(map(_row, mails))}</ul>"


def _row(mail: Mail) -> str:
    clip = " · 📎" if mail.attachments else ""
    return (
        f'<li><a href="{PREFIX}/{mail.id}"><b dir=auto>{escape(mail.subject) or "(no subject)"}</b>'
        f"<span>to {escape(', '.join(mail.to))}</span>"
        f"<span>{escape(mail.kind or '')}{clip} <time>{_readable(mail.sent_at)}</time></span></a>"
    )


def _letter(mail: Mail) -> str:
    parts = [
        f'<p><a href="{PREFIX}">← All mail</a><h2 dir=auto>{escape(mail.subject)}</h2>',
        f"<p>To {escape(', '.join(mail.to))} · <time>{_readable(mail.sent_at)}</time> · {escape(mail.kind or '')}",
    ]
    if mail.attachments:
        files = (f'<li><a href="{a.url}">{escape(a.name)}</a> ({escape(a.type)})' for a in mail.attachments)
        parts.append(f"<ul class=files>{''.join(files)}</ul>")
    if mail.html:
        parts.append(f'<iframe sandbox="allow-popups" title="The mail" src="{PREFIX}/{mail.id}/body"></iframe>')
    opened = "" if mail.html else " open"
    text = f"<summary>As text</summary><pre dir=auto>{escape(mail.text)}</pre>"
    return "".join([*parts, f"<details{opened}>{text}</details>"])


def _readable(iso: str) -> str:
    return iso[:19].replace("T", " ") + " UTC"


LAYOUT = """<!doctype html><html lang="en"><meta charset="utf-8">
<meta name="viewport" content="width=device-width"><title>{0} – {2}</title><style>
body{{font:1rem/1.5 system-ui,sans-serif;max-width:52rem;margin:2rem auto;padding:0 1rem;color:#222;background:#fff}}
ul{{list-style:none;padding:0}} li{{border-bottom:1px solid #ddd}} li span{{color:#555}}
li a{{display:flex;gap:1rem;flex-wrap:wrap;padding:.6rem 0;color:inherit;text-decoration:none}}
li a b{{flex:1 1 16rem}} a:focus-visible{{outline:2px solid #06c}} .files a{{display:inline}}
iframe{{width:100%;height:32rem;border:1px solid #ccc;background:#fff}} pre{{white-space:pre-wrap}}
.empty{{color:#555;padding:3rem 0;text-align:center}}</style>
<h1>{2}</h1><p>{3}</p><main>{1}</main>"""
