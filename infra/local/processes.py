"""Child processes that cannot outlive the library, and that stop when they are told to."""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Collection, Generator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
"""The checkout, in which every part runs."""

ASKING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""The signals by which somebody asks for the library to be closed."""

_PR_SET_PDEATHSIG = 1


class Trouble(Exception):
    """Why the library cannot start or go on: one sentence for the person who started it."""


@dataclass(frozen=True, slots=True)
class Log:
    """The file in which a person looks up what a part said, and the descriptor the part says it to."""

    path: Path
    output: int


@dataclass(frozen=True, slots=True)
class Part:
    """One running part of the library."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path

    def ended(self) -> str | None:
        """How it ended, in words that follow its name, if it did."""
        if (code := self.process.poll()) is None:
            return None
        return f"ended with status {code}" if code >= 0 else f"ended by {signal.Signals(-code).name}"

    def stop(self, patience: float) -> None:
        """Ask it to stop, and after `patience` seconds insist."""
        if self.process.poll() is None:
            self.process.terminate()
        try:
            self.process.wait(patience)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def start(
    name: str,
    command: Sequence[str | Path],
    environment: Mapping[str, str],
    log: Log | Path,
    *,
    configuration: bytes | None = None,
    handed_on: Collection[int] = (),
) -> Part:
    """Start a part; it is killed when the thread that started it ends, however that comes about.

    What it says goes to `log`, or where that is a folder to a file there under its own name. `configuration` is given
    to its standard input: a command line can be read by everyone on the machine. `handed_on` are descriptors it keeps.
    """
    with ExitStack() as stack:
        if isinstance(log, Path):
            log.mkdir(parents=True, exist_ok=True)
            file = stack.enter_context(open(log / f"{name}.log", "ab"))
            log = Log(log / f"{name}.log", file.fileno())
        parent = os.getpid()
        process = subprocess.Popen(
            [str(word) for word in command],
            cwd=ROOT,
            env=dict(environment),
            stdin=subprocess.PIPE if configuration is not None else subprocess.DEVNULL,
            stdout=log.output,
            stderr=subprocess.STDOUT,
            pass_fds=tuple(handed_on),
            preexec_fn=lambda: _tie_to(parent),  # noqa: PLW1509 - nothing here runs threads while it starts parts
        )
    if configuration is not None and process.stdin is not None:
        with suppress(BrokenPipeError):  # it ended at once, and will be asked how
            process.stdin.write(configuration)
            process.stdin.close()
    return Part(name, process, log.path)


def wait_until(ready: Callable[[], bool], parts: Sequence[Part], what: str, seconds: float = 60) -> None:
    """Return once `ready` says so.

    Raises Trouble if one of `parts` dies first, or the time is over.
    """
    end = time.monotonic() + seconds
    while not ready():
        for part in parts:
            if how := part.ended():
                raise Trouble(f"The {part.name} {how}; its log is {shown(part.log)}.")
        if time.monotonic() > end:
            raise Trouble(f"The {what} was not ready after {seconds:.0f} seconds; see {shown(parts[0].log)}.")
        time.sleep(0.02)


@contextmanager
def undisturbed() -> Generator[None]:
    """Within, whoever asks for the library to be closed waits: what is just being started is known at the end, and can
    be stopped."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ASKING)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def free_port() -> int:
    """A port of the loopback address that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def listens(host: str, port: int) -> bool:
    """Whether something accepts connections there."""
    try:
        with socket.create_connection((host, port), timeout=1):
            return True
    except OSError:
        return False


def shown(path: Path) -> str:
    """`path` as a person would type it from where they are."""
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def end_with_parent(number: signal.Signals = signal.SIGKILL) -> None:
    """Have the kernel signal this process when the thread that made it ends (Linux; elsewhere the group
    must do)."""
    if sys.platform == "linux":
        _libc.prctl(_PR_SET_PDEATHSIG, number)


def _tie_to(parent: int) -> None:
    # Ctrl-C reaches the whole group, and only the supervisor may answer it: the parts stop in its order.
    signal.pthread_sigmask(signal.SIG_SETMASK, {signal.SIGINT})
    end_with_parent()
    if os.getppid() != parent:  # it died before the line above
        os._exit(1)


_libc = ctypes.CDLL(None, use_errno=True)
