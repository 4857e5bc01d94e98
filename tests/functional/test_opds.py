"""The feeds, as reading apps use them: browsing, borrowing, the queue, fetching, giving back."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit
from xml.etree import ElementTree

import pytest

from chalicelib import objects
from chalicelib.catalogue import lists
from chalicelib.catalogue.schemas import BookList, BookOrder, Books, Facets, FacetValue
from chalicelib.catalogue.service import book as kept_book
from chalicelib.catalogue.service import shown
from chalicelib.catalogue.tables import Book, Cover, File
from tests.client import Client
from tests.factories import Town
from tests.fakes import SettableClock
from tests.reading_app import (
    ACQUISITION,
    ATOM,
    BORROW,
    NAMES,
    REVOKE,
    ReadingApp,
    app_of,
    atom_link,
    link,
    rels,
)

_files = itertools.count(1)


def ebook(town: Town, format: str = "epub", **fields: Any) -> dict[str, Any]:
    """A book with a file that reading apps open."""
    made = town.book(**fields)
    key = f"books/{next(_files)}.{format}"
    objects.put(key, b"the whole book", "application/octet-stream")
    covers = [Cover(key=f"covers/{made['id']}-{width}.jpg", width=width) for width in (960, 480)]
    kept_book(made["id"]).update([Book.file.set(File(format=format, key=key, size=14)), Book.covers.set(covers)])
    return made


def send(town: Town) -> Any:
    return town._send


def anyone(town: Town) -> ReadingApp:
    return ReadingApp(send(town))


def reader(town: Town, patron: Client | None = None) -> ReadingApp:
    return app_of(patron or town.patron(), send(town))


def entry_of(book: dict[str, Any]) -> str:
    return f"/opds/books/{book['id']}"


def state(publication: dict[str, Any], rel: str = BORROW) -> str:
    return link(publication, rel)["properties"]["availability"]["state"]


class TestBrowsing:
    def test_the_start_leads_everywhere_and_shows_the_newest_and_the_most_borrowed(self, town: Town) -> None:
        ebook(town, title="Emma")
        feed = anyone(town).feed()
        assert feed["metadata"]["title"] == "Carrel"
        assert [door["title"] for door in feed["navigation"]] == [
            *("Newest", "Best rated", "Most borrowed", "By title", "Sections", "Languages", "My books")
        ]
        assert feed["groups"][0]["publications"][0]["metadata"]["title"] == "Emma"
        assert feed["groups"][0]["links"][0]["rel"] == "self"
        assert link(feed, "search")["templated"] is True
        assert {"self", "start", "http://opds-spec.org/shelf", "profile"} <= rels(feed)

    def test_every_address_of_a_feed_is_whole_and_answers(self, town: Town) -> None:
        ebook(town, section_ids=[town.section()["id"]])
        app, seen, todo = anyone(town), set[str](), ["http://127.0.0.1:8000/opds"]
        while todo:
            address = todo.pop()
            if address in seen or "{" in address:
                continue
            seen.add(address)
            assert address.startswith("http://127.0.0.1:8000/")
            if "/opds" not in address or address.endswith(("/search", "/languages", "/token")) or "/search?" in address:
                continue  # the web app; without an index; not asked for by GET
            reply = app.get(address)
            if any(private in address for private in ("/shelf", "/profile", "/borrow")):
                assert reply.status == 401
                continue
            assert reply.status == 200, address
            assert app.call("HEAD", address).status == 200
            todo += addresses_in(reply.json)
        assert len(seen) > 10

    @pytest.mark.parametrize("path", ["newest", "rated", "popular", "titles"])
    def test_a_list_goes_on_by_next_until_all_were_seen_once(self, town: Town, path: str) -> None:
        titles = {ebook(town, title=f"Title {n}")["title"] for n in range(5)}
        app, seen, address = anyone(town), list[str](), f"/opds/{path}?limit=2"
        while address:
            feed = app.feed(address)
            seen += [one["metadata"]["title"] for one in feed["publications"]]
            following = [one["href"] for one in feed["links"] if one["rel"] == "next"]
            address = following[0] if following else ""
            assert parse_qs(urlsplit(link(feed, "first")["href"]).query) == {"limit": ["2"]}
        assert sorted(seen) == sorted(titles)

    def test_the_order_in_force_is_marked(self, town: Town) -> None:
        ebook(town)
        (order,) = anyone(town).feed("/opds/popular")["facets"]
        assert {one["title"] for one in order["links"] if one.get("rel") == "self"} == {"Most borrowed"}

    def test_a_publication_says_what_is_known_of_the_book(self, town: Town) -> None:
        section = town.section("Novels")
        book = ebook(
            town,
            title="Emma",
            authors=["Jane Austen", "A Friend"],
            language="en",
            publisher="Murray",
            subjects=["Matchmaking"],
            identifiers=["urn:isbn:9780141439587"],
            series={"name": "Novels of hers", "position": 4},
            section_ids=[section["id"]],
            pages=474,
            description="Handsome, clever, and rich",
        )
        publication = anyone(town).feed(entry_of(book))
        said = publication["metadata"]
        assert said["title"] == "Emma"  # a string: a map of languages crashes clients
        assert [author["name"] for author in said["author"]] == ["Jane Austen", "A Friend"]
        assert "author=Jane+Austen" in said["author"][0]["links"][0]["href"]
        assert (said["identifier"], said["language"], said["publisher"], said["numberOfPages"]) == (
            *("urn:isbn:9780141439587", "en", "Murray", 474),
        )
        assert said["belongsTo"] == {"series": {"name": "Novels of hers", "position": 4.0}}
        assert [subject["name"] for subject in said["subject"]] == ["Novels", "Matchmaking"]
        assert [(image["width"], image["type"]) for image in publication["images"]] == [
            *((960, "image/jpeg"), (480, "image/jpeg"))
        ]
        assert rels(publication) == {"self", BORROW, "alternate"}

    def test_what_is_not_known_is_left_out(self, town: Town) -> None:
        book = ebook(town, authors=[])
        said = anyone(town).feed(entry_of(book))["metadata"]
        assert set(said) == {"@type", "identifier", "title", "modified"}
        assert said["identifier"].startswith("urn:uuid:")

    def test_sections_are_doors_with_their_counts(self, town: Town) -> None:
        section = town.section("Poems")
        ebook(town, title="Odes", section_ids=[section["id"]])
        (door,) = anyone(town).feed("/opds/sections")["navigation"]
        assert (door["title"], door["properties"]["numberOfItems"]) == ("Poems", 1)
        assert anyone(town).feed(door["href"])["publications"][0]["metadata"]["title"] == "Odes"

    def test_an_empty_list_leads_back_and_is_still_a_feed(self, town: Town) -> None:
        section = town.section()
        assert "navigation" in anyone(town).feed(f"/opds/sections/{section['id']}")

    def test_what_there_is_not_is_not_found(self, town: Town) -> None:
        for path in ("books", "sections"):
            for odd in ("0" * 26, "x", ".."):
                assert anyone(town).get(f"/opds/{path}/{odd}").status == 404
        assert anyone(town).get("/opds/newest?cursor=x").problem == "invalid"

    def test_a_book_of_the_web_app_is_borrowed_and_read_there(self, town: Town) -> None:
        book = town.book(content="# Hello")
        borrow = link(anyone(town).feed(entry_of(book)), BORROW)
        assert (borrow["type"], urlsplit(borrow["href"]).path) == ("text/html", f"/books/{book['id']}")

    def test_what_everyone_sees_may_be_kept_and_what_one_sees_may_not(self, town: Town) -> None:
        ebook(town)
        public, private = anyone(town).get("/opds/newest"), reader(town).get("/opds/newest")
        assert public.headers["cache-control"].startswith("public")
        assert private.headers["cache-control"].startswith("private")
        assert public.headers["vary"] == "Accept, Authorization"
        again = anyone(town).get("/opds/newest", {"If-None-Match": public.headers["etag"]})
        assert (again.status, again.body) == (304, b"")

    def test_head_says_the_same_without_a_body(self, town: Town) -> None:
        ebook(town)
        for path in ("/opds", "/opds/newest", "/opds/v1", "/opds/authentication"):
            head, got = anyone(town).call("HEAD", path), anyone(town).get(path)
            assert (head.status, head.body) == (200, b"")
            assert head.headers["content-type"] == got.headers["content-type"]


def addresses_in(document: Any) -> Iterator[str]:
    match document:
        case {"href": str(href), **rest}:
            yield href
            yield from addresses_in(list(rest.values()))
        case dict():
            yield from addresses_in(list(document.values()))
        case list():
            for one in document:
                yield from addresses_in(one)
        case _:
            pass


class TestSearching:
    @pytest.fixture
    def index(self, monkeypatch: pytest.MonkeyPatch) -> list[tuple[BookList, BookOrder]]:
        """A search that finds what it is told to, and what it was asked."""
        asked: list[tuple[BookList, BookOrder]] = []
        self.books: list[dict[str, Any]] = []

        def found(wanted: BookList, order: BookOrder, now: datetime) -> Books:
            asked.append((wanted, order))
            items = [shown(kept_book(book["id"])) for book in self.books]
            if not items:
                return Books(items=[], next_cursor=None, total=0, did_you_mean="emma")
            facets = Facets(
                sections=[FacetValue(value="0" * 26, text="Novels", count=3)],
                languages=[FacetValue(value="en", text="en", count=2), FacetValue(value="hi", text="hi", count=1)],
                formats=[],
            )
            return Books(items=items, next_cursor="more", total=3, facets=facets)

        monkeypatch.setattr(lists, "found", found)
        return asked

    def test_a_search_is_asked_by_its_template(self, town: Town, index: list[Any]) -> None:
        self.books.append(ebook(town, title="Emma"))
        template = link(anyone(town).feed(), "search")["href"]
        feed = anyone(town).feed(template.replace("{?query}", "?query=emma%20w"))
        assert index == [(BookList(q="emma w"), "relevance")]
        assert (feed["metadata"]["numberOfItems"], len(feed["publications"])) == (3, 1)
        following = urlsplit(link(feed, "next")["href"]).query
        assert parse_qs(following) == {"query": ["emma w"], "cursor": ["more"]}

    def test_facets_narrow_keep_the_rest_and_mark_what_is_chosen(self, town: Town, index: list[Any]) -> None:
        self.books.append(ebook(town))
        feed = anyone(town).feed("/opds/search?query=emma&language=en&sort=title")
        facets = {facet["metadata"]["title"]: facet["links"] for facet in feed["facets"]}
        assert list(facets) == ["Order", "Section", "Language"]
        chosen = {name: [one["title"] for one in links if one.get("rel") == "self"] for name, links in facets.items()}
        assert chosen == {"Order": ["By title"], "Section": ["All"], "Language": ["en"]}
        hindi = facets["Language"][2]
        assert hindi["properties"]["numberOfItems"] == 1
        assert parse_qs(urlsplit(hindi["href"]).query) == {"query": ["emma"], "language": ["hi"], "sort": ["title"]}

    def test_what_is_not_found_says_what_may_have_been_meant(self, town: Town, index: list[Any]) -> None:
        feed = anyone(town).feed("/opds/search?query=ema")
        assert (feed["metadata"]["numberOfItems"], "publications" in feed) == (0, False)
        assert feed["navigation"][0]["title"] == "Did you mean “emma”?"
        assert "query=emma" in feed["navigation"][0]["href"]

    def test_languages_are_doors(self, town: Town, index: list[Any]) -> None:
        self.books.append(ebook(town))
        doors = anyone(town).feed("/opds/languages")["navigation"]
        assert [(door["title"], door["properties"]["numberOfItems"]) for door in doors] == [("en", 2), ("hi", 1)]

    def test_a_client_of_opds_1_finds_how_to_search(self, town: Town, index: list[Any]) -> None:
        self.books.append(ebook(town))
        app = anyone(town)
        described = app.get(atom_link(app.atom(), "search").get("href", ""))
        assert described.headers["content-type"] == "application/opensearchdescription+xml"
        url = ElementTree.fromstring(described.body).find("os:Url", NAMES)
        assert url is not None
        feed = app.atom(url.get("template", "").replace("{searchTerms}", "emma"))
        assert feed.findtext("os:totalResults", namespaces=NAMES) == "3"
        counts = [
            one.get(f"{{{NAMES['thr']}}}count") for one in feed.findall("a:link", NAMES) if one.get("title") == "hi"
        ]
        assert counts == ["1"]

    def test_without_an_index_a_search_is_put_off_and_the_lists_go_on(
        self, town: Town, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from chalicelib.catalogue.search import SearchUnavailable

        def found(wanted: BookList, order: BookOrder, now: datetime) -> Books:
            raise SearchUnavailable

        monkeypatch.setattr(lists, "found", found)
        ebook(town)
        refused = anyone(town).get("/opds/search?query=emma")
        assert (refused.status, refused.problem) == (503, "search-unavailable")
        assert "retry-after" in refused.headers
        assert len(anyone(town).feed("/opds/newest")["publications"]) == 1


class TestBorrowing:
    def test_a_book_is_borrowed_fetched_and_returned(self, town: Town) -> None:
        patron = town.patron()
        app, book = reader(town, patron), ebook(town, title="Emma")
        before = app.feed(entry_of(book))
        borrow = link(before, BORROW)
        assert state(before) == "available"
        assert borrow["properties"]["indirectAcquisition"] == [{"type": "application/epub+zip"}]
        assert borrow["properties"]["authenticate"].endswith("/opds/authentication")
        lent = app.feed(borrow["href"])
        file = link(lent, ACQUISITION)
        assert (file["type"], BORROW in rels(lent)) == ("application/epub+zip", False)
        (loan,) = patron.get("/loans?status=active").json["items"]
        availability = file["properties"]["availability"]
        assert availability["state"] == "available"
        assert availability["since"][:19] == loan["granted_at"][:19]
        assert availability["until"] == loan["due_at"]
        sent = app.get(file["href"])
        assert (sent.status, sent.body, sent.headers["cache-control"]) == (302, b"", "no-store")
        assert "Signature" in sent.headers["location"]
        returned = app.feed(link(lent, REVOKE)["href"])
        assert state(returned) == "available"
        assert app.get(file["href"]).problem == "not-yours"
        assert patron.get("/loans?status=active").json["items"] == []

    @pytest.mark.parametrize("method", ["GET", "POST", "PUT"])
    def test_borrowing_again_comes_to_the_same_loan(self, town: Town, method: str) -> None:
        patron = town.patron()
        app, book = reader(town, patron), ebook(town)
        first, second = (app.call(method, f"{entry_of(book)}/borrow") for _ in range(2))
        assert (first.status, second.status) == (200, 200)
        assert first.json == second.json
        assert len(patron.get("/loans").json["items"]) == 1

    @pytest.mark.parametrize("step", ["borrow", "return"])
    @pytest.mark.parametrize(
        ("method", "headers"),
        [("HEAD", {}), ("GET", {"Sec-Purpose": "prefetch;prerender"}), ("GET", {"X-Moz": "prefetch"})],
    )
    def test_who_only_looks_neither_borrows_nor_returns(
        self, town: Town, step: str, method: str, headers: dict[str, str]
    ) -> None:
        patron = town.patron()
        app, book = reader(town, patron), ebook(town)
        if step == "return":
            town.loan(patron, book)
        before = patron.get("/loans").json
        assert app.call(method, f"{entry_of(book)}/{step}", headers).status == 200
        assert patron.get("/loans").json == before

    def test_a_queue_is_joined_seen_and_left(self, town: Town) -> None:
        book = ebook(town, copies=1)
        first, second = reader(town), reader(town)
        first.feed(f"{entry_of(book)}/borrow")
        out = second.feed(entry_of(book))
        properties = link(out, BORROW)["properties"]
        assert (state(out), properties["copies"]) == ("unavailable", {"total": 1, "available": 0})
        assert properties["availability"]["until"]
        waiting = second.feed(f"{entry_of(book)}/borrow")
        properties = link(waiting, BORROW)["properties"]
        assert (state(waiting), properties["holds"]) == ("reserved", {"total": 1, "position": 1})
        assert {"since", "until"} <= set(properties["availability"])
        assert properties["cancellable"] is True
        assert [one["metadata"]["title"] for one in second.feed("/opds/shelf")["publications"]] == [book["title"]]
        left = second.call("DELETE", f"{entry_of(book)}/borrow").json
        assert (state(left), link(left, BORROW)["properties"]["holds"]) == ("unavailable", {"total": 0})

    def test_a_copy_that_is_kept_is_picked_up(self, town: Town) -> None:
        book = ebook(town, copies=1)
        first, second = reader(town), reader(town)
        first.feed(f"{entry_of(book)}/borrow")
        second.feed(f"{entry_of(book)}/borrow")
        first.feed(f"{entry_of(book)}/return")
        ready = second.feed(entry_of(book))
        properties = link(ready, BORROW)["properties"]
        assert (state(ready), properties["cancellable"]) == ("ready", True)
        assert properties["availability"]["until"]
        assert state(second.feed(f"{entry_of(book)}/borrow"), ACQUISITION) == "available"

    def test_a_request_waits_for_the_librarian(self, town: Town) -> None:
        patron = town.patron()
        app, book = reader(town, patron), ebook(town, grant="librarian")
        asked = app.feed(f"{entry_of(book)}/borrow")
        availability = link(asked, BORROW)["properties"]["availability"]
        assert (availability["state"], "until" in availability) == ("reserved", False)
        (loan,) = patron.get("/loans").json["items"]
        assert availability["since"] == loan["requested_at"]
        town.librarian.post(f"/loans/{loan['id']}/grant")
        assert state(app.feed(entry_of(book)), ACQUISITION) == "available"

    def test_the_limit_is_said_in_problem_details(self, town: Town) -> None:
        app, last = reader(town), ebook(town)
        for _ in range(5):
            app.feed(f"{entry_of(ebook(town))}/borrow")
        refused = app.get(f"{entry_of(last)}/borrow")
        assert (refused.status, refused.problem) == (409, "loan-limit-reached")
        profile = app.feed("/opds/profile")
        assert profile["loans"] == {"total": 5, "available": 0}

    def test_a_loan_is_renewed_by_who_means_it(self, town: Town, clock: SettableClock) -> None:
        app, book = reader(town), ebook(town)
        lent = app.feed(f"{entry_of(book)}/borrow")
        clock.forward(days=1)
        renew = link(lent, "renew")["href"]
        assert app.get(renew).status == 404
        later = app.call("PUT", renew).json

        def until(publication: dict[str, Any]) -> str:
            return link(publication, ACQUISITION)["properties"]["availability"]["until"]

        assert until(later) > until(lent)
        assert app.call("POST", f"{entry_of(ebook(town))}/renew").status == 403

    def test_a_file_is_gone_when_the_loan_is(self, town: Town, clock: SettableClock) -> None:
        app, book = reader(town), ebook(town, loan_period="PT1H")
        file = link(app.feed(f"{entry_of(book)}/borrow"), ACQUISITION)["href"]
        assert app.get(file).status == 302
        clock.forward(hours=1)
        assert app.get(file).status == 403
        assert BORROW in rels(app.feed(entry_of(book)))
        assert "publications" not in app.feed("/opds/shelf")

    def test_an_older_app_borrows_by_downloading(self, town: Town) -> None:
        patron = town.patron()
        app, book = reader(town, patron), ebook(town, "pdf", title="एम्मा")
        entry = app.atom(f"/opds/v1/books/{book['id']}")
        href = atom_link(entry, ACQUISITION).get("href", "")
        head = app.call("HEAD", href)
        assert (head.status, head.headers["content-type"]) == (200, "application/pdf")
        assert f'filename="{book["id"]}.pdf"' in head.headers["content-disposition"]
        assert patron.get("/loans").json["items"] == []
        assert app.get(href).status == 302
        assert [loan["status"] for loan in patron.get("/loans").json["items"]] == ["active"]
        assert app.get(href).status == 302
        assert len(patron.get("/loans").json["items"]) == 1

    def test_downloading_does_not_ask_the_librarian_nor_wait(self, town: Town) -> None:
        patron = town.patron()
        app, asked, out = reader(town, patron), ebook(town, grant="librarian"), ebook(town, copies=1)
        town.loan(town.patron(), out)
        for book in (asked, out):
            entry = app.atom(f"/opds/v1/books/{book['id']}")
            assert all(one.get("rel") != ACQUISITION for one in entry.findall("a:link", NAMES))
        assert app.get(f"/opds/v1/books/{asked['id']}/fetch").problem == "not-yours"
        assert app.get(f"/opds/v1/books/{out['id']}/fetch").problem == "no-copy-available"
        assert patron.get("/loans").json["items"] == []

    def test_the_librarian_reads_and_does_not_borrow(self, town: Town) -> None:
        book = ebook(town)
        app = app_of(town.librarian, send(town))
        assert app.get(f"{entry_of(book)}/borrow").problem == "forbidden"
        assert app.get(f"{entry_of(book)}/file").status == 302
        assert set(app.feed("/opds/profile")) == {"name", "email", "links"}


class TestOpds1:
    def test_it_is_given_for_atom_and_below_its_own_address(self, town: Town) -> None:
        ebook(town)
        for reply in (anyone(town).get("/opds/newest", ATOM), anyone(town).get("/opds/v1/newest")):
            assert reply.headers["content-type"] == "application/atom+xml;profile=opds-catalog;kind=acquisition"
            feed = ElementTree.fromstring(reply.body)
            hrefs = [one.get("href", "") for one in feed.findall("a:link", NAMES) if one.get("rel") == "self"]
            assert hrefs == ["http://127.0.0.1:8000/opds/v1/newest"]

    @pytest.mark.parametrize(
        "accept", ["application/opds+json", "*/*", "application/opds+json, application/atom+xml;q=0.8", "text/html"]
    )
    def test_else_it_is_opds_2(self, town: Town, accept: str) -> None:
        assert anyone(town).get("/opds", {"Accept": accept}).headers["content-type"] == "application/opds+json"

    def test_the_start_has_doors_that_every_client_follows_and_the_groups(self, town: Town) -> None:
        ebook(town, title="Emma")
        feed = anyone(town).atom()
        assert feed.findtext("a:title", namespaces=NAMES) == "Carrel"
        titles = [entry.findtext("a:title", namespaces=NAMES) for entry in feed.findall("a:entry", NAMES)]
        assert titles[:2] == ["Newest", "Best rated"]
        assert "Emma" in titles

    def test_an_entry_has_what_the_feeds_of_libraries_have(self, town: Town) -> None:
        book = ebook(town, copies=2, authors=["Jane Austen"], language="en", title="Emma")
        waiting = reader(town)
        entry = waiting.atom(f"/opds/v1/books/{book['id']}/borrow")
        acquisition = atom_link(entry, ACQUISITION)
        assert acquisition.get("type") == "application/epub+zip"
        availability = acquisition.find("opds:availability", NAMES)
        assert availability is not None
        assert (availability.get("status"), set(availability.keys())) == ("available", {"status", "since", "until"})
        copies = acquisition.find("opds:copies", NAMES)
        assert copies is not None
        assert copies.attrib == {"total": "2", "available": "1"}
        entry = anyone(town).atom(f"/opds/v1/books/{book['id']}")
        borrow = atom_link(entry, BORROW)
        indirect = borrow.find("opds:indirectAcquisition", NAMES)
        assert indirect is not None
        assert indirect.get("type") == "application/epub+zip"
        assert entry.findtext("a:author/a:name", namespaces=NAMES) == "Jane Austen"
        assert entry.findtext("dcterms:language", namespaces=NAMES) == "en"

    def test_hostile_titles_are_well_formed_in_both_versions(self, town: Town) -> None:
        arabic = "\u202e\u0643\u062a\u0627\u0628\u200f"
        titles = ["<b>&amp;]]>\"'", "x" * 500, arabic, "smile \U0001f600 \ufffe"]
        for title in titles:
            ebook(town, title=title, authors=[title[:200]], description="a\x0bb\x00c\ud7ff")
        app = anyone(town)
        entries = app.atom("/opds/v1/newest").findall("a:entry", NAMES)
        written = {entry.findtext("a:title", namespaces=NAMES) for entry in entries}
        assert written == {title.replace("\ufffe", "") for title in titles}
        assert {entry.findtext("a:summary", namespaces=NAMES) for entry in entries} == {"abc\ud7ff"}
        assert {one["metadata"]["title"] for one in app.feed("/opds/newest")["publications"]} == set(titles)


class TestRoundTrips:
    def test_a_page_of_books_costs_the_same_for_two_and_for_twenty_five(self, town: Town, counted) -> None:
        section = town.section()
        cost: list[list[str]] = []
        for many in (2, 23):
            for _ in range(many):
                ebook(town, copies=1, section_ids=[section["id"]])
            with counted() as calls:
                assert anyone(town).get("/opds/newest").status == 200
                cost.append(list(calls))
        # The list, the library's settings, the names of the sections, the copies.
        assert cost[0] == cost[1]
        assert sorted(cost[1]) == ["BatchGetItem", "GetItem", "Query", "Query"]

    def test_for_who_signed_in_it_costs_their_card_and_loans_besides(self, town: Town, counted) -> None:
        app = reader(town)
        for _ in range(25):
            ebook(town, copies=3)
        for _ in range(2):
            app.feed(f"{entry_of(ebook(town, copies=2))}/borrow")
        with counted() as calls:
            app.feed("/opds/newest")
        # Who they are is known to the cache.
        assert sorted(calls) == ["BatchGetItem", "BatchGetItem", "GetItem", "GetItem", "Query"]
