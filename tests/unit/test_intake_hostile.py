"""Files made to do harm, and files that never were books: refused with the right word, at a bounded price,
and alone.
"""

import os
import socket
import stat
import struct
import threading
import time
import zipfile
import zlib
from pathlib import Path
from random import Random

import pytest

from chalicelib.catalogue.intake import Limits, Reading, Refused, read_book
from tests.factories_books import (
    CHAPTER_ITEM,
    directory_entry,
    epub,
    package,
    parts,
    patched,
    pdf,
    picture,
    stream,
    zipped,
)

MEBIBYTE = 1024 * 1024
LAUGHS = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10 if n else "lol"}">' for n in range(10))


def read(tmp_path: Path, data: bytes, limits: Limits | None = None) -> Reading:
    path = tmp_path / "upload"
    path.write_bytes(data)
    return read_book(path, limits)


def refusal(tmp_path: Path, data: bytes, limits: Limits | None = None) -> str:
    with pytest.raises(Refused) as refused:
        read(tmp_path, data, limits)
    assert refused.value.reason.endswith(".")
    return refused.value.code


class TestWhatIsNoBook:
    @pytest.mark.parametrize(
        "data",
        [
            b"<html><script>alert(1)</script></html>",
            b"MZ" + b"\0" * 2000,
            b" " * 1024 + b"%PDF-1.7",
            zipped({"word/document.xml": "<w/>"}),
            zipped({"mimetype": "application/vnd.oasis.opendocument.text", "content.xml": "<x/>"}),
        ],
        ids=["HTML", "program", "PDF mark too late", "docx", "odt"],
    )
    def test_a_file_is_known_by_its_bytes(self, tmp_path: Path, data: bytes):
        assert refusal(tmp_path, data) == "not_a_book"

    def test_an_empty_file_is_said_to_be_empty(self, tmp_path: Path):
        assert refusal(tmp_path, b"") == "empty"

    def test_a_pipe_is_no_book(self, tmp_path: Path):
        fifo = tmp_path / "pipe"
        os.mkfifo(fifo)
        threading.Thread(target=lambda: fifo.open("wb").close(), daemon=True).start()
        with pytest.raises(Refused) as refused:
            read_book(fifo)
        assert refused.value.code == "not_a_book"

    def test_a_file_over_the_limit_is_refused_before_it_is_opened(self, tmp_path: Path):
        path = tmp_path / "upload"
        with path.open("wb") as file:
            file.truncate(200 * MEBIBYTE + 1)
        with pytest.raises(Refused) as refused:
            read_book(path)
        assert refused.value.code == "too_large"
        assert "200 MB" in refused.value.reason


class TestContainers:
    @pytest.mark.parametrize(
        "name",
        [
            "../../tmp/slip.txt",
            "OEBPS/../../slip",
            "/tmp/abs.txt",
            "OEBPS\\..\\win.txt",
            "C:/win.txt",
            "a\tb",
            "d/" * 40 + "x",
        ],
    )
    def test_entries_that_climb_out_are_hostile(self, tmp_path: Path, name: str):
        assert refusal(tmp_path, epub(extra={name: "x"})) == "hostile"

    def test_folders_are_at_most_31_deep(self, tmp_path: Path):
        assert read(tmp_path, epub(extra={"d/" * 31 + "x": "x"})).title == "A Book"
        assert refusal(tmp_path, epub(extra={"d/" * 32 + "x": "x"})) == "hostile"

    def test_folders_that_climb_out_are_hostile(self, tmp_path: Path):
        assert refusal(tmp_path, epub(extra={"../up/": ""})) == "hostile"

    def test_a_name_with_a_nul_is_hostile(self, tmp_path: Path):
        assert refusal(tmp_path, epub(extra={"OEBPS/aXb": "x"}).replace(b"aXb", b"a\0b")) == "hostile"

    def test_a_link_is_hostile(self, tmp_path: Path):
        link = zipfile.ZipInfo("OEBPS/link")
        link.create_system, link.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
        assert refusal(tmp_path, zipped({**parts(), link: "/etc/passwd"})) == "hostile"

    def test_an_entry_that_unpacks_out_of_all_proportion_is_hostile(self, tmp_path: Path):
        assert refusal(tmp_path, epub(extra={"OEBPS/bomb.txt": b"\0" * (16 * MEBIBYTE)})) == "hostile"

    def test_an_entry_larger_than_it_says_is_hostile_whoever_lies(self, tmp_path: Path):
        data = epub(extra={"OEBPS/liar.txt": b"\0" * 100_000})
        at = directory_entry(data, "OEBPS/liar.txt")
        assert refusal(tmp_path, patched(data, at + 24, struct.pack("<L", 10))) == "hostile"

    def test_an_entry_smaller_than_it_says_is_broken(self, tmp_path: Path):
        data = epub()
        at = directory_entry(data, "OEBPS/c1.xhtml")
        assert refusal(tmp_path, patched(data, at + 24, struct.pack("<L", 10_000))) == "broken"

    def test_entries_made_of_the_same_bytes_are_hostile(self, tmp_path: Path):
        data = epub(extra={"OEBPS/a.txt": os.urandom(5000), "OEBPS/b.txt": os.urandom(5000)})
        first = struct.unpack_from("<L", data, directory_entry(data, "OEBPS/a.txt") + 42)[0]
        shared = patched(data, directory_entry(data, "OEBPS/b.txt") + 42, struct.pack("<L", first))
        assert refusal(tmp_path, shared) == "hostile"

    def test_a_flipped_byte_is_noticed(self, tmp_path: Path):
        data = epub(extra={"OEBPS/x.bin": b"A" * 10 + os.urandom(5000)})
        at = data.index(b"OEBPS/x.bin") + 2000
        assert refusal(tmp_path, patched(data, at, bytes([data[at] ^ 1]))) == "broken"

    def test_an_upload_cut_in_half_is_broken(self, tmp_path: Path):
        data = epub(extra={"OEBPS/x.bin": os.urandom(5000)})
        assert refusal(tmp_path, data[: len(data) // 2]) == "broken"

    def test_a_container_with_a_password_is_encrypted(self, tmp_path: Path):
        data = epub()
        assert refusal(tmp_path, patched(data, directory_entry(data, "OEBPS/c1.xhtml") + 8, b"\x01")) == "encrypted"

    def test_an_unknown_way_of_packing_is_broken(self, tmp_path: Path):
        data = epub()
        assert refusal(tmp_path, patched(data, directory_entry(data, "OEBPS/c1.xhtml") + 10, b"\x0c")) == "broken"

    def test_more_entries_than_a_book_has_are_refused(self, tmp_path: Path):
        extra = {f"OEBPS/{number}": "" for number in range(50)}
        assert refusal(tmp_path, epub(extra=extra), Limits(entries=50)) == "too_complex"

    def test_a_directory_of_any_declared_size_is_not_loaded(self, tmp_path: Path):
        data = epub()
        end = data.rindex(b"PK\x05\x06")
        assert refusal(tmp_path, patched(data, end + 12, struct.pack("<L", 2**31))) == "too_complex"

    def test_entries_are_bounded_one_by_one_and_together(self, tmp_path: Path):
        data = epub(extra={f"OEBPS/{number}.bin": os.urandom(30_000) for number in range(4)})
        assert refusal(tmp_path, data, Limits(entry_bytes=20_000)) == "too_complex"
        assert refusal(tmp_path, data, Limits(total_bytes=100_000)) == "too_complex"

    @pytest.mark.parametrize("without", ["META-INF/container.xml", "OEBPS/package.opf", "OEBPS/c1.xhtml"])
    def test_a_book_without_its_skeleton_is_incomplete(self, tmp_path: Path, without: str):
        assert refusal(tmp_path, epub(without=[without])) == "incomplete"

    def test_a_package_that_is_not_well_formed_is_broken(self, tmp_path: Path):
        assert refusal(tmp_path, epub(package(metadata="<dc:title>A & B</dc:title>"))) == "broken"


class TestDocuments:
    def test_no_file_of_the_server_is_read_into_a_title(self, tmp_path: Path):
        doctype = '<!DOCTYPE package [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
        assert refusal(tmp_path, epub(package("<dc:title>&x;</dc:title>", doctype=doctype))) == "hostile"

    @pytest.mark.parametrize("place", ["package", "chapter", "attribute"])
    def test_a_billion_laughs_is_hostile_wherever_it_stands(self, tmp_path: Path, place: str):
        doctype = f"<!DOCTYPE x [{LAUGHS}]>"
        books = {
            "package": epub(package("<dc:title>&a9;</dc:title>", doctype=doctype)),
            "chapter": epub(extra={"OEBPS/c1.xhtml": f"{doctype}<html><body>&a9;</body></html>"}),
            "attribute": epub(extra={"OEBPS/c1.xhtml": f'{doctype}<html><body title="&a9;"/></html>'}),
        }
        assert refusal(tmp_path, books[place]) == "hostile"

    def test_one_long_entity_used_often_does_not_blow_up(self, tmp_path: Path):
        entity = f'<!DOCTYPE html [<!ENTITY a "{"z" * 60_000}">]>'
        chapter = f"{entity}<html><body>{'&a;' * 60_000}</body></html>"
        assert refusal(tmp_path, epub(extra={"OEBPS/c1.xhtml": chapter})) == "hostile"

    def test_a_document_too_large_to_parse_costs_its_words_and_not_the_book(self, tmp_path: Path):
        book = read(tmp_path, epub(chapter="word " * 40_000), Limits(xml_bytes=100_000))
        assert (book.title, book.words) == ("A Book", None)

    def test_nothing_remote_is_ever_fetched(self, tmp_path: Path):
        with socket.create_server(("127.0.0.1", 0)) as server:
            server.settimeout(0.3)
            away = f"http://127.0.0.1:{server.getsockname()[1]}/x"
            doctype = f'<!DOCTYPE package PUBLIC "x" "{away}.dtd">'
            manifest = (
                f'{CHAPTER_ITEM}<item id="cov" href="{away}.png" media-type="image/png" properties="cover-image"/>'
            )
            chapter = f'<img src="{away}.png"/><link href="{away}.css"/>'
            book = read(tmp_path, epub(package(manifest=manifest, doctype=doctype), chapter))
            assert book.covers == ()
            with pytest.raises(TimeoutError):
                server.accept()

    def test_a_picture_of_900_megapixels_costs_the_cover_and_not_the_book(self, tmp_path: Path):
        bomb = picture()
        header_at = bomb.index(b"IHDR")
        bomb = patched(bomb, header_at + 4, struct.pack(">LL", 30_000, 30_000))
        bomb = patched(bomb, header_at + 17, struct.pack(">L", zlib.crc32(bomb[header_at : header_at + 17])))
        book = read(tmp_path, epub(extra={"OEBPS/cover.png": bomb}))
        assert (book.title, book.covers) == ("A Book", ())


class TestTheWall:
    def test_the_child_is_given_no_credentials(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
        seen = tmp_path / "seen"
        spy = tmp_path / "python"
        spy.write_text(f"#!/bin/sh\nenv > {seen}\n")
        spy.chmod(0o700)
        monkeypatch.setattr("sys.executable", str(spy))
        with pytest.raises(Refused):
            read(tmp_path, epub())
        names = {line.partition("=")[0] for line in seen.read_text().splitlines()}
        assert "PYTHONPATH" in names
        assert not any(name.startswith(("AWS", "CARREL", "JWT")) for name in names)

    def test_a_child_that_hangs_is_ended_and_its_file_refused(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setattr("sys.executable", str(script(tmp_path, "exec sleep 60")))
        started = time.monotonic()
        assert refusal(tmp_path, epub(), Limits(wall_seconds=0.3)) == "too_slow"
        assert time.monotonic() - started < 5

    def test_a_child_that_crashes_costs_its_own_file_only(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
        with monkeypatch.context() as patch:
            patch.setattr("sys.executable", str(script(tmp_path, "kill -SEGV $$")))
            assert refusal(tmp_path, epub()) == "broken"
        assert read(tmp_path, epub()).title == "A Book"

    @pytest.mark.parametrize(
        "command", ["exec cat /dev/zero", "echo nonsense", 'echo \'{"reading": {"format": "exe"}}\'']
    )
    def test_an_answer_that_is_none_is_not_believed(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str
    ):
        monkeypatch.setattr("sys.executable", str(script(tmp_path, command)))
        assert refusal(tmp_path, epub()) == "broken"

    def test_a_child_that_dies_over_the_cover_has_read_the_book(self, tmp_path: Path):
        # A page whose content unpacks to 600 MB: interpreting it takes more memory than there is.
        objects = [stream(zlib_of(b"0 0 9 9 re f\n", 50_000_000), b"/Filter/FlateDecode")]
        book = read(
            tmp_path,
            pdf(objects, page=b"/MediaBox[0 0 300 400]/Contents 4 0 R"),
            Limits(memory_bytes=512 * MEBIBYTE),
        )
        assert (book.pages, book.covers) == (1, ())

    def test_more_memory_than_the_limit_is_never_used(self, tmp_path: Path):
        markup = "".join(f"<i{number * 7919 % 99991}/>" for number in range(1_000_000))
        assert read(tmp_path, epub(chapter=markup)).words == 0
        code = refusal(tmp_path, epub(chapter=markup), Limits(memory_bytes=100 * MEBIBYTE))
        assert code in ("too_complex", "broken")

    def test_processor_time_is_limited(self, tmp_path: Path):
        markup = "<p>x</p>".join(f"<i>{Random(number).getrandbits(20):x}</i>" for number in range(350_000))
        started = time.monotonic()
        code = refusal(tmp_path, epub(chapter=markup), Limits(cpu_seconds=1))
        assert code == "too_slow"
        assert time.monotonic() - started < 10


def script(tmp_path: Path, command: str) -> Path:
    """A stand-in for the child's interpreter."""
    path = tmp_path / "stand-in"
    path.write_text(f"#!/bin/sh\n{command}\n")
    path.chmod(0o700)
    return path


def zlib_of(piece: bytes, times: int) -> bytes:
    packer = zlib.compressobj(9)
    packed = [packer.compress(piece * 100_000) for _ in range(times // 100_000)]
    return b"".join([*packed, packer.flush()])
