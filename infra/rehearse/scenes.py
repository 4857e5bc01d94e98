"""What is done at the deployed library, each a sentence that is true or not. They build on each other, in order."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from infra.deploy import Clients, Stack, invoke, publish
from infra.rehearse import book
from infra.rehearse.visitor import Visitor, at

LIBRARIAN = {"email": "librarian@carrel.example", "password": "keeper of the books"}
PASSWORD = "correct horse battery"
SCHEDULED = {
    **{"id": "", "version": "0", "account": "", "region": "", "detail": {}, "resources": []},
    **{"source": "aws.events", "detail-type": "Scheduled Event", "time": "2026-01-01T00:00:00Z"},
}
FORGED = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ4In0.c2lnbmF0dXJl"


@dataclass(slots=True)
class Stage:
    """What the scenes play on, and what earlier ones left for later ones."""

    stack: Stack
    clients: Clients
    port: int
    site: Path
    librarian: Visitor = field(init=False)
    patron: Visitor = field(init=False)
    short_loan: dict[str, Any] = field(default_factory=dict[str, Any])
    cover: str = ""
    file: str = ""

    def __post_init__(self) -> None:
        self.librarian, self.patron = self.visitor(), self.visitor()

    def visitor(self) -> Visitor:
        """Somebody at the API."""
        return Visitor(self.port, f"{self.stack.outputs['RestAPIId']}.execute-api.127.0.0.1", "/api")

    def at_site(self) -> Visitor:
        """Somebody at the CDN."""
        return Visitor(self.port, self.stack.outputs["SiteUrl"].removeprefix("https://"))


def setup_makes_the_librarian_once(stage: Stage) -> None:
    setup = stage.stack.functions["Setup"]
    made = [invoke(setup, {"librarian": LIBRARIAN}, stage.clients)["created"] for _ in range(2)]
    assert made == [True, False], made


def the_library_reaches_its_database_objects_and_cache(stage: Stage) -> None:
    reply = stage.visitor().get("/health")
    assert (reply.status, reply.json["status"]) == (200, "ok"), reply


def the_librarian_signs_in_and_nobody_with_a_wrong_password(stage: Stage) -> None:
    wrong = stage.visitor().sign_in(LIBRARIAN["email"], "not the password")
    assert (wrong.status, wrong.problem) == (401, "wrong-credentials"), wrong
    reply = stage.librarian.sign_in(LIBRARIAN["email"], LIBRARIAN["password"])
    assert reply.status == 200, reply
    assert stage.librarian.get("/me").json["role"] == "librarian"
    assert "HttpOnly" in reply.headers["set-cookie"]


def a_patron_registers_and_signs_in(stage: Stage) -> None:
    made = stage.patron.post("/auth/register", {"username": "grace", "password": PASSWORD, "name": "Grace"})
    assert made.status == 201, made
    assert stage.patron.sign_in("grace", PASSWORD).status == 200


def a_request_without_a_good_token_is_refused_with_a_problem(stage: Stage) -> None:
    for token in (None, FORGED):
        visitor = stage.visitor()
        visitor.token = token
        reply = visitor.get("/me")
        assert (reply.status, reply.problem) == (401, "unauthenticated"), reply
        assert reply.headers["access-control-allow-origin"] == "*", reply


def an_address_there_is_not_is_refused_with_a_problem(stage: Stage) -> None:
    for method, path in (("GET", "/nowhere"), ("DELETE", "/books")):
        reply = stage.patron.call(method, path)
        assert (reply.status, reply.problem) == (404, "not-found"), reply
    assert stage.patron.get("/books/nosuchbook").problem == "not-found"


def a_patron_does_not_do_what_is_the_librarians(stage: Stage) -> None:
    reply = stage.patron.post("/books", {"title": "Mine"})
    assert (reply.status, reply.problem) == (403, "forbidden"), reply


def a_browser_elsewhere_may_ask_first(stage: Stage) -> None:
    asked = {"Origin": "https://elsewhere.example", "Access-Control-Request-Method": "PATCH"}
    reply = stage.visitor().call("OPTIONS", "/books/x", headers=asked)
    assert reply.status in (200, 204), reply
    assert "PATCH" in reply.headers["access-control-allow-methods"], reply


def a_short_loan_is_borrowed(stage: Stage) -> None:
    kept = _book(stage, loan_period="PT1M")
    stage.short_loan = _loan(stage, kept, "active")


def an_ebook_is_borrowed_read_and_returned(stage: Stage) -> None:
    loan = _loan(stage, _book(stage, content="# Hello"), "active")
    reading = stage.patron.get(f"/books/{loan['book_id']}/read")
    assert (reading.status, reading.json["format"]) == (200, "markdown"), reading
    if url := reading.json.get("url"):
        words = at(url)
        assert words.status == 200, words
        assert b"Hello" in words.body, words
    assert loan["id"] in _ids(stage.patron.get("/loans?status=active").json)
    returned = stage.patron.post(f"/loans/{loan['id']}/return")
    assert (returned.status, returned.json["status"]) == (200, "returned"), returned
    assert stage.patron.get(f"/books/{loan['book_id']}/read").status == 403


def a_request_is_granted_by_the_librarian(stage: Stage) -> None:
    loan = _loan(stage, _book(stage, grant="librarian"), "requested")
    assert loan["id"] in _ids(stage.librarian.get("/loans?status=requested").json)
    granted = stage.librarian.post(f"/loans/{loan['id']}/grant", {"period": "P1D"})
    assert (granted.status, granted.json["status"]) == (200, "active"), granted


def the_catalogue_is_listed_and_confirmed_by_its_tag(stage: Stage) -> None:
    listed = stage.visitor().get("/books")
    assert listed.status == 200, listed
    assert len(listed.json["items"]) >= 3, listed
    again = stage.visitor().call("GET", "/books", headers={"If-None-Match": listed.headers["etag"]})
    assert (again.status, again.body) == (304, b""), again


def a_file_becomes_a_book_by_way_of_the_queue(stage: Stage) -> None:
    content = book.epub()
    announced = {"filename": "book.epub", "size": len(content), "type": "application/epub+zip"}
    ticket = stage.librarian.post("/uploads", announced).json
    sent = at(ticket["url"], ticket["method"], content)
    assert sent.status == 200, sent
    completed = stage.librarian.post(f"/uploads/{ticket['upload_id']}/complete")
    assert completed.status == 202, completed
    address = f"/uploads/{ticket['upload_id']}"
    _until(lambda: stage.librarian.get(address).json["status"] in ("ready", "refused"))
    upload = stage.librarian.get(address).json
    assert upload["status"] == "ready", upload
    made = stage.visitor().get(f"/books/{upload['book_id']}").json
    assert made["title"] == book.TITLE, made
    assert made["cover_url"], made
    stage.cover, stage.file = made["cover_url"], f"books/{ticket['upload_id']}"


def what_happened_is_told_by_the_stream(stage: Stage) -> None:
    # A book put into a section while that was being removed: nobody but the reader of facts takes it out again.
    tables, section = stage.clients("dynamodb"), "0" * 26
    shelving = {"section_id": {"S": section}, "book_id": {"S": "1" * 26}}
    tables.put_item(TableName=f"{stage.stack.name}-shelvings", Item=shelving)
    removed = {
        "day": {"S": "2026-01-01"},
        "id": {"S": "2" * 26},
        "kind": {"S": "section.removed"},
        "at": {"S": "2026-01-01T00:00:00.000000+0000"},
        "subject": {"S": section},
        "details": {"M": {}},
    }
    tables.put_item(TableName=f"{stage.stack.name}-facts", Item=removed)
    _until(lambda: "Item" not in tables.get_item(TableName=f"{stage.stack.name}-shelvings", Key=shelving))


def a_book_is_found_and_again_when_the_index_is_made_anew(stage: Stage) -> None:
    kept = _book(stage, title="Palimpsest")

    def is_found() -> bool:
        reply = stage.visitor().get("/books?q=palimpsest")
        return reply.status == 200 and kept["id"] in _ids(reply.json)

    _until(is_found)
    index = {"TableName": f"{stage.stack.name}-indexes", "Key": {"name": {"S": "live"}}}
    before = stage.clients("dynamodb").get_item(**index)["Item"]["version"]
    stage.clients("dynamodb").delete_item(**index)
    invoke(stage.stack.functions["KeepIndex"], SCHEDULED, stage.clients)
    assert stage.clients("dynamodb").get_item(**index)["Item"]["version"] != before
    _until(is_found)


def the_web_app_comes_from_the_cdn(stage: Stage) -> None:
    assert publish(stage.site, stage.stack.outputs["SiteBucket"], stage.clients) > 0
    visitor = stage.at_site()
    page = visitor.get("/")
    assert page.status == 200, page
    assert b"<html" in page.body, page
    assert "connect-src 'self' https://s3." in page.headers["content-security-policy"], page.headers
    assert page.headers["x-content-type-options"] == "nosniff"
    assert visitor.get("/books/0123").body == page.body
    assert visitor.get("/assets/none.js").status in (403, 404)


def covers_come_from_the_cdn_and_nothing_leaves_the_bucket_unsigned(stage: Stage) -> None:
    cover = stage.at_site().get(stage.cover)
    assert (cover.status, cover.headers["content-type"]) == (200, "image/jpeg"), cover
    bucket = stage.stack.outputs["ObjectsBucket"]
    for key in (stage.cover.lstrip("/"), stage.file):
        unsigned = at(f"http://127.0.0.1:{stage.port}/{bucket}/{key}")
        assert unsigned.status == 403, unsigned


def a_token_is_refused_once_its_session_has_ended(stage: Stage) -> None:
    visitor = stage.visitor()
    visitor.sign_in("grace", PASSWORD)
    assert visitor.get("/me").status == 200
    ended = visitor.post("/auth/logout")
    assert (ended.status, ended.body) == (204, b""), ended
    assert "Max-Age=0" in ended.headers["set-cookie"]
    reply = visitor.get("/me")
    assert (reply.status, reply.problem) == (401, "unauthenticated"), reply


def a_loan_is_closed_by_the_schedule_when_it_is_due(stage: Stage) -> None:
    address = f"/loans/{stage.short_loan['id']}"
    _until(lambda: stage.patron.get(address).json["status"] == "expired", seconds=70)
    # To everybody who asks it has expired by itself; the table says so only once the job has run.
    _until(lambda: _kept_as(stage, "expired") == 1, seconds=75)


SCENES: tuple[Callable[[Stage], None], ...] = (
    setup_makes_the_librarian_once,
    the_library_reaches_its_database_objects_and_cache,
    the_librarian_signs_in_and_nobody_with_a_wrong_password,
    a_patron_registers_and_signs_in,
    a_short_loan_is_borrowed,
    a_request_without_a_good_token_is_refused_with_a_problem,
    an_address_there_is_not_is_refused_with_a_problem,
    a_patron_does_not_do_what_is_the_librarians,
    a_browser_elsewhere_may_ask_first,
    an_ebook_is_borrowed_read_and_returned,
    a_request_is_granted_by_the_librarian,
    the_catalogue_is_listed_and_confirmed_by_its_tag,
    a_file_becomes_a_book_by_way_of_the_queue,
    what_happened_is_told_by_the_stream,
    a_book_is_found_and_again_when_the_index_is_made_anew,
    the_web_app_comes_from_the_cdn,
    covers_come_from_the_cdn_and_nothing_leaves_the_bucket_unsigned,
    a_token_is_refused_once_its_session_has_ended,
    a_loan_is_closed_by_the_schedule_when_it_is_due,
)


def _book(stage: Stage, **fields: Any) -> dict[str, Any]:
    made = stage.librarian.post("/books", {"title": "Notes", "authors": ["Ada"], "grant": "automatic", **fields})
    assert made.status == 201, made
    return made.json


def _loan(stage: Stage, kept: dict[str, Any], status: str) -> dict[str, Any]:
    made = stage.patron.post("/loans", {"book_id": kept["id"]})
    assert (made.status, made.json["status"]) == (201, status), made
    return made.json


def _ids(page: dict[str, Any]) -> list[str]:
    return [item["id"] for item in page["items"]]


def _kept_as(stage: Stage, status: str) -> int:
    """How many of the patron's loans the table itself has in `status`."""
    asked = {
        "TableName": f"{stage.stack.name}-loans",
        "KeyConditionExpression": "patron_id = :patron",
        "ExpressionAttributeValues": {":patron": {"S": stage.patron.get("/me").json["id"]}},
    }
    return sum(item["status"]["S"] == status for item in stage.clients("dynamodb").query(**asked)["Items"])


def _until(true: Callable[[], bool], seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, f"not within {seconds:.0f} seconds"
        time.sleep(0.25)
