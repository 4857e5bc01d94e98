"""What the environment says, read once and frozen. Nothing else in the library reads the environment."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

SCRATCH = "/tmp"  # noqa: S108 - what Lambda lets a function write to


class WrongSetting(Exception):
    """A setting is missing or makes no sense; the message names the variable."""


class Credentials(NamedTuple):
    """Who asks AWS; `token` goes with keys that end."""

    key_id: str
    secret: str
    token: str | None = None


@dataclass(frozen=True, slots=True)
class Settings:
    """Where the library's parts are, and its secrets. Times are seconds, sizes bytes."""

    stage: str
    region: str
    table_prefix: str
    bucket: str
    queue_prefix: str
    aws_endpoint_url: str | None
    redis_url: str | None
    public_url: str
    objects_url: str | None
    search_folder: str
    mail_from: str | None
    smtp_url: str | None
    google_chat_webhook: str | None
    ses_configuration_set: str | None
    _jwt_secret: str
    upload_limit: int = 200 * 1024 * 1024
    access_token_life: int = 600
    session_life: int = 30 * 24 * 3600
    sms_per_month: int = 1_000

    @property
    def is_local(self) -> bool:
        """Whether the whole library runs on one machine, whose own addresses may then be called."""
        return self.stage == "local"

    @property
    def jwt_secret(self) -> str:
        """What access tokens are signed with.

        Raises WrongSetting; only here, so that tools which sign nothing need no secret.
        """
        if len(self._jwt_secret) < 32:
            raise WrongSetting("JWT_SECRET must be set, to at least 32 characters")
        return self._jwt_secret

    @property
    def secure(self) -> bool:
        """Whether the library is reached over TLS, so that its cookies may be held to it."""
        return self.public_url.startswith("https://")


def read(environment: Mapping[str, str]) -> Settings:
    """Settings from `environment`.

    Raises WrongSetting, which names the variable.
    """
    public_url = environment.get("PUBLIC_URL") or "http://127.0.0.1:8000"
    if not public_url.startswith(("http://", "https://")):
        raise WrongSetting("PUBLIC_URL must start with http:// or https://")
    stage = environment.get("CARREL_STAGE") or "local"
    return Settings(
        stage=stage,
        region=environment.get("AWS_REGION") or environment.get("AWS_DEFAULT_REGION") or "eu-west-1",
        table_prefix=environment.get("TABLE_PREFIX") or f"carrel-{stage}-",
        bucket=environment.get("BUCKET") or f"carrel-{stage}-objects",
        queue_prefix=environment.get("QUEUE_PREFIX", ""),
        aws_endpoint_url=environment.get("AWS_ENDPOINT_URL", "").rstrip("/") or None,
        redis_url=environment.get("REDIS_URL") or None,
        public_url=public_url.rstrip("/"),
        objects_url=environment.get("OBJECTS_URL") or None,
        search_folder=environment.get("SEARCH_FOLDER")
        or f"{environment.get('TMPDIR') or SCRATCH}/carrel-search-{stage}",
        mail_from=environment.get("MAIL_FROM") or None,
        smtp_url=environment.get("SMTP_URL") or None,
        google_chat_webhook=environment.get("GOOGLE_CHAT_WEBHOOK") or None,
        ses_configuration_set=environment.get("SES_CONFIGURATION_SET") or None,
        _jwt_secret=environment.get("JWT_SECRET", ""),
    )


@cache
def current() -> Settings:
    """The settings of this process."""
    return read(os.environ)


@cache
def credentials() -> Credentials | None:
    """The credentials in the environment, where Lambda puts them, or None where there are none."""
    key_id, secret = os.environ.get("AWS_ACCESS_KEY_ID"), os.environ.get("AWS_SECRET_ACCESS_KEY")
    return Credentials(key_id, secret, os.environ.get("AWS_SESSION_TOKEN") or None) if key_id and secret else None
