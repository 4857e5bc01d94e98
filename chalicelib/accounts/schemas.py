"""Accounts as the API shows and takes them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal, TypeAlias

import msgspec
from msgspec import UNSET, Meta, UnsetType

from chalicelib.policy.schemas import SAYS_SOMETHING, Zone

Username: TypeAlias = Annotated[
    str,
    Meta(
        min_length=3,
        max_length=40,
        pattern=r"^[^\s@<>\"'&/\\,;:#?%\x00-\x1f\x7f-\x9f\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]+$(?!\n)",
        description="Letters of any script, digits, and . _ - without spaces",
    ),
]
Email: TypeAlias = Annotated[
    str,
    Meta(
        max_length=254, pattern=r"^[^@\s<>,;\x00-\x1f\x7f]+@[^@\s<>,;\x00-\x1f\x7f]+\.[^@\s<>,;.\x00-\x1f\x7f]+$(?!\n)"
    ),
]
Password: TypeAlias = Annotated[str, Meta(min_length=8, max_length=200)]
PersonName: TypeAlias = Annotated[str, Meta(min_length=1, max_length=100, pattern=SAYS_SOMETHING)]
Language: TypeAlias = Annotated[str, Meta(pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$(?!\n)", examples=["hi"])]
Channel: TypeAlias = Literal["email", "chat", "sms", "push"]
Weekday: TypeAlias = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
Phone: TypeAlias = Annotated[
    str, Meta(pattern=r"^\+[1-9][0-9]{6,14}$(?!\n)", description="E.164", examples=["+33612345678"])
]
Webhook: TypeAlias = Annotated[str, Meta(min_length=1, max_length=2000, description="Of a space in Google Chat")]
ReportFormat: TypeAlias = Literal["html", "pdf"]
RoleName: TypeAlias = Literal["patron", "librarian"]


class Registration(msgspec.Struct, frozen=True, kw_only=True):
    """What a new patron gives; `invitation` is the token of the link that invited them."""

    username: Username
    password: Password
    email: Email | None = None
    name: PersonName | None = None
    invitation: Annotated[str, Meta(min_length=1, max_length=200)] | None = None


class Credentials(msgspec.Struct, frozen=True, kw_only=True):
    """A user name or e-mail address, and the password."""

    login: Annotated[str, Meta(min_length=1, max_length=254)]
    password: Annotated[str, Meta(min_length=1, max_length=200)]


class Tokens(msgspec.Struct, frozen=True, kw_only=True):
    """An access token. The refresh token comes beside it, as an HttpOnly cookie."""

    access_token: str
    expires_in: Annotated[int, Meta(description="Seconds")]
    role: RoleName
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105 - the kind of token, not one


class ForgottenPassword(msgspec.Struct, frozen=True, kw_only=True):
    """Whose password is forgotten: `login` is a user name or an e-mail address, `email` the latter."""

    login: Annotated[str, Meta(min_length=1, max_length=254)] | None = None
    email: Annotated[str, Meta(min_length=1, max_length=254)] | None = None


class PasswordReset(msgspec.Struct, frozen=True, kw_only=True):
    """A new password, and the token of the link that was mailed."""

    token: Annotated[str, Meta(min_length=1, max_length=200)]
    password: Password


class ReminderSettings(msgspec.Struct, frozen=True, kw_only=True):
    """How and when a patron is reminded; `hour` is in the patron's own zone, and on `quiet_days` there is none."""

    channels: list[Channel]
    hour: Annotated[int, Meta(ge=0, le=23)]
    days_before_due: Annotated[int, Meta(ge=0, le=30)]
    idle_days: Annotated[int, Meta(ge=1, le=365)]
    quiet_days: list[Weekday] = []


class ReminderSettingsPatch(msgspec.Struct, frozen=True, kw_only=True):
    """Changes of reminder settings (RFC 7396)."""

    channels: Annotated[list[Channel], Meta(max_length=4)] | UnsetType = UNSET
    hour: Annotated[int, Meta(ge=0, le=23)] | UnsetType = UNSET
    days_before_due: Annotated[int, Meta(ge=0, le=30)] | UnsetType = UNSET
    idle_days: Annotated[int, Meta(ge=1, le=365)] | UnsetType = UNSET
    quiet_days: Annotated[list[Weekday], Meta(max_length=6)] | UnsetType = UNSET


class StoppedChannel(msgspec.Struct, frozen=True, kw_only=True):
    """A channel that notices came back from. It is tried again once its address is given again."""

    channel: Channel
    reason: str
    at: datetime


class Profile(msgspec.Struct, frozen=True, kw_only=True):
    """One's own account."""

    id: str
    username: str
    email: str | None
    name: str
    role: RoleName
    timezone: str
    language: str
    reminders: ReminderSettings
    report_format: ReportFormat
    phone: str | None
    chat_webhook: str | None
    email_confirmed: bool
    stopped: list[StoppedChannel]


class ProfilePatch(msgspec.Struct, frozen=True, kw_only=True):
    """Changes of one's own account (RFC 7396). A new password needs the current one beside it."""

    username: Username | UnsetType = UNSET
    email: Email | None | UnsetType = UNSET
    name: PersonName | UnsetType = UNSET
    timezone: Zone | UnsetType = UNSET
    language: Language | UnsetType = UNSET
    reminders: ReminderSettingsPatch | UnsetType = UNSET
    report_format: ReportFormat | UnsetType = UNSET
    phone: Phone | None | UnsetType = UNSET
    chat_webhook: Webhook | None | UnsetType = UNSET
    password: Password | UnsetType = UNSET
    current_password: Annotated[str, Meta(max_length=200)] | UnsetType = UNSET


class SessionShown(msgspec.Struct, frozen=True, kw_only=True):
    """A session: a device on which one is signed in."""

    id: str
    device: str
    created_at: datetime
    refreshed_at: datetime
    current: bool


class Sessions(msgspec.Struct, frozen=True, kw_only=True):
    """Where one is signed in."""

    items: list[SessionShown]
    next_cursor: str | None = None


class NewInvitation(msgspec.Struct, frozen=True, kw_only=True):
    """Whom to invite, as far as it is known, and for how long."""

    email: Email | None = None
    name: PersonName | None = None
    expires_in_days: Annotated[int, Meta(ge=1, le=90)] = 14


class InvitationShown(msgspec.Struct, frozen=True, kw_only=True):
    """An invitation nobody has accepted yet."""

    id: str
    email: str | None
    name: str | None
    created_at: datetime
    expires_at: datetime


class InvitationMade(InvitationShown, frozen=True, kw_only=True):
    """A new invitation, and the address at which it is accepted, once."""

    url: str


class Invitations(msgspec.Struct, frozen=True, kw_only=True):
    """A page of invitations, newest first."""

    items: list[InvitationShown]
    next_cursor: str | None


class NewAppPassword(msgspec.Struct, frozen=True, kw_only=True):
    """What the reading app is called, that the app password is for."""

    name: Annotated[str, Meta(min_length=1, max_length=100, pattern=SAYS_SOMETHING)]


class AppPasswordShown(msgspec.Struct, frozen=True, kw_only=True):
    """An app password. `used_on` is the last day on which an app signed in with it."""

    id: str
    name: str
    created_at: datetime
    used_on: Annotated[str, Meta(description="As 2026-11-22, in UTC")] | None


class AppPasswordMade(AppPasswordShown, frozen=True, kw_only=True):
    """A new app password, with its text, which is told only now."""

    password: str


class AppPasswords(msgspec.Struct, frozen=True, kw_only=True):
    """A page of app passwords, newest first."""

    items: list[AppPasswordShown]
    next_cursor: str | None
