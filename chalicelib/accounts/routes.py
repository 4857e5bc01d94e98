"""Routes of accounts: registering, signing in and out, the profile, the sessions."""

from __future__ import annotations

from datetime import timedelta
from http.cookies import CookieError, SimpleCookie
from typing import Any

import msgspec

from chalicelib import auth, settings, wiring
from chalicelib.accounts import app_passwords, invitations, people, resets, service, sessions
from chalicelib.accounts.schemas import (
    AppPasswordMade,
    AppPasswords,
    Credentials,
    ForgottenPassword,
    InvitationMade,
    Invitations,
    InvitationShown,
    NewAppPassword,
    NewInvitation,
    PasswordReset,
    Profile,
    ProfilePatch,
    Registration,
    Sessions,
    SessionShown,
    Tokens,
)
from chalicelib.accounts.tables import Invitation
from chalicelib.errors import Invalid, NotFound
from chalicelib.paging import Page
from chalicelib.routing import Answer, Call, Nothing, Routes, Who
from chalicelib.validation import changes

routes = Routes(__name__)

COOKIE = "carrel_refresh"


def _cookie(value: str, life: int) -> dict[str, str | list[str]]:
    secure = "; Secure" if settings.current().secure else ""
    return {"Set-Cookie": f"{COOKIE}={value}; Path=/api/auth; HttpOnly; SameSite=Strict; Max-Age={life}{secure}"}


def _refresh_token(call: Call[Nothing, Nothing]) -> str | None:
    try:
        morsel = SimpleCookie(call.header("cookie") or "").get(COOKIE)
    except CookieError:
        return None
    return morsel.value if morsel else None


def _tokens(signed_in: sessions.SignedIn) -> Answer:
    s = settings.current()
    tokens = Tokens(access_token=signed_in.access_token, expires_in=s.access_token_life, role=signed_in.role.value)
    return Answer(tokens, _cookie(signed_in.refresh_token, s.session_life))


@routes.operation(
    "POST",
    "/auth/register",
    who=Who.ANYONE,
    body=Registration,
    returns=Profile,
    status=201,
    refusals=(
        service.UsernameTaken,
        service.EmailTaken,
        service.RegistrationClosed,
        invitations.InvitationEnded,
        sessions.TooManyAttempts,
    ),
)
def register(call: Call[Registration, Nothing]) -> Profile:
    """Become a patron."""
    sessions.limit_newcomers(call.address, wiring.cache())
    wanted = call.body
    newcomer = service.Newcomer(wanted.username, wanted.password, wanted.email, wanted.name)
    return service.shown(service.register(newcomer, wanted.invitation, wiring.now()))


@routes.operation(
    "POST",
    "/auth/login",
    who=Who.ANYONE,
    body=Credentials,
    returns=Tokens,
    refusals=(sessions.WrongCredentials, sessions.AccountSuspended, sessions.TooManyAttempts),
)
def sign_in(call: Call[Credentials, Nothing]) -> Answer:
    """Sign in by user name or e-mail address."""
    device = call.header("user-agent") or ""
    return _tokens(
        sessions.sign_in(call.body.login, call.body.password, device, call.address, wiring.cache(), wiring.now())
    )


@routes.operation("POST", "/auth/refresh", who=Who.ANYONE, returns=Tokens, refusals=(sessions.SessionEnded,))
def refresh(call: Call[Nothing, Nothing]) -> Answer:
    """A fresh access token for the refresh cookie."""
    token = _refresh_token(call)
    if token is None:
        raise sessions.SessionEnded
    return _tokens(sessions.refresh(token, wiring.cache(), wiring.now()))


@routes.operation("POST", "/auth/logout", who=Who.ANYONE, status=204)
def sign_out(call: Call[Nothing, Nothing]) -> Answer:
    """Sign out: end the session of the refresh cookie, and of the access token if one is sent."""
    if token := _refresh_token(call):
        sessions.end_by_token(token, wiring.cache())
    scheme, _, bearer = (call.header("authorization") or "").partition(" ")
    if scheme.lower() == "bearer":
        try:
            sessions.end(auth.check(bearer.strip()).session_id, wiring.cache())
        except auth.BadToken:
            pass  # signed out is what was wanted
    return Answer(None, _cookie("", 0))


@routes.operation(
    "POST",
    "/auth/password/forgot",
    who=Who.ANYONE,
    body=ForgottenPassword,
    status=202,
    refusals=(sessions.TooManyAttempts,),
)
def forget_password(call: Call[ForgottenPassword, Nothing]) -> None:
    """Ask for a link to set a new password by. The answer does not tell whether there is such an account."""
    login = call.body.login or call.body.email
    if login is None:
        raise Invalid.field("login", "This is needed.", "required")
    resets.ask(login, call.address, wiring.cache(), wiring.now())


@routes.operation(
    "POST",
    "/auth/password/reset",
    who=Who.ANYONE,
    body=PasswordReset,
    status=204,
    refusals=(resets.ResetEnded, sessions.TooManyAttempts),
)
def reset_password(call: Call[PasswordReset, Nothing]) -> None:
    """Set a new password by the link that was mailed; it ends every session."""
    sessions.limit_newcomers(call.address, wiring.cache())
    service.reset_password(call.body.token, call.body.password, wiring.cache(), wiring.now())


@routes.operation("GET", "/me", who=Who.SIGNED_IN, returns=Profile)
def show_profile(call: Call[Nothing, Nothing]) -> Profile:
    """One's own account."""
    return service.shown(people.account(call.caller.id))


@routes.operation(
    "PATCH",
    "/me",
    who=Who.SIGNED_IN,
    body=ProfilePatch,
    returns=Profile,
    guarded=True,
    refusals=(service.UsernameTaken, service.EmailTaken, sessions.TooManyAttempts),
)
def change_profile(call: Call[ProfilePatch, Nothing]) -> Profile:
    """Change one's own account. A new password ends every other session."""
    wanted = changes(call.body)
    if "password" in wanted:
        sessions.limit_guesses(call.caller.id, call.address, wiring.cache())
    changed = service.change(
        call.caller.id, wanted, lambda account: call.require_match(service.shown(account)), wiring.now()
    )
    if "password" in wanted:
        sessions.forgive(call.caller.id, call.address, wiring.cache())
        sessions.end_all(call.caller.id, wiring.cache(), but=call.caller.session_id)
    return service.shown(changed)


@routes.operation("GET", "/me/sessions", who=Who.SIGNED_IN, query=Page, returns=Sessions)
def list_sessions(call: Call[Nothing, Page]) -> Sessions:
    """Where one is signed in."""
    part = sessions.of_account(call.caller.id, call.query.limit, call.query.cursor)
    return Sessions(
        items=[
            SessionShown(
                id=s.id,
                device=s.device,
                created_at=s.created_at,
                refreshed_at=s.rotated_at,
                current=s.id == call.caller.session_id,
            )
            for s in part.items
        ],
        next_cursor=part.next_cursor,
    )


@routes.operation("DELETE", "/me/sessions/{session_id}", who=Who.SIGNED_IN, status=204, refusals=(NotFound,))
def end_session(call: Call[Nothing, Nothing], session_id: str) -> None:
    """Sign out another device."""
    sessions.end_one_of(call.caller.id, session_id, wiring.cache())


@routes.operation("GET", "/me/app-passwords", who=Who.SIGNED_IN, query=Page, returns=AppPasswords)
def list_app_passwords(call: Call[Nothing, Page]) -> AppPasswords:
    """One's app passwords, by which reading apps sign in to the feeds."""
    part = app_passwords.of_account(call.caller.id, call.query.limit, call.query.cursor)
    return AppPasswords(items=app_passwords.shown(part.items), next_cursor=part.next_cursor)


@routes.operation(
    "POST",
    "/me/app-passwords",
    who=Who.SIGNED_IN,
    body=NewAppPassword,
    returns=AppPasswordMade,
    status=201,
    refusals=(app_passwords.TooManyAppPasswords,),
)
def make_app_password(call: Call[NewAppPassword, Nothing]) -> AppPasswordMade:
    """Make an app password, which is told only now."""
    made, text = app_passwords.make(call.caller.id, call.body.name, wiring.now())
    (shown,) = app_passwords.shown([made])
    return AppPasswordMade(password=text, **msgspec.structs.asdict(shown))


@routes.operation("DELETE", "/me/app-passwords/{password_id}", who=Who.SIGNED_IN, status=204, refusals=(NotFound,))
def revoke_app_password(call: Call[Nothing, Nothing], password_id: str) -> None:
    """Take back an app password: the app it was given to is signed out."""
    app_passwords.revoke(call.caller.id, password_id, wiring.cache())


@routes.operation(
    "POST",
    "/patrons/invitations",
    who=Who.LIBRARIAN,
    body=NewInvitation,
    returns=InvitationMade,
    status=201,
    refusals=(invitations.NobodyMayRegister,),
)
def invite(call: Call[NewInvitation, Nothing]) -> InvitationMade:
    """Invite somebody to register, by a link that is told here, and mailed where their address is given."""
    wanted, now = call.body, wiring.now()
    life = timedelta(days=wanted.expires_in_days)
    made, url = invitations.invite(wanted.email, wanted.name, life, call.caller.id, now)
    return InvitationMade(url=url, **_shown_invitation(made))


@routes.operation("GET", "/patrons/invitations", who=Who.LIBRARIAN, query=Page, returns=Invitations)
def list_invitations(call: Call[Nothing, Page]) -> Invitations:
    """Invitations nobody has accepted yet, newest first."""
    part = invitations.open_ones(call.query.limit, call.query.cursor, wiring.now())
    return Invitations(
        items=[InvitationShown(**_shown_invitation(one)) for one in part.items], next_cursor=part.next_cursor
    )


@routes.operation("DELETE", "/patrons/invitations/{invitation_id}", who=Who.LIBRARIAN, status=204, refusals=(NotFound,))
def withdraw_invitation(call: Call[Nothing, Nothing], invitation_id: str) -> None:
    """Withdraw an invitation."""
    invitations.withdraw(invitation_id, call.caller.id, wiring.now())


def _shown_invitation(one: Invitation) -> dict[str, Any]:
    return {
        "id": one.id,
        "email": one.email,
        "name": one.name,
        "created_at": one.created_at,
        "expires_at": one.expires_at,
    }
