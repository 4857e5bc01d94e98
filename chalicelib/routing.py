"""Routes as the library declares them: who may call, what comes in, what goes out.

`Routes` checks the role, validates the input, calls the view, and turns every LibraryError into problem details
(RFC 9457). The same declarations make the OpenAPI document (`openapi.py`). What answers GET answers HEAD too: the
gateway sends the same without its body.
"""

from __future__ import annotations

import base64
import gzip
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Generic, Literal, TypeAlias, TypeVar

import msgspec
from chalice.app import Blueprint, CORSConfig, Request, Response

from chalicelib.auth import Caller, Role, caller_of
from chalicelib.database import is_passing
from chalicelib.errors import Forbidden, Invalid, LibraryError, NotFound, NotJson, Outdated, Unavailable
from chalicelib.ids import is_reference
from chalicelib.packing import Packed, entity_tag, takes_gzip
from chalicelib.problems import problem_of
from chalicelib.validation import validated

B = TypeVar("B", bound=msgspec.Struct)
Q = TypeVar("Q", bound=msgspec.Struct)
Method: TypeAlias = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]

CORS = CORSConfig(
    allow_origin="*",
    allow_headers=["Authorization", "Content-Type", "If-Match", "If-None-Match", "Idempotency-Key"],
    expose_headers=["ETag", "Retry-After"],
    max_age=86400,
)


LONGEST_KEY = 200

JSON = "application/json"

PUBLIC = "public, max-age=0, must-revalidate"
"""A page of the catalogue may be kept by anyone who asks each time whether it is still true: a change shows at once,
and what did not change is not sent again."""

PRIVATE = "private, no-cache"
NEVER = "no-store"


class Who(Enum):
    """Who may call a route."""

    ANYONE = "anyone"
    SIGNED_IN = "signed in"
    PATRON = "patron"
    LIBRARIAN = "librarian"

    def admits(self, caller: Caller | None) -> bool:
        match self:
            case Who.ANYONE:
                return True
            case Who.SIGNED_IN:
                return caller is not None
            case Who.PATRON:
                return caller is not None and caller.role is Role.PATRON
            case Who.LIBRARIAN:
                return caller is not None and caller.role is Role.LIBRARIAN


class Nothing(msgspec.Struct):
    """No input."""


@dataclass(frozen=True, slots=True)
class Call(Generic[B, Q]):
    """One call of a route, its input validated."""

    body: B
    query: Q
    request: Request
    who: Caller | None

    @property
    def caller(self) -> Caller:
        """Who calls, on a route that is not open to anyone."""
        assert self.who is not None
        return self.who

    @property
    def address(self) -> str:
        """The caller's internet address, as the gateway saw it."""
        return self.request.context.get("identity", {}).get("sourceIp", "")

    @property
    def idempotency_key(self) -> str | None:
        """What names this request, so that sending it twice does it once; None where nothing was sent.

        Raises Invalid.
        """
        key = self.header("idempotency-key")
        if key is not None and not 1 <= len(key) <= LONGEST_KEY:
            raise Invalid.field("Idempotency-Key", f"Use 1 to {LONGEST_KEY} characters.", "too-long")
        return key

    def require_match(self, representation: Any) -> None:
        """Hold If-Match, where it was sent, to the entity tag of `representation` (RFC 9110, 13.1.1).

        Raises Outdated.
        """
        wanted = self.header("if-match")
        if wanted is not None and not _matches(wanted, entity_tag(msgspec.json.encode(representation))):
            raise Outdated("Somebody changed this since you opened it. Load it again, then make your change.")

    def header(self, name: str) -> str | None:
        """A request header, or None."""
        return self.request.headers.get(name)


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer with headers or a status of its own. A body of str or bytes is sent as it is, None as nothing, and
    anything else as JSON. `Cache-Control` among the headers takes the place of the route's own."""

    body: Any
    headers: dict[str, str | list[str]] = field(default_factory=dict)
    status: int | None = None


@dataclass(frozen=True, slots=True)
class Operation:
    """A route as declared, for the OpenAPI document."""

    method: Method
    path: str
    who: Who
    name: str
    summary: str
    body: type
    query: type
    returns: type | None
    status: int
    public_cache: bool
    guarded: bool
    repeatable: bool
    csv: str | None
    produces: str
    refusals: tuple[type[LibraryError], ...]


class Routes(Blueprint):
    """A feature's routes."""

    def __init__(self, import_name: str) -> None:
        super().__init__(import_name)
        self.operations: list[Operation] = []
        self._handlers: list[Callable[..., Response]] = []

    def guarded_by(self, authorizer: Any) -> Routes:
        """These routes, with `authorizer` before each that is not open to anyone."""
        for operation, handle in zip(self.operations, self._handlers, strict=True):
            self.route(
                operation.path,
                methods=["GET", "HEAD"] if operation.method == "GET" else [operation.method],
                cors=CORS,
                # Any type reaches the view, so that a wrong one is refused in the library's own form.
                content_types=["*/*"],
                **({} if operation.who is Who.ANYONE else {"authorizer": authorizer}),
            )(handle)
        return self

    def operation(
        self,
        method: Method,
        path: str,
        *,
        who: Who,
        body: type[B] = Nothing,
        query: type[Q] = Nothing,
        returns: type | None = None,
        status: int = 200,
        public_cache: bool = False,
        guarded: bool = False,
        repeatable: bool = False,
        csv: str | None = None,
        produces: str = JSON,
        refusals: tuple[type[LibraryError], ...] = (),
    ) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        """Declare a view: called with a Call and the path's parameters, it returns a `returns`, packed or not, or an
        Answer.

        The view's docstring is the operation's summary. `public_cache` marks a GET of the catalogue, which
        may be kept by anyone who asks each time whether it is still true. `guarded` marks a change that heeds If-Match,
        `repeatable` a POST that heeds Idempotency-Key. `csv` names the member of the body that a body of text/csv
        stands for. `produces` is the media type of what is answered.
        """

        def declare(view: Callable[..., Any]) -> Callable[..., Any]:
            def handle(**parameters: str) -> Response:
                request = self.current_request
                try:
                    if not all(is_reference(value) for name, value in parameters.items() if name.endswith("_id")):
                        raise NotFound
                    call = self._call(request, who, body, query, csv)
                    result = view(call, **parameters)
                    return _respond(result, status, request, produces, PUBLIC if public_cache else PRIVATE)
                except LibraryError as error:
                    return problem(error)
                except Exception as error:
                    logging.getLogger(__name__).exception("%s %s failed", method, path)
                    if is_passing(error):
                        return problem(Unavailable(retry_after=1))
                    return problem(LibraryError("Something went wrong on our side; it has been noted."))

            handle.__name__ = view.__name__
            summary = (view.__doc__ or "").strip().splitlines()[0]
            self.operations.append(
                Operation(
                    method,
                    path,
                    who,
                    view.__name__,
                    summary,
                    body,
                    query,
                    returns,
                    status,
                    public_cache,
                    guarded,
                    repeatable,
                    csv,
                    produces,
                    refusals,
                )
            )
            self._handlers.append(handle)
            return view

        return declare

    @staticmethod
    def _call(request: Request, who: Who, body: type[B], query: type[Q], csv: str | None) -> Call[B, Q]:
        authorizer = request.context.get("authorizer")
        caller = caller_of(authorizer) if who is not Who.ANYONE and authorizer else None
        if not who.admits(caller):
            raise Forbidden(f"This is for the {who.value} only.")
        sent = validated(body, _content(request, csv)) if body is not Nothing else body()
        asked = query() if query is Nothing else validated(query, dict(request.query_params or {}), query=True)
        return Call(sent, asked, request, caller)


def _content(request: Request, csv: str | None) -> object:
    raw: Any = request.raw_body
    if not raw:
        return {}
    content_type = request.headers.get("content-type", "application/json").partition(";")[0].strip().lower()
    if csv is not None and content_type == "text/csv":
        return {csv: raw.decode(errors="replace")}
    if content_type != "application/json" and not content_type.endswith("+json"):
        raise NotJson(f"Send application/json, not {content_type[:100]}.")
    try:
        return msgspec.json.decode(raw)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise Invalid(f"This is not JSON: {error}.") from None


class _Bytes(Response):
    """A response whose body is no text. Chalice would look for its media type among those it was told are binary, and
    refuse who did not ask for that type by name."""

    def __init__(self, body: bytes, headers: dict[str, Any], status_code: int) -> None:
        super().__init__(base64.b64encode(body).decode(), headers, status_code)

    def to_dict(self, binary_types: list[str] | None = None) -> dict[str, Any]:  # noqa: ARG002 - it is encoded
        return super().to_dict() | {"isBase64Encoded": True}


def _respond(result: Any, status: int, request: Request, produces: str, caching: str) -> Response:
    reading = request.method in {"GET", "HEAD"}
    headers: dict[str, Any] = {"Content-Type": produces, "Cache-Control": caching if reading else NEVER}
    if isinstance(result, Answer):
        headers |= result.headers
        status = result.status or status
        result = result.body
    if status >= 400:
        headers["Cache-Control"] = NEVER
        reading = False
    if isinstance(result, Packed):
        return _unpacked(result, status, request, headers)
    body: str | bytes = "" if result is None else result if isinstance(result, str | bytes) else _encoded(result)
    if body and (reading or request.method in {"PATCH", "PUT"}):
        headers["ETag"] = entity_tag(body if isinstance(body, bytes) else body.encode())
    if reading and body and _matches(request.headers.get("if-none-match"), headers["ETag"]):
        return Response("", headers, 304)
    return _Bytes(body, headers, status) if isinstance(body, bytes) else Response(body, headers, status)


def _encoded(result: Any) -> str:
    return msgspec.json.encode(result).decode()


def _unpacked(packed: Packed, status: int, request: Request, headers: dict[str, Any]) -> Response:
    """A packed answer: compressed for who asked for it so, and nothing but its tag for who has it."""
    headers["ETag"] = packed.tag
    if not packed.squeezed:
        if _matches(request.headers.get("if-none-match"), packed.tag):
            return Response("", headers, 304)
        return Response(packed.body.decode(), headers, status)
    headers["Vary"] = ", ".join([*filter(None, [headers.get("Vary")]), "Accept-Encoding"])
    squeezed = takes_gzip(request.headers.get("accept-encoding", ""))
    if squeezed:
        # The same answer in other bytes: what a weak tag says (RFC 9110, 8.8.3.3).
        headers["ETag"] = f"W/{packed.tag}"
    if _matches(request.headers.get("if-none-match"), packed.tag):
        return Response("", headers, 304)
    if squeezed:
        headers["Content-Encoding"] = "gzip"
        return _Bytes(packed.body, headers, status)
    return Response(gzip.decompress(packed.body).decode(), headers, status)


def _matches(header: str | None, tag: str) -> bool:
    return header is not None and any(part.strip().removeprefix("W/") in (tag, "*") for part in header.split(","))


def problem(error: LibraryError) -> Response:
    """`error` as an answer."""
    headers: dict[str, str | list[str]] = {"Content-Type": "application/problem+json", "Cache-Control": NEVER}
    if error.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    if error.retry_after is not None:
        headers["Retry-After"] = str(error.retry_after)
    return Response(
        body=msgspec.json.encode(problem_of(error)).decode(),
        headers=headers,
        status_code=error.status,
    )
