"""EPUB 2 and 3: the parts put together."""

from codecs import BOM_UTF8
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import BinaryIO

from chalicelib.catalogue.intake.answer import Finding, Text
from chalicelib.catalogue.intake.archive import Archive, open_archive
from chalicelib.catalogue.intake.covers import cover_pictures
from chalicelib.catalogue.intake.detection import believed
from chalicelib.catalogue.intake.language import same_language
from chalicelib.catalogue.intake.lines import Lines
from chalicelib.catalogue.intake.markup import parse_leniently, text_of
from chalicelib.catalogue.intake.metadata import read_metadata
from chalicelib.catalogue.intake.model import Cover, Limits, Reading, Refused
from chalicelib.catalogue.intake.navigation import read_navigation
from chalicelib.catalogue.intake.package import CONTAINER, Package, read_package
from chalicelib.catalogue.intake.pictures import covers, is_blank, redrawn
from chalicelib.catalogue.intake.protection import check_unlocked
from chalicelib.catalogue.intake.transcript import Transcript

MEDIA_TYPE = b"application/epub+zip"
CHAPTER_TYPES = frozenset({"application/xhtml+xml", "text/html", "application/x-dtbook+xml", "text/x-oeb1-document"})
MOST_COVERS_TRIED = 6
# Chapters enough to see how the lines of a book run.
LOOKED_AT = 40


class Epub:
    """An EPUB that is whole, harmless and unlocked. Raises `Refused` where one is not."""

    def __init__(self, source: BinaryIO, limits: Limits) -> None:
        self._limits = limits
        self._archive = open_archive(source, limits)
        _check_is_epub(self._archive)
        check_unlocked(self._archive, limits)
        self._package = read_package(self._archive, limits)
        self._metadata = read_metadata(self._package.root)
        self._chapters = _chapters(self._archive, self._package)
        self._columns = 0

    def findings(self) -> Iterator[Finding]:
        """The text comes first, because only who has read it knows whether it is harmless."""
        transcript = Transcript()
        whole = self._read_chapters(transcript)
        yield self._reading(transcript, whole)
        if packed := transcript.packed():
            yield Text(packed)
        yield from self._covers()

    def _reading(self, transcript: Transcript, whole: bool) -> Reading:
        metadata = self._metadata
        contents, pages = read_navigation(self._archive, self._package, self._limits)
        series, series_index = metadata.series()
        return Reading(
            format="epub",
            title=metadata.title(),
            authors=metadata.authors(),
            language=_language(metadata.languages(), transcript.passages()),
            declared_language=next(iter(metadata.languages()), None),
            description=metadata.description(),
            publisher=metadata.publisher(),
            identifiers=metadata.identifiers(),
            subjects=metadata.subjects(),
            series=series,
            series_index=series_index,
            pages=pages,
            words=transcript.words if whole else None,
            direction=self._package.direction,
            vertical=metadata.vertical() or self._columns * 2 > min(len(self._chapters), LOOKED_AT),
            fixed_layout=metadata.fixed_layout() or self._has_fixed_pages(),
            contents=contents,
        )

    def _covers(self) -> Iterator[Cover]:
        """The first of the likely pictures that is one and shows something."""
        pictures = cover_pictures(self._archive, self._package, self._metadata, self._limits)
        for _, data in zip(range(MOST_COVERS_TRIED), pictures, strict=False):
            with suppress(Refused):
                picture = redrawn(data)
                if not is_blank(picture):
                    yield from covers(picture)
                    return

    def _has_fixed_pages(self) -> bool:
        """A quarter of the pages. Many a novel has one fixed page, its cover; that does not make it a
        picture book.
        """
        return self._package.fixed_pages * 4 >= len(self._package.spine)

    def _read_chapters(self, transcript: Transcript) -> bool:
        """Whether all chapters could be read; one too large is passed over, and after a time the rest is."""
        whole = True
        lines = Lines(self._archive)
        for index, name in enumerate(self._chapters):
            if transcript.is_late():
                return False
            data = self._archive.read(name, self._limits.xml_bytes)
            root = parse_leniently(data) if data is not None else None
            if root is not None:
                transcript.add(name, text_of(root))
                self._columns += index < LOOKED_AT and lines.are_vertical(name, root)
            whole = whole and data is not None
        return whole


def _language(declared: Sequence[str], passages: Sequence[str]) -> str | None:
    """A book may declare several languages; where it is in one of them, that one stands as it is declared."""
    found = believed(next(iter(declared), None), passages)
    return next((tag for tag in declared if found and same_language(tag, found)), found)


def _check_is_epub(archive: Archive) -> None:
    """EPUB 3.3, section 4.3.3 wants the media type first and bare; books without it, or with a line break,
    are read everywhere.
    """
    declared = (archive.read("mimetype", 1024) or b"").removeprefix(BOM_UTF8).strip()
    if declared != MEDIA_TYPE and CONTAINER not in archive:
        raise Refused("not_a_book", "a ZIP without a container")


def _chapters(archive: Archive, package: Package) -> tuple[str, ...]:
    """The chapters that are there, in reading order, each once. A book may name parts that it lacks, but
    not lack them all.
    """
    items = [package.items[id] for id in package.spine if id in package.items]
    there = [item for item in items if item.name in archive]
    if not there:
        raise Refused("incomplete", "chapters")
    return tuple(dict.fromkeys(item.name for item in there if item.media_type in CHAPTER_TYPES))
