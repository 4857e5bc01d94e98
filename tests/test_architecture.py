"""The house: who may import whom."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LIBRARY = ROOT / "chalicelib"

FEATURES = [
    *("policy", "accounts", "catalogue", "circulation", "reading", "reviews", "desk"),
    *("stats", "notices", "exports", "reports", "timetable", "opds", "audit"),
]
"""From the ground up: a feature calls those before it, never those after."""

OPEN = {"", "service", "lists", "schemas", "words"}
"""What a feature shows the others."""

KNOW_CHALICE = {"auth", "routing", *(f"{feature}.routes" for feature in FEATURES)}
COMMON = {path.stem for path in LIBRARY.glob("*.py")} - {"__init__"}
ENTRANCES = {"health", "openapi"}
"""Common modules that stand above the features, as `app` does."""


def modules() -> Iterator[tuple[str, Path]]:
    for path in sorted(LIBRARY.rglob("*.py")):
        name = ".".join(path.relative_to(LIBRARY).with_suffix("").parts).removesuffix(".__init__")
        if name != "__init__":
            yield name, path


def imports(path: Path) -> set[str]:
    """What a module imports, `chalicelib.` left off our own."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return {name.removeprefix("chalicelib.") for name in found}


MODULES = dict(modules())


def test_every_feature_has_its_place_in_the_order() -> None:
    folders = {path.name for path in LIBRARY.iterdir() if path.is_dir() and path.name != "__pycache__"}
    assert folders == set(FEATURES)


@pytest.mark.parametrize("name", MODULES)
def test_a_feature_calls_only_those_below_it_and_never_their_tables(name: str) -> None:
    feature, _, part = name.partition(".")
    for imported in imports(MODULES[name]):
        other, _, theirs = imported.partition(".")
        if other not in FEATURES:
            continue
        if feature in FEATURES and feature != other:
            assert FEATURES.index(other) < FEATURES.index(feature), f"{name} calls upwards to {imported}"
            assert theirs.split(".")[0] in OPEN, f"{name} goes around {other}.service: {imported}"
        elif feature in COMMON - ENTRANCES:
            pytest.fail(f"{name}, which all features share, imports {imported}")
        if part == "tables" and feature == other:
            assert theirs.split(".")[0] in {"schemas", "tables", ""}, f"{name} imports {imported}"


@pytest.mark.parametrize("name", MODULES)
def test_only_the_entrances_know_chalice(name: str) -> None:
    if any(imported.split(".")[0] == "chalice" for imported in imports(MODULES[name])):
        assert name in KNOW_CHALICE


def test_the_rules_of_lending_know_nothing_but_the_refusals() -> None:
    ours = {name for name in imports(MODULES["circulation.rules"]) if name.split(".")[0] in {*COMMON, *FEATURES}}
    assert ours <= {"errors", "errors.Rule"}
    assert "pynamodb" not in {name.split(".")[0] for name in imports(MODULES["circulation.rules"])}


@pytest.mark.parametrize("name", MODULES)
def test_services_take_the_time_and_never_read_a_clock(name: str) -> None:
    if name in {"wiring", "cache"} or name.startswith("catalogue.intake"):
        return
    text = MODULES[name].read_text()
    assert "datetime.now" not in text
    assert "utcnow" not in text
    assert "time.time(" not in text


@pytest.mark.parametrize("name", MODULES)
def test_only_the_settings_read_the_environment(name: str) -> None:
    if name != "settings" and not name.startswith("catalogue.intake"):
        assert "environ" not in MODULES[name].read_text().replace("environment", "")


@pytest.mark.parametrize("name", MODULES)
def test_nothing_scans_a_table(name: str) -> None:
    assert ".scan(" not in MODULES[name].read_text()


@pytest.mark.parametrize("name", sorted(MODULES.keys() - {"decoding", "validation", "catalogue.intake.worker"}))
def test_types_are_read_by_way_of_decoding_which_many_threads_may_use(name: str) -> None:
    text = MODULES[name].read_text()
    assert "msgspec.convert(" not in text
    assert not re.search(r"msgspec\.json\.decode\([^)]*type=", text)


def test_heavy_modules_are_not_imported_with_the_api() -> None:
    import os
    import subprocess
    import sys

    heavy = {
        "boto3",
        "redis",
        "argon2",
        "lxml",
        "PIL",
        "pypdfium2",
        "gcld3",
        "jinja2",
        "tantivy",
        "jwt",
        "cryptography",
    }
    heavy |= {"botocore.client", "botocore.config", "botocore.session", "urllib3"}
    code = f"import app, sys; print(*({heavy} & set(sys.modules)))"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    ran = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    assert ran.stdout.split() == []
