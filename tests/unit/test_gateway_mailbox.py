"""The local mailbox shows what was mailed, and a mail can do nothing to who reads it."""

from __future__ import annotations

import time
from email.message import EmailMessage
from pathlib import Path

import pytest

from infra.local.gateway.mailbox import Mailbox
from tests.wsgi import ask

JSON = "application/json"


def put(folder: Path, subject: str, html: str | None = None, attachment: bytes | None = None) -> str:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "library@carrel.example", "ada@carrel.example", subject
    mail["X-Carrel-Kind"] = "reminder"
    mail.set_content("Bring it back.\n")
    if html:
        mail.add_alternative(html, subtype="html")
    if attachment:
        mail.add_attachment(attachment, "application", "pdf", filename="Bericht März.pdf")
    name = f"{time.time_ns():020d}-ab"
    (folder / f"{name}.eml").write_bytes(mail.as_bytes())
    return name


@pytest.fixture
def box(tmp_path: Path) -> Mailbox:
    return Mailbox(tmp_path)


def test_an_empty_mailbox_is_a_page_and_an_empty_list(box: Mailbox) -> None:
    assert b"No mail yet" in ask(box, "GET", "/_local/mail").body
    assert ask(box, "GET", "/_local/mail", accept=JSON).json == {"items": []}


def test_a_folder_that_is_not_there_yet_is_an_empty_mailbox(tmp_path: Path) -> None:
    assert ask(Mailbox(tmp_path / "none"), "GET", "/_local/mail", accept=JSON).json == {"items": []}


def test_mails_are_listed_newest_first_with_all_they_hold(box: Mailbox, tmp_path: Path) -> None:
    put(tmp_path, "first")
    newer = put(tmp_path, "Erinnerung – مكتبة", html="<p>Bring it back.</p>", attachment=b"%PDF-1.7")
    first, second = ask(box, "GET", "/_local/mail", accept=JSON).json["items"]
    assert second["subject"] == "first"
    assert second["html"] is None
    assert first == {
        "id": newer,
        "kind": "reminder",
        "to": ["ada@carrel.example"],
        "subject": "Erinnerung – مكتبة",
        "text": "Bring it back.\n",
        "html": "<p>Bring it back.</p>\n",
        "attachments": [
            {"name": "Bericht März.pdf", "type": "application/pdf", "url": f"/_local/mail/{newer}/files/0"}
        ],
        "sent_at": first["sent_at"],
    }
    assert first["sent_at"].endswith("Z")


def test_an_attachment_comes_back_as_it_was_sent(box: Mailbox, tmp_path: Path) -> None:
    id = put(tmp_path, "report", attachment=b"%PDF-1.7\0\xff")
    got = ask(box, "GET", f"/_local/mail/{id}/files/0")
    assert (got.body, got.header("content-type")) == (b"%PDF-1.7\0\xff", "application/pdf")
    assert ask(box, "GET", f"/_local/mail/{id}/files/1").status == 404


def test_a_subject_is_text_and_never_markup(box: Mailbox, tmp_path: Path) -> None:
    id = put(tmp_path, "<script>alert(1)</script>")
    for path in ("/_local/mail", f"/_local/mail/{id}"):
        got = ask(box, "GET", path)
        assert b"<script>" not in got.body
        assert "default-src 'none'" in (got.header("content-security-policy") or "")


def test_the_html_of_a_mail_is_shown_in_a_sandbox(box: Mailbox, tmp_path: Path) -> None:
    id = put(tmp_path, "hello", html="<script>alert(1)</script><p>hello")
    page = ask(box, "GET", f"/_local/mail/{id}").body.decode()
    assert f'<iframe sandbox="allow-popups" title="The mail" src="/_local/mail/{id}/body">' in page
    security = ask(box, "GET", f"/_local/mail/{id}/body").header("content-security-policy") or ""
    assert security.startswith("sandbox")
    assert "allow-scripts" not in security


@pytest.mark.parametrize("id", ["nothing", "../secrets", "*"])
def test_an_unknown_mail_is_not_found(box: Mailbox, tmp_path: Path, id: str) -> None:
    put(tmp_path, "hello")
    assert ask(box, "GET", f"/_local/mail/{id}").status == 404
