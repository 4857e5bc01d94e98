"""Starts the parts of the library in order, watches them, and stops them in order."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import signal
import socket
import sys
import time
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import FrameType
from typing import IO, Any

from infra.local import keys, processes
from infra.local.cache import EmbeddedCache
from infra.local.cloud import ACCESS_KEY, REGION, EmbeddedCloud
from infra.local.processes import Part, Trouble, shown
from infra.local.settings import Settings

STAGE = "local"

TOLD = (
    *("AWS_ACCESS_KEY_ID", "AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL", "AWS_REGION", "AWS_SECRET_ACCESS_KEY"),
    *("BUCKET", "CARREL_DATA", "CARREL_STAGE", "INTAKE_QUEUE_URL", "JWT_SECRET", "MAIL_FROM", "OBJECTS_URL"),
    *("PUBLIC_URL", "REDIS_URL", "TABLE_PREFIX"),
)
"""What of the parts' environment `runtime.json` repeats, so that `./carrel` can take part."""


class Asked(BaseException):
    """Ctrl-C or SIGTERM: somebody wants the library closed."""


def run(settings: Settings) -> None:
    """Keep the library open until somebody closes it.

    Raises Trouble if it cannot start, or if a part of it dies; then nothing of it is left running.
    """
    with _until_asked(), ExitStack() as stack:
        data = settings.data
        _make_folder(data)
        stack.enter_context(_alone(data))
        _check_port(settings.host, settings.port)
        started = time.monotonic()
        library = _Library(settings, stack)
        library.open()
        print(library.welcome(time.monotonic() - started), flush=True)
        library.watch()


class _Library:
    """One library on this machine. `stack` stops what it starts, the last first."""

    def __init__(self, settings: Settings, stack: ExitStack) -> None:
        self._settings = settings
        self._stack = stack
        self._logs = settings.data / "logs"
        self._parts: list[Part] = []
        self._librarian = ""

    def open(self) -> None:
        settings = self._settings
        environment = self._environment()
        cloud = cache = None
        if settings.aws_endpoint_url is None:
            cloud = EmbeddedCloud(settings.data / "cloud", self._logs)
            self._keep(cloud.start(), patience=60)
            environment["AWS_ENDPOINT_URL"] = cloud.endpoint
            environment["AWS_SECRET_ACCESS_KEY"] = cloud.secret_key
            environment["CARREL_MAIL"] = str(cloud.mail)
        if settings.redis_url is None:
            cache = EmbeddedCache(self._logs)
            self._keep(cache.start(), patience=5)
            environment["REDIS_URL"] = cache.url
        for embedded in filter(None, (cloud, cache)):
            embedded.wait()
        environment |= self._prepare(environment)
        worker = self._start("worker", environment)
        gateway = self._start("gateway", environment)
        self._keep(worker, patience=25)
        self._keep(gateway, patience=10)
        processes.wait_until(lambda: _answers(settings), [gateway, worker], "gateway", seconds=30)
        self._tell_others(environment)

    def watch(self) -> None:
        """Return never; raises Trouble when a part dies."""
        while True:
            for part in self._parts:
                if sentence := part.died():
                    raise Trouble(sentence)
            time.sleep(0.25)

    def welcome(self, seconds: float) -> str:
        """What the person who started it needs to know."""
        settings = self._settings
        return "\n".join(
            (
                "",
                f"  The library is open   {settings.public_url}   ({seconds:.1f} s)",
                f"  Librarian             {self._librarian}",
                f"  Mailbox               {settings.public_url}/_local/mail",
                f"  Kept in               {shown(settings.data)}   (Ctrl-C closes the library and keeps it)",
                "",
            )
        )

    def _environment(self) -> dict[str, str]:
        """What the app's settings are read from, the same for every part."""
        settings = self._settings
        inherited = {
            name: value for name, value in os.environ.items() if name not in ("AWS_PROFILE", "AWS_SESSION_TOKEN")
        }
        credentials = {"AWS_ACCESS_KEY_ID": ACCESS_KEY, "AWS_SECRET_ACCESS_KEY": "local"}
        if settings.aws_endpoint_url is not None:  # somebody else's cloud may want credentials of its own
            credentials |= {name: os.environ[name] for name in credentials if name in os.environ}
        return {
            **inherited,
            **credentials,
            "AWS_ENDPOINT_URL": settings.aws_endpoint_url or "",
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
            "BUCKET": f"carrel-{STAGE}-objects",
            "CARREL_DATA": str(settings.data),
            "CARREL_MAIL": str(settings.data / "cloud" / "mail"),
            "CARREL_STAGE": STAGE,
            "HOST": settings.host,
            "JWT_SECRET": keys.token_key(settings.data),
            "MAIL_FROM": settings.mail_from,
            "NO_PROXY": ",".join(filter(None, (os.environ.get("NO_PROXY"), "127.0.0.1", "localhost"))),
            # glibc keeps what a thread gave back: sixteen sign-ins at once, 19 MiB each to hash a password, would stay.
            "MALLOC_ARENA_MAX": "2",
            "MALLOC_MMAP_THRESHOLD_": str(1024**2),
            "OBJECTS_URL": "/_local/objects",
            "PORT": str(settings.port),
            "PUBLIC_URL": settings.public_url,
            "PYTHONUNBUFFERED": "1",
            "REDIS_URL": settings.redis_url or "",
            "TABLE_PREFIX": f"carrel-{STAGE}-",
        }

    def _prepare(self, environment: dict[str, str]) -> dict[str, str]:
        """Make tables, queues, bucket and librarian where they are missing; what the parts must know of
        them."""
        settings, kept = self._settings, self._settings.data / "librarian-password"
        password = settings.librarian_password or (kept.read_text().strip() if kept.exists() else None)
        made_up = password is None
        if password is None:
            # Written before it is used: a start cut short between the two must not lock the librarian out.
            password = keys.password()
            keys.write(kept, password + "\n")
        result = settings.data / ".prepared"
        result.unlink(missing_ok=True)
        event = {"librarian": {"email": settings.librarian_email, "password": password}, "demo": settings.demo}
        preparing = processes.start(
            "prepare",
            [sys.executable, "-m", "infra.local.prepare", result],
            environment,
            self._logs,
            configuration=json.dumps(event).encode(),
        )
        self._stack.callback(preparing.stop, 1)
        if preparing.process.wait() != 0 or not result.exists():
            raise Trouble(f"The library could not be made ready: {_last_line(preparing.log)}")
        prepared: dict[str, Any] = json.loads(result.read_text())
        result.unlink()
        created: bool = prepared["created"]
        if made_up and not created:
            kept.unlink()
        self._librarian = (
            f"{settings.librarian_email}   {_about_password(password if created and made_up else None, kept)}"
        )
        queue: str | None = prepared["intake_queue_url"]
        return {"INTAKE_QUEUE_URL": queue} if queue else {}

    def _start(self, name: str, environment: dict[str, str]) -> Part:
        return processes.start(name, [sys.executable, "-m", f"infra.local.{name}"], environment, self._logs)

    def _keep(self, part: Part, patience: float) -> None:
        self._parts.append(part)
        self._stack.callback(part.stop, patience)

    def _tell_others(self, environment: dict[str, str]) -> None:
        """Write where everything is, for `./carrel`, while the library is open."""
        path = self._settings.data / "runtime.json"
        parts = {part.name: part.process.pid for part in self._parts}
        runtime = {
            "port": self._settings.port,
            "endpoint": environment["AWS_ENDPOINT_URL"],
            "redis_url": environment["REDIS_URL"],
            "pids": {"supervisor": os.getpid(), **parts},
            "environment": {name: environment[name] for name in TOLD if name in environment},
        }
        self._stack.callback(path.unlink, missing_ok=True)
        keys.write(path, json.dumps(runtime, indent=2))


def _about_password(made_up: str | None, kept: Path) -> str:
    if made_up is not None:
        return f"{made_up}   (shown this once, and kept in {shown(kept)})"
    return f"(password kept in {shown(kept)})" if kept.exists() else "(with the password given at the first start)"


@contextmanager
def _until_asked() -> Generator[None]:
    """Within, Ctrl-C and SIGTERM raise Asked once, and end the block quietly; while it stops, more of them
    do nothing."""

    def ask(_signal: int, _frame: FrameType | None) -> None:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        raise Asked

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, ask)
    try:
        yield
    except Asked:
        print("  The library is closed.", flush=True)


def _make_folder(data: Path) -> None:
    try:
        data.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise Trouble(f"CARREL_DATA cannot be {data}: {error.strerror}.") from error


@contextmanager
def _alone(data: Path) -> Generator[None]:
    """Hold the data folder; the kernel lets go of it however this process ends."""
    file: IO[str]
    with open(data / "lock", "w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise Trouble(f"Another library is open on {shown(data)}; set CARREL_DATA to another folder.") from None
        yield


def _check_port(host: str, port: int) -> None:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except socket.gaierror:
        raise Trouble(f"HOST must be an address of this machine, and is {host!r}.") from None
    except PermissionError:
        raise Trouble(f"PORT {port} is for the system only; set PORT to one above 1023.") from None
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise Trouble(f"PORT {port} is in use; set PORT to another.") from None
        raise Trouble(f"HOST {host} cannot be listened on: {error.strerror}.") from None


def _answers(settings: Settings) -> bool:
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.host, settings.host)
    return processes.listens(host, settings.port)


def _last_line(log: Path) -> str:
    lines = log.read_text(errors="replace").strip().splitlines()
    return f"{lines[-1] if lines else 'it said nothing'} (more in {shown(log)})"
