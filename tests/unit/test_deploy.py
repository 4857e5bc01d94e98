"""Deploying, with a cloud that only takes notes. `make rehearse` does it with one that answers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from infra import deploy


class Notes:
    """Stands for every client, and remembers what was put where."""

    def __init__(self) -> None:
        self.put: list[dict[str, Any]] = []

    def __call__(self, service: str) -> Notes:
        return self

    def put_object(self, **call: Any) -> None:
        self.put.append(call)


def test_the_page_goes_up_last_and_is_asked_for_each_time_while_its_parts_are_kept(tmp_path: Path) -> None:
    (tmp_path / "assets").mkdir()
    for name in ("index.html", "assets/z-1.js", "assets/a-1.css", "manifest.webmanifest"):
        (tmp_path / name).write_text(name)
    notes = Notes()
    assert deploy.publish(tmp_path, "bucket", notes) == 4
    kept = {call["Key"]: (call["ContentType"], call["CacheControl"]) for call in notes.put}
    assert notes.put[-1]["Key"] == "index.html"
    assert kept["index.html"] == ("text/html; charset=utf-8", "no-cache")
    assert kept["assets/z-1.js"] == ("text/javascript; charset=utf-8", deploy.FOREVER)
    assert kept["manifest.webmanifest"] == ("application/manifest+json", "no-cache")


def test_a_stage_is_a_short_word(capsys: Any) -> None:
    assert deploy.main(["Prod; rm"]) == 1
    assert "STAGE" in capsys.readouterr().err
    assert deploy.main([]) == 2
