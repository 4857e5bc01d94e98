"""Clients of AWS, made at first use: importing boto3 costs a quarter of a second that most requests need not pay."""

from __future__ import annotations

from functools import cache
from typing import Any

from chalicelib import settings
from chalicelib.settings import Credentials


def credentials() -> Credentials:
    """Who asks: the environment says it, else what botocore looks up: a profile, or the role of this machine.

    Raises NoCredentialsError.
    """
    found = settings.credentials() or _looked_up().get_frozen_credentials()
    return found if isinstance(found, Credentials) else Credentials(found.access_key, found.secret_key, found.token)


@cache
def _looked_up() -> Any:
    from botocore.exceptions import NoCredentialsError
    from botocore.session import get_session

    provider = get_session().get_credentials()  # which renews those that end
    if provider is None:
        raise NoCredentialsError
    return provider


def _client(service: str, attempts: int = 4, **config: Any) -> Any:
    import boto3
    from botocore.config import Config

    s = settings.current()
    return boto3.client(
        service,
        region_name=s.region,
        endpoint_url=s.aws_endpoint_url,
        config=Config(
            connect_timeout=2, read_timeout=20, retries={"total_max_attempts": attempts, "mode": "standard"}, **config
        ),
    )


@cache
def s3() -> Any:
    """S3. Signature version 4 with path-style addresses, which real S3 and local clouds both check."""
    return _client("s3", signature_version="s3v4", s3={"addressing_style": "path"})


@cache
def sqs() -> Any:
    """SQS."""
    return _client("sqs")


@cache
def ses() -> Any:
    """SES. It tries once: a mail whose answer was lost may have gone out, and is not sent again unasked."""
    return _client("sesv2", attempts=1)


@cache
def sns() -> Any:
    """SNS, for text messages; it tries once, as SES does."""
    return _client("sns", attempts=1)
