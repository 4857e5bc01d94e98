"""The gateway is to the app what API Gateway is: events in, responses out, refusals of its own."""

from __future__ import annotations

import base64
import gzip
import json
import threading
from typing import Any

import pytest
from chalice.app import AuthResponse, Chalice, CORSConfig, Response

from infra.local.gateway import one_at_a_time
from infra.local.gateway.api import BODY_LIMIT, PAYLOAD_LIMIT, Api
from infra.local.gateway.front import Front
from infra.local.gateway.routes import Routes
from tests.wsgi import ask


def library() -> Chalice:
    app = Chalice("library", configure_logs=False)
    app.api.binary_types.append("application/octet-stream")

    @app.authorizer()
    def bearer(request: Any) -> AuthResponse:
        match request.token:
            case "Bearer librarian":
                return AuthResponse(routes=["*"], principal_id="mira", context={"role": "librarian", "copies": 3})
            case "Bearer patron":
                return AuthResponse(routes=["/loans"], principal_id="ada", context={"role": "patron"})
            case "Bearer broken":
                raise RuntimeError("the key store is on fire")
            case _:
                raise Exception("Unauthorized")

    def event() -> dict[str, Any]:
        assert app.current_request is not None
        return app.current_request.to_original_event()

    @app.route("/books/{book_id}", methods=["GET", "PUT"])
    def book(book_id: str) -> dict[str, Any]:
        return {"book_id": book_id, "event": event()}

    @app.route("/books/new", cors=CORSConfig(allow_origin="*", max_age=60))
    def new() -> str:
        return "the newest"

    @app.route("/loans", authorizer=bearer)
    def loans() -> Any:
        assert app.current_request is not None
        return app.current_request.context["authorizer"]

    @app.route("/reports", authorizer=bearer)
    def reports() -> str:
        return "all of them"

    @app.route("/covers", methods=["POST"], content_types=["application/octet-stream"])
    def cover() -> Response:
        assert app.current_request is not None
        image = app.current_request.raw_body
        return Response(image[::-1], headers={"Content-Type": "application/octet-stream"})

    @app.route("/cookies")
    def cookies() -> Response:
        return Response("", headers={"Set-Cookie": ["a=1", "b=2"], "Content-Type": "text/plain"})

    @app.route("/shelf/{size}")
    def shelf(size: str) -> Response:
        return Response("x" * int(size), headers={"Content-Type": "text/plain"})

    return app


@pytest.fixture(scope="module")
def api() -> Api:
    return Api(library())


class TestEvents:
    def test_a_view_sees_the_request_as_api_gateway_would_tell_it(self, api: Api) -> None:
        got = ask(api, "PUT", "/api/books/b-1", b'{"title": "Momo"}', query="tag=a&tag=b&empty=", user_agent="KOReader")
        event = got.json["event"]
        assert event["resource"] == "/books/{book_id}"
        assert event["path"] == "/books/b-1"
        assert event["requestContext"]["path"] == "/api/books/b-1"
        assert event["requestContext"]["stage"] == "api"
        assert event["requestContext"]["resourcePath"] == "/books/{book_id}"
        assert event["requestContext"]["identity"] == {"sourceIp": "192.0.2.7", "userAgent": "KOReader"}
        assert event["pathParameters"] == {"book_id": "b-1"}
        assert event["queryStringParameters"] == {"tag": "b", "empty": ""}
        assert event["multiValueQueryStringParameters"] == {"tag": ["a", "b"], "empty": [""]}
        assert event["headers"]["User-Agent"] == "KOReader"
        assert event["multiValueHeaders"]["User-Agent"] == ["KOReader"]
        assert event["headers"]["X-Forwarded-For"] == "192.0.2.7"
        assert base64.b64decode(event["body"]) == b'{"title": "Momo"}'
        assert event["isBase64Encoded"] is True

    def test_without_a_query_or_a_body_an_event_says_none_rather_than_empty(self, api: Api) -> None:
        event = ask(api, "GET", "/api/books/b-1").json["event"]
        assert event["queryStringParameters"] is None
        assert event["multiValueQueryStringParameters"] is None
        assert event["body"] is None

    def test_an_id_in_any_script_reaches_the_view_decoded(self, api: Api) -> None:
        path = "/api/books/كتاب a%2Fb".encode().decode("latin-1")
        assert ask(api, "GET", path).json["book_id"] == "كتاب a%2Fb"

    def test_bytes_travel_both_ways_unharmed(self, api: Api) -> None:
        image = bytes(range(256))
        got = ask(
            api,
            "POST",
            "/api/covers",
            image,
            content_type="application/octet-stream",
            accept="application/octet-stream",
        )
        assert (got.status, got.body) == (200, image[::-1])

    def test_two_cookies_are_two_headers(self, api: Api) -> None:
        assert ask(api, "GET", "/api/cookies").headers["set-cookie"] == ["a=1", "b=2"]

    def test_a_request_id_is_new_each_time(self, api: Api) -> None:
        ids = {ask(api, "GET", "/api/books/1").json["event"]["requestContext"]["requestId"] for _ in range(5)}
        assert len(ids) == 5


class TestRoutes:
    def test_what_is_spelled_out_goes_before_a_parameter(self, api: Api) -> None:
        assert ask(api, "GET", "/api/books/new").body == b"the newest"

    def test_a_dead_end_behind_a_literal_falls_back_to_the_parameter(self) -> None:
        routes = Routes(["/books/new", "/books/{id}/read"])
        assert routes.find("/books/new/read") == ("/books/{id}/read", {"id": "new"})

    def test_two_names_for_one_place_are_refused_as_a_deployment_would_refuse_them(self) -> None:
        with pytest.raises(ValueError, match="another route"):
            Routes(["/books/{id}", "/books/{book_id}/read"])

    @pytest.mark.parametrize(
        ("method", "path"), [("GET", "/api/nothing"), ("DELETE", "/api/books/1"), ("HEAD", "/api/books/1")]
    )
    def test_an_unknown_address_or_method_is_not_found(self, api: Api, method: str, path: str) -> None:
        got = ask(api, method, path)
        assert got.status == 404
        assert got.header("content-type") == "application/problem+json"
        assert got.body == b"" if method == "HEAD" else got.json["status"] == 404

    def test_a_preflight_is_answered_without_the_function(self, api: Api) -> None:
        got = ask(api, "OPTIONS", "/api/books/new")
        assert (got.status, got.body) == (200, b"")
        assert got.header("access-control-allow-origin") == "*"
        assert got.header("access-control-allow-methods") == "GET,OPTIONS"
        assert got.header("access-control-max-age") == "60"

    def test_a_route_without_cors_has_no_preflight(self, api: Api) -> None:
        assert ask(api, "OPTIONS", "/api/loans").status == 404


class TestAuthorizers:
    @pytest.mark.parametrize("token", [{}, {"authorization": ""}, {"authorization": "Bearer forged"}])
    def test_no_token_or_a_forged_one_is_unauthenticated(self, api: Api, token: dict[str, str]) -> None:
        got = ask(api, "GET", "/api/loans", **token)
        assert got.status == 401
        assert got.json["type"].endswith("/unauthenticated")

    def test_a_policy_that_does_not_cover_the_route_is_forbidden(self, api: Api) -> None:
        assert ask(api, "GET", "/api/reports", authorization="Bearer patron").status == 403
        assert ask(api, "GET", "/api/reports", authorization="Bearer librarian").status == 200

    def test_what_the_authorizer_says_reaches_the_view_as_words(self, api: Api) -> None:
        got = ask(api, "GET", "/api/loans", authorization="Bearer librarian")
        assert got.json == {"principalId": "mira", "role": "librarian", "copies": "3"}

    def test_an_authorizer_that_fails_is_the_librarys_fault_and_says_nothing_of_why(self, api: Api) -> None:
        got = ask(api, "GET", "/api/loans", authorization="Bearer broken")
        assert got.status == 503
        assert got.header("retry-after") == "1"
        assert b"fire" not in got.body


class TestLimits:
    @pytest.mark.parametrize("chunked", [False, True], ids=["announced", "chunked"])
    def test_a_body_over_ten_megabytes_is_too_large(self, api: Api, chunked: bool) -> None:
        got = ask(api, "PUT", "/api/books/1", b" " * (BODY_LIMIT + 1), chunked=chunked)
        assert got.status == 413
        assert got.header("content-type") == "application/problem+json"

    def test_a_chunked_body_within_the_limit_is_read(self, api: Api) -> None:
        event = ask(api, "PUT", "/api/books/1", b'{"a": 1}', chunked=True).json["event"]
        assert base64.b64decode(event["body"]) == b'{"a": 1}'

    def test_an_answer_larger_than_lambda_allows_is_a_bad_gateway(self, api: Api) -> None:
        assert ask(api, "GET", f"/api/shelf/{PAYLOAD_LIMIT + 1}").status == 502

    def test_a_function_that_fails_tells_the_client_nothing(self, caplog: pytest.LogCaptureFixture) -> None:
        class Failing(Chalice):
            def __call__(self, event: Any, context: Any) -> dict[str, Any]:
                raise RuntimeError("the password is swordfish")

        app = Failing("failing", configure_logs=False)
        app.route("/")(lambda: None)
        got = ask(Api(app), "GET", "/api/")
        assert got.status == 502
        assert b"swordfish" not in got.body
        assert "swordfish" in caplog.text

    def test_a_part_of_the_gateway_that_fails_tells_the_client_nothing(self, api: Api) -> None:
        def broken(environ: Any, start_response: Any) -> list[bytes]:
            raise RuntimeError("swordfish")

        got = ask(
            Front(api=api, site=broken, covers=broken, objects=broken, mailbox=broken, notices=broken), "GET", "/"
        )
        assert (got.status, b"swordfish" in got.body) == (500, False)


class TestCompression:
    def test_a_long_answer_is_squeezed_for_who_can_unpack_it(self, api: Api) -> None:
        got = ask(api, "GET", "/api/shelf/5000", accept_encoding="gzip, br")
        assert got.header("content-encoding") == "gzip"
        assert gzip.decompress(got.body) == b"x" * 5000

    @pytest.mark.parametrize(("size", "accepts"), [("5000", "br"), ("500", "gzip")])
    def test_a_short_answer_or_one_for_somebody_else_is_not(self, api: Api, size: str, accepts: str) -> None:
        assert ask(api, "GET", f"/api/shelf/{size}", accept_encoding=accepts).header("content-encoding") is None


class TestThreads:
    def test_each_of_many_requests_at_once_sees_its_own_body(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for name in ("current_request", "lambda_context"):
            monkeypatch.setattr(Chalice, name, None, raising=False)  # put back after this test
        one_at_a_time.install()
        app = Chalice("threads", configure_logs=False)
        meet = threading.Barrier(8)

        @app.route("/echo", methods=["POST"])
        def echo() -> Any:
            meet.wait(10)  # every request is inside before one goes on
            assert app.current_request is not None
            return [app.current_request.json_body, app.lambda_context.aws_request_id]

        api, answers = Api(app), dict[int, Any]()

        def patron(n: int) -> None:
            answers[n] = [ask(api, "POST", "/api/echo", json.dumps(f"{n}/{turn}").encode()).json for turn in range(50)]

        threads = [threading.Thread(target=patron, args=(n,)) for n in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for n, own in answers.items():
            assert [body for body, _ in own] == [f"{n}/{turn}" for turn in range(50)]
        assert len({request_id for own in answers.values() for _, request_id in own}) == 400
