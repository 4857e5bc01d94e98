"""The child: reads the book on its standard input, answers on its standard output (`answer`), and ends.

python -m chalicelib.catalogue.intake.worker '{"memory_bytes": …}' < book > answer
"""

import resource
import sys
from contextlib import suppress
from typing import BinaryIO

import msgspec

from chalicelib.catalogue.intake.answer import Answer, Refusal
from chalicelib.catalogue.intake.model import Limits, Refused

TOO_MUCH_MEMORY = "This file needs more memory to read than the library gives to a book."
UNREADABLE = "This file is damaged in a way that cannot be read."


def main() -> None:
    limits = msgspec.json.decode(sys.argv[1], type=Limits)
    confine(limits)
    with open(0, "rb") as source, open(1, "wb") as answers:
        respond(source, answers, limits)


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


def respond(source: BinaryIO, answers: BinaryIO, limits: Limits) -> None:
    try:
        # Imported behind the limits: whatever a parser allocates, it allocates within them.
        from chalicelib.catalogue.intake.kinds import open_book

        book = open_book(source, limits)
        answer = Answer(reading=book.reading())
    except Refused as refused:
        answer, book = Answer(refusal=Refusal(refused.code, refused.reason, refused.cause)), None
    except MemoryError:
        answer, book = Answer(refusal=Refusal("too_large", TOO_MUCH_MEMORY)), None
    except Exception as error:  # whatever a file sets off costs that file only
        answer, book = Answer(refusal=Refusal("broken", UNREADABLE, _where(error))), None
    answers.write(msgspec.json.encode(answer) + b"\n")
    answers.flush()
    if book is not None:
        # The book is in; a picture that cannot be drawn is no reason to turn it away.
        with suppress(Exception):
            answers.write(book.cover() or b"")


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


if __name__ == "__main__":
    main()
