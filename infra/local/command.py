"""The administrator's command line: `./carrel`, on the library that runs on this machine."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from infra.local import keys
from infra.local.processes import Trouble

JOBS = {"expire-loans": "expire_loans"}
"""The jobs by the names people use, and the functions of `app.py` that do them."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what `arguments` say; the exit status."""
    asked = _parser().parse_args(arguments)
    try:
        _enter_library()
        print(asked.run(asked))
    except Trouble as trouble:
        print(trouble, file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="./carrel",
        description="Works on the library that runs on this machine, found by CARREL_DATA (.local).",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    jobs = commands.add_parser("jobs", help="run a job now, or as of another time").add_subparsers(required=True)
    run = jobs.add_parser("run", help=f"run a job: {', '.join(JOBS)}")
    run.add_argument("name", choices=JOBS)
    run.add_argument("--at", type=_time, default=None, metavar="TIME", help="as of this time, as 2030-01-01T00:00:00Z")
    run.set_defaults(run=_run_job)
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


def _reset_password(asked: argparse.Namespace) -> str:
    import app

    password = keys.password()
    app.setup({"reset_password": password}, None)
    return f"The librarian's new password: {password}"


if __name__ == "__main__":
    sys.exit(main())
