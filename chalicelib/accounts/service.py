"""Registering, the profile, and the one librarian. Signing in is in `sessions`."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from chalicelib.accounts import passwords
from chalicelib.accounts.tables import LIBRARIAN, Account, Name, Reminders
from chalicelib.auth import Role
from chalicelib.database import Collision, Transaction, again, get
from chalicelib.errors import Forbidden, Invalid, LibraryError, NotFound, Rule
from chalicelib.facts import fact
from chalicelib.ids import new_id
from chalicelib.policy import service as policy

LIBRARIANS_NAME = "librarian"


class UsernameTaken(Rule):
    title = "Somebody has this user name already"


class EmailTaken(Rule):
    title = "There is an account with this e-mail address already"


class RegistrationClosed(Forbidden):
    title = "The librarian adds new patrons here; please ask at the desk"


class LibrarianExists(Rule):
    title = "The library has its librarian"


def username_claim(username: str) -> str:
    """The unique name behind a user name: spellings that look alike are one (NFKC, case-folded, joiners left out)."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", username).casefold())
    return "username:" + "".join(c for c in folded if unicodedata.category(c) != "Cf")


def email_claim(email: str) -> str:
    """The unique name behind an e-mail address."""
    return "email:" + unicodedata.normalize("NFC", email).casefold()


def register(username: str, password: str, email: str | None, name: str | None, now: datetime) -> Account:
    """A new patron.

    Raises RegistrationClosed, UsernameTaken, EmailTaken, Invalid.
    """
    if username_claim(username) == username_claim(LIBRARIANS_NAME):
        raise UsernameTaken  # also before the librarian is made
    library = policy.current()
    if library.registration != "open":
        raise RegistrationClosed
    return _open_account(Role.PATRON, username, password, email, name, library.timezone, now)


def make_librarian(email: str, password: str, now: datetime) -> bool:
    """Make the library's one librarian; false where there is one already, also when starts race."""
    if _holder(LIBRARIAN) is not None:
        return False
    try:
        _open_account(Role.LIBRARIAN, LIBRARIANS_NAME, password, email, "Librarian", policy.current().timezone, now)
    except LibrarianExists:
        return False
    return True


def _open_account(
    role: Role, username: str, password: str, email: str | None, name: str | None, zone: str, now: datetime
) -> Account:
    _refuse_weak(password, username, email)
    account = Account(
        id=new_id(now),
        username=unicodedata.normalize("NFC", username),
        email=email,
        name=name or username,
        role=role.value,
        password_hash=passwords.hashed(password),
        timezone=zone,
        created_at=now,
    )
    transaction = Transaction()
    if role is Role.LIBRARIAN:
        _claim(transaction, LIBRARIAN, account.id, LibrarianExists)
    _claim(transaction, username_claim(username), account.id, UsernameTaken)
    if email:
        _claim(transaction, email_claim(email), account.id, EmailTaken)
    transaction.put(account)
    transaction.put(fact("account.opened", now, subject=account.id, actor=account.id))
    transaction.commit()
    return account


def _claim(transaction: Transaction, name: str, account_id: str, refusal: Callable[[], Rule]) -> None:
    # An account may claim again what it holds: a retry, or a change of case only.
    free = Name.name.does_not_exist() | (Name.account_id == account_id)
    transaction.put(Name(name=name, account_id=account_id), free, lambda _: refusal())


def _refuse_weak(password: str, username: str, email: str | None) -> None:
    said = password.casefold()
    if said in {username.casefold(), (email or "").casefold()} or len(set(password)) < 3:
        raise Invalid.field("password", "Choose a password that is harder to guess.", "weak")


def _holder(name: str) -> str | None:
    claim = get(Name, name)
    return claim.account_id if claim else None


def reset_librarian(password: str, now: datetime) -> Account:
    """Give the librarian another password.

    Raises NotFound where there is no librarian yet, Invalid.
    """
    librarian = the_librarian()
    _refuse_weak(password, librarian.username, librarian.email)
    librarian.password_hash = passwords.hashed(password)
    transaction = Transaction()
    transaction.update(
        librarian,
        [Account.password_hash.set(librarian.password_hash), Account.revision.add(1)],
        Account.id.exists(),
        lambda _: NotFound(),
    )
    transaction.put(fact("account.password-reset", now, subject=librarian.id))
    transaction.commit()
    return librarian


def the_librarian() -> Account:
    """The account of the library's one librarian.

    Raises NotFound where there is none yet.
    """
    return account(_holder(LIBRARIAN) or "")


def account(account_id: str) -> Account:
    """The account.

    Raises NotFound.
    """
    kept = get(Account, account_id)
    if kept is None:
        raise NotFound
    return kept


def claim_of(login: str) -> str:
    """The unique name that `login`, a user name or an e-mail address, stands for."""
    return email_claim(login.strip()) if "@" in login else username_claim(login.strip())


def find(login: str) -> Account | None:
    """Who signs in with `login`, a user name or an e-mail address."""
    holder = _holder(claim_of(login))
    return account(holder) if holder else None


def names(account_ids: Iterable[str]) -> dict[str, str]:
    """What each of these people is called, in one batch."""
    return {person.id: person.name for person in Account.batch_get(set(account_ids))}


def change(account_id: str, wanted: dict[str, Any], guard: Callable[[Account], None], now: datetime) -> Account:
    """The account with what is `wanted` of the profile, stored. `guard` sees it as it was and may object.

    Raises NotFound, UsernameTaken, EmailTaken, Invalid.
    """
    if "timezone" in wanted:
        policy.checked_zone("timezone", wanted["timezone"])
    return again(lambda: _change(account(account_id), dict(wanted), guard, now))


def _change(person: Account, changes: dict[str, Any], guard: Callable[[Account], None], now: datetime) -> Account:
    guard(person)
    current_password = changes.pop("current_password", "")
    if "password" in changes:
        password = changes.pop("password")
        if not passwords.matches(person.password_hash, current_password):
            raise Invalid.field("current_password", "This is not your password.", "wrong")
        _refuse_weak(password, changes.get("username", person.username), person.email)
        changes["password_hash"] = passwords.hashed(password)
    if person.role == Role.LIBRARIAN and changes.get("email", person.email) is None:
        raise Invalid.field("email", "The librarian needs an e-mail address.", "required")
    if "reminders" in changes:
        changes["reminders"] = Reminders(**(person.reminders.as_dict() | changes["reminders"]))
    transaction = Transaction()
    _move(transaction, username_claim, person.id, person.username, changes.get("username"), UsernameTaken)
    if "email" in changes:
        _move(transaction, email_claim, person.id, person.email, changes["email"], EmailTaken)
    for name, value in changes.items():
        setattr(person, name, value)
    read_at, person.revision = person.revision, person.revision + 1
    transaction.put(person, Account.revision == read_at, lambda _: Collision())
    transaction.put(fact("account.changed", now, subject=person.id, actor=person.id))
    transaction.commit()
    return person


def _move(
    transaction: Transaction,
    claim: Callable[[str], str],
    account_id: str,
    old: str | None,
    new: str | None,
    refusal: Callable[[], Rule],
) -> None:
    """Give up `old` and claim `new`, where they differ."""
    given_up = claim(old) if old else None
    claimed = claim(new) if new else None
    if claimed and claimed != given_up:
        _claim(transaction, claimed, account_id, refusal)
    if given_up and given_up != claimed and (claimed or claim is email_claim):
        transaction.delete(Name(name=given_up), Name.account_id == account_id, lambda _: Collision())


def not_borrowing(account_ids: Iterable[str]) -> dict[str, LibraryError]:
    """Those of these people who cannot be lent anything, and why; in one batch."""
    wanted = set(account_ids)
    patrons = {person.id for person in Account.batch_get(wanted) if person.role == Role.PATRON}
    return {account_id: NotFound("There is no such patron.") for account_id in wanted - patrons}
