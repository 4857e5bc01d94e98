"""The administrator's command line: `./carrel`, on the library that runs on this machine."""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from textwrap import indent
from typing import NoReturn

from infra.local import keys
from infra.local.processes import Trouble

STOPPED = 130
"""The status of what Ctrl-C ended."""

MOST_JOBS = 32

JOBS = {"expire-loans": "expire_loans", "reminders": "reminders", "monthly-report": "monthly_report"}
"""The jobs by the names people use, and the functions of `app.py` that do them."""


class Mistake(Trouble):
    """What is wrong with a call: one sentence. Nothing was done."""


class _Parser(argparse.ArgumentParser):
    """One that says a mistake in one line."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message}; --help says what there is\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what `arguments` say; the exit status."""
    asked = _parser().parse_args(arguments)
    try:
        _enter_library()
        done: str | int = asked.run(asked)
    except Trouble as trouble:
        print(trouble, file=sys.stderr)
        return 2 if isinstance(trouble, Mistake) else 1
    except KeyboardInterrupt:
        return STOPPED
    if isinstance(done, int):
        return done
    print(done)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="./carrel",
        description="Works on the library that runs on this machine, found by CARREL_DATA (.local).",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    jobs = commands.add_parser("jobs", help="run a job now, or as of another time").add_subparsers(required=True)
    run = jobs.add_parser("run", help=f"run a job: {', '.join(JOBS)}")
    run.add_argument("name", choices=JOBS)
    run.add_argument("--at", type=_time, default=None, metavar="TIME", help="as of this time, as 2030-01-01T00:00:00Z")
    run.add_argument("--dry-run", action="store_true", help="say what it would do, and do nothing")
    run.set_defaults(run=_run_job)
    importing = commands.add_parser(
        "import",
        help="bring in books: files, folders, calibre libraries, lists",
        description="Brings in EPUB and PDF files, folders of them, calibre libraries, and lists of books (CSV, JSON "
        "lines). Run again, it leaves out what the library has.",
    )
    importing.add_argument("paths", nargs="+", type=_path, metavar="PATH", help="a file, a folder or a list")
    importing.add_argument(
        "--section",
        action="append",
        default=[],
        metavar="NAME",
        help="put every book there; several are allowed",
    )
    importing.add_argument("--copies", type=int, metavar="N", help="lend at most so many at a time")
    importing.add_argument("--grant", choices=("librarian", "automatic"), help="who grants requests")
    cores = min(4, os.cpu_count() or 1)
    importing.add_argument("--jobs", type=_jobs, default=cores, metavar="N", help=f"read so many at once ({cores})")
    importing.add_argument("--dry-run", action="store_true", help="read everything, bring in nothing")
    importing.add_argument("--report", type=_path, metavar="FILE", help="write the report there")
    importing.set_defaults(run=_import)
    search = commands.add_parser("search", help="the index that is searched").add_subparsers(required=True)
    rebuild = search.add_parser("rebuild", help="make it anew, while the old one is searched")
    rebuild.set_defaults(run=_rebuild_index)
    librarian = commands.add_parser("librarian", help="the librarian's account").add_subparsers(required=True)
    reset = librarian.add_parser("reset-password", help="make up a new password, and end the librarian's sessions")
    reset.set_defaults(run=_reset_password)
    return parser


def _time(text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise argparse.ArgumentTypeError(f"{text!r} is no time; write one such as 2030-01-01T00:00:00Z") from None


def _path(text: str) -> Path:
    """A path as the person who typed it meant it: `./carrel` itself runs in the project's root."""
    return Path(os.environ.get("CARREL_FROM") or ".").absolute() / Path(text).expanduser()


def _jobs(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= MOST_JOBS:
        raise argparse.ArgumentTypeError(f"give a number from 1 to {MOST_JOBS}, not {text!r}")
    return int(text)


def _enter_library() -> None:
    """Take on the environment of the library that runs over CARREL_DATA.

    Raises Trouble where none does.
    """
    data = Path(os.environ.get("CARREL_DATA") or ".local")
    try:
        runtime = json.loads((data / "runtime.json").read_text())
        os.kill(runtime["pids"]["supervisor"], 0)
    except (OSError, ValueError, KeyError):
        raise Trouble(f"No library is open over {data}; start one with make run, or set CARREL_DATA.") from None
    os.environ.update(runtime["environment"])


def _run_job(asked: argparse.Namespace) -> str:
    import app

    at: datetime = asked.at or datetime.now(UTC)
    if asked.dry_run:
        return _rehearse(asked.name, at)
    # What EventBridge sends; the time in it is the time the job works as of.
    event = {
        "version": "0",
        "id": "carrel",
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": "",
        "time": at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "region": "",
        "resources": [],
        "detail": {},
    }
    done = getattr(app, JOBS[asked.name])(event, None)
    return f"{asked.name}, as of {event['time']}: {done}"


def _rehearse(name: str, at: datetime) -> str:
    """What a job would do as of a time."""
    from chalicelib.circulation.records import past_due
    from chalicelib.notices import jobs
    from chalicelib.reports import service as reports

    if name == "reminders":
        told = list(jobs.rehearse(at, datetime.now(UTC)))
        letters = [f"To {one.name} by {one.channel}: {one.subject}\n\n{indent(one.text, '    ')}" for one in told]
        return "\n".join([*letters, f"{name}, as of {at:%Y-%m-%dT%H:%M:%SZ}: {len(told)} would be sent"])
    if name == "monthly-report":
        month = reports.month_before(at)
        begins = "would be made" if reports.would_begin(month, datetime.now(UTC)) else "would not be made again"
        return f"{name}, as of {at:%Y-%m-%dT%H:%M:%SZ}: the reports of {month.name} {begins}"
    loans = [f"{loan.public_id}  due {loan.due_at:%Y-%m-%dT%H:%M:%SZ}" for loan in past_due(at)]
    return "\n".join([*loans, f"{name}, as of {at:%Y-%m-%dT%H:%M:%SZ}: {len(loans)} would be closed"])


def _import(asked: argparse.Namespace) -> int:
    # Imported here: what reads the library's settings does so when it is imported.
    from chalicelib.catalogue.schemas import BookAbout, NewSection
    from chalicelib.errors import Invalid
    from chalicelib.validation import validated
    from infra.importer import report, run
    from infra.importer.candidate import shown

    for path in asked.paths:
        if not os.path.exists(path):
            raise Mistake(f"There is nothing at {shown(path)}.")
        if not (path.is_file() or path.is_dir()):
            raise Mistake(f"{shown(path)} is neither a file nor a folder.")
    try:
        if asked.copies is not None:
            validated(BookAbout, {"copies": asked.copies})
        for name in asked.section:
            validated(NewSection, {"name": name})
    except Invalid as wrong:
        option = "--copies" if wrong.fields[0].field == "copies" else "--section"
        raise Mistake(f"{option}: {wrong.fields[0].message}") from None
    if asked.report and not report.may_go_to(asked.report):
        raise Mistake(f"--report: {shown(asked.report)} cannot be written, or is another file; name a new one.")
    wanted = run.Wanted(
        paths=tuple(asked.paths),
        sections=tuple(asked.section),
        copies=asked.copies,
        grant=asked.grant,
        jobs=asked.jobs,
        dry=asked.dry_run,
        report=asked.report,
    )
    return 0 if run.run(wanted, Path(os.environ["CARREL_DATA"])) else 1


def _rebuild_index(asked: argparse.Namespace) -> str:
    from chalicelib import wiring
    from chalicelib.catalogue.search import rebuild
    from chalicelib.catalogue.search.lease import Held, Lost

    def told() -> bool:
        if now := rebuild.progress():
            print(f"{now.books} books{f', of about {now.expected}' if now.expected else ''}", flush=True)
        return True

    rebuild.start(wiring.now())
    while rebuild.progress():
        try:
            rebuild.go_on(wiring.now, told)
        except (Held, Lost):  # the library itself is at it
            told()
            time.sleep(1)
    return "The new index is searched from now on."


def _reset_password(asked: argparse.Namespace) -> str:
    import app

    password = keys.password()
    app.setup({"reset_password": password}, None)
    return f"The librarian's new password: {password}"


if __name__ == "__main__":
    sys.exit(main())
