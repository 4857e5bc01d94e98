"""Routes of the catalogue: sections, e-books, uploads."""

from __future__ import annotations

from chalicelib import wiring
from chalicelib.cache import NEWEST, POPULAR, RATED, SECTIONS, TITLED, book_namespace
from chalicelib.catalogue import content, lists, sections, service, uploads
from chalicelib.catalogue.holdings import AlreadyHeld
from chalicelib.catalogue.schemas import (
    BookList,
    BookResult,
    BookResults,
    Books,
    BookShown,
    BooksToImport,
    Contents,
    ImportedBook,
    NewBook,
    NewSection,
    NewUpload,
    SectionList,
    SectionPatch,
    Sections,
    SectionShown,
    SuggestionList,
    Suggestions,
    UploadShown,
    UploadTicket,
)
from chalicelib.catalogue.search import SearchUnavailable
from chalicelib.catalogue.tables import Book, Section, Upload
from chalicelib.errors import Invalid, LibraryError, NotFound, TooLarge
from chalicelib.packing import Packed, kept
from chalicelib.paging import Part
from chalicelib.problems import problem_of
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
def list_sections(call: Call[Nothing, SectionList]) -> Sections | Packed:
    """The sections of the library."""
    wanted = call.query

    def read() -> Sections:
        page = sections.listed(wanted.q, wanted.sort, wanted.limit, wanted.cursor)
        return Sections(items=[shown_section(s) for s in page.items], next_cursor=page.next_cursor)

    if wanted.q:
        return read()
    query = f"{wanted.sort}:{wanted.limit}:{wanted.cursor or ''}"
    return kept(wiring.cache(), SECTIONS, query, read)


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
def show_section(call: Call[Nothing, Nothing], section_id: str) -> Packed:
    """A section."""
    return kept(wiring.cache(), SECTIONS, section_id, lambda: shown_section(sections.one(section_id)))


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


@routes.operation(
    "GET",
    "/books",
    who=Who.ANYONE,
    query=BookList,
    returns=Books,
    public_cache=True,
    refusals=(SearchUnavailable,),
)
def list_books(call: Call[Nothing, BookList]) -> Books | Packed:
    """E-books: all of them in an order, those of a section, or what is searched."""
    wanted = call.query
    order = wanted.sort or ("relevance" if wanted.q else "newest")
    filtered = wanted.q or wanted.author or wanted.language or wanted.format
    if filtered or (wanted.section and order != "newest"):
        return lists.found(wanted, order, wiring.now())
    query = f"{wanted.limit}:{wanted.cursor or ''}"
    if section := wanted.section:
        return kept(
            wiring.cache(),
            NEWEST,
            f"{section}:{query}",
            lambda: _page(lists.of_section(section, wanted.limit, wanted.cursor)),
        )
    namespace, listed = _ORDERS[order]
    return kept(wiring.cache(), namespace, query, lambda: _page(listed(wanted.limit, wanted.cursor)))


_ORDERS = {
    # Nothing was asked for that something could be relevant to.
    "relevance": (NEWEST, lists.newest),
    "newest": (NEWEST, lists.newest),
    "rating": (RATED, lists.best_rated),
    "popular": (POPULAR, lists.most_borrowed),
    "title": (TITLED, lists.by_title),
}


@routes.operation(
    "GET",
    "/suggest",
    who=Who.ANYONE,
    query=SuggestionList,
    returns=Suggestions,
    public_cache=True,
    refusals=(SearchUnavailable,),
)
def suggest(call: Call[Nothing, SuggestionList]) -> Suggestions:
    """What somebody who types may mean: titles, authors, sections."""
    return lists.suggested(call.query.q, call.query.limit, wiring.now())


def _page(listed: Part[Book]) -> Books:
    return Books(items=[service.shown(b) for b in listed.items], next_cursor=listed.next_cursor)


@routes.operation("POST", "/books", who=Who.LIBRARIAN, body=NewBook, returns=BookShown, status=201)
def add_book(call: Call[NewBook, Nothing]) -> BookShown:
    """Add an e-book; `content` is Markdown, a file is uploaded instead."""
    return service.shown(service.add_book(changes(call.body), call.caller.id, wiring.cache(), wiring.now()))


@routes.operation("GET", "/books/{book_id}", who=Who.ANYONE, returns=BookShown, public_cache=True, refusals=(NotFound,))
def show_book(call: Call[Nothing, Nothing], book_id: str) -> Packed:
    """An e-book."""
    return kept(wiring.cache(), book_namespace(book_id), "page", lambda: service.shown(service.book(book_id)))


@routes.operation(
    "GET", "/books/{book_id}/contents", who=Who.ANYONE, returns=Contents, public_cache=True, refusals=(NotFound,)
)
def show_contents(call: Call[Nothing, Nothing], book_id: str) -> Packed:
    """The contents list of an e-book."""
    return kept(
        wiring.cache(), book_namespace(book_id), "contents", lambda: content.contents(service.book(book_id).file)
    )


@routes.operation("POST", "/books/import", who=Who.LIBRARIAN, body=BooksToImport, returns=BookResults)
def import_books(call: Call[BooksToImport, Nothing]) -> BookResults:
    """Bring in records of another catalogue; what the library has already is left as it is."""
    from chalicelib.catalogue import accession

    def one(record: ImportedBook) -> BookResult:
        try:
            made = accession.add_record(changes(record), call.caller.id, wiring.cache(), wiring.now())
        except AlreadyHeld as refusal:
            return BookResult(ok=True, id=refusal.book_id, held=True)
        except LibraryError as refusal:
            return BookResult(ok=False, problem=problem_of(refusal))
        return BookResult(ok=True, id=made.id)

    return BookResults(results=[one(record) for record in call.body.books])


@routes.operation(
    "POST",
    "/uploads",
    who=Who.LIBRARIAN,
    body=NewUpload,
    returns=UploadTicket,
    status=201,
    refusals=(TooLarge, NotFound, Invalid),
)
def begin_upload(call: Call[NewUpload, Nothing]) -> UploadTicket:
    """Announce a file: an EPUB or a PDF, or a picture for a cover."""
    upload, url = uploads.begin(call.body, call.caller.id, call.header("host"), wiring.now())
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
        code=upload.code,
        held=upload.held,
    )
