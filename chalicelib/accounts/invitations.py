"""Invitations: links by which the librarian lets one person register, once. The secret of a link follows from its id
and the library's own secret: only its hash is kept, and who mails it can tell it again."""

from __future__ import annotations

import hmac
from datetime import datetime, timedelta

from chalicelib import seals, settings
from chalicelib.accounts.sessions import digest
from chalicelib.accounts.tables import INVITATIONS, Invitation
from chalicelib.database import Transaction, get
from chalicelib.errors import Forbidden, NotFound, Rule
from chalicelib.facts import fact
from chalicelib.ids import is_id, new_id
from chalicelib.paging import Part, first, position
from chalicelib.policy import service as policy


class InvitationEnded(Forbidden):
    title = "This invitation was used or withdrawn, or has ended; ask the librarian for another"


class NobodyMayRegister(Rule):
    title = "Nobody may register, also by invitation, while registration is closed"


def invite(
    email: str | None, name: str | None, life: timedelta, librarian_id: str, now: datetime
) -> tuple[Invitation, str]:
    """A new invitation, and the address at which it is accepted; it is mailed too, where an address is given.

    Raises NobodyMayRegister.
    """
    if policy.current().registration == "closed":
        raise NobodyMayRegister("Let patrons register by invitation first, in the library's settings.")
    invitation_id = new_id(now)
    invitation = Invitation(
        id=invitation_id,
        secret_hash=digest(_secret(invitation_id)),
        email=email,
        name=name,
        created_at=now,
        expires_at=(now + life).replace(microsecond=0),
    )
    transaction = Transaction()
    transaction.put(invitation)
    transaction.put(fact("invitation.made", now, subject=invitation.id, actor=librarian_id))
    transaction.commit()
    return invitation, address_of(invitation_id)


def by_id(invitation_id: str, now: datetime) -> Invitation | None:
    """An invitation, or None where it has ended."""
    kept = get(Invitation, INVITATIONS, invitation_id)
    return kept if kept is not None and kept.expires_at > now else None


def address_of(invitation_id: str) -> str:
    """Where an invitation is accepted."""
    return f"{settings.current().public_url}/register?invitation={invitation_id}.{_secret(invitation_id)}"


def _secret(invitation_id: str) -> str:
    return seals.secret_for("invitation", invitation_id)


def open_ones(limit: int, cursor: str | None, now: datetime) -> Part[Invitation]:
    """A page of the invitations that can still be accepted, newest first."""
    after = position(cursor)
    found = Invitation.query(
        INVITATIONS,
        Invitation.id < after if after else None,
        # The table lets go of the others by itself, within days.
        filter_condition=Invitation.expires_at > now,
        scan_index_forward=False,
        page_size=limit + 1,
        consistent_read=True,
    )
    return first(found, limit, lambda invitation: invitation.id)


def withdraw(invitation_id: str, librarian_id: str, now: datetime) -> None:
    """Let an invitation be worth nothing.

    Raises NotFound.
    """
    transaction = Transaction()
    transaction.delete(
        Invitation(of=INVITATIONS, id=invitation_id),
        Invitation.id.exists(),
        lambda _: NotFound("There is no such invitation."),
    )
    transaction.put(fact("invitation.withdrawn", now, subject=invitation_id, actor=librarian_id))
    transaction.commit()


def of_token(token: str, now: datetime) -> Invitation:
    """The invitation whose token this is.

    Raises InvitationEnded.
    """
    invitation_id, _, secret = token.partition(".")
    kept = get(Invitation, INVITATIONS, invitation_id) if is_id(invitation_id) else None
    if kept is None or kept.expires_at <= now or not hmac.compare_digest(kept.secret_hash, digest(secret)):
        raise InvitationEnded
    return kept


def use(transaction: Transaction, invitation: Invitation, now: datetime) -> None:
    """Use an invitation up, as part of the transaction that registers who was invited.

    Fails with InvitationEnded where somebody else was quicker.
    """
    transaction.delete(invitation, Invitation.expires_at > now, lambda _: InvitationEnded())
