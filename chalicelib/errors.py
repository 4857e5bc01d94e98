"""The refusals of the library. They know no framework: `routing` turns them into problem details (RFC 9457).

    LibraryError
    ├── Invalid               422  input that does not validate; carries the fields
    ├── Unauthenticated       401
    ├── Forbidden             403
    ├── NotFound              404  also for what one may not know of
    ├── Outdated              412  the thing was changed since it was read
    ├── TooLarge              413
    ├── NotJson               415
    ├── TooManyAttempts       429
    ├── Unavailable           503  try again
    └── Rule                  409  a rule of lending or keeping; its name ends `type`
        ├── UsernameTaken, EmailTaken …      accounts
        ├── FileNotThere, UploadHasEnded     catalogue
        └── LoanLimitReached, BookIsOut …    circulation

Each feature declares its own rules, beside what they guard.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class FieldError:
    """What is wrong with one field. `field` is a dotted path; `code` names the check, for translation."""

    field: str
    message: str
    code: str = "invalid"


@dataclass(frozen=True, slots=True)
class WayOut:
    """What would help after a refusal: `action` names it (return, cancel, wait, end-loans), `book_id` and `loan_id` say
    with what, `text` is that book's title, or more words where the action needs them. `after` and `by` say when it
    would help by itself: between these times a copy is likely to be free, or at `by` a loan ends."""

    action: str
    text: str
    book_id: str | None = None
    loan_id: str | None = None
    after: datetime | None = None
    by: datetime | None = None


class LibraryError(Exception):
    """A refusal with a sentence for the person who asked."""

    status: ClassVar[int] = 500
    title: ClassVar[str] = "The library could not do this"

    def __init__(
        self,
        detail: str | None = None,
        *,
        ways_out: tuple[WayOut, ...] = (),
        fields: tuple[FieldError, ...] = (),
        retry_after: int | None = None,
    ) -> None:
        super().__init__(detail or self.title)
        self.detail = detail or self.title
        self.ways_out = ways_out
        self.fields = fields
        self.retry_after = retry_after

    @property
    def name(self) -> str:
        """The refusal's name on the wire: `LoanLimitReached` is `loan-limit-reached`."""
        return "".join(f"-{c.lower()}" if c.isupper() else c for c in type(self).__name__).lstrip("-")


class Invalid(LibraryError):
    status = 422
    title = "Some of what was sent is not right"

    @classmethod
    def field(cls, field: str, message: str, code: str = "invalid") -> Invalid:
        """The refusal of one field."""
        return cls(message, fields=(FieldError(field, message, code),))


class Unauthenticated(LibraryError):
    status = 401
    title = "Please sign in"


class Forbidden(LibraryError):
    status = 403
    title = "This is not open to you"


class NotFound(LibraryError):
    status = 404
    title = "There is no such thing here"


class Outdated(LibraryError):
    status = 412
    title = "Somebody changed this in the meantime"


class TooLarge(LibraryError):
    status = 413
    title = "This is too large"


class NotJson(LibraryError):
    status = 415
    title = "Send JSON"


class TooManyAttempts(LibraryError):
    status = 429
    title = "Too many attempts"


class Unavailable(LibraryError):
    status = 503
    title = "The library is busy; try again in a moment"


class Rule(LibraryError):
    status = 409
    title = "A rule of the library forbids this"
