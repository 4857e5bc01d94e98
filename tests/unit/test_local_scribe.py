"""The log of all parts: every line once, with its time and who said it, in files of a bounded size."""

from __future__ import annotations

import itertools
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from infra.local.processes import ROOT
from infra.local.scribe import BREATH, KEPT, MUCH, PAUSE, SIZE, Book, Table

LINE = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}[+-]\d{4} (.{10}) (.*)")


def said(text: str) -> list[tuple[str, str]]:
    """Who said what."""
    found = [LINE.fullmatch(line) for line in text.splitlines()]
    return [(match[1].rstrip(), match[2]) for match in found if match]


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "library.log"


@pytest.fixture
def table(log: Path) -> Table:
    return Table(["cloud", "worker", "gateway"], Book(log))


class TestBook:
    def test_a_full_file_is_set_aside_and_the_oldest_goes(self, log: Path) -> None:
        book = Book(log, size=100, kept=2)
        for n in range(20):
            book.write(f"line {n:02d} of thirty characters..\n".encode())
        files = [log.with_name("library.log.2"), log.with_name("library.log.1"), log]
        assert sorted(log.parent.iterdir()) == sorted(files)
        assert all(file.stat().st_size <= 100 for file in files)
        kept = "".join(file.read_text() for file in files).splitlines()
        assert [line[5:7] for line in kept] == [f"{n:02d}" for n in range(20 - len(kept), 20)]

    def test_what_goes_on_stays_in_one_file(self, log: Path) -> None:
        book = Book(log, size=100)
        book.write(b"Traceback\n" * 9)
        book.write(b"  File\n" * 9, going_on=True)
        assert log.read_bytes().count(b"\n") == 18
        book.write(b"next\n")
        assert log.read_bytes() == b"next\n"

    def test_what_somebody_tidied_away_is_made_again(self, log: Path) -> None:
        book = Book(log)
        book.write(b"one\n")
        log.unlink()
        log.parent.rmdir()
        book.write(b"two\n")
        assert log.read_bytes() == b"two\n"

    def test_lines_that_could_not_be_written_are_counted(self, log: Path) -> None:
        book = Book(log)
        log.mkdir()  # as good as a disk that takes nothing
        book.write(b"one\ntwo\n")
        book.write(b"three\n")
        log.rmdir()
        book.write(b"four\n")
        assert "3 lines could not be written" in log.read_text()
        assert log.read_text().endswith("\nfour\n")

    def test_nobody_but_the_owner_reads_it(self, log: Path) -> None:
        Book(log).write(b"one\n")
        assert log.stat().st_mode & 0o077 == 0


class TestTable:
    def test_who_speaks_alone_is_written_down_at_once(self, table: Table, log: Path) -> None:
        table.hear("cloud", b"one\n", 0)
        assert said(log.read_text()) == [("cloud", "one")]

    def test_a_stack_trace_said_line_by_line_stays_together(self, table: Table, log: Path) -> None:
        trace = ["Traceback (most recent call last):", '  File "app.py", line 1', "ValueError: no"]
        for n, line in enumerate(trace):
            table.hear("worker", f"{line}\n".encode(), n * PAUSE / 2)
            table.hear("cloud", f"meanwhile {n}\n".encode(), n * PAUSE / 2)
            table.turn(n * PAUSE / 2)
        assert [who for who, _ in said(log.read_text())] == ["worker"] * 3
        table.turn(2 * PAUSE)
        assert [words for _, words in said(log.read_text())] == [*trace, *(f"meanwhile {n}" for n in range(3))]

    def test_who_never_makes_a_pause_does_not_keep_others_waiting(self, table: Table, log: Path) -> None:
        table.hear("cloud", b"and\n", 0)
        table.hear("worker", b"excuse me\n", 0.01)
        for n in range(1, int(BREATH / PAUSE * 4)):
            table.hear("cloud", b"and\n", n * PAUSE / 2)
            table.turn(n * PAUSE / 2)
        assert ("worker", "excuse me") in said(log.read_text())

    def test_who_waits_with_much_is_written_down(self, table: Table, log: Path) -> None:
        table.hear("cloud", b"and\n", 0)
        table.hear("worker", (b"x" * 99 + b"\n") * (MUCH // 100), 0)
        assert said(log.read_text())[-1][0] == "worker"

    def test_half_a_line_waits_for_its_end_a_while(self, table: Table, log: Path) -> None:
        table.hear("cloud", b"it is ", 0)
        table.turn(BREATH / 2)
        table.hear("cloud", b"open\nor", BREATH / 2)
        table.turn(BREATH)
        assert said(log.read_text()) == [("cloud", "it is open")]
        table.turn(BREATH * 2)
        assert said(log.read_text()) == [("cloud", "it is open"), ("cloud", "or")]

    def test_a_line_without_end_is_cut(self, table: Table, log: Path) -> None:
        table.hear("cloud", b"x" * MUCH, 0)
        assert log.stat().st_size > MUCH


@pytest.fixture
def speak(log: Path) -> Callable[[dict[str, bytes]], None]:
    """Has parts say all this to a scribe at the same time, each through `cat`, and waits until it is written down."""

    def speak(texts: dict[str, bytes]) -> None:
        pipes = {name: os.pipe() for name in texts}
        scribe = subprocess.Popen(
            [sys.executable, "-m", "infra.local.scribe", log, *(f"{name}={end}" for name, (end, _) in pipes.items())],
            cwd=ROOT,
            pass_fds=[end for end, _ in pipes.values()],
        )
        parts = []
        for name, text in texts.items():
            (log.parent / name).write_bytes(text)
            with open(log.parent / name, "rb") as file:
                parts.append(subprocess.Popen(["cat"], stdin=file, stdout=pipes[name][1]))
        for end in itertools.chain(*pipes.values()):
            os.close(end)
        assert [part.wait(60) for part in parts] == [0] * len(parts)
        assert scribe.wait(60) == 0

    return speak


def test_no_line_is_lost_over_a_rotation_and_the_files_are_bounded(
    log: Path, speak: Callable[[dict[str, bytes]], None]
) -> None:
    lines = 60_000
    names = ("cloud", "worker", "gateway")
    speak({name: b"".join(b"%s %06d %s\n" % (name.encode(), n, b"x" * 40) for n in range(lines)) for name in names})
    files = sorted(log.parent.glob("library.log*"), reverse=True)  # the oldest first
    assert 1 < len(files) <= KEPT
    assert all(file.stat().st_size <= SIZE + MUCH for file in files)
    written = said("".join(file.read_text() for file in files))
    assert len(written) == 3 * lines
    for name in names:
        assert [words[:-41] for who, words in written if who == name] == [f"{name} {n:06d}" for n in range(lines)]


def test_bytes_that_are_no_text_and_a_last_line_without_end_are_kept(
    log: Path, speak: Callable[[dict[str, bytes]], None]
) -> None:
    speak({"cloud": b"\xff\xfe\r\nlast words"})
    lines = log.read_bytes().splitlines()
    assert lines[0].endswith(b"\xff\xfe")
    assert lines[1].endswith(b"last words")
