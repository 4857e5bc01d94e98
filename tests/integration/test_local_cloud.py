"""The embedded cloud keeps what it acknowledged, and holds conditions under concurrency, as DynamoDB does."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3
import pytest
import urllib3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from chalicelib import dynamo
from chalicelib.settings import Credentials
from chalicelib.signing import Signer, moment
from infra.local.cloud import EmbeddedCloud
from infra.local.gateway.covers import Covers
from infra.local.gateway.objects import Objects
from infra.local.provision import provision
from tests import refusals
from tests.wsgi import ask

TEMPLATE: dict[str, Any] = {
    "Resources": {
        "Jobs": {
            "Type": "AWS::SQS::Queue",
            "Properties": {
                "QueueName": {"Fn::Sub": "shelf-${Stage}-jobs"},
                "VisibilityTimeout": 60,
                "RedrivePolicy": {"deadLetterTargetArn": {"Fn::GetAtt": ["Dead", "Arn"]}, "maxReceiveCount": 3},
            },
        },
        "Dead": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "shelf-local-dead"}},
        "Objects": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "shelf-local-objects"}},
        "Copies": {
            "Type": "AWS::DynamoDB::Table",
            "Properties": {
                "TableName": "shelf-local-copies",
                "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
                "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
                "StreamSpecification": {"StreamViewType": "NEW_AND_OLD_IMAGES"},
                "TimeToLiveSpecification": {"AttributeName": "gone_at", "Enabled": True},
            },
        },
    }
}
TABLE, BUCKET = "shelf-local-copies", "shelf-local-objects"


def client(cloud: EmbeddedCloud, service: str) -> Any:
    config = Config(signature_version="s3v4", s3={"addressing_style": "path"}) if service == "s3" else Config()
    return boto3.client(service, **cloud.client_settings, config=config.merge(Config(retries={"max_attempts": 0})))


@pytest.fixture
def cloud(tmp_path: Path) -> Iterator[EmbeddedCloud]:
    with EmbeddedCloud(tmp_path / "cloud") as cloud:
        provision(TEMPLATE, lambda service: client(cloud, service))
        yield cloud


def restarted(cloud: EmbeddedCloud) -> EmbeddedCloud:
    """The same library's cloud on another day."""
    return EmbeddedCloud(cloud.data)


def copies_left(cloud: EmbeddedCloud) -> int:
    item = client(cloud, "dynamodb").get_item(TableName=TABLE, Key={"id": {"S": "momo"}}, ConsistentRead=True)
    return int(item["Item"]["left"]["N"])


def put_copies(cloud: EmbeddedCloud, left: int) -> None:
    client(cloud, "dynamodb").put_item(TableName=TABLE, Item={"id": {"S": "momo"}, "left": {"N": str(left)}})


def lend(dynamodb: Any, loan: str) -> bool:
    """Take one copy if there is one, and note the loan, in one transaction."""
    try:
        dynamodb.transact_write_items(
            TransactItems=[
                {
                    "Update": {
                        "TableName": TABLE,
                        "Key": {"id": {"S": "momo"}},
                        "UpdateExpression": "ADD #left :less",
                        "ConditionExpression": "#left > :none",
                        "ExpressionAttributeNames": {"#left": "left"},
                        "ExpressionAttributeValues": {":less": {"N": "-1"}, ":none": {"N": "0"}},
                    }
                },
                {
                    "Put": {
                        "TableName": TABLE,
                        "Item": {"id": {"S": loan}},
                        "ConditionExpression": "attribute_not_exists(id)",
                    }
                },
            ]
        )
    except dynamodb.exceptions.TransactionCanceledException:
        return False
    return True


def test_eight_patrons_at_once_never_get_more_copies_than_there_are(cloud: EmbeddedCloud) -> None:
    put_copies(cloud, 25)
    start = threading.Barrier(8)

    def patron(n: int) -> int:
        dynamodb = client(cloud, "dynamodb")
        start.wait(10)
        return sum(lend(dynamodb, f"loan-{n}-{turn}") for turn in range(10))

    with ThreadPoolExecutor(8) as pool:
        lent = sum(pool.map(patron, range(8)))
    assert (lent, copies_left(cloud)) == (25, 0)
    assert client(cloud, "dynamodb").scan(TableName=TABLE, Select="COUNT")["Count"] == 26


def test_provisioning_again_makes_nothing_and_loses_nothing(cloud: EmbeddedCloud) -> None:
    put_copies(cloud, 3)
    again = provision(TEMPLATE, lambda service: client(cloud, service))
    assert again.made == []
    assert copies_left(cloud) == 3


def test_a_newer_release_adds_its_index_to_a_table_that_is_there(cloud: EmbeddedCloud) -> None:
    index = {
        "IndexName": "by-shelf",
        "KeySchema": [{"AttributeName": "shelf", "KeyType": "HASH"}],
        "Projection": {"ProjectionType": "ALL"},
    }
    copies = TEMPLATE["Resources"]["Copies"]
    properties = copies["Properties"]
    names = [*properties["AttributeDefinitions"], {"AttributeName": "shelf", "AttributeType": "S"}]
    newer = {**properties, "AttributeDefinitions": names, "GlobalSecondaryIndexes": [index]}
    provision({"Resources": {"Copies": {**copies, "Properties": newer}}}, lambda service: client(cloud, service))
    description = client(cloud, "dynamodb").describe_table(TableName=TABLE)["Table"]
    assert [i["IndexName"] for i in description["GlobalSecondaryIndexes"]] == ["by-shelf"]


def test_everything_is_still_there_after_a_clean_stop(cloud: EmbeddedCloud) -> None:
    put_copies(cloud, 7)
    client(cloud, "s3").put_object(Bucket=BUCKET, Key="books/momo.epub", Body=b"PK")
    url = client(cloud, "sqs").get_queue_url(QueueName="shelf-local-jobs")["QueueUrl"]
    client(cloud, "sqs").send_message(QueueUrl=url, MessageBody="export")
    before = changes(cloud)
    cloud.stop()
    with restarted(cloud) as later:
        assert copies_left(later) == 7
        assert changes(later) == before
        assert client(later, "s3").get_object(Bucket=BUCKET, Key="books/momo.epub")["Body"].read() == b"PK"
        assert [m["Body"] for m in received(later)] == ["export"]


def changes(cloud: EmbeddedCloud) -> list[str]:
    """The sequence numbers of the table's stream."""
    streams = client(cloud, "dynamodbstreams")
    arn = client(cloud, "dynamodb").describe_table(TableName=TABLE)["Table"]["LatestStreamArn"]
    shard = streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"][0]["ShardId"]
    iterator = streams.get_shard_iterator(StreamArn=arn, ShardId=shard, ShardIteratorType="TRIM_HORIZON")
    records = streams.get_records(ShardIterator=iterator["ShardIterator"])["Records"]
    return [record["dynamodb"]["SequenceNumber"] for record in records]


def received(cloud: EmbeddedCloud) -> list[dict[str, Any]]:
    sqs = client(cloud, "sqs")
    url = sqs.get_queue_url(QueueName="shelf-local-jobs")["QueueUrl"]
    return sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])


def test_no_acknowledged_loan_is_lost_when_the_cloud_is_killed_while_lending(cloud: EmbeddedCloud) -> None:
    put_copies(cloud, 100_000)
    enough = threading.Semaphore(0)

    def patron(n: int) -> list[str]:
        dynamodb, acknowledged = client(cloud, "dynamodb"), list[str]()
        for turn in range(10_000):
            try:
                if lend(dynamodb, loan := f"loan-{n}-{turn}"):
                    acknowledged.append(loan)
                    enough.release()
            except (BotoCoreError, ClientError):
                break
        return acknowledged

    with ThreadPoolExecutor(4) as pool:
        patrons = [pool.submit(patron, n) for n in range(4)]
        for _ in range(400):
            assert enough.acquire(timeout=30)
        cloud.part.process.kill()
        acknowledged = {loan for done in patrons for loan in done.result()}
    with restarted(cloud) as later:
        dynamodb = client(later, "dynamodb")
        pages = dynamodb.get_paginator("scan").paginate(TableName=TABLE)
        kept = {item["id"]["S"] for page in pages for item in page["Items"]} - {"momo"}
        assert len(acknowledged) >= 400
        assert acknowledged - kept == set()
        # A loan that was never answered may have been made, but never half.
        assert copies_left(later) == 100_000 - len(kept)


def test_a_job_taken_before_a_kill_can_be_finished_after_it_and_a_finished_one_stays_away(
    cloud: EmbeddedCloud,
) -> None:
    sqs = client(cloud, "sqs")
    url = sqs.get_queue_url(QueueName="shelf-local-jobs")["QueueUrl"]
    for job in ("one", "two", "three"):
        sqs.send_message(QueueUrl=url, MessageBody=job)
    taken = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=2, WaitTimeSeconds=1)["Messages"]
    sqs.delete_message(QueueUrl=url, ReceiptHandle=taken[0]["ReceiptHandle"])
    cloud.part.process.kill()
    cloud.part.process.wait()
    with restarted(cloud) as later:
        sqs = client(later, "sqs")
        url = sqs.get_queue_url(QueueName="shelf-local-jobs")["QueueUrl"]
        sqs.delete_message(QueueUrl=url, ReceiptHandle=taken[1]["ReceiptHandle"])
        assert [m["Body"] for m in received(later)] == ["three"]


def test_a_poll_of_a_worker_that_is_gone_takes_nothing(cloud: EmbeddedCloud) -> None:
    patient = client(cloud, "sqs")
    url = patient.get_queue_url(QueueName="shelf-local-jobs")["QueueUrl"]
    gone = boto3.client("sqs", **cloud.client_settings, config=Config(read_timeout=0.5, retries={"max_attempts": 0}))
    with pytest.raises(BotoCoreError):
        gone.receive_message(QueueUrl=url, WaitTimeSeconds=5)
    patient.send_message(QueueUrl=url, MessageBody="for who is there")
    time.sleep(0.5)  # in which a poll that went on would look again
    [message] = patient.receive_message(QueueUrl=url, WaitTimeSeconds=2)["Messages"]
    assert message["Body"] == "for who is there"


def test_a_journal_torn_by_a_power_cut_loses_only_what_was_torn(cloud: EmbeddedCloud) -> None:
    put_copies(cloud, 7)
    cloud.part.process.kill()
    cloud.part.process.wait()
    (journal,) = cloud.data.glob("state/*/journal")
    with open(journal, "ab") as file:
        file.write(b"\x00\x00\x10\x00half a record")
    with restarted(cloud) as later:
        assert copies_left(later) == 7
        put_copies(later, 6)
        later.part.process.kill()
        later.part.process.wait()
    with restarted(cloud) as latest:
        assert copies_left(latest) == 6


def test_who_does_not_know_the_key_gets_nothing(cloud: EmbeddedCloud) -> None:
    stranger = boto3.client("dynamodb", **{**cloud.client_settings, "aws_secret_access_key": "guessed"})
    with pytest.raises(ClientError, match="signature"):
        stranger.scan(TableName=TABLE)
    assert urllib3.request("GET", f"{cloud.endpoint}/{BUCKET}").status == 403
    assert urllib3.request("POST", f"{cloud.endpoint}/_ministack/reset").status == 404


class TestObjects:
    """Signed addresses lead through the library's own port."""

    def through(self, cloud: EmbeddedCloud, url: str) -> tuple[str, str]:
        path, _, query = url.removeprefix(cloud.endpoint).partition("?")
        return f"/_local/objects{path}", query

    def test_a_file_goes_in_and_comes_out_by_signed_addresses(self, cloud: EmbeddedCloud) -> None:
        objects, s3 = Objects(cloud.endpoint), client(cloud, "s3")
        key, book = "uploads/Märchen one.epub", bytes(range(256)) * 4096
        wanted = {"Bucket": BUCKET, "Key": key, "ContentType": "application/epub+zip"}
        path, query = self.through(cloud, s3.generate_presigned_url("put_object", Params=wanted))
        path = "/_local/objects/" + f"{BUCKET}/{key}".encode().decode("latin-1")  # as a server hands it over
        put = ask(objects, "PUT", path, book, query=query, content_type="application/epub+zip")
        assert put.status == 200

        signed = s3.generate_presigned_url("get_object", Params={"Bucket": BUCKET, "Key": key})
        _, query = self.through(cloud, signed)
        got = ask(objects, "GET", path, query=query)
        assert (got.status, got.body == book) == (200, True)
        assert (got.header("content-security-policy") or "").startswith("sandbox;")
        assert got.header("x-content-type-options") == "nosniff"

        part = ask(objects, "GET", path, query=query, range="bytes=10-19")
        assert (part.status, part.body) == (206, book[10:20])
        assert part.header("content-range") == f"bytes 10-19/{len(book)}"

    def test_a_form_goes_in_within_the_size_it_was_signed_for(self, cloud: EmbeddedCloud) -> None:
        objects, s3 = Objects(cloud.endpoint), client(cloud, "s3")
        form = s3.generate_presigned_post(BUCKET, "uploads/1", Conditions=[["content-length-range", 1, 10]])

        def send(content: bytes, **changed: str) -> int:
            fields = {**form["fields"], **changed, "file": ("book.epub", content)}
            body, kind = urllib3.encode_multipart_formdata(fields)
            return ask(objects, "POST", f"/_local/objects/{BUCKET}", body, content_type=kind).status

        assert send(b"0123456789") == 204
        assert send(b"0123456789+") == 400
        assert send(b"0", key="uploads/2") == 403
        assert send(b"0", **{"x-amz-signature": "0" * 64}) == 403

    def test_without_a_signature_or_with_a_wrong_one_nothing_goes_either_way(self, cloud: EmbeddedCloud) -> None:
        objects, s3 = Objects(cloud.endpoint), client(cloud, "s3")
        s3.put_object(Bucket=BUCKET, Key="books/1", Body=b"secret")
        signed = s3.generate_presigned_url("get_object", Params={"Bucket": BUCKET, "Key": "books/1"})
        path, query = self.through(cloud, signed)
        assert ask(objects, "GET", path).status == 403
        assert ask(objects, "PUT", path, b"other").status == 403
        assert ask(objects, "DELETE", path, query=query).status == 403
        assert ask(objects, "GET", path, query=query[:-4] + "0000").status == 403
        assert ask(objects, "GET", path.replace("books/1", "books/2"), query=query).status == 403


def test_of_the_bucket_only_the_covers_are_for_everyone(cloud: EmbeddedCloud) -> None:
    s3 = client(cloud, "s3")
    cover = {"Key": "covers/b-1.jpg", "Body": b"JPEG", "ContentType": "image/jpeg", "CacheControl": "public"}
    s3.put_object(Bucket=BUCKET, **cover)
    s3.put_object(Bucket=BUCKET, Key="books/b-1", Body=b"secret")
    covers = Covers(lambda: s3, BUCKET)
    got = ask(covers, "GET", "/covers/b-1.jpg")
    assert (got.status, got.body, got.header("content-type")) == (200, b"JPEG", "image/jpeg")
    assert got.header("cache-control") == "public"
    assert ask(covers, "GET", "/covers/b-1.jpg", if_none_match=got.header("etag") or "").status == 304
    assert ask(covers, "GET", "/covers/b-2.jpg").status == 404
    assert ask(covers, "GET", "/covers/../books/b-1").status == 404


class TestMail:
    """Every mail is kept whole."""

    def test_a_raw_mail_keeps_its_attachment_and_its_kind(self, cloud: EmbeddedCloud) -> None:
        raw = (
            b"From: library@carrel.example\r\nTo: ada@carrel.example\r\nSubject: =?utf-8?q?M=C3=A4rz?=\r\n"
            b"X-Carrel-Kind: monthly-report\r\nMIME-Version: 1.0\r\n"
            b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n'
            b"--b\r\nContent-Type: text/plain\r\n\r\nhello\r\n"
            b"--b\r\nContent-Type: application/pdf\r\nContent-Disposition: attachment; filename=r.pdf\r\n\r\n"
            b"%PDF\r\n--b--"
        )
        client(cloud, "ses").send_raw_email(RawMessage={"Data": raw})
        client(cloud, "sesv2").send_email(Content={"Raw": {"Data": raw}})
        for file in self.kept(cloud, 2):
            mail = message_from_bytes(file.read_bytes(), policy=policy.default)
            assert (mail["X-Carrel-Kind"], mail["Subject"]) == ("monthly-report", "März")
            assert [a.get_filename() for a in mail.iter_attachments()] == ["r.pdf"]

    def test_a_simple_mail_becomes_a_whole_one_with_its_tag_as_kind(self, cloud: EmbeddedCloud) -> None:
        body = {"Text": {"Data": "Grüße"}, "Html": {"Data": "<p>Grüße"}}
        to = {"ToAddresses": ["ada@carrel.example", "bo@carrel.example"]}
        client(cloud, "ses").send_email(
            Source="library@carrel.example",
            Destination=to,
            Message={"Subject": {"Data": "März"}, "Body": body},
            Tags=[{"Name": "kind", "Value": "reminder"}],
        )
        client(cloud, "sesv2").send_email(
            FromEmailAddress="library@carrel.example",
            Destination=to,
            Content={"Simple": {"Subject": {"Data": "März"}, "Body": body}},
            EmailTags=[{"Name": "kind", "Value": "reminder"}],
        )
        for file in self.kept(cloud, 2):
            mail = message_from_bytes(file.read_bytes(), policy=policy.default)
            assert (mail["X-Carrel-Kind"], mail["Subject"]) == ("reminder", "März")
            assert mail["To"] == "ada@carrel.example, bo@carrel.example"
            html = mail.get_body(("html",))
            assert html is not None
            assert html.get_content().strip() == "<p>Grüße"

    def kept(self, cloud: EmbeddedCloud, count: int) -> list[Path]:
        files = sorted(cloud.mail.glob("*.eml"))
        assert len(files) == count
        return files


def test_the_librarys_own_client_is_told_what_botocore_is_told(cloud: EmbeddedCloud) -> None:
    told = cloud.client_settings
    who = Credentials(told["aws_access_key_id"], told["aws_secret_access_key"])
    ours = dynamo.Client(told["endpoint_url"], told["region_name"], lambda: who, connect_timeout=2, read_timeout=5)
    botocores = client(cloud, "dynamodb")
    with refusals.a_table(botocores):
        refusals.hold(ours, botocores)


def test_the_librarys_own_addresses_are_taken_by_the_cloud_and_no_others(cloud: EmbeddedCloud) -> None:
    told = cloud.client_settings
    who = Credentials(told["aws_access_key_id"], told["aws_secret_access_key"])
    base, signer = told["endpoint_url"], Signer(told["region_name"], "s3")
    headers, path = {"content-length": "4", "content-type": "text/plain"}, f"/{BUCKET}/books/Mömo & co.txt"

    def address(method: str, headers: dict[str, str], life: int = 60) -> str:
        return base + signer.target(who, method, urlsplit(base).netloc, path, headers, {}, life, moment())

    put, get = address("PUT", headers), address("GET", {})
    assert urllib3.request("PUT", put, body=b"Momo", headers={"content-type": "text/plain"}).status == 200
    assert urllib3.request("GET", get).data == b"Momo"
    assert urllib3.request("GET", get[:-1] + ("0" if get[-1] != "0" else "1")).status == 403
