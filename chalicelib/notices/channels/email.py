"""Mail: by SMTP where SMTP_URL says through whom, else by SES, which is also what the local mailbox keeps."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Sequence
from datetime import datetime
from email.header import Header
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Any
from urllib.parse import unquote, urlsplit

from chalicelib import clients, settings
from chalicelib.notices.channels import File, InDoubt, Later, Person, Refused
from chalicelib.notices.composition import Message

KIND = "X-Carrel-Kind"
"""The header that names the notice a mail is."""

PATIENCE = 20.0

_DEAD = (550, 551, 553)
"""What a mail server says of an address that is not there (RFC 5321, 4.2.3)."""


def reaches(person: Person) -> bool:
    """Whether there is an address that mails did not bounce from."""
    return bool(person.email) and "email" not in person.stopped


def deliver(message: Message, person: Person, files: Sequence[File], letter_id: str, now: datetime) -> None:
    """Mail a notice. Raises Refused, Later, InDoubt."""
    s = settings.current()
    if not s.mail_from:
        raise Refused("The library has no address to mail from: MAIL_FROM is not set.")
    mail = written(message, person, files, letter_id, s.mail_from, now)
    if s.smtp_url:
        _by_smtp(s.smtp_url, mail)
    else:
        _by_ses(mail, s.mail_from, str(person.email), message.kind)


def written(
    message: Message, person: Person, files: Sequence[File], letter_id: str, sender: str, now: datetime
) -> EmailMessage:
    """The mail, whose Message-ID is the letter's: programs that see it twice show it once (RFC 5322, 3.6.4).

    Raises Refused for an address that no mail can have.
    """
    mail = EmailMessage(policy=SMTP)
    try:
        mail["From"] = sender
        mail["To"] = Address(addr_spec=str(person.email))
    except (ValueError, IndexError) as error:
        raise Refused(f"{person.email} is no address: {error}", dead=True) from None
    # Written as it goes out: where EmailMessage folds a line between words of another script, it loses their space.
    mail.set_raw("Subject", Header(message.subject, header_name="Subject").encode(linesep="\r\n"))
    mail["Date"] = format_datetime(now)
    mail["Message-ID"] = f"<{letter_id}@{sender.rpartition('@')[2].strip('> ')}>"
    mail["Content-Language"] = message.language
    mail["Auto-Submitted"] = "auto-generated"  # no answering machine answers it (RFC 3834)
    mail[KIND] = message.kind
    if message.leave:
        mail["List-Unsubscribe"] = f"<{message.leave}>"
        mail["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"  # RFC 8058
    mail.set_content(message.text)
    mail.add_alternative(message.html, subtype="html")
    for file in files:
        main, _, sub = file.type.partition("/")
        mail.add_attachment(file.body, maintype=main, subtype=sub, filename=file.name)
    return mail


def _by_ses(mail: EmailMessage, sender: str, to: str, kind: str) -> None:
    from botocore.exceptions import ClientError, EndpointConnectionError, HTTPClientError

    ses = clients.ses()
    try:
        ses.send_email(
            FromEmailAddress=sender,
            Destination={"ToAddresses": [to]},
            Content={"Raw": {"Data": mail.as_bytes()}},
            EmailTags=[{"Name": "kind", "Value": kind}],
            **({"ConfigurationSetName": tells} if (tells := settings.current().ses_configuration_set) else {}),
        )
    except ClientError as error:
        said: dict[str, Any] = error.response["Error"]
        why = f"SES: {said.get('Message') or said.get('Code')}"
        if said.get("Code") in ("TooManyRequestsException", "LimitExceededException", "ThrottlingException"):
            raise Later(why) from None
        if error.response["ResponseMetadata"]["HTTPStatusCode"] >= 500:
            raise Later(why) from None
        raise Refused(why) from None
    except EndpointConnectionError as error:
        raise Later(f"SES: {error}") from None
    except HTTPClientError as error:
        raise InDoubt(f"SES did not answer: {error}") from None


def _by_smtp(url: str, mail: EmailMessage) -> None:
    parts = urlsplit(url)
    secure = parts.scheme == "smtps"
    host, port = parts.hostname or "localhost", parts.port or (465 if secure else 587 if parts.username else 25)
    context = ssl.create_default_context()
    handed_over = False
    try:
        server = (
            smtplib.SMTP_SSL(host, port, timeout=PATIENCE, context=context)
            if secure
            else smtplib.SMTP(host, port, timeout=PATIENCE)
        )
        with server:
            if not secure and parts.username:
                server.starttls(context=context)  # no password goes over the wire in the clear
            if parts.username:
                server.login(unquote(parts.username), unquote(parts.password or ""))
            handed_over = True
            server.send_message(mail)
            handed_over = False
    except smtplib.SMTPRecipientsRefused as error:
        code, said = next(iter(error.recipients.values()))
        raise _refusal(code, said, dead=code in _DEAD) from None
    except smtplib.SMTPResponseException as error:
        raise _refusal(error.smtp_code, error.smtp_error) from None
    except (OSError, smtplib.SMTPException) as error:
        if handed_over:
            raise InDoubt(f"The mail server did not answer: {error}") from None
        raise Later(f"The mail server cannot be reached: {error}") from None


def _refusal(code: int, said: bytes | str, *, dead: bool = False) -> Refused | Later:
    text = said.decode(errors="replace") if isinstance(said, bytes) else said
    why = f"The mail server says {code}: {' '.join(text.split())[:300]}"
    return Refused(why, dead=dead) if code >= 500 else Later(why)
