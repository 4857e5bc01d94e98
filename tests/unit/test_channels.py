"""Each channel as the other side sees it: a mail server, a space, a browser."""

from __future__ import annotations

import hmac
import json
import os
import socketserver
import threading
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from email import policy
from email.parser import BytesParser
from typing import Any, ClassVar

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from chalicelib import outside, settings
from chalicelib.notices.channels import File, InDoubt, Later, Person, Refused, chat, email, push
from chalicelib.notices.composition import Message
from chalicelib.notices.tables import Subscription

NOW = datetime(2026, 11, 24, 17, 0, tzinfo=UTC)
MESSAGE = Message(
    "reminder",
    "“गोदान” is due",
    "Bring it back.\n",
    "<p>Bring it back.",
    "en",
    "https://l.example/me",
    "https://l.example/x",
)
ADA = Person("a" * 26, "Ada", "en", "UTC", "ada@school.example")


class Server(socketserver.StreamRequestHandler):
    """As much of SMTP as it takes to accept a mail, or to refuse it."""

    refusal = ""
    hang_up = False
    mails: ClassVar[list[bytes]] = []

    def handle(self) -> None:
        self.say("220 mail.example")
        while line := self.rfile.readline().decode().strip():
            word = line.split()[0].upper()
            if word == "DATA":
                self.say("354 go on")
                body = b""
                while not body.endswith(b"\r\n.\r\n"):
                    body += self.rfile.readline()
                self.mails.append(body[:-5])
                if self.hang_up:
                    return
                self.say("250 taken")
            elif word == "RCPT" and self.refusal:
                self.say(self.refusal)
            elif word == "QUIT":
                self.say("221 bye")
                return
            else:
                self.say("250 ok")

    def say(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())


@pytest.fixture
def smtp(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Server]]:
    class One(Server):
        mails: ClassVar[list[bytes]] = []

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), One) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"smtp://127.0.0.1:{server.server_address[1]}"
        here = replace(settings.current(), smtp_url=url, mail_from="Library <library@school.example>")
        monkeypatch.setattr(settings, "current", lambda: here)
        yield One
        server.shutdown()


def mail(files: tuple[File, ...] = ()) -> None:
    email.deliver(MESSAGE, ADA, files, "01letter", NOW)


class TestMail:
    def test_a_mail_goes_to_the_server_whole(self, smtp: type[Server]) -> None:
        mail((File("Bericht März.pdf", "application/pdf", b"%PDF"),))
        (taken,) = smtp.mails
        message: Any = BytesParser(policy=policy.default).parsebytes(taken)
        assert message["Subject"] == "“गोदान” is due"
        assert message["X-Carrel-Kind"] == "reminder"
        assert message["Message-ID"] == "<01letter@school.example>"
        assert message["List-Unsubscribe"] == "<https://l.example/x>"
        assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        assert [part.get_filename() for part in message.iter_attachments()] == ["Bericht März.pdf"]
        assert message.get_body(("html",)).get_content().strip() == "<p>Bring it back."

    @pytest.mark.parametrize(
        ("said", "refusal", "dead"),
        [("550 5.1.1 no such user", Refused, True), ("552 mailbox full", Refused, False), ("451 later", Later, False)],
    )
    def test_what_the_server_says_is_heeded(
        self, smtp: type[Server], said: str, refusal: type[Exception], dead: bool
    ) -> None:
        smtp.refusal = said
        with pytest.raises(refusal, match=said[4:]) as error:
            mail()
        assert getattr(error.value, "dead", False) is dead

    def test_a_server_that_hangs_up_leaves_it_in_doubt(self, smtp: type[Server]) -> None:
        smtp.hang_up = True
        with pytest.raises(InDoubt):
            mail()

    def test_a_server_that_is_not_there_may_be_there_later(self, monkeypatch: pytest.MonkeyPatch) -> None:
        here = replace(settings.current(), smtp_url="smtp://127.0.0.1:1", mail_from="library@school.example")
        monkeypatch.setattr(settings, "current", lambda: here)
        with pytest.raises(Later):
            mail()

    @pytest.mark.parametrize("words", ["शुक्रवार", "mot", "كتاب", "本"])
    def test_a_subject_arrives_as_it_was_written_however_long(self, words: str) -> None:
        for length in range(1, 25):
            message = replace(MESSAGE, subject=" ".join([words] * length))
            sent = email.written(message, ADA, (), "01letter", "library@school.example", NOW).as_bytes()
            assert BytesParser(policy=policy.default).parsebytes(sent)["Subject"] == message.subject

    def test_nobody_puts_a_header_into_a_mail(self) -> None:
        wrong = replace(ADA, email="ada@school.example\r\nBcc: eve@school.example")
        with pytest.raises(Refused):
            email.written(MESSAGE, wrong, (), "01letter", "library@school.example", NOW)


class TestChat:
    @pytest.fixture
    def said(self, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, dict[str, Any]]]:
        said: list[tuple[str, dict[str, Any]]] = []

        def post(url: str, body: bytes, headers: dict[str, str]) -> outside.Answer:
            said.append((url, json.loads(body)))
            return outside.Answer(404 if "gone" in url else 200, {}, b"")

        here = replace(settings.current(), google_chat_webhook="https://chat.googleapis.com/library")
        monkeypatch.setattr(settings, "current", lambda: here)
        monkeypatch.setattr(outside, "post", post)
        return said

    def test_ones_own_space_is_told_all(self, said: list[Any]) -> None:
        chat.deliver(MESSAGE, replace(ADA, chat_webhook="https://chat.googleapis.com/own"), (), "01", NOW)
        assert said == [("https://chat.googleapis.com/own", {"text": "*“गोदान” is due*\n\nBring it back.\n"})]

    def test_the_librarys_space_hears_a_name_and_no_title(self, said: list[Any]) -> None:
        chat.deliver(MESSAGE, ADA, (), "01", NOW)
        ((url, body),) = said
        assert url == "https://chat.googleapis.com/library"
        assert "Ada" in body["text"]
        assert "गोदान" not in body["text"]

    def test_a_space_that_is_gone_stops_the_channel(self, said: list[Any]) -> None:
        with pytest.raises(Refused) as error:
            chat.deliver(MESSAGE, replace(ADA, chat_webhook="https://chat.googleapis.com/gone"), (), "01", NOW)
        assert error.value.dead


class TestPush:
    @pytest.fixture
    def browser(self, monkeypatch: pytest.MonkeyPatch) -> Any:
        """A browser that subscribed: it opens what the library sealed for it, as RFC 8291 has it."""
        private, auth = ec.generate_private_key(ec.SECP256R1()), os.urandom(16)
        point = private.public_key().public_bytes(
            serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
        )
        kept = Subscription(
            "a" * 26, "b" * 26, endpoint="https://push.example/1", p256dh=letters(point), auth=letters(auth)
        )
        monkeypatch.setattr(push.subscriptions, "of", lambda _: [kept])

        def opened(body: bytes) -> dict[str, Any]:
            salt, theirs, sealed = body[:16], body[21:86], body[86:]
            shared = private.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), theirs))
            ikm = hkdf(hmac.digest(auth, shared, "sha256"), b"WebPush: info\0" + point + theirs, 32)
            secret = hmac.digest(salt, ikm, "sha256")
            key, nonce = (
                hkdf(secret, b"Content-Encoding: aes128gcm\0", 16),
                hkdf(secret, b"Content-Encoding: nonce\0", 12),
            )
            plain = AESGCM(key).decrypt(nonce, sealed, None)
            assert plain.endswith(b"\x02")
            return json.loads(plain[:-1])

        return opened

    def test_only_the_browser_can_read_a_push_and_the_library_signed_it(
        self, browser: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        sent: list[Any] = []

        def post(url: str, body: bytes, headers: dict[str, str]) -> outside.Answer:
            sent.append((url, body, headers))
            return outside.Answer(201, {}, b"")

        monkeypatch.setattr(outside, "post", post)
        push.deliver(MESSAGE, ADA, (), "01letter", NOW)
        ((_, body, headers),) = sent
        assert browser(body) == {
            "title": "“गोदान” is due",
            "body": "Bring it back.\n",
            "url": "https://l.example/me",
            "tag": "01letter",
            "lang": "en",
        }
        token, key = headers["Authorization"].removeprefix("vapid t=").split(", k=")
        said, _, signature = token.rpartition(".")
        raw = bytes_of(signature)
        library = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), bytes_of(key))
        library.verify(
            encode_dss_signature(int.from_bytes(raw[:32]), int.from_bytes(raw[32:])),
            said.encode(),
            ec.ECDSA(hashes.SHA256()),
        )
        assert json.loads(bytes_of(said.split(".")[1]))["aud"] == "https://push.example"
        assert key == push.public_key()

    def test_a_browser_that_took_its_subscription_back_is_forgotten(
        self, browser: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        gone: list[str] = []
        monkeypatch.setattr(outside, "post", lambda *_: outside.Answer(410, {}, b""))
        monkeypatch.setattr(push.subscriptions, "remove", lambda account_id, one: gone.append(one))
        with pytest.raises(Refused):
            push.deliver(MESSAGE, ADA, (), "01letter", NOW)
        assert gone == ["b" * 26]


def hkdf(key: bytes, info: bytes, length: int) -> bytes:
    return hmac.digest(key, info + b"\x01", "sha256")[:length]


def letters(said: bytes) -> str:
    return urlsafe_b64encode(said).decode().rstrip("=")


def bytes_of(said: str) -> bytes:
    return urlsafe_b64decode(said + "=" * (-len(said) % 4))
