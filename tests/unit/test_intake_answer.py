"""What the library believes of what the child tells, and why a file was refused."""

import gzip
import io
import zlib
from typing import get_args

import pytest

from chalicelib.catalogue import intake
from chalicelib.catalogue.intake import REASONS, Cover, Reading, RefusalCode
from chalicelib.catalogue.intake.answer import HEAD, Cost, Finding, Refusal, Text, listen, tell
from chalicelib.catalogue.intake.transcript import Transcript

MEBIBYTE = 1024 * 1024


def told(*findings: Finding) -> bytes:
    pipe = io.BytesIO()
    for finding in findings:
        tell(pipe, finding)
    return pipe.getvalue()


def heard(pipe: bytes) -> list[Finding]:
    return list(listen(io.BytesIO(pipe)))


def frame(kind: bytes, data: bytes, length: int | None = None) -> bytes:
    return HEAD.pack(kind, len(data) if length is None else length) + data


class TestThePipe:
    def test_what_is_told_is_heard(self):
        findings = [
            Reading("epub", title="कहानी\n"),
            Text(gzip.compress(b'{"href": "a", "text": "b"}\n', mtime=0)),
            Cover(60, 90, b"jpeg\n\0"),
            Refusal("drm", "LCP"),
            Cost(28 * MEBIBYTE),
        ]
        assert heard(told(*findings)) == findings

    def test_what_was_told_before_the_child_was_lost_stays(self):
        whole = told(Reading("pdf"), Cover(60, 90, b"x" * 1000))
        assert heard(whole[:-1]) == [Reading("pdf")]

    @pytest.mark.parametrize(
        "nonsense",
        [
            b"nonsense, and more of it",
            frame(b"R", b'{"format": "exe"}'),
            frame(b"R", b"{"),
            frame(b"C", b"x"),
            frame(b"T", b"no gzip"),
            frame(b"T", gzip.compress(b"a\n", mtime=0)[:-1]),
            frame(b"T", gzip.compress(b"a\n", mtime=0) + b"more"),
            frame(b"M", b'{"peak_bytes": "much"}'),
            frame(b"X", b'{"code": "whim"}'),
        ],
    )
    def test_nothing_after_the_first_nonsense_is_believed(self, nonsense: bytes):
        assert heard(told(Cost(1)) + nonsense + told(Reading("pdf"))) == [Cost(1)]

    @pytest.mark.parametrize(
        ("kind", "most"), [(b"R", 4 * MEBIBYTE), (b"C", 4 * MEBIBYTE), (b"T", 17 * MEBIBYTE), (b"X", 4096), (b"M", 64)]
    )
    def test_no_frame_is_read_that_is_longer_than_its_kind_may_be(self, kind: bytes, most: int):
        pipe = io.BytesIO(frame(kind, b"\0" * 100, most + 1))
        assert list(listen(pipe)) == []
        assert pipe.tell() == HEAD.size

    def test_no_more_than_eight_frames_are_read(self):
        assert len(heard(told(*[Cost(1)] * 100))) == 8

    @pytest.mark.parametrize(("size", "believed"), [(16 * MEBIBYTE, True), (16 * MEBIBYTE + 1, False)])
    def test_a_text_that_unpacks_to_more_than_16_mib_is_not_believed(self, size: int, believed: bool):
        assert bool(heard(told(Text(gzip.compress(b" " * size, mtime=0))))) is believed


class TestTheText:
    def test_chapters_that_do_not_fit_are_left_out_whole_with_all_that_come_after(self):
        transcript = Transcript()
        for number in range(18):
            transcript.add(f"{number}.xhtml", "x" * (MEBIBYTE - 100))
        transcript.add("last.xhtml", "short")
        lines = gzip.decompress(transcript.packed() or b"").splitlines()
        assert len(lines) == 16
        assert all(line.endswith(b'"}') for line in lines)
        assert transcript.words == 19

    def test_the_passages_come_from_the_whole_book_and_are_few(self):
        transcript = Transcript()
        for number in range(5_000):
            transcript.add("c", f"{number} ")
        passages = [int(passage) for passage in transcript.passages()]
        assert 20 <= len(passages) <= 80
        assert passages == sorted(passages)
        assert passages[0] < 1_000 < 4_000 < passages[-1]

    def test_where_nothing_is_said_there_is_no_text(self):
        transcript = Transcript()
        transcript.add("c", " \n\0")
        assert transcript.packed() is None

    def test_the_same_book_gives_the_same_bytes(self):
        def packed() -> bytes | None:
            transcript = Transcript()
            transcript.add("c", "words")
            return transcript.packed()

        assert packed() == packed()
        assert zlib.decompress(packed() or b"", 31) == b'{"href":"c","text":"words"}\n'


class TestRefusals:
    def test_every_code_has_its_own_sentence_and_its_line_in_the_table(self):
        codes = get_args(RefusalCode)
        assert tuple(REASONS) == codes
        assert len(set(REASONS.values())) == len(codes)
        table = [line.split("|")[1].strip() for line in (intake.__doc__ or "").splitlines() if line.startswith("|")]
        assert tuple(table[2:]) == codes

    @pytest.mark.parametrize("code", get_args(RefusalCode))
    def test_a_reason_is_one_sentence_that_says_what_is_wrong_and_what_to_do(self, code: RefusalCode):
        reason = REASONS[code]
        assert reason.startswith("This ")
        assert reason.count(".") == 1
        assert reason.endswith(".")
        assert "; " in reason
