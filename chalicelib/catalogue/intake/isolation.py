"""The wall between the library and a file: a child process that may use little, knows nothing and can be
lost.

A plain subprocess with pipes, because AWS Lambda has no /dev/shm and so no multiprocessing queues or pools.
"""

import logging
import os
import signal
import sys
import threading
from dataclasses import dataclass, replace
from pathlib import Path
from stat import S_ISREG
from typing import BinaryIO, Literal

import msgspec

from chalicelib.catalogue.intake.answer import Cost, Finding, Refusal, Text, listen
from chalicelib.catalogue.intake.model import Cover, Limits, Reading, Refused

log = logging.getLogger(__name__)

WORKER = "chalicelib.catalogue.intake.worker"
ROOT = Path(__file__).resolve().parents[3]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a child: what it told, how it ended, and whether it had to be ended for its time."""

    findings: tuple[Finding, ...]
    exit_code: int
    timed_out: bool

    def covers(self) -> tuple[Cover, ...]:
        return tuple(finding for finding in self.findings if isinstance(finding, Cover))

    def text(self) -> bytes | None:
        return next((finding.packed for finding in self.findings if isinstance(finding, Text)), None)

    def peak_bytes(self) -> int | None:
        """The most memory that the child held; None for one that was lost."""
        return next((finding.peak_bytes for finding in self.findings if isinstance(finding, Cost)), None)


def read_book(path: Path, limits: Limits | None = None) -> Reading:
    """Read an EPUB or a PDF from a local file, in at most `limits.wall_seconds` whatever the file holds.

    The file's name plays no part; its type is found from its bytes. Raises `Refused` for every file that
    cannot be taken, and OSError if there is no file at `path`.
    """
    return reading_of(examine("book", path, limits or Limits()))


def read_picture(path: Path, limits: Limits | None = None) -> tuple[Cover, ...]:
    """Read a JPEG, PNG, WebP or GIF from a local file, to be a cover in the sizes of `Reading.covers`.

    Within the same bounds and raising the same as `read_book`; the codes of a picture of its own are
    not_a_picture and picture_size.
    """
    outcome = examine("picture", path, limits or Limits())
    if covers := outcome.covers():
        return covers
    raise _refused(outcome)


def examine(what: Literal["book", "picture"], path: Path, limits: Limits) -> Outcome:
    """Have a child read the file. Raises `Refused` for what is not worth one: nothing, and too much."""
    with path.open("rb") as file:
        _check_size(file, limits)
        return _run(what, file, limits)


def reading_of(outcome: Outcome) -> Reading:
    """The last reading that was told, with its covers and text. Raises `Refused` where there is none."""
    readings = [finding for finding in outcome.findings if isinstance(finding, Reading)]
    if not readings:
        raise _refused(outcome)
    return replace(readings[-1], covers=outcome.covers(), text=outcome.text())


def _refused(outcome: Outcome) -> Refused:
    for finding in outcome.findings:
        if isinstance(finding, Refusal):
            if finding.cause:
                log.warning("intake could not read a file: %s, %s", finding.code, finding.cause)
            return Refused(finding.code, finding.cause)
    cause = f"child ended with {outcome.exit_code}{' after its time was up' if outcome.timed_out else ''}"
    log.warning("intake lost a child: %s", cause)
    # SIGXCPU: the limit on processor time struck before the clock on the wall did.
    slow = outcome.timed_out or outcome.exit_code == -signal.SIGXCPU
    return Refused("too_slow" if slow else "broken", cause)


def _check_size(file: BinaryIO, limits: Limits) -> None:
    status = os.fstat(file.fileno())
    if not S_ISREG(status.st_mode):
        raise Refused("not_a_book", "not a regular file")
    if status.st_size == 0:
        raise Refused("empty")
    if status.st_size > limits.file_bytes:
        raise Refused("too_large")


def _run(what: str, file: BinaryIO, limits: Limits) -> Outcome:
    import subprocess  # which the API, with which this module is imported, does not need

    command = [sys.executable, "-P", "-s", "-B", "-m", WORKER, what, msgspec.json.encode(limits).decode()]
    late = threading.Event()
    with subprocess.Popen(
        command,
        stdin=file,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=_environment(),
        cwd="/",
    ) as child:
        assert child.stdout is not None

        def stop() -> None:
            late.set()
            child.kill()

        timer = threading.Timer(limits.wall_seconds, stop)
        timer.start()
        try:
            findings = tuple(listen(child.stdout))
            child.stdout.close()
            exit_code = child.wait()
        finally:
            timer.cancel()
            child.kill()
    return Outcome(findings, exit_code, late.is_set())


def _environment() -> dict[str, str]:
    """Only what Python needs to start: no credentials, no addresses.

    The import path is handed over because on Lambda it is made up at run time (layers); LD_LIBRARY_PATH
    because Python's own library is found through it there.
    """
    path = [str(ROOT), *(os.path.abspath(entry) for entry in sys.path if entry)]
    environment = {"PYTHONPATH": os.pathsep.join(dict.fromkeys(path)), "LC_ALL": "C.UTF-8"}
    if libraries := os.environ.get("LD_LIBRARY_PATH"):
        environment["LD_LIBRARY_PATH"] = libraries
    return environment
