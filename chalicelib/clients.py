"""Clients of AWS, made at first use: importing boto3 costs a quarter of a second that most requests need not pay."""

from __future__ import annotations

from functools import cache
from typing import Any

from chalicelib import settings


def _client(service: str, **config: Any) -> Any:
    import boto3
    from botocore.config import Config

    s = settings.current()
    return boto3.client(
        service,
        region_name=s.region,
        endpoint_url=s.aws_endpoint_url,
        config=Config(connect_timeout=2, read_timeout=20, retries={"max_attempts": 3, "mode": "standard"}, **config),
    )


@cache
def s3() -> Any:
    """S3. Signature version 4 with path-style addresses, which real S3 and local clouds both check."""
    return _client("s3", signature_version="s3v4", s3={"addressing_style": "path"})


@cache
def sqs() -> Any:
    """SQS."""
    return _client("sqs")
