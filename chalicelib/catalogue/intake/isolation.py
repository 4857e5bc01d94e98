"""The wall between the library and a file: a child process that may use little, knows nothing and can be
lost.

A plain subprocess with pipes, because AWS Lambda has no /dev/shm and so no multiprocessing queues or pools.
"""

import logging
import os
import signal
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path
from stat import S_ISREG
from typing import BinaryIO

import msgspec

from chalicelib.catalogue.intake.answer import LARGEST_COVER, LONGEST_LINE, Answer
from chalicelib.catalogue.intake.model import Limits, Reading, Refused

log = logging.getLogger(__name__)

WORKER = "chalicelib.catalogue.intake.worker"
ROOT = Path(__file__).resolve().parents[3]

TOO_SLOW = "Reading this file took too long, so it was left alone."
CRASHED = "This file is damaged in a way that cannot be read."


def read_book(path: Path, limits: Limits | None = None) -> Reading:
    """Read an EPUB or a PDF from a local file, in at most `limits.wall_seconds` whatever the file holds.

    The file's name plays no part; its type is found from its bytes. Raises `Refused` for every file that
    cannot be taken, and OSError if there is no file at `path`.
    """
    limits = limits or Limits()
    with path.open("rb") as file:
        _check_size(file, limits)
        output, exit_code, timed_out = _run(file, limits)
    line, _, cover = output.partition(b"\n")
    answer = _decode(line) if len(line) <= LONGEST_LINE else None
    if answer is not None and answer.refusal is not None:
        refusal = answer.refusal
        if refusal.cause:
            log.warning("intake could not read a file: %s", refusal.cause)
        raise Refused(refusal.code, refusal.reason, refusal.cause)
    if answer is None or answer.reading is None:
        cause = f"child ended with {exit_code}{' after its time was up' if timed_out else ''}"
        log.warning("intake lost a child: %s", cause)
        # SIGXCPU: the limit on processor time struck before the clock on the wall did.
        slow = timed_out or exit_code == -signal.SIGXCPU
        raise Refused("too_large", TOO_SLOW, cause) if slow else Refused("broken", CRASHED, cause)
    whole = exit_code == 0 and 0 < len(cover) <= LARGEST_COVER
    return replace(answer.reading, cover=cover if whole else None)


def _check_size(file: BinaryIO, limits: Limits) -> None:
    status = os.fstat(file.fileno())
    if not S_ISREG(status.st_mode):
        raise Refused("not_a_book", "This is not a file.")
    if status.st_size == 0:
        raise Refused("not_a_book", "This file is empty.")
    if status.st_size > limits.file_bytes:
        mebibytes = limits.file_bytes // (1024 * 1024)
        raise Refused("too_large", f"This file is larger than {mebibytes} MB, the most that the library takes.")


def _run(file: BinaryIO, limits: Limits) -> tuple[bytes, int, bool]:
    """The child's bounded output, its exit code, and whether it had to be killed for its time."""
    command = [sys.executable, "-P", "-s", "-B", "-m", WORKER, msgspec.json.encode(limits).decode()]
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
            # One byte more than any honest answer: a child that has been taken over cannot fill this process.
            output = child.stdout.read(LONGEST_LINE + LARGEST_COVER + 1)
            child.stdout.close()
            exit_code = child.wait()
        finally:
            timer.cancel()
            child.kill()
    return output, exit_code, late.is_set()


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


def _decode(line: bytes) -> Answer | None:
    try:
        return msgspec.json.decode(line, type=Answer)
    except msgspec.DecodeError:
        return None
