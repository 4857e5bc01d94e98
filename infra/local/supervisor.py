"""Starts the parts of the library in order, starts again those that end, and stops them in order."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import IO, Any

from infra.local import keys, processes, stamp
from infra.local.cache import EmbeddedCache
from infra.local.cloud import ACCESS_KEY, REGION, EmbeddedCloud
from infra.local.logs import Logs
from infra.local.processes import Trouble, shown
from infra.local.settings import Settings
from infra.local.watched import Back, Ended, GivenUp, Watched

STAGE = "local"

TOLD = (
    *("AWS_ACCESS_KEY_ID", "AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL", "AWS_REGION", "AWS_SECRET_ACCESS_KEY"),
    *("BUCKET", "CARREL_DATA", "CARREL_STAGE", "JWT_SECRET", "MAIL_FROM", "OBJECTS_URL"),
    *("PUBLIC_URL", "QUEUE_PREFIX", "REDIS_URL", "SEARCH_FOLDER", "TABLE_PREFIX"),
    *("GOOGLE_CHAT_WEBHOOK", "SMTP_URL"),
)
"""What of the parts' environment `runtime.json` repeats, so that `./carrel` can take part."""


class Asked(BaseException):
    """Ctrl-C or SIGTERM: somebody wants the library closed."""


def run(settings: Settings) -> None:
    """Keep the library open until somebody closes it.

    Raises Trouble if it cannot start, or if a part of it cannot be kept up; then nothing of it is left running.
    """
    with _until_asked(), _usable(settings.data), ExitStack() as stack:
        data = settings.data
        data.mkdir(parents=True, exist_ok=True, mode=0o700)
        stamp.check(data)
        stack.enter_context(_alone(data))
        _check_port(settings.host, settings.port)
        stamp.put(data)
        started = time.monotonic()
        library = _Library(settings, stack)
        library.open()
        _say(library.welcome(time.monotonic() - started))
        library.watch()


class _Library:
    """One library on this machine. `stack` stops what it starts, the last first."""

    def __init__(self, settings: Settings, stack: ExitStack) -> None:
        self._settings = settings
        self._stack = stack
        self._logs = Logs(settings.data / "logs", ("cloud", "cache", "prepare", "worker", "gateway"))
        self._watched: list[Watched] = []
        self._environment = self._settled()
        self._librarian = ""
        self._reader: str | None = None
        self._is_open = False

    def open(self) -> None:
        settings, environment = self._settings, self._environment
        self._begin(Watched("scribe", self._logs.start, lambda _: True))
        self._stack.callback(self._logs.close)
        if settings.aws_endpoint_url is None:
            cloud = EmbeddedCloud(settings.data / "cloud", self._logs.of("cloud"))
            self._begin(Watched("cloud", cloud.start, lambda _: cloud.answers(), patience=60))
            environment["AWS_ENDPOINT_URL"] = cloud.endpoint
            environment["AWS_SECRET_ACCESS_KEY"] = cloud.secret_key
            environment["CARREL_MAIL"] = str(cloud.mail)
        if settings.redis_url is None:
            cache = EmbeddedCache(self._logs.of("cache"))
            self._begin(Watched("cache", cache.start, lambda _: cache.answers()))
            environment["REDIS_URL"] = cache.url
        self._until(lambda: all(watched.is_ready for watched in self._watched))
        environment |= self._prepare(environment)
        # It opens no port; who has lived for a second has read the app and its triggers.
        self._begin(self._ours("worker", lambda seconds: seconds >= 1, patience=25))
        gateway = self._ours("gateway", lambda _: _answers(settings), patience=10)
        self._begin(gateway)
        self._until(lambda: gateway.is_ready)
        self._stack.callback((settings.data / "runtime.json").unlink, missing_ok=True)
        self._tell_others()
        self._is_open = True

    def watch(self) -> None:
        """Return never; raises Trouble when a part is given up."""
        while True:
            if self._look():
                with suppress(OSError):  # on a full disk the library still lends
                    self._tell_others()
            time.sleep(0.2)

    def welcome(self, seconds: float) -> str:
        """What the person who started it needs to know."""
        settings = self._settings
        reader = [f"  A patron, to try it   {self._reader}"] if self._reader else []
        return "\n".join(
            (
                "",
                f"  The library is open   {settings.public_url}   ({seconds:.1f} s)",
                f"  Librarian             {self._librarian}",
                *reader,
                f"  Mailbox               {settings.public_url}/_local/mail",
                f"  Kept in               {shown(settings.data)}   (Ctrl-C closes the library and keeps it)",
                "",
            )
        )

    def _settled(self) -> dict[str, str]:
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
            "GOOGLE_CHAT_WEBHOOK": settings.google_chat_webhook or "",
            "MAIL_FROM": settings.mail_from,
            "SMTP_URL": settings.smtp_url or "",
            "NO_PROXY": ",".join(filter(None, (os.environ.get("NO_PROXY"), "127.0.0.1", "localhost"))),
            # glibc keeps what a thread gave back: sixteen sign-ins at once, 19 MiB each to hash a password, would stay.
            "MALLOC_ARENA_MAX": "2",
            "MALLOC_MMAP_THRESHOLD_": str(1024**2),
            "OBJECTS_URL": "/_local/objects",
            "PORT": str(settings.port),
            "PUBLIC_URL": settings.public_url,
            "PYTHONUNBUFFERED": "1",
            "REDIS_URL": settings.redis_url or "",
            "SEARCH_FOLDER": str(settings.data / "search"),
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
        command = [sys.executable, "-m", "infra.local.prepare", result]
        with processes.undisturbed():
            preparing = processes.start(
                "prepare", command, environment, self._logs.of("prepare"), configuration=json.dumps(event).encode()
            )
            self._stack.callback(preparing.stop, 1)
        self._until(lambda: preparing.ended() is not None)
        if preparing.process.returncode != 0 or not result.exists():
            raise self._trouble("prepare", preparing.process.pid, "The library could not be made ready")
        prepared: dict[str, Any] = json.loads(result.read_text())
        result.unlink()
        created: bool = prepared["created"]
        if made_up and not created:
            kept.unlink()
        self._librarian = (
            f"{settings.librarian_email}   {_about_password(password if created and made_up else None, kept)}"
        )
        self._reader = prepared["demo_reader"]
        return {"QUEUE_PREFIX": prepared["queue_prefix"]}

    def _ours(self, name: str, ready: Callable[[float], bool], patience: float) -> Watched:
        command = [sys.executable, "-m", f"infra.local.{name}"]
        return Watched(
            name,
            lambda: processes.start(name, command, self._environment, self._logs.of(name)),
            ready,
            patience,
        )

    def _begin(self, watched: Watched) -> None:
        self._stack.callback(watched.stop)
        self._watched.append(watched)
        watched.begin(time.monotonic())

    def _until(self, done: Callable[[], bool]) -> None:
        while not done():
            self._look()
            time.sleep(0.02)

    def _look(self) -> bool:
        """Look after every part, and say what happened; whether one is back."""
        back = False
        for watched in self._watched:
            try:
                event = watched.look(time.monotonic())
            except GivenUp as given_up:
                sentence = f"The {watched.name} {given_up.how}"
                raise self._trouble(watched.name, given_up.process, sentence) from None
            if event is None:
                continue
            match event:
                case Ended(process, how) if not self._is_open:
                    raise self._trouble(watched.name, process, f"The {watched.name} {how}")
                case Ended(process, how, pause):
                    sentence = f"The {watched.name} {how}; it is started again in {pause:g} s."
                case Back(process, seconds):
                    sentence = f"The {watched.name} is back, after {seconds:.1f} s."
                    back = True
            self._logs.note(f"{sentence} (process {process})")
            _say(f"  {time.strftime('%H:%M:%S')}  {sentence}")
        return back

    def _trouble(self, name: str, process: int | None, sentence: str) -> Trouble:
        """`sentence` with why, as far as the part called `name` said, and where there is more."""
        note = f"{sentence}; the library closes. (process {process})"
        self._logs.note(note)
        why = self._logs.last_words(name, note)
        return Trouble(f"{sentence}{f': {why}' if why else '.'} (more in {shown(self._logs.path)})")

    def _tell_others(self) -> None:
        """Write where everything is, for `./carrel`, while the library is open."""
        environment = self._environment
        runtime = {
            "port": self._settings.port,
            "endpoint": environment["AWS_ENDPOINT_URL"],
            "redis_url": environment["REDIS_URL"],
            "pids": {"supervisor": os.getpid(), **{watched.name: watched.process for watched in self._watched}},
            "environment": {name: environment[name] for name in TOLD if name in environment},
        }
        keys.write(self._settings.data / "runtime.json", json.dumps(runtime, indent=2))


def _about_password(made_up: str | None, kept: Path) -> str:
    if made_up is not None:
        return f"{made_up}   (shown this once, and kept in {shown(kept)})"
    return f"(password kept in {shown(kept)})" if kept.exists() else "(with the password given at the first start)"


@contextmanager
def _until_asked() -> Generator[None]:
    """Within, Ctrl-C and SIGTERM raise Asked once, and end the block quietly; while it stops, more of them
    do nothing."""

    def ask(_signal: int, _frame: FrameType | None) -> None:
        for number in processes.ASKING:
            signal.signal(number, signal.SIG_IGN)
        raise Asked

    for number in processes.ASKING:
        if not (number == signal.SIGHUP and signal.getsignal(number) == signal.SIG_IGN):  # nohup
            signal.signal(number, ask)
    try:
        yield
    except Asked:
        _say("  The library is closed.")


def _say(text: str) -> None:
    """Tell the terminal, if somebody listens there."""
    try:
        print(text, flush=True)
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@contextmanager
def _usable(data: Path) -> Generator[None]:
    """Within, what the file system refuses is Trouble."""
    try:
        yield
    except OSError as error:
        raise Trouble(
            f"CARREL_DATA is {shown(data)}, and {error.filename or 'it'} cannot be used: {error.strerror}."
        ) from error


@contextmanager
def _alone(data: Path) -> Generator[None]:
    """Hold the data folder; the kernel lets go of it however this process ends."""
    file: IO[str]
    with open(data / "lock", "w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
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
