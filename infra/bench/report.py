"""The figures of the bench as tables, put into docs/bench.md between its two marks."""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from infra.bench.traffic import Traffic
from infra.local.processes import ROOT

PAGE = ROOT / "docs" / "bench.md"
BEGIN, END = "<!-- figures: make bench writes them -->", "<!-- end of the figures -->"


@dataclass(frozen=True, slots=True)
class Figures:
    """What was measured of a library of `size` books: how it was filled, what each kind of request cost (the members of
    `measure.Cost`), and the traffic it answered."""

    size: int
    loaded: Mapping[str, Any]
    costs: Mapping[str, Mapping[str, Any]]
    traffic: Mapping[str, Sequence[Traffic]]


def put(figures: Sequence[Figures], imports: Sequence[str], command: str, now: datetime) -> None:
    """Write the page's tables anew."""
    text = PAGE.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    told = "\n".join(tables(figures, imports, command, now))
    PAGE.write_text(f"{before}{BEGIN}\n\n{told}\n\n{END}{after}", encoding="utf-8")


def tables(figures: Sequence[Figures], imports: Sequence[str], command: str, now: datetime) -> list[str]:
    """The lines of all tables."""
    return [
        f"`{command}`, {now:%Y-%m-%d}: {_machine()}.",
        "",
        *_costs(figures),
        "",
        *_ratios(figures),
        *_traffic(figures),
        "",
        *imports,
        "",
        *_loading(figures),
    ]


def _costs(figures: Sequence[Figures]) -> list[str]:
    return [
        "| books | request | CPU µs | cached | round trips | read units | bytes | found |",
        "|---|---|---|---|---|---|---|---|",
        *(
            f"| {_number(each.size)} | {kind} | {_number(cost['cpu'])} | {_number(cost['cpu_cached'])} "
            f"| {cost['round_trips']} | {cost['capacity']:.1f} | {_number(cost['bytes'])} | {_share(cost['found'])} |"
            for each in figures
            for kind, cost in each.costs.items()
        ),
    ]


def _ratios(figures: Sequence[Figures]) -> list[str]:
    """How the largest library compares with the smallest, where there are two."""
    if len(figures) == 1:
        return []
    least, most = figures[0], figures[-1]
    return [
        f"| {_number(most.size)} books to {_number(least.size)} | CPU | cached | read units |",
        "|---|---|---|---|",
        *(
            f"| {kind} | {_ratio(most, least, kind, 'cpu')} | {_ratio(most, least, kind, 'cpu_cached')} "
            f"| {_ratio(most, least, kind, 'capacity')} |"
            for kind in most.costs
        ),
        "",
    ]


def _ratio(most: Figures, least: Figures, kind: str, what: str) -> str:
    return f"{most.costs[kind][what] / least.costs[kind][what]:.2f}" if least.costs[kind][what] else "—"


def _traffic(figures: Sequence[Figures]) -> list[str]:
    return [
        "| books | through the gateway | connections | requests/s | p50 ms | p99 ms |",
        "|---|---|---|---|---|---|",
        *(
            f"| {_number(each.size)} | {kind} | {one.connections} "
            f"| {_number(one.rate)} | {one.p50:.1f} | {one.p99:.1f} |"
            for each in figures
            for kind, several in each.traffic.items()
            for one in several
        ),
    ]


def _loading(figures: Sequence[Figures]) -> list[str]:
    return [
        "| books | items written | in s | index made in s |",
        "|---|---|---|---|",
        *(
            f"| {_number(each.size)} | {_number(each.loaded['items'])} | {each.loaded['seconds']:.0f} "
            f"| {each.loaded['indexing']:.0f} |"
            for each in figures
        ),
    ]


def _machine() -> str:
    info = Path("/proc/cpuinfo")
    named = re.search(r"model name\s*: (.+)", info.read_text()) if info.exists() else None
    processor = " ".join(named[1].split()) if named else platform.machine()
    return f"{processor}, {os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}"


def _number(value: float) -> str:
    return f"{value:,.0f}"


def _share(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"
