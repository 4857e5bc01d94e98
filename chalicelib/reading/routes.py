"""Routes of reading."""

from __future__ import annotations

from chalicelib import wiring
from chalicelib.decoding import converted
from chalicelib.errors import NotFound
from chalicelib.reading import service
from chalicelib.reading.schemas import Reading
from chalicelib.routing import Call, Nothing, Routes, Who

routes = Routes(__name__)


@routes.operation(
    "GET",
    "/books/{book_id}/read",
    who=Who.SIGNED_IN,
    returns=Reading,
    refusals=(NotFound, service.NotYours),
)
def open_book(call: Call[Nothing, Nothing], book_id: str) -> Reading:
    """Open an e-book one has borrowed."""
    opened = service.open_book(book_id, call.caller, call.header("host"), wiring.now())
    return converted(opened, Reading, from_attributes=True)
