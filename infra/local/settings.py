"""What the environment asks of a library on this machine, read once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from infra.local.processes import Trouble


@dataclass(frozen=True, slots=True)
class Settings:
    """Where the library answers, what it keeps where, and which parts come from elsewhere."""

    host: str
    port: int
    public_url: str
    data: Path
    demo: bool
    librarian_email: str
    librarian_password: str | None
    mail_from: str
    smtp_url: str | None
    google_chat_webhook: str | None
    aws_endpoint_url: str | None
    redis_url: str | None


def read(environment: Mapping[str, str]) -> Settings:
    """Settings from `environment`.

    Raises Trouble, which names the variable that is wrong.
    """

    def given(name: str) -> str | None:
        return environment.get(name, "").strip() or None

    host = given("HOST") or "127.0.0.1"
    port = given("PORT") or "8000"
    if not port.isdigit() or not 1 <= int(port) <= 65535:
        raise Trouble(f"PORT must be a number from 1 to 65535, and is {port!r}.")
    demo = given("CARREL_DEMO") or "1"
    if demo not in ("0", "1"):
        raise Trouble(f"CARREL_DEMO must be 0 or 1, and is {demo!r}.")
    email = given("LIBRARIAN_EMAIL") or "librarian@carrel.example"
    if "@" not in email.strip("@"):
        raise Trouble(f"LIBRARIAN_EMAIL must be an e-mail address, and is {email!r}.")
    password = environment.get("LIBRARIAN_PASSWORD") or None
    if password is not None and len(password) < 8:
        raise Trouble("LIBRARIAN_PASSWORD must have at least 8 characters.")
    return Settings(
        host=host,
        port=int(port),
        public_url=(_url("PUBLIC_URL", given("PUBLIC_URL")) or f"http://{_reachable(host)}:{port}").rstrip("/"),
        data=Path(given("CARREL_DATA") or ".local").expanduser().absolute(),
        demo=demo == "1",
        librarian_email=email,
        librarian_password=password,
        mail_from=given("MAIL_FROM") or "library@carrel.example",
        smtp_url=_url("SMTP_URL", given("SMTP_URL"), ("smtp", "smtps")),
        google_chat_webhook=_url("GOOGLE_CHAT_WEBHOOK", given("GOOGLE_CHAT_WEBHOOK")),
        aws_endpoint_url=_url("AWS_ENDPOINT_URL", given("AWS_ENDPOINT_URL")),
        redis_url=_url("REDIS_URL", given("REDIS_URL"), ("redis", "rediss", "unix")),
    )


def _url(name: str, value: str | None, schemes: tuple[str, ...] = ("http", "https")) -> str | None:
    if value is not None and urlsplit(value).scheme not in schemes:
        raise Trouble(f"{name} must start with {' or '.join(f'{s}://' for s in schemes)}, and is {value!r}.")
    return value


def _reachable(host: str) -> str:
    """The name by which a browser on this machine reaches a server at `host`."""
    if host in ("0.0.0.0", "::", ""):
        return "127.0.0.1"
    return f"[{host}]" if ":" in host else host
