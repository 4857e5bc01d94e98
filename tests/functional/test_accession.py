"""What comes in: files with all they say, covers, records of other catalogues; and nothing twice."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from chalicelib import objects, wiring
from chalicelib.catalogue import jobs
from chalicelib.catalogue.tables import Upload
from chalicelib.errors import Unavailable
from chalicelib.facts import Fact
from tests.factories import Town
from tests.factories_books import CHAPTER_ITEM, NAV, NAV_ITEM, epub, package, picture
from tests.functional.test_uploads import book_file, upload

ONE_ID = "0" * 26
SAYS = (
    "<dc:title>Mehfil</dc:title><dc:creator>Asha</dc:creator><dc:language>en</dc:language>"
    '<dc:publisher>Neem Press</dc:publisher><dc:subject>Rivers</dc:subject><dc:identifier id="i">urn:isbn:9780141439518'
    '</dc:identifier><meta name="calibre:series" content="Banks"/><meta name="calibre:series_index" content="2"/>'
)
TOC = (
    '<nav epub:type="toc"><ol><li><a href="c1.xhtml">One</a>'
    '<ol><li><a href="c1.xhtml#b">Two</a></li></ol></li></ol></nav>'
)


def full_book() -> bytes:
    cover_item = '<item id="cov" href="cover.png" media-type="image/png" properties="cover-image"/>'
    extra: dict[str, str | bytes] = {"OEBPS/nav.xhtml": NAV.format(TOC), "OEBPS/cover.png": picture(size=(600, 900))}
    return epub(package(SAYS, CHAPTER_ITEM + NAV_ITEM + cover_item), extra=extra)


def ids(town: Town, query: str = "") -> list[str]:
    return [book["id"] for book in town.visitor().get(f"/books{query}").json["items"]]


def test_all_that_a_file_says_stands_on_the_book(town: Town) -> None:
    made = upload(town, full_book())
    book = town.visitor().get(f"/books/{made['book_id']}").json
    assert book["series"] == {"name": "Banks", "position": 2}
    assert (book["publisher"], book["subjects"]) == ("Neem Press", ["Rivers"])
    assert "urn:isbn:9780141439518" in book["identifiers"]
    assert town.visitor().get(f"/books/{made['book_id']}/contents").json["items"] == [
        {"title": "One", "href": "OEBPS/c1.xhtml", "level": 1},
        {"title": "Two", "href": "OEBPS/c1.xhtml#b", "level": 2},
    ]


def test_a_cover_comes_in_sizes_and_lists_get_a_small_one(town: Town) -> None:
    book = town.visitor().get(f"/books/{upload(town, full_book())['book_id']}").json
    widths = [cover["width"] for cover in book["covers"]]
    assert widths == sorted(widths, reverse=True)
    assert widths[0] == 600
    assert book["cover_url"] == next(cover["url"] for cover in book["covers"] if cover["width"] == 480)
    for cover in book["covers"]:
        assert objects.size(cover["url"].lstrip("/"))


def test_a_written_book_has_its_headings_for_contents(town: Town) -> None:
    book = town.book(content="# One\n\nwords\n\n## Two\n\nwords")
    items = town.visitor().get(f"/books/{book['id']}/contents").json["items"]
    assert [(item["title"], item["level"]) for item in items] == [("One", 1), ("Two", 2)]
    town.librarian.patch(f"/books/{book['id']}", {"content": "no headings"})
    assert town.visitor().get(f"/books/{book['id']}/contents").json["items"] == []


def test_a_picture_becomes_the_cover_and_the_old_one_is_let_go(town: Town) -> None:
    made = upload(town, full_book())
    old = town.visitor().get(f"/books/{made['book_id']}").json["covers"]
    done = upload(town, picture(size=(300, 400)), "cover.png", book_id=made["book_id"], purpose="cover")
    assert (done["status"], done["book_id"]) == ("ready", made["book_id"])
    book = town.visitor().get(f"/books/{made['book_id']}").json
    assert book["covers"][0]["width"] == 300
    assert (book["title"], book["format"]) == ("Mehfil", "epub")
    assert [objects.size(cover["url"].lstrip("/")) for cover in old] == [None] * len(old)
    town.librarian.patch(f"/books/{made['book_id']}", {"cover_url": None})
    assert town.visitor().get(f"/books/{made['book_id']}").json["covers"] == []


@pytest.mark.parametrize("body", [b"<svg onload='alert(1)'/>", full_book()])
def test_what_is_no_picture_is_no_cover(town: Town, body: bytes) -> None:
    book = town.book()
    done = upload(town, body, "cover.png", book_id=book["id"], purpose="cover")
    assert (done["status"], done["code"]) == ("refused", "not_a_picture")


def test_a_cover_is_a_books(town: Town) -> None:
    refused = town.librarian.post("/uploads", {"filename": "c.png", "size": 9, "purpose": "cover"})
    assert (refused.status, refused.wrong_fields) == (422, {"book_id"})


def test_what_is_known_better_counts_for_more_than_the_file(town: Town) -> None:
    section = town.section()
    about = {"title": "My title", "authors": ["B", "A"], "section_ids": [section["id"]], "copies": 3, "rating": 4}
    made = upload(town, full_book(), about=about)
    book = town.visitor().get(f"/books/{made['book_id']}").json
    assert (book["title"], book["authors"], book["copies"], book["publisher"]) == (
        "My title",
        ["B", "A"],
        3,
        "Neem Press",
    )
    assert (book["rating"], book["rating_count"]) == (4, 1)
    assert town.visitor().get(f"/sections/{section['id']}").json["rating"] == 4


def test_what_is_known_better_is_checked_when_it_is_said_and_when_it_is_used(town: Town) -> None:
    refused = town.librarian.post("/uploads", {"filename": "x.epub", "size": 9, "about": {"title": ""}})
    assert (refused.status, refused.wrong_fields) == (422, {"about.title"})
    done = upload(town, full_book(), about={"section_ids": [ONE_ID]})
    assert (done["status"], done["reason"]) == ("refused", "There is no such section.")


def test_a_file_that_is_held_makes_no_second_book_where_that_is_asked(town: Town) -> None:
    body = full_book()
    first = upload(town, body)
    again = upload(town, body, unless_held=True)
    assert (again["status"], again["held"], again["book_id"]) == ("ready", True, first["book_id"])
    assert ids(town) == [first["book_id"]]
    second = upload(town, body)
    assert (second["held"], len(ids(town))) == (False, 2)
    for book_id in (first["book_id"], second["book_id"]):
        town.librarian.delete(f"/books/{book_id}")
    assert upload(town, body, unless_held=True)["held"] is False


def test_a_book_of_the_same_origin_is_held_though_its_file_changed(town: Town) -> None:
    upload(town, book_file("One"), about={"origin": "calibre:1"}, unless_held=True)
    assert upload(town, book_file("Two"), about={"origin": "calibre:1"}, unless_held=True)["held"]


def test_a_replaced_file_may_come_in_again(town: Town) -> None:
    made = upload(town, book_file("One"))
    upload(town, book_file("Two"), book_id=made["book_id"])
    assert upload(town, book_file("Two"), unless_held=True)["held"]
    assert not upload(town, book_file("One"), unless_held=True)["held"]


def test_two_uploads_of_one_file_that_cross_make_one_book(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both found that it was not held; the transaction lets one of them."""
    from chalicelib.catalogue import holdings

    monkeypatch.setattr(holdings, "held", lambda _: {})
    done = [upload(town, book_file("Same"), unless_held=True) for _ in range(2)]
    assert [each["held"] for each in done] == [False, True]
    assert done[0]["book_id"] == done[1]["book_id"]


def test_nothing_of_a_file_stays_in_storage_when_its_book_goes(town: Town) -> None:
    def kept() -> Sequence[str]:
        from chalicelib import clients, settings

        found = clients.s3().list_objects_v2(Bucket=settings.current().bucket)
        return sorted(each["Key"] for each in found.get("Contents", []) if not each["Key"].startswith("covers/"))

    before = kept()
    made = upload(town, full_book())
    assert len(kept()) == len(before) + 3  # the file, its contents, its text
    town.librarian.delete(f"/books/{made['book_id']}")
    assert kept() == before


RECORD = {"title": "Ledger", "authors": ["A"], "identifiers": ["urn:isbn:1"], "sections": ["Nature", "nature", "Old"]}


def test_records_come_in_with_sections_made_for_them_and_not_twice(town: Town) -> None:
    town.section("Nature")
    for held in (False, True):
        results = town.librarian.post("/books/import", {"books": [RECORD, {"title": "Other"}]}).json["results"]
        assert [(r["ok"], r["held"]) for r in results] == [(True, held), (True, held)]
    assert len(ids(town)) == 2
    counts = {s["name"]: s["book_count"] for s in town.visitor().get("/sections").json["items"]}
    assert counts == {"Nature": 1, "Old": 1}


def test_a_record_that_cannot_come_in_is_told_of_and_the_others_come_in(town: Town) -> None:
    records = [{"title": "A", "section_ids": [ONE_ID]}, {"title": "B", "loan_period": "P0D"}, {"title": "C"}]
    results = town.librarian.post("/books/import", {"books": records}).json["results"]
    assert [r["ok"] for r in results] == [False, False, True]
    assert results[0]["problem"]["errors"][0]["field"] == "section_ids"
    refused = town.librarian.post("/books/import", {"books": [{"title": "D"}, {"title": " "}]})
    assert (refused.status, refused.wrong_fields) == (422, {"books.1.title"})
    assert len(ids(town)) == 1


def test_several_books_are_changed_at_once(town: Town) -> None:
    old, new = town.section(), town.section()
    books = [town.book(section_ids=[old["id"]], language="en") for _ in range(3)]
    wanted = {
        "ids": [*(book["id"] for book in books), ONE_ID],
        "changes": {"language": "fr", "copies": 2},
        "add_section_ids": [new["id"]],
        "remove_section_ids": [old["id"]],
    }
    results = town.librarian.post("/books/batch", wanted).json["results"]
    assert [r["ok"] for r in results] == [True, True, True, False]
    assert results[3]["problem"]["status"] == 404
    for book in books:
        seen = town.visitor().get(f"/books/{book['id']}").json
        assert (seen["language"], seen["copies"], seen["section_ids"]) == ("fr", 2, [new["id"]])
        assert seen["title"] == book["title"]


def test_a_series_is_changed_by_its_members(town: Town) -> None:
    book = town.book(series={"name": "Banks", "position": 1})
    changed = town.librarian.patch(f"/books/{book['id']}", {"series": {"position": 2.5}}).json
    assert changed["series"] == {"name": "Banks", "position": 2.5}
    assert town.librarian.patch(f"/books/{book['id']}", {"series": None}).json["series"] is None
    refused = town.librarian.patch(f"/books/{book['id']}", {"series": {"position": 1}})
    assert (refused.status, refused.wrong_fields) == (422, {"series.name"})


def test_the_best_rated_come_first_and_one_voice_does_not_make_the_best(town: Town) -> None:
    loved, lone, unrated = town.book(), town.book(), town.book()
    for patron in [town.patron() for _ in range(4)]:
        town.loan(patron, loved)
        patron.put(f"/books/{loved['id']}/review", {"rating": 5})
    patron = town.patron()
    town.loan(patron, lone)
    patron.put(f"/books/{lone['id']}/review", {"rating": 5})
    assert ids(town, "?sort=rating") == [loved["id"], lone["id"], unrated["id"]]


def test_the_most_borrowed_come_first_and_a_loan_is_counted_once(town: Town) -> None:
    first, second = town.book(), town.book()
    for book, patrons in ((first, 1), (second, 2)):
        for _ in range(patrons):
            town.loan(town.patron(), book)
    facts = list(Fact.query(wiring.now().strftime("%Y-%m-%d")))
    jobs.count_loans(facts, wiring.cache(), wiring.now())
    assert ids(town, "?sort=popular") == [second["id"], first["id"]]
    # told again, in another batch, with one more in it
    town.loan(town.patron(), first)
    facts = list(Fact.query(wiring.now().strftime("%Y-%m-%d")))
    jobs.count_loans(facts, wiring.cache(), wiring.now())
    jobs.count_loans(facts, wiring.cache(), wiring.now())
    town.loan(town.patron(), first)
    facts = list(Fact.query(wiring.now().strftime("%Y-%m-%d")))
    jobs.count_loans(facts, wiring.cache(), wiring.now())
    assert ids(town, "?sort=popular") == [first["id"], second["id"]]


@pytest.mark.parametrize("sort", ["newest", "rating", "popular"])
def test_a_shelf_is_read_page_by_page_without_gaps(town: Town, sort: str) -> None:
    made = {town.book()["id"] for _ in range(7)}
    seen: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        page = (
            town.visitor()
            .get(f"/books?sort={sort}&limit=3" + (f"&cursor={cursor.replace('#', '%23')}" if cursor else ""))
            .json
        )
        seen += [book["id"] for book in page["items"]]
        cursor = page["next_cursor"]
    assert (len(seen), set(seen)) == (7, made)


def test_a_cursor_of_another_list_is_refused(town: Town) -> None:
    for sort in ("newest", "rating", "popular"):
        assert town.visitor().get(f"/books?sort={sort}&cursor=nonsense").status == 422


def test_an_upload_that_could_not_be_kept_is_tried_again(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    from chalicelib.catalogue import service

    put: Callable[..., Any] = service.put_on_shelves
    failing = [True]

    def once_busy(*args: Any, **kwargs: Any) -> Any:
        if failing.pop() if failing else False:
            raise Unavailable(retry_after=1)
        return put(*args, **kwargs)

    monkeypatch.setattr(service, "put_on_shelves", once_busy)
    with pytest.raises(Unavailable):
        upload(town, book_file("Busy"))
    [upload_id] = [each.id for each in Upload.scan()]
    jobs.read_upload(upload_id, wiring.cache(), wiring.now())
    assert town.librarian.get(f"/uploads/{upload_id}").json["status"] == "ready"
