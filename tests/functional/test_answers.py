"""How answers travel: compressed for who asks for it, not again to who has them, and to HEAD without their bodies."""

from __future__ import annotations

import gzip
from typing import Any

import pytest
from chalice.app import Chalice

from chalicelib.errors import NotFound
from chalicelib.packing import pack
from chalicelib.routing import Answer, Call, Nothing, Routes, Who
from infra.local.gateway.api import Api
from tests.client import Client, in_process
from tests.factories import Town
from tests.fakes import FakeRedis

ASKS_FOR_GZIP = {"Accept-Encoding": "gzip, deflate, br"}
LONG = "Ein Wanderer kommt nach Hause und findet alles verändert. " * 40


class TestCachedAnswers:
    def test_a_long_answer_is_compressed_for_who_asks_for_it_and_the_same_to_everyone(self, town: Town) -> None:
        book = town.book(description=LONG)
        for path in (f"/books/{book['id']}", "/books"):
            for _ in range(2):  # made, and then kept
                plain, squeezed = town.visitor().get(path), town.visitor().get(path, headers=ASKS_FOR_GZIP)
                assert squeezed.headers["content-encoding"] == "gzip"
                assert gzip.decompress(squeezed.body) == plain.body
                assert "content-encoding" not in plain.headers
                assert plain.headers["vary"] == squeezed.headers["vary"] == "Accept-Encoding"
                assert squeezed.headers["etag"] == "W/" + plain.headers["etag"]

    @pytest.mark.parametrize("accepts", ["", "br", "*", "gzip;q=0", "br, gzip; q=0.000, identity"])
    def test_who_does_not_ask_for_it_so_never_gets_it_compressed(self, town: Town, accepts: str) -> None:
        town.book(description=LONG)
        for path in ("/books", "/library", "/openapi.json"):
            answer = town.visitor().get(path, headers={"Accept-Encoding": accepts})
            assert (answer.status, answer.headers.get("content-encoding")) == (200, None)
            assert answer.json

    @pytest.mark.parametrize("accepts", ["gzip", "br, GZIP", "deflate, gzip;q=0.5", "gzip;q=0.05, br;q=0"])
    def test_who_asks_for_it_in_whatever_words_gets_it(self, town: Town, accepts: str) -> None:
        town.book(description=LONG)
        answer = town.visitor().get("/books", headers={"Accept-Encoding": accepts})
        assert answer.headers["content-encoding"] == "gzip"

    def test_a_short_answer_is_not_compressed(self, town: Town) -> None:
        book = town.book()
        answer = town.visitor().get(f"/books/{book['id']}", headers=ASKS_FOR_GZIP)
        assert answer.json["id"] == book["id"]
        assert not {"content-encoding", "vary"} & answer.headers.keys()

    @pytest.mark.parametrize("asking", [{}, ASKS_FOR_GZIP], ids=["plain", "gzip"])
    @pytest.mark.parametrize("description", ["", LONG], ids=["short", "long"])
    def test_who_has_it_is_told_so_until_it_changes(self, town: Town, asking: dict[str, str], description: str) -> None:
        book, visitor = town.book(description=description), town.visitor()
        path = f"/books/{book['id']}"
        tag = visitor.get(path, headers=asking).headers["etag"]
        same = visitor.get(path, headers=asking | {"If-None-Match": f'"other", {tag}'})
        assert (same.status, same.body, same.headers["etag"]) == (304, b"", tag)
        assert same.headers["cache-control"] == "public, max-age=0, must-revalidate"
        town.librarian.patch(path, {"title": "Renamed"})
        changed = visitor.get(path, headers=asking | {"If-None-Match": tag})
        assert (changed.status, changed.headers["etag"] == tag) == (200, False)

    def test_a_tag_of_either_form_holds_a_change_to_what_was_read(self, town: Town) -> None:
        path = f"/books/{town.book(description=LONG)['id']}"
        for asking in ({}, ASKS_FOR_GZIP):
            tag = town.visitor().get(path, headers=asking).headers["etag"]
            assert town.librarian.patch(path, {"title": f"As read {asking}"}, headers={"If-Match": tag}).status == 200
            assert town.librarian.patch(path, {"title": "Later"}, headers={"If-Match": tag}).status == 412

    def test_a_hit_is_one_round_trip_to_the_cache_and_makes_nothing_anew(
        self, town: Town, redis: FakeRedis, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        town.book(description=LONG)
        kept = town.visitor().get("/books", headers=ASKS_FOR_GZIP)
        monkeypatch.setattr("chalicelib.packing.pack", None)
        monkeypatch.setattr("chalicelib.routing.entity_tag", None)
        redis.calls = 0
        assert town.visitor().get("/books", headers=ASKS_FOR_GZIP).body == kept.body
        assert town.visitor().get("/books", headers={"If-None-Match": kept.headers["etag"]}).status == 304
        assert redis.calls == 2

    def test_a_refusal_is_never_kept(self, town: Town) -> None:
        for refused in (town.visitor().get("/books/" + "0" * 26), town.visitor().get("/me")):
            assert refused.headers["cache-control"] == "no-store"
            assert "etag" not in refused.headers

    def test_what_is_of_one_person_is_kept_by_nobody_else(self, town: Town) -> None:
        assert town.patron().get("/me").headers["cache-control"] == "private, no-cache"


class TestHead:
    def test_a_page_is_answered_as_get_answers_it_without_its_body(self, town: Town) -> None:
        book = town.book(description=LONG)
        for path in (f"/books/{book['id']}", "/books", "/sections", "/openapi.json"):
            got, head = town.visitor().get(path), town.visitor().call("HEAD", path)
            assert (head.status, head.body) == (200, b"")
            assert {n: v for n, v in head.headers.items() if n != "date"} == got.headers
        tag = town.visitor().get("/books").headers["etag"]
        assert town.visitor().call("HEAD", "/books", headers={"If-None-Match": tag}).status == 304

    def test_who_may_not_get_may_not_head(self, town: Town) -> None:
        assert town.visitor().call("HEAD", "/me").status == 401
        assert town.patron().call("HEAD", "/patrons").status == 403
        assert town.patron().call("HEAD", "/me").status == 200


def feeds() -> Client:
    """Routes that answer in other ways than with JSON."""
    routes = Routes(__name__)

    @routes.operation("GET", "/feed", who=Who.ANYONE, produces="application/atom+xml", public_cache=True)
    def show_feed(call: Call[Nothing, Nothing]) -> str:
        """A feed."""
        return "<feed>Bücher</feed>"

    @routes.operation("GET", "/picture", who=Who.ANYONE, produces="image/png")
    def show_picture(call: Call[Nothing, Nothing]) -> Answer:
        """A picture."""
        return Answer(b"\x89PNG\xff", {"Cache-Control": "public, max-age=60"})

    @routes.operation("GET", "/words", who=Who.ANYONE, produces="text/plain")
    def show_words(call: Call[Nothing, Nothing]) -> Answer:
        """Words in the language asked for."""
        return Answer(pack(LONG), {"Vary": "Accept-Language"})

    @routes.operation("GET", "/file", who=Who.ANYONE)
    def fetch(call: Call[Nothing, Nothing]) -> Answer:
        """Where the file is."""
        return Answer(None, {"Location": "/elsewhere"}, 303)

    @routes.operation("GET", "/door", who=Who.ANYONE, produces="application/opds+json")
    def enter(call: Call[Nothing, Nothing]) -> Answer:
        """Who is there?"""
        headers: dict[str, Any] = {"Content-Type": "application/vnd.x+json", "WWW-Authenticate": "Basic"}
        return Answer({"title": "Sign in"}, headers, 401)

    @routes.operation("GET", "/gone", who=Who.ANYONE, produces="application/atom+xml")
    def show_gone(call: Call[Nothing, Nothing]) -> str:
        """Nothing."""
        raise NotFound

    app = Chalice("feeds", configure_logs=False)
    app.api.binary_types = []
    app.register_blueprint(routes.guarded_by(None))
    return Client(in_process(Api(app)))


class TestOtherAnswersThanJson:
    def test_text_and_bytes_are_sent_as_they_are(self) -> None:
        feed = feeds().get("/feed")
        assert (feed.headers["content-type"], feed.body) == ("application/atom+xml", "<feed>Bücher</feed>".encode())
        assert feeds().get("/feed", headers={"If-None-Match": feed.headers["etag"]}).status == 304
        picture = feeds().get("/picture")
        assert (picture.headers["content-type"], picture.body) == ("image/png", b"\x89PNG\xff")
        assert picture.headers["cache-control"] == "public, max-age=60"

    def test_what_an_answer_depends_on_is_said_in_full(self) -> None:
        words = feeds().get("/words", headers=ASKS_FOR_GZIP)
        assert (gzip.decompress(words.body), words.headers["content-type"]) == (LONG.encode(), "text/plain")
        assert words.headers["vary"] == "Accept-Language, Accept-Encoding"

    def test_an_answer_may_lead_elsewhere(self) -> None:
        led = feeds().get("/file")
        assert (led.status, led.headers["location"], led.body) == (303, "/elsewhere", b"")
        assert "etag" not in led.headers

    def test_an_answer_of_a_refusing_status_is_never_kept(self) -> None:
        door = feeds().get("/door")
        assert (door.status, door.headers["www-authenticate"], door.json) == (401, "Basic", {"title": "Sign in"})
        assert door.headers["content-type"] == "application/vnd.x+json"
        assert door.headers["cache-control"] == "no-store"
        assert "etag" not in door.headers

    def test_a_refusal_is_a_problem_whatever_the_route_answers_otherwise(self) -> None:
        assert feeds().get("/gone").problem == "not-found"
