"""The documents say what is so."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
MAKEFILE = (ROOT / "Makefile").read_text()


def test_every_command_of_the_readme_exists() -> None:
    named = set(re.findall(r"make ([a-z]+)", README))
    made = set(re.findall(r"^([a-z]+):", MAKEFILE, re.MULTILINE))
    assert named <= made
    assert {"run", "test", "check", "rehearse", "deploy", "help"} <= named


def test_the_settings_table_names_what_the_launcher_reads_and_nothing_else() -> None:
    table = set(re.findall(r"^\| `([A-Z_]+)` \|", README, re.MULTILINE))
    read = set(re.findall(r'(?:given\(|environment\.get\()"([A-Z_]+)"', (ROOT / "infra/local/settings.py").read_text()))
    assert table == read


@pytest.mark.parametrize("document", ["README.md", "docs/decisions/README.md", "docs/deploy.md"])
def test_every_link_leads_somewhere(document: str) -> None:
    path = ROOT / document
    for target in re.findall(r"\]\(([^)#]+)", path.read_text()):
        if not target.startswith("http"):
            assert (path.parent / target).exists(), target


def test_every_decision_is_listed() -> None:
    listed = (ROOT / "docs/decisions/README.md").read_text()
    for path in (ROOT / "docs/decisions").glob("0*.md"):
        assert path.name in listed


def test_every_folder_of_the_readme_exists() -> None:
    for name in re.findall(r"^ {6}(\w+)/ ", README, re.MULTILINE):
        assert (ROOT / "chalicelib" / name).is_dir(), name


def test_nothing_names_this_machine_or_a_registry() -> None:
    lock = (ROOT / "frontend" / "package-lock.json").read_text()
    assert '"resolved": "http' not in lock
