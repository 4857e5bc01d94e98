"""`python -m infra.bench load N --data DIR` and `python -m infra.bench run N…`: see docs/bench.md."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from infra.bench import client, imports, library, report, requests, traffic
from infra.bench.library import Open
from infra.bench.report import Figures
from infra.bench.traffic import Traffic
from infra.local.processes import ROOT, Trouble

SEED = 1
CONNECTIONS = (1, 8, 32)
SECONDS = 3.0
"""For each kind of traffic."""


def main() -> int:
    """Do what the command line says; the process's exit status."""
    parser = argparse.ArgumentParser(prog="python -m infra.bench")
    commands = parser.add_subparsers(required=True)
    loading = commands.add_parser("load", help="put a made-up catalogue into an empty library that nobody has open")
    loading.add_argument("size", type=int, metavar="N")
    loading.add_argument("--data", type=Path, required=True, metavar="DIR", help="what CARREL_DATA is for make run")
    loading.set_defaults(run=_load)
    running = commands.add_parser("run", help="measure libraries of these sizes, and write docs/bench.md")
    running.add_argument("sizes", type=int, nargs="+", metavar="N")
    running.set_defaults(run=_run)
    asked = parser.parse_args()
    try:
        asked.run(asked)
    except Trouble as trouble:
        print(trouble, file=sys.stderr)
        return 1
    return 0


def _load(asked: argparse.Namespace) -> None:
    with library.opened(asked.data.absolute()) as opened:
        done = _told(opened, "load", asked.size)
    print(
        f"{asked.size} books in {done['items']} items: {done['seconds']:.0f} s, and {done['indexing']:.0f} s to index."
    )
    print(f"Open it with: CARREL_DATA={asked.data} CARREL_DEMO=0 make run")


def _run(asked: argparse.Namespace) -> None:
    figures = [_measured(size) for size in sorted(set(asked.sizes))]
    _say("importing")
    told = [*imports.markdown(imports.measured()), "", *client.markdown(client.measured())]
    sizes = " ".join(str(each.size) for each in figures)
    report.put(figures, told, f'make bench SIZES="{sizes}"', datetime.now(UTC))
    print(f"The figures are in {report.PAGE.relative_to(ROOT)}.")


def _measured(size: int) -> Figures:
    with tempfile.TemporaryDirectory(prefix="carrel-bench-") as folder, library.opened(Path(folder)) as opened:
        _say(f"a library of {size} books: filling it")
        loaded = _told(opened, "load", size)
        _say("measuring what requests cost")
        costs = _told(opened, "measure", size)
        _say("visiting it")
        return Figures(size, loaded, costs, _visited(opened, size))


def _told(opened: Open, module: str, size: int) -> dict[str, Any]:
    """What a module says as JSON, run in the library's environment: the library's settings are read once a process."""
    command = [sys.executable, "-m", f"infra.bench.{module}", str(size), str(SEED)]
    ran = subprocess.run(
        command, cwd=ROOT, env={**os.environ, **opened.environment}, stdout=subprocess.PIPE, check=False
    )
    if ran.returncode:
        raise Trouble(f"infra.bench.{module} ended with {ran.returncode}.")
    return json.loads(ran.stdout)


def _visited(opened: Open, size: int) -> dict[str, list[Traffic]]:
    connection = HTTPConnection(opened.host, opened.port)
    connection.request("GET", "/api/books?limit=40")
    books = json.loads(connection.getresponse().read())["items"]
    connection.close()
    targets = {
        "list": ["/api/books"],
        "detail": [f"/api/books/{book['id']}" for book in books],
        "search": [request.target for request in requests.searches(size, SEED)["search: word"]],
    }
    return {
        kind: [traffic.send(opened.host, opened.port, paths, connections, SECONDS) for connections in CONNECTIONS]
        for kind, paths in targets.items()
    }


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
