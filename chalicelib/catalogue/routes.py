"""Routes of the catalogue: sections, e-books, uploads."""

from __future__ import annotations

from chalicelib import wiring
from chalicelib.cache import NEWEST, SECTIONS, book_namespace
from chalicelib.catalogue import sections, service, uploads
from chalicelib.catalogue.schemas import (
    BookList,
    Books,
    BookShown,
    NewBook,
    NewSection,
    NewUpload,
    SectionList,
    SectionPatch,
    Sections,
    SectionShown,
    UploadShown,
    UploadTicket,
)
from chalicelib.catalogue.tables import Book, Section, Upload
from chalicelib.errors import Invalid, NotFound, TooLarge
from chalicelib.paging import Part
from chalicelib.routing import Answer, Call, Nothing, Routes, Who
from chalicelib.validation import changes

routes = Routes(__name__)


def shown_section(section: Section) -> SectionShown:
    return SectionShown(
        id=section.id,
        name=section.name,
        description=section.description,
        created_at=section.created_at,
        book_count=section.book_count,
        rating=service.mean(section.rating_sum, section.rating_count),
        rating_count=section.rating_count,
    )


@routes.operation("GET", "/sections", who=Who.ANYONE, query=SectionList, returns=Sections, public_cache=True)
def list_sections(call: Call[Nothing, SectionList]) -> Sections:
    """The sections of the library."""
    wanted = call.query

    def read() -> Sections:
        page = sections.listed(wanted.q, wanted.sort, wanted.limit, wanted.cursor)
        return Sections(items=[shown_section(s) for s in page.items], next_cursor=page.next_cursor)

    if wanted.q:
        return read()
    query = f"{wanted.sort}:{wanted.limit}:{wanted.cursor or ''}"
    return wiring.cache().through(SECTIONS, query, Sections, read)


@routes.operation("POST", "/sections", who=Who.LIBRARIAN, body=NewSection, returns=SectionShown, status=201)
def add_section(call: Call[NewSection, Nothing]) -> SectionShown:
    """Make a section."""
    wanted = call.body
    return shown_section(sections.add(wanted.name, wanted.description, call.caller.id, wiring.cache(), wiring.now()))


@routes.operation(
    "GET",
    "/sections/{section_id}",
    who=Who.ANYONE,
    returns=SectionShown,
    public_cache=True,
    refusals=(NotFound,),
)
def show_section(call: Call[Nothing, Nothing], section_id: str) -> SectionShown:
    """A section."""
    return shown_section(sections.one(section_id))


@routes.operation(
    "PATCH",
    "/sections/{section_id}",
    who=Who.LIBRARIAN,
    body=SectionPatch,
    returns=SectionShown,
    guarded=True,
    refusals=(NotFound,),
)
def change_section(call: Call[SectionPatch, Nothing], section_id: str) -> SectionShown:
    """Rename or describe a section."""
    return shown_section(
        sections.change(
            section_id,
            changes(call.body),
            call.caller.id,
            wiring.cache(),
            wiring.now(),
            lambda section: call.require_match(shown_section(section)),
        )
    )


@routes.operation("DELETE", "/sections/{section_id}", who=Who.LIBRARIAN, status=204, guarded=True, refusals=(NotFound,))
def remove_section(call: Call[Nothing, Nothing], section_id: str) -> None:
    """Remove a section; its e-books stay in the library."""
    sections.remove(
        section_id,
        call.caller.id,
        wiring.cache(),
        wiring.now(),
        lambda section: call.require_match(shown_section(section)),
    )


@routes.operation("GET", "/books", who=Who.ANYONE, query=BookList, returns=Books, public_cache=True)
def list_books(call: Call[Nothing, BookList]) -> Books:
    """The newest e-books, of the whole library or of a section."""
    wanted = call.query
    if wanted.section is not None:
        return _page(service.of_section(wanted.section, wanted.limit, wanted.cursor))
    return wiring.cache().through(
        NEWEST,
        f"{wanted.limit}:{wanted.cursor or ''}",
        Books,
        lambda: _page(service.newest(wanted.limit, wanted.cursor)),
    )


def _page(listed: Part[Book]) -> Books:
    return Books(items=[service.shown(b) for b in listed.items], next_cursor=listed.next_cursor)


@routes.operation("POST", "/books", who=Who.LIBRARIAN, body=NewBook, returns=BookShown, status=201)
def add_book(call: Call[NewBook, Nothing]) -> BookShown:
    """Add an e-book; `content` is Markdown, a file is uploaded instead."""
    return service.shown(service.add_book(changes(call.body), call.caller.id, wiring.cache(), wiring.now()))


@routes.operation("GET", "/books/{book_id}", who=Who.ANYONE, returns=BookShown, public_cache=True, refusals=(NotFound,))
def show_book(call: Call[Nothing, Nothing], book_id: str) -> BookShown:
    """An e-book."""
    return wiring.cache().through(
        book_namespace(book_id), "page", BookShown, lambda: service.shown(service.book(book_id))
    )


@routes.operation(
    "POST",
    "/uploads",
    who=Who.LIBRARIAN,
    body=NewUpload,
    returns=UploadTicket,
    status=201,
    refusals=(TooLarge, NotFound),
)
def begin_upload(call: Call[NewUpload, Nothing]) -> UploadTicket:
    """Announce a file: an EPUB or a PDF."""
    wanted = call.body
    upload, url = uploads.begin(
        wanted.filename, wanted.size, wanted.book_id, call.caller.id, call.header("host"), wiring.now()
    )
    return UploadTicket(
        upload_id=upload.id, url=url, method="PUT", headers={"Content-Type": "application/octet-stream"}
    )


@routes.operation(
    "POST",
    "/uploads/{upload_id}/complete",
    who=Who.LIBRARIAN,
    returns=UploadShown,
    status=202,
    refusals=(NotFound, uploads.FileNotThere, uploads.UploadHasEnded, Invalid),
)
def complete_upload(call: Call[Nothing, Nothing], upload_id: str) -> Answer:
    """The file was sent: let it be read."""
    return Answer(_shown_upload(uploads.complete(upload_id)))


@routes.operation("GET", "/uploads/{upload_id}", who=Who.LIBRARIAN, returns=UploadShown, refusals=(NotFound,))
def show_upload(call: Call[Nothing, Nothing], upload_id: str) -> UploadShown:
    """How an upload goes."""
    return _shown_upload(uploads.show(upload_id))


def _shown_upload(upload: Upload) -> UploadShown:
    return UploadShown(
        id=upload.id,
        status=upload.status,
        filename=upload.filename,
        book_id=upload.book_id if upload.status == "ready" else upload.replaces,
        reason=upload.reason,
    )
