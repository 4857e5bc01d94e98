"""The child: reads the file on its standard input, answers on its standard output (`answer`), and ends.

python -m chalicelib.catalogue.intake.worker book '{"memory_bytes": …}' < book > answer
"""

import resource
import sys
from contextlib import suppress
from typing import BinaryIO

import msgspec

from chalicelib.catalogue.intake.answer import Cost, Refusal, tell
from chalicelib.catalogue.intake.model import Limits, Refused


def main() -> None:
    what, limits = sys.argv[1], msgspec.json.decode(sys.argv[2], type=Limits)
    confine(limits)
    with open(0, "rb") as source, open(1, "wb") as answers:
        respond(what, source, answers, limits)
        tell(answers, Cost(_peak_bytes()))


def confine(limits: Limits) -> None:
    """Give up, for good, what reading a book does not need: memory, time, writing files, core dumps, more
    processes.
    """
    # A second apart: the first limit ends the child with a signal of its own (SIGXCPU), the last looks like
    # any other kill.
    _lower(resource.RLIMIT_CPU, limits.cpu_seconds, grace=1)
    _lower(resource.RLIMIT_FSIZE, 0)
    _lower(resource.RLIMIT_CORE, 0)
    _lower(resource.RLIMIT_NPROC, 0)
    if sys.platform == "linux":  # elsewhere the kernel does not hold this limit, or refuses to set it
        _lower(resource.RLIMIT_AS, limits.memory_bytes)


def _lower(which: int, value: int, grace: int = 0) -> None:
    _, ceiling = resource.getrlimit(which)
    hard = value + grace if ceiling == resource.RLIM_INFINITY else min(value + grace, ceiling)
    resource.setrlimit(which, (min(value, hard), hard))


def respond(what: str, source: BinaryIO, answers: BinaryIO, limits: Limits) -> None:
    known = False
    try:
        # Imported behind the limits: whatever a parser allocates, it allocates within them.
        from chalicelib.catalogue.intake import kinds

        file = (kinds.open_picture if what == "picture" else kinds.open_book)(source, limits)
        for finding in file.findings():
            tell(answers, finding)
            known = True
    except Exception as error:
        # Once the book is in, a picture that cannot be drawn is no reason to turn it away.
        if not known:
            with suppress(MemoryError):
                tell(answers, _refusal(error))


def _refusal(error: Exception) -> Refusal:
    """Whatever a file sets off costs that file only."""
    if isinstance(error, Refused):
        return Refusal(error.code, error.cause)
    return Refusal("too_complex" if isinstance(error, MemoryError) else "broken", _where(error))


def _where(error: Exception) -> str:
    """The kind of error and the line of ours that it passed last. No message: that could quote the file
    into a log.
    """
    trace, place = error.__traceback__, ""
    while trace is not None:
        code = trace.tb_frame.f_code
        if "intake" in code.co_filename:
            place = f"{code.co_filename.rpartition('/')[2]}:{trace.tb_lineno}"
        trace = trace.tb_next
    return f"{type(error).__name__} at {place}"


def _peak_bytes() -> int:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


if __name__ == "__main__":
    main()
