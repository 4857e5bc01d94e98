"""Sections and e-books through the API."""

from __future__ import annotations

import pytest

from tests.factories import Town
from tests.fakes import FakeRedis

TITLES = ["गोदान", "كليلة ودمنة", "源氏物語", "Преступление и наказание", "Ἰλιάς", "Ngũgĩ — 🦉 \u202bמבחן"]


class TestSections:
    def test_a_section_is_made_renamed_and_removed(self, town: Town) -> None:
        section = town.section("Poetry")
        assert section["book_count"] == 0
        path = f"/sections/{section['id']}"
        assert town.librarian.patch(path, {"name": "Poesie", "description": "Verse"}).json["name"] == "Poesie"
        assert town.visitor().get(path).json["description"] == "Verse"
        assert town.librarian.delete(path).status == 204
        assert town.visitor().get(path).status == 404
        assert town.librarian.delete(path).status == 404

    def test_removing_a_section_loses_no_ebook(self, town: Town) -> None:
        gone, stays = town.section(), town.section()
        book = town.book(section_ids=[gone["id"], stays["id"]])
        town.librarian.delete(f"/sections/{gone['id']}")
        assert town.visitor().get(f"/books/{book['id']}").json["section_ids"] == [stays["id"]]
        assert [b["id"] for b in town.visitor().get(f"/books?section={stays['id']}").json["items"]] == [book["id"]]

    def test_sections_sort_by_name_without_minding_case_and_accents(self, town: Town) -> None:
        for name in ["Zoology", "élan", "apple", "Echo"]:
            town.section(name)
        names = [s["name"] for s in town.visitor().get("/sections?sort=name").json["items"]]
        assert names == ["apple", "Echo", "élan", "Zoology"]

    def test_a_large_section_is_emptied_bit_by_bit_and_holds_up_nobody(
        self, town: Town, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from chalicelib import wiring
        from chalicelib.catalogue import jobs, sections
        from chalicelib.facts import Fact

        section, patron = town.section(), town.patron()
        books = [town.book(section_ids=[section["id"]]) for _ in range(7)]
        for book in books[:2]:
            town.loan(patron, book)
        empty = sections._take_books_out
        monkeypatch.setattr(sections, "_take_books_out", lambda gone, cache, at_once: empty(gone, cache, at_once=2))
        assert town.librarian.delete(f"/sections/{section['id']}").status == 204

        # Some stand there still, and nobody who touches them is held up.
        assert patron.put(f"/books/{books[0]['id']}/review", {"rating": 4}).status == 200
        assert patron.put(f"/books/{books[1]['id']}/review", {"rating": 4}).status == 200
        assert town.librarian.delete(f"/books/{books[2]['id']}").status == 204
        assert town.librarian.patch(f"/books/{books[3]['id']}", {"section_ids": []}).status == 200

        told: set[str] = set()
        while fresh := [f for f in Fact.query(wiring.now().strftime("%Y-%m-%d")) if f.id not in told]:
            for happened in fresh:
                told.add(happened.id)
                jobs.on_fact(happened, wiring.cache(), wiring.now())
        assert all(book["section_ids"] == [] for book in town.visitor().get("/books").json["items"])

    def test_a_section_counts_its_ebooks_through_every_move(self, town: Town) -> None:
        one, two = town.section(), town.section()
        book = town.book(section_ids=[one["id"]])
        town.librarian.patch(f"/books/{book['id']}", {"section_ids": [two["id"], two["id"]]})
        counts = {s["id"]: s["book_count"] for s in town.visitor().get("/sections").json["items"]}
        assert counts == {one["id"]: 0, two["id"]: 1}
        town.librarian.delete(f"/books/{book['id']}")
        assert town.visitor().get(f"/sections/{two['id']}").json["book_count"] == 0

    def test_pages_of_sections_neither_skip_nor_repeat(self, town: Town) -> None:
        made = [town.section()["id"] for _ in range(5)]
        seen, cursor = [], ""
        while cursor is not None:
            page = town.visitor().get(f"/sections?limit=2{cursor}").json
            seen += [s["id"] for s in page["items"]]
            cursor = f"&cursor={page['next_cursor']}" if page["next_cursor"] else None
        assert seen == made[::-1]


class TestBooks:
    @pytest.mark.parametrize("title", TITLES)
    def test_a_title_of_any_script_comes_back_as_it_was_given(self, town: Town, title: str) -> None:
        book = town.book(title=title, authors=[title, "B"], description=title * 3, language="hi")
        seen = town.visitor().get(f"/books/{book['id']}").json
        assert (seen["title"], seen["authors"], seen["language"]) == (title, [title, "B"], "hi")

    @pytest.mark.parametrize(
        ("wrong", "field"),
        [
            ({"title": ""}, "title"),
            ({"title": "x" * 501}, "title"),
            ({"title": None}, "title"),
            ({"authors": [""]}, "authors.0"),
            ({"authors": "Ada"}, "authors"),
            ({"pages": 0}, "pages"),
            ({"pages": "ten"}, "pages"),
            ({"copies": 0}, "copies"),
            ({"price": {"amount": -1, "currency": "EUR"}}, "price.amount"),
            ({"price": {"amount": 1, "currency": "euro"}}, "price.currency"),
            ({"loan_period": "a week"}, "loan_period"),
            ({"loan_period": "PT1S"}, "loan_period"),
            ({"loan_period": "P53W"}, "loan_period"),
            ({"loan_period": "P7D\n"}, "loan_period"),
            ({"loan_period": "P٧D"}, "loan_period"),
            ({"title": "   "}, "title"),
            ({"language": "en\n"}, "language"),
            ({"grant": "maybe"}, "grant"),
            ({"section_ids": ["nowhere"]}, "section_ids"),
            ({"content": "a\u0000b"}, "content"),
        ],
    )
    def test_a_wrong_field_is_named(self, town: Town, wrong: dict[str, object], field: str) -> None:
        refused = town.librarian.post("/books", {"title": "Right", **wrong})
        assert (refused.status, refused.wrong_fields) == (422, {field})
        assert town.visitor().get("/books").json["items"] == []

    def test_an_ebook_takes_the_librarys_terms_unless_it_has_its_own(self, town: Town) -> None:
        town.librarian.patch("/settings", {"loan_period": "P3D", "grant": "automatic"})
        made = town.librarian.post("/books", {"title": "T"}).json
        assert (made["loan_period"], made["grant"]) == ("P3D", "automatic")

    def test_only_what_a_change_names_is_changed(self, town: Town) -> None:
        book = town.book(description="kept", pages=12, price={"amount": 499, "currency": "EUR"})
        changed = town.librarian.patch(f"/books/{book['id']}", {"title": "New", "pages": None}).json
        assert changed == {**book, "title": "New", "pages": None}
        assert town.visitor().get(f"/books/{book['id']}").json == changed

    def test_a_price_is_changed_by_half_and_null_takes_back_what_has_a_default(self, town: Town) -> None:
        path = f"/books/{town.book(price={'amount': 499, 'currency': 'EUR'}, loan_period='P1D')['id']}"
        change = town.librarian.patch
        assert change(path, {"price": {"amount": 599}}).json["price"] == {"amount": 599, "currency": "EUR"}
        assert change(path, {"price": None}).json["price"] is None
        assert change(path, {"price": {"amount": 1}}).wrong_fields == {"price.currency"}
        taken_back = change(path, dict.fromkeys(("loan_period", "grant", "description", "authors", "content")))
        assert (taken_back.json["loan_period"], taken_back.json["grant"]) == ("P7D", "librarian")
        assert (taken_back.json["authors"], taken_back.json["format"]) == ([], None)
        assert change(path, {"title": None}).wrong_fields == {"title"}

    def test_what_was_changed_since_it_was_read_is_not_removed(self, town: Town) -> None:
        book, section = town.book(), town.section()
        for path in (f"/books/{book['id']}", f"/sections/{section['id']}"):
            name = "title" if "books" in path else "name"
            tag = town.librarian.get(path).headers["etag"]
            changed = town.librarian.patch(path, {name: "Changed"})
            assert town.librarian.delete(path, headers={"If-Match": tag}).status == 412
            assert town.librarian.delete(path, headers={"If-Match": changed.headers["etag"]}).status == 204

    def test_two_librarian_tabs_do_not_overwrite_each_other(self, town: Town) -> None:
        book = town.book()
        path = f"/books/{book['id']}"
        tag = town.librarian.get(path).headers["etag"]
        assert town.librarian.patch(path, {"title": "First"}, headers={"If-Match": tag}).status == 200
        refused = town.librarian.patch(path, {"title": "Second"}, headers={"If-Match": tag})
        assert (refused.status, town.visitor().get(path).json["title"]) == (412, "First")

    def test_the_newest_list_shows_each_change_at_once_although_it_is_cached(
        self, town: Town, redis: FakeRedis
    ) -> None:
        visitor = town.visitor()
        first = town.book()
        assert [b["id"] for b in visitor.get("/books").json["items"]] == [first["id"]]
        second = town.book()
        assert [b["id"] for b in visitor.get("/books").json["items"]] == [second["id"], first["id"]]
        town.librarian.patch(f"/books/{first['id']}", {"title": "Renamed"})
        assert visitor.get("/books").json["items"][1]["title"] == "Renamed"
        town.librarian.delete(f"/books/{second['id']}")
        assert [b["id"] for b in visitor.get("/books").json["items"]] == [first["id"]]
        assert any(key.startswith("test:value:{newest}") for key in redis.kept)

    def test_pages_of_books_neither_skip_nor_repeat_while_books_are_added(self, town: Town) -> None:
        made = [town.book()["id"] for _ in range(5)]
        page = town.visitor().get("/books?limit=2").json
        town.book()
        seen = [b["id"] for b in page["items"]]
        while page["next_cursor"]:
            page = town.visitor().get(f"/books?limit=2&cursor={page['next_cursor']}").json
            seen += [b["id"] for b in page["items"]]
        assert seen == made[::-1]

    def test_the_last_page_says_that_it_is_the_last(self, town: Town) -> None:
        section = town.section()
        for _ in range(2):
            town.book(section_ids=[section["id"]])
        for query in ("limit=2", f"limit=2&section={section['id']}"):
            assert town.visitor().get(f"/books?{query}").json["next_cursor"] is None

    def test_a_page_that_did_not_change_is_not_sent_again(self, town: Town) -> None:
        path = f"/books/{town.book()['id']}"
        tag = town.visitor().get(path).headers["etag"]
        again = town.visitor().get(path, headers={"If-None-Match": tag})
        assert (again.status, again.body) == (304, b"")

    @pytest.mark.parametrize("query", ["limit=0", "limit=101", "limit=x", "cursor=garbage", "sort=colour"])
    def test_a_query_that_means_nothing_is_refused(self, town: Town, query: str) -> None:
        refused = town.visitor().get(f"/books?{query}")
        assert (refused.status, refused.wrong_fields) == (422, {query.split("=", maxsplit=1)[0]})

    def test_what_is_not_json_is_refused_as_such(self, town: Town) -> None:
        town.book()
        assert town.librarian.call("POST", "/books", raw=b"{oops").status == 422
        xml = {"Content-Type": "application/xml"}
        assert town.librarian.call("POST", "/books", raw=b"<b/>", headers=xml).status == 415
        assert town.librarian.call("POST", "/books", raw=b"[1]").status == 422


class TestReviews:
    def test_only_who_has_had_an_ebook_rates_it(self, town: Town) -> None:
        book, patron = town.book(), town.patron()
        assert patron.put(f"/books/{book['id']}/review", {"rating": 5}).problem == "not-had-yet"
        loan = town.loan(patron, book)
        patron.post(f"/loans/{loan['id']}/return")
        assert patron.put(f"/books/{book['id']}/review", {"rating": 5, "text": "Splendid"}).status == 200

    def test_a_request_that_was_never_granted_is_not_having_had(self, town: Town) -> None:
        book, patron = town.book(grant="librarian"), town.patron()
        town.loan(patron, book)
        assert patron.put(f"/books/{book['id']}/review", {"rating": 5}).status == 403

    @pytest.mark.parametrize("rating", [0, 6, 4.5, "5", None, True])
    def test_a_rating_is_a_whole_number_from_one_to_five(self, town: Town, rating: object) -> None:
        book, patron = town.book(), town.patron()
        town.loan(patron, book)
        assert patron.put(f"/books/{book['id']}/review", {"rating": rating}).wrong_fields == {"rating"}

    def test_means_follow_each_rating_its_change_and_its_removal(self, town: Town) -> None:
        section = town.section()
        books = [town.book(section_ids=[section["id"]]) for _ in range(2)]
        patrons = [town.patron() for _ in range(2)]

        def means() -> tuple[float | None, int, float | None, int]:
            book = town.visitor().get(f"/books/{books[0]['id']}").json
            shelf = town.visitor().get(f"/sections/{section['id']}").json
            return book["rating"], book["rating_count"], shelf["rating"], shelf["rating_count"]

        for patron in patrons:
            for book in books:
                town.loan(patron, book)
        patrons[0].put(f"/books/{books[0]['id']}/review", {"rating": 5})
        patrons[1].put(f"/books/{books[0]['id']}/review", {"rating": 2})
        patrons[1].put(f"/books/{books[1]['id']}/review", {"rating": 3})
        assert means() == (3.5, 2, 3.33, 3)
        patrons[1].put(f"/books/{books[0]['id']}/review", {"rating": 4})
        assert means() == (4.5, 2, 4.0, 3)
        assert patrons[0].delete(f"/books/{books[0]['id']}/review").status == 204
        assert means() == (4.0, 1, 3.5, 2)
        town.librarian.patch(f"/books/{books[0]['id']}", {"section_ids": []})
        assert means() == (4.0, 1, 3.0, 1)

    def test_the_librarian_hides_the_words_and_the_rating_counts_on(self, town: Town) -> None:
        book, patron = town.book(), town.patron("Rude")
        town.loan(patron, book)
        patron.put(f"/books/{book['id']}/review", {"rating": 1, "text": "unkind words"})
        (shown,) = town.visitor().get(f"/books/{book['id']}/reviews").json["items"]
        assert (shown["text"], shown["patron"]["name"]) == ("unkind words", "Rude")
        assert town.librarian.post(f"/reviews/{shown['id']}/hide").status == 200
        assert town.visitor().get(f"/books/{book['id']}/reviews").json["items"] == []
        assert town.visitor().get(f"/books/{book['id']}").json["rating"] == 1.0
        assert patron.get(f"/books/{book['id']}/review").json["hidden"] is True
