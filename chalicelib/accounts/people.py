"""Who somebody is: accounts by id, and by the unique names people sign in with."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable

from chalicelib.accounts.tables import LIBRARIAN, Account, Name
from chalicelib.database import Collision, Transaction, get
from chalicelib.errors import NotFound, Rule


def account(account_id: str) -> Account:
    """The account.

    Raises NotFound, also for who was erased.
    """
    kept = get(Account, account_id)
    if kept is None or kept.erased_at is not None:
        raise NotFound
    return kept


def the_librarian() -> Account:
    """The account of the library's one librarian.

    Raises NotFound where there is none yet.
    """
    return account(holder_of(LIBRARIAN) or "")


def find(login: str) -> Account | None:
    """Who signs in with `login`, a user name or an e-mail address."""
    holder = holder_of(claim_of(login))
    kept = get(Account, holder) if holder else None
    return kept if kept is not None and kept.erased_at is None else None


def username_claim(username: str) -> str:
    """The unique name behind a user name: spellings that look alike are one (NFKC, case-folded, joiners left out)."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", username).casefold())
    return "username:" + "".join(c for c in folded if unicodedata.category(c) != "Cf")


def email_claim(email: str) -> str:
    """The unique name behind an e-mail address."""
    return "email:" + unicodedata.normalize("NFC", email).casefold()


def claim_of(login: str) -> str:
    """The unique name that `login`, a user name or an e-mail address, stands for."""
    return email_claim(login.strip()) if "@" in login else username_claim(login.strip())


def holder_of(name: str) -> str | None:
    """The id of who holds a unique name, or None where it is free."""
    claimed = get(Name, name) if _is_short(name) else None
    return claimed.account_id if claimed else None


def held(names: Iterable[str]) -> set[str]:
    """Those of these unique names that somebody holds; a batch for each hundred."""
    return {claimed.name for claimed in Name.batch_get(set(filter(_is_short, names)), consistent_read=True)}


def _is_short(name: str) -> bool:
    """Whether DynamoDB takes it for a key; what is longer nobody can hold."""
    return len(name.encode()) <= 2048


def claim(transaction: Transaction, name: str, account_id: str, refusal: Callable[[], Rule]) -> None:
    """Let an account hold a unique name. Fails with `refusal` where somebody else does."""
    # An account may claim again what it holds: a retry, or a change of case only.
    free = Name.name.does_not_exist() | (Name.account_id == account_id)
    transaction.put(Name(name=name, account_id=account_id), free, lambda _: refusal())


def give_up(transaction: Transaction, name: str, account_id: str) -> None:
    """Let a unique name that an account holds be free."""
    transaction.delete(Name(name=name), Name.account_id == account_id, lambda _: Collision())


def move(
    transaction: Transaction,
    claim_for: Callable[[str], str],
    account_id: str,
    old: str | None,
    new: str | None,
    refusal: Callable[[], Rule],
) -> None:
    """Give up `old` and claim `new`, where they differ; None is no name."""
    given_up = claim_for(old) if old else None
    claimed = claim_for(new) if new else None
    if claimed and claimed != given_up:
        claim(transaction, claimed, account_id, refusal)
    if given_up and given_up != claimed:
        give_up(transaction, given_up, account_id)
