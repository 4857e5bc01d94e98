"""What a cold start imports: the API function's code, beside all that the library ever imports.

    python -m infra.bench.imports

Each import is made in a new process, with .pyc files, and counted in CPU time. It finds only what requirements.txt
brings into a package: PyJWT, for one, imports all of cryptography where some tool of development brought it.
"""

from __future__ import annotations

import ast
import importlib.metadata
import json
import os
import re
import statistics
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass

from infra.local.processes import ROOT, Trouble

RUNS = 9

_TIMED = """
import json, sys, time
names, hidden = json.loads(sys.argv[1])
sys.modules.update(dict.fromkeys(hidden))
began = time.process_time()
for name in names:
    __import__(name)
print((time.process_time() - began) * 1000)
"""


@dataclass(frozen=True, slots=True)
class Costs:
    """CPU time in ms, the median of fresh processes: of `import app`, and of importing everything; and the modules that
    cost most with `app`, with what each takes by itself."""

    app: float
    everything: float
    dearest: list[tuple[str, float]]

    @property
    def ratio(self) -> float:
        return self.everything / self.app


def measured(runs: int = RUNS) -> Costs:
    """Raises Trouble where something cannot be imported of what requirements.txt brings."""
    hidden = sorted(_not_packaged())
    everything = sorted(_imported_anywhere() - set(hidden))
    _cpu(everything, hidden)  # which writes the .pyc files there are none of yet
    # One of each in turn, so that what else the machine does then meets both.
    pairs = [(_cpu(["app"], hidden), _cpu(everything, hidden)) for _ in range(runs)]
    return Costs(
        app=statistics.median(app for app, _ in pairs),
        everything=statistics.median(everything for _, everything in pairs),
        dearest=_dearest(hidden, 10),
    )


def markdown(costs: Costs) -> list[str]:
    """`costs` as the lines of a table, and a list of the dearest modules."""
    return [
        "| import, in a new process | CPU ms |",
        "|---|---|",
        f"| `app`, the API function's code | {costs.app:.0f} |",
        f"| everything, eagerly | {costs.everything:.0f} |",
        f"| ratio | {costs.ratio:.1f} |",
        "",
        "Dearest with `app`: " + ", ".join(f"`{name}` {ms:.1f} ms" for name, ms in costs.dearest) + ".",
    ]


def _imported_anywhere() -> set[str]:
    """Every module that an import anywhere in the library's code names, those inside functions too."""
    named = {"app"}
    for path in (ROOT / "chalicelib").rglob("*.py"):
        if path.stem == "__main__":
            continue
        named.add(".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"))
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                named |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                named.add(node.module)
    return named


def _not_packaged() -> set[str]:
    """The modules that are installed here and that no package of the library carries."""
    packaged = {"chalice", *_brought((ROOT / "requirements.txt").read_text().splitlines())}
    return {
        module
        for module, brought_by in importlib.metadata.packages_distributions().items()
        if not packaged & {_normal(name) for name in brought_by}
    }


def _brought(requirements: Iterable[str]) -> set[str]:
    """The distributions that `requirements` bring, and what these require in turn."""
    found: set[str] = set()
    waiting = list(requirements)
    while waiting:
        requirement = re.match(r"[A-Za-z0-9._-]+", waiting.pop())
        if requirement is None or (name := _normal(requirement[0])) in found:
            continue
        found.add(name)
        try:
            waiting += [line for line in importlib.metadata.requires(name) or [] if "extra ==" not in line]
        except importlib.metadata.PackageNotFoundError:
            continue  # for another system
    return found


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _cpu(names: list[str], hidden: list[str]) -> float:
    return float(_python("-c", _TIMED, json.dumps([names, hidden])).stdout)


def _dearest(hidden: list[str], count: int) -> list[tuple[str, float]]:
    told = _python("-X", "importtime", "-c", _TIMED, json.dumps([["app"], hidden])).stderr
    lines = re.findall(r"^import time:\s+(\d+) \|\s+\d+ \|\s+(\S+)$", told, re.MULTILINE)
    began = [name for _, name in lines].index("app")  # of what Python itself imports, no more is told after it
    own = [(name, int(microseconds) / 1000) for microseconds, name in lines[: began + 1]]
    return sorted(own, key=lambda module: -module[1])[:count]


def _python(*arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "CARREL_STAGE": "bench"}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    ran = subprocess.run(
        [sys.executable, *arguments], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    if ran.returncode:
        raise Trouble(f"It could not be imported:\n{ran.stderr}")
    return ran


if __name__ == "__main__":
    print("\n".join(markdown(measured())))
