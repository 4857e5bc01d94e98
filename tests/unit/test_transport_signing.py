"""Requests and addresses are signed as botocore signs them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import boto3
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials as Theirs
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.settings import Credentials
from chalicelib.signing import Signer, moment

WHO = st.builds(
    Credentials,
    key_id=st.from_regex(r"[A-Z0-9]{4,20}", fullmatch=True),
    secret=st.from_regex(r"[A-Za-z0-9/+]{8,40}", fullmatch=True),
    token=st.none() | st.from_regex(r"[A-Za-z0-9/+=]{8,60}", fullmatch=True),
)
TEXT = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), min_size=1, max_size=20)


@given(who=WHO, body=st.binary(max_size=200), region=st.sampled_from(["eu-west-1", "us-gov-east-1"]))
@settings(max_examples=50)
def test_a_request_is_signed_as_botocore_signs_it(who: Credentials, body: bytes, region: str) -> None:
    asked = {"content-type": "application/x-amz-json-1.0", "x-amz-target": "DynamoDB_20120810.GetItem"}
    theirs = AWSRequest("POST", f"https://dynamodb.{region}.amazonaws.com/", asked, body)
    SigV4Auth(Theirs(who.key_id, who.secret, who.token), "dynamodb", region).add_auth(theirs)
    ours = Signer(region, "dynamodb").headers(
        who, f"dynamodb.{region}.amazonaws.com", asked, body, theirs.context["timestamp"]
    )
    expected = {name.lower(): value for name, value in theirs.headers.items()}
    expected["host"] = f"dynamodb.{region}.amazonaws.com"
    assert ours == expected


def address_by_botocore(who: Credentials, base: str, call: str, parameters: dict[str, object]) -> str:
    client = boto3.client(
        "s3",
        region_name="eu-west-1",
        endpoint_url=base,
        aws_access_key_id=who.key_id,
        aws_secret_access_key=who.secret,
        aws_session_token=who.token,
        config=Config(signature_version="s3v4", s3={"addressing_style": "path"}),
    )
    return client.generate_presigned_url(call, Params={"Bucket": "shelf", **parameters}, ExpiresIn=300)


@pytest.mark.parametrize("base", ["https://s3.eu-west-1.amazonaws.com", "http://127.0.0.1:4566"])
@given(who=WHO, key=st.lists(TEXT.filter(lambda part: part not in {".", ".."}), min_size=1, max_size=3), saved=TEXT)
@settings(max_examples=15, deadline=None)
def test_an_address_to_fetch_from_is_botocores(base: str, who: Credentials, key: list[str], saved: str) -> None:
    path = "/".join(key)
    theirs = address_by_botocore(who, base, "get_object", {"Key": path, "ResponseContentDisposition": saved})
    hold(theirs, who, base, "GET", path, {}, {"response-content-disposition": saved})


@given(who=WHO, length=st.integers(0, 2**40))
@settings(max_examples=15, deadline=None)
def test_an_address_to_upload_to_is_botocores(who: Credentials, length: int) -> None:
    base, kind = "https://s3.eu-west-1.amazonaws.com", "application/epub+zip"
    theirs = address_by_botocore(
        who, base, "put_object", {"Key": "books/a b.epub", "ContentLength": length, "ContentType": kind}
    )
    headers = {"content-length": str(length), "content-type": kind}
    hold(theirs, who, base, "PUT", "books/a b.epub", headers, {})


def hold(
    theirs: str, who: Credentials, base: str, method: str, key: str, headers: dict[str, str], query: dict[str, str]
) -> None:
    """Hold ours to theirs, whatever the order of what it says."""
    at = parse_qs(urlsplit(theirs).query)["X-Amz-Date"][0]
    host = base.partition("://")[2]
    ours = base + Signer("eu-west-1", "s3").target(who, method, host, f"/shelf/{key}", headers, query, 300, at)
    assert urlsplit(ours)[:3] == urlsplit(theirs)[:3]
    assert sorted(urlsplit(ours).query.split("&")) == sorted(urlsplit(theirs).query.split("&"))


def test_a_moment_is_now_in_utc() -> None:
    said = datetime.strptime(moment(), "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    assert abs(datetime.now(UTC) - said) < timedelta(minutes=1)
