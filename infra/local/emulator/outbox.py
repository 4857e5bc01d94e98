"""Keeps every mail that is sent, as a file in the format mail has (RFC 5322), for the local mailbox to show.

ministack's own list forgets attachments, tags and, when it stops, everything.
"""

# ministack is not installed where the types are checked, and most of what is patched is private to it.
# pyright: basic, reportMissingImports=false

from __future__ import annotations

import base64
import json
import os
import re
import time
from email.message import EmailMessage
from email.parser import BytesHeaderParser
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from ministack.services import ses, ses_v2

from infra.local.emulator import files

KIND = "X-Carrel-Kind"
"""The header that names the notice a mail is. A message tag called `kind` becomes this header."""


def install(directory: Path) -> None:
    """Keep each mail SES accepts, by its old API or its new one, in `directory`."""
    directory.mkdir(parents=True, exist_ok=True)
    for unfinished in directory.glob(".*.eml"):
        unfinished.unlink()
    # Nothing leaves this machine, so nobody has to prove that an address is theirs.
    ses._message_rejection = ses_v2._message_rejection = lambda *_: None
    v1, v2 = ses.handle_request, ses_v2.handle_request

    async def handle_v1(method: str, path: str, headers: Any, body: bytes, query: Any) -> Any:
        answer = await v1(method, path, headers, body, query)
        form = {name: values[0] for name, values in parse_qs(body.decode(errors="replace")).items()}
        if answer[0] == 200 and (mail := _from_form(form)):
            _keep(directory, mail)
        return answer

    async def handle_v2(method: str, path: str, headers: Any, body: bytes, query: Any) -> Any:
        answer = await v2(method, path, headers, body, query)
        if answer[0] == 200 and method == "POST" and path.endswith("/outbound-emails"):
            _keep(directory, _from_json(json.loads(body)))
        return answer

    ses.handle_request, ses_v2.handle_request = handle_v1, handle_v2


def _from_json(request: dict[str, Any]) -> bytes:
    """A mail as SES v2's SendEmail has it."""
    kind = _kind({tag["Name"]: tag["Value"] for tag in request.get("EmailTags") or []})
    content = request["Content"]
    if raw := content.get("Raw"):
        return _with_kind(base64.b64decode(raw["Data"]), kind)
    simple = content.get("Simple") or {}
    body = simple.get("Body") or {}
    mail = _compose(
        request.get("FromEmailAddress", ""),
        (request.get("Destination") or {}).get("ToAddresses") or [],
        (simple.get("Subject") or {}).get("Data", ""),
        (body.get("Text") or {}).get("Data"),
        (body.get("Html") or {}).get("Data"),
    )
    for header in simple.get("Headers") or []:
        mail[header["Name"]] = header["Value"]
    for attachment in simple.get("Attachments") or []:
        kind_of_file = attachment.get("ContentType", "application/octet-stream").partition("/")
        data = base64.b64decode(attachment["RawContent"])
        mail.add_attachment(data, kind_of_file[0], kind_of_file[2], filename=attachment["FileName"])
    return _with_kind(mail.as_bytes(), kind)


def _from_form(form: dict[str, str]) -> bytes | None:
    """A mail as SES v1's SendEmail and SendRawEmail have it; None for any other action."""
    tags = {
        form[f"Tags.member.{n}.Name"]: form.get(f"Tags.member.{n}.Value", "") for n in _members(form, "Tags", ".Name")
    }
    if form.get("Action") == "SendRawEmail":
        return _with_kind(base64.b64decode(form["RawMessage.Data"]), _kind(tags))
    if form.get("Action") != "SendEmail":
        return None
    to = "Destination.ToAddresses"
    mail = _compose(
        form.get("Source", ""),
        [form[f"{to}.member.{n}"] for n in _members(form, to)],
        form.get("Message.Subject.Data", ""),
        form.get("Message.Body.Text.Data"),
        form.get("Message.Body.Html.Data"),
    )
    return _with_kind(mail.as_bytes(), _kind(tags))


def _members(form: dict[str, str], name: str, field: str = "") -> list[int]:
    pattern = re.compile(rf"{re.escape(name)}\.member\.(\d+){re.escape(field)}")
    return sorted(int(found[1]) for key in form if (found := pattern.fullmatch(key)))


def _compose(source: str, to: list[str], subject: str, text: str | None, html: str | None) -> EmailMessage:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = source, ", ".join(to), subject
    mail.set_content(text or "")
    if html:
        mail.add_alternative(html, subtype="html")
    return mail


def _kind(tags: dict[str, str]) -> str | None:
    return next((value for name, value in tags.items() if name.lower() == "kind"), None)


def _with_kind(mail: bytes, kind: str | None) -> bytes:
    if kind is None or BytesHeaderParser().parsebytes(mail).get(KIND):
        return mail
    return f"{KIND}: {kind}\r\n".encode() + mail


def _keep(directory: Path, mail: bytes) -> None:
    """Names are times in nanoseconds, so that sorting them by name sorts them by time."""
    name = f"{time.time_ns():020d}-{os.urandom(4).hex()}.eml"
    unfinished = directory / f".{name}"
    files.write(unfinished, mail)
    unfinished.rename(directory / name)
    files.sync_soon(directory / name, directory)
