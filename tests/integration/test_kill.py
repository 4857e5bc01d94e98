"""What the embedded cloud acknowledged is there after a kill, on a disk that was full, and only if it is whole."""

from __future__ import annotations

import itertools
import json
import os
import resource
import shutil
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from infra.local.cloud import EmbeddedCloud
from infra.local.emulator import objects
from infra.local.emulator.files import Unreadable
from infra.local.emulator.generations import Generations
from infra.local.emulator.journal import Journal, Record
from infra.local.processes import Trouble
from tests.killing import BUCKET, TABLE, Cloud, described, kill_again_and_again, made


def test_nothing_acknowledged_is_lost_when_the_cloud_is_killed_under_load(tmp_path: Path) -> None:
    assert kill_again_and_again(tmp_path, seed=20, kills=3, clients=4, writes=(100, 600)) == []


class Killed(BaseException):
    """The process ends here: nothing that would tidy up runs."""


def steps(monkeypatch: pytest.MonkeyPatch, error: type[BaseException], work: Callable[[], Any]) -> Iterator[None]:
    """Do `work` again and again, each time ended by `error` one step later in what it does to the disk, until it
    comes to its end."""
    for last in itertools.count(1):
        left = itertools.count(last, -1)

        def ending(do: Callable[..., Any]) -> Callable[..., Any]:
            def step(*args: Any, **kwargs: Any) -> Any:
                if next(left) == 1:  # noqa: B023 - it is of this turn
                    raise error(28, "No space left on device")
                return do(*args, **kwargs)

            return step

        with monkeypatch.context() as patch:
            patch.setattr(os, "fsync", ending(os.fsync))
            patch.setattr(os, "open", ending(os.open))
            for name in ("rename", "replace", "mkdir", "iterdir"):
                patch.setattr(Path, name, ending(getattr(Path, name)))
            patch.setattr(shutil, "rmtree", ending(shutil.rmtree))
            try:
                work()
            except error:
                ended = True
            else:
                ended = False
        yield
        if not ended and next(left) > 0:
            return


def record(body: bytes) -> Record:
    request: dict[str, Any] = {"method": "POST", "path": "/", "headers": {}, "query": {}}
    return Record(service="dynamodb", account="1", region="r", at=1.5, seed="00", body=body, **request)


def journal(folder: Path, *bodies: bytes) -> Path:
    """A journal of requests with these bodies."""
    path = folder / "journal"
    path.touch()
    writing = Journal(path)
    for body in bodies:
        writing.append(record(body))
    return path


def bodies(path: Path) -> list[bytes]:
    return [kept.body for kept in Journal(path).records()]


class TestJournal:
    @pytest.mark.parametrize("tail", [b"\x00\x00\x10\x00half a record", b"\x00" * 4096, b"\x00\x00", b"\xff" * 100])
    def test_what_a_power_cut_tore_at_its_end_is_cut_off(self, tmp_path: Path, tail: bytes) -> None:
        path = journal(tmp_path, b"one", b"two")
        with open(path, "ab") as file:
            file.write(tail)
        reading = Journal(path)
        assert [kept.body for kept in reading.records()] == [b"one", b"two"]
        reading.append(record(b"three"))
        assert bodies(path) == [b"one", b"two", b"three"]

    def test_half_a_record_at_its_end_is_cut_off_wherever_it_was_torn(self, tmp_path: Path) -> None:
        whole = journal(tmp_path, b"one").stat().st_size
        content = journal(tmp_path, b"two").read_bytes()
        for size in range(whole, len(content)):
            (tmp_path / "journal").write_bytes(content[:size])
            assert bodies(tmp_path / "journal") in ([b"one"], [b"two"])

    def test_a_flipped_bit_is_found_wherever_it_is_and_never_hides_what_came_after(self, tmp_path: Path) -> None:
        path = journal(tmp_path, b"one", b"two")
        first, content = path.stat().st_size // 2, path.read_bytes()
        for at in range(first):
            path.write_bytes(content[:at] + bytes([content[at] ^ 4]) + content[at + 1 :])
            with pytest.raises(Unreadable, match=r"journal is damaged at byte 0, .* backup .* truncate -s 0 "):
                bodies(path)
        os.truncate(path, 0)
        assert bodies(path) == []

    def test_a_full_disk_refuses_a_record_and_the_next_takes_its_place(self, tmp_path: Path) -> None:
        path = journal(tmp_path, b"one")
        writing = Journal(path)
        with no_file_longer_than(writing.size + 100), pytest.raises(OSError, match="large"):
            writing.append(record(b"x" * 1000))
        assert path.stat().st_size == writing.size + 100
        writing.append(record(b"two"))
        assert bodies(path) == [b"one", b"two"]


@contextmanager
def no_file_longer_than(size: int, process: int = 0) -> Generator[None]:
    """To a process, a disk that is full."""
    soft, hard = resource.prlimit(process, resource.RLIMIT_FSIZE)
    resource.prlimit(process, resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.prlimit(process, resource.RLIMIT_FSIZE, (soft, hard))


class TestGenerations:
    OLD, NEW = {"dynamodb": b"old tables", "sqs": b"old queues"}, {"dynamodb": b"new tables", "sqs": b"new queues"}

    def begun(self, directory: Path) -> Generations:
        generations = Generations(directory)
        generations.begin(self.OLD.items())
        assert generations.journal is not None
        generations.journal.append(record(b"asked since"))
        return generations

    def held(self, directory: Path) -> tuple[dict[str, bytes], list[bytes]]:
        generations = Generations(directory)
        snapshots = dict(generations.load())
        assert generations.journal is not None
        return snapshots, [kept.body for kept in generations.journal.records()]

    def test_killed_at_any_step_of_folding_it_has_the_old_generation_or_the_new(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        folder, seen = tmp_path / "state", list[int]()
        self.begun(folder)
        for _ in steps(monkeypatch, Killed, lambda: Generations(folder).begin(self.NEW.items())):
            old, new = (self.OLD, [b"asked since"]), (self.NEW, list[bytes]())
            assert self.held(folder) in (old, new)
            seen.append([old, new].index(self.held(folder)))
            Generations(folder).tidy()
            assert len(list(folder.iterdir())) == 1
            shutil.rmtree(folder)
            self.begun(folder)
        assert len(seen) > 10
        assert seen == sorted(seen)
        assert {0, 1} == set(seen)

    def test_with_a_full_disk_at_any_step_of_folding_it_goes_on_with_a_generation_that_is_whole(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        folder = tmp_path / "state"
        generations = [self.begun(folder)]

        def fold() -> None:
            generations[-1].begin(self.NEW.items())

        for _ in steps(monkeypatch, OSError, fold):
            journal = generations[-1].journal
            assert journal is not None
            journal.append(record(b"and more"))
            old = (self.OLD, [b"asked since", b"and more"])
            assert self.held(folder) in (old, (self.NEW, [b"and more"]))
            assert not (folder / "new").exists()
            shutil.rmtree(folder)
            generations.append(self.begun(folder))

    def test_a_newer_version_s_is_refused_with_what_to_do(self, tmp_path: Path) -> None:
        self.begun(tmp_path)
        (tmp_path / "00000001" / "generation").write_text(json.dumps({"format": 3, "shelves": {}}))
        with pytest.raises(Unreadable, match=r"newer version .* is 3.* up to 2\)\. Start that version, or set"):
            self.held(tmp_path)

    def test_a_snapshot_with_a_flipped_bit_or_without_its_file_is_refused(self, tmp_path: Path) -> None:
        self.begun(tmp_path)
        snapshot = tmp_path / "00000001" / "sqs.json"
        snapshot.write_bytes(b"Old queues")
        with pytest.raises(Unreadable, match=r"sqs\.json is damaged\. Put a backup"):
            self.held(tmp_path)
        snapshot.unlink()
        with pytest.raises(Unreadable, match=r"sqs\.json is missing\. Put a backup"):
            self.held(tmp_path)


class TestObjects:
    def held(self, path: Path) -> tuple[bytes | None, dict[str, Any] | None]:
        sidecar = Path(f"{path}.meta.json")
        metadata = json.loads(sidecar.read_bytes()) if sidecar.exists() else None
        return path.read_bytes() if path.exists() else None, metadata

    @pytest.mark.parametrize("before", [True, False])
    @pytest.mark.parametrize("content", [b"new", None])
    def test_killed_at_any_step_of_an_overwrite_it_is_the_old_one_or_the_new_one(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, before: bool, content: bytes | None
    ) -> None:
        folder = tmp_path / "objects"
        path = folder / "books" / "1.epub"
        if before:
            objects.write(path, b"old", {"type": "old"})
        old = self.held(path)
        new = (content or old[0], {"type": "new"})
        seen = list[bool]()
        for _ in steps(monkeypatch, Killed, lambda: objects.write(path, content, {"type": "new"})):
            objects.mend(folder)
            assert self.held(path) in (old, new)
            seen.append(self.held(path) == new)
            assert not [*folder.rglob("*.tmp")]
            shutil.rmtree(folder, ignore_errors=True)
            if before:
                objects.write(path, b"old", {"type": "old"})
        assert len(seen) > 3
        assert seen == sorted(seen)


@pytest.fixture
def cloud(tmp_path: Path) -> Iterator[Cloud]:
    with EmbeddedCloud(tmp_path / "cloud") as process:
        cloud = Cloud(process)
        cloud.provision()
        yield cloud


def kill(cloud: Cloud) -> None:
    cloud.process.part.process.kill()
    cloud.process.part.process.wait()


@contextmanager
def later(cloud: Cloud) -> Generator[Cloud]:
    """The same cloud on another day."""
    with EmbeddedCloud(cloud.process.data) as process:
        yield Cloud(process)


def put(cloud: Cloud, key: str, version: int = 1) -> None:
    cloud.dynamodb.put_item(TableName=TABLE, Item={"id": {"S": key}, "version": {"N": str(version)}})


def keep(cloud: Cloud, key: str, version: int) -> None:
    cloud.s3.put_object(Bucket=BUCKET, Key=key, Body=made(key, version), **described(version))


def test_on_a_full_disk_changes_are_refused_whole_and_with_space_again_they_are_kept(cloud: Cloud) -> None:
    put(cloud, "before")
    keep(cloud, "book", 1)
    process = cloud.process.part.process.pid

    def change(version: int) -> Iterator[Callable[[], Any]]:
        yield lambda: put(cloud, "before", version)
        yield lambda: put(cloud, f"since {version}")
        yield lambda: keep(cloud, "book", version)
        yield lambda: keep(cloud, f"book {version}", version)
        yield partial(cloud.sqs.send_message, QueueUrl=cloud.queue, MessageBody=f"since {version}")
        yield partial(cloud.sqs.create_queue, QueueName=f"since-{version}")

    def held(cloud: Cloud) -> tuple[dict[str, int], dict[str, int], dict[str, int]]:
        return {k: v for k, v in cloud.items().items() if k != "copies"}, cloud.objects(), cloud.messages()

    with no_file_longer_than(10, process):
        for refused in change(2):
            with pytest.raises(ClientError, match=r"could not be kept|disk failed"):
                refused()
        assert (cloud.items()["before"], cloud.objects()) == (1, {"book": 1})
    for accepted in change(3):
        accepted()
    wanted = {"before": 3, "since 3": 1}, {"book": 3, "book 3": 3}, {"since 3": 1}
    assert held(cloud) == wanted
    resource.prlimit(process, resource.RLIMIT_FSIZE, (10, 10))
    cloud.process.stop()  # it cannot fold, and keeps its journal
    with later(cloud) as after:
        assert held(after) == wanted


def test_what_cannot_be_trusted_is_not_opened_and_the_log_says_what_to_do(cloud: Cloud) -> None:
    kill(cloud)
    (journal,) = cloud.process.data.glob("state/*/journal")
    whole = journal.read_bytes()
    journal.write_bytes(whole[:20] + bytes([whole[20] ^ 1]) + whole[21:])
    refused = EmbeddedCloud(cloud.process.data)
    refused.start()
    with pytest.raises(Trouble):
        refused.wait()
    said = (cloud.process.data / "logs" / "cloud.log").read_text().strip().splitlines()[-1]
    assert said.startswith(f"{journal} is damaged at byte 0, and whole records follow. Put a backup")
    journal.write_bytes(whole)
    with later(cloud) as after:
        assert after.items() == {"copies": 1_000_000}


def test_an_overwrite_a_kill_came_into_is_finished_or_forgotten_when_the_cloud_opens_again(cloud: Cloud) -> None:
    written = dict[Path, bytes]()
    for key, aside in (("decided", ".tmp.tmp"), ("begun", ".meta.json.tmp")):
        keep(cloud, key, 2)
        (content,) = cloud.process.data.glob(f"objects/*/{BUCKET}/{key}")
        written[Path(f"{content}.tmp")] = content.read_bytes()
        written[Path(f"{content}{aside}")] = Path(f"{content}.meta.json").read_bytes()
        keep(cloud, key, 1)
    kill(cloud)
    for path, half_way in written.items():
        path.write_bytes(half_way)
    with later(cloud) as after:
        assert after.objects() == {"decided": 2, "begun": 1}


def test_a_folder_of_the_first_format_which_had_no_number_is_read(cloud: Cloud) -> None:
    put(cloud, "before")
    cloud.process.stop()
    (folder,) = cloud.process.data.glob("state/*")
    (folder / "generation").unlink()
    with later(cloud) as after:
        assert after.items()["before"] == 1
        put(after, "since")
        kill(after)
        with later(after) as latest:
            assert latest.items().keys() == {"copies", "before", "since"}


def test_a_message_that_became_a_dead_letter_is_one_after_a_kill_and_stays_away_when_it_was_dealt_with(
    cloud: Cloud,
) -> None:
    dead = cloud.sqs.create_queue(QueueName="dead")["QueueUrl"]
    arn = cloud.sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    policy = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": 2})
    cloud.sqs.set_queue_attributes(QueueUrl=cloud.queue, Attributes={"RedrivePolicy": policy})

    def take(cloud: Cloud, queue: str) -> list[Any]:
        return cloud.sqs.receive_message(QueueUrl=queue, VisibilityTimeout=0).get("Messages", [])

    for body in ("dealt with", "left"):
        cloud.sqs.send_message(QueueUrl=cloud.queue, MessageBody=body)
        assert [message["Body"] for _ in range(3) for message in take(cloud, cloud.queue)] == [body, body]
    (taken,) = take(cloud, dead)
    cloud.sqs.send_message(QueueUrl=dead, MessageBody="another")
    cloud.sqs.delete_message(QueueUrl=dead, ReceiptHandle=taken["ReceiptHandle"])
    kill(cloud)
    with later(cloud) as after:
        assert take(after, after.queue) == []
        dead = after.sqs.get_queue_url(QueueName="dead")["QueueUrl"]
        found = after.sqs.receive_message(QueueUrl=dead, MaxNumberOfMessages=10)["Messages"]
        assert [message["Body"] for message in found] == ["left", "another"]


def test_a_transaction_sent_again_after_the_cloud_was_opened_again_is_carried_out_once(cloud: Cloud) -> None:
    one = {
        "TableName": TABLE,
        "Key": {"id": {"S": "copies"}},
        "UpdateExpression": "ADD version :less",
        "ExpressionAttributeValues": {":less": {"N": "-1"}},
    }
    request = {"ClientRequestToken": "the same", "TransactItems": [{"Update": one}]}
    cloud.dynamodb.transact_write_items(**request)
    cloud.process.stop()
    with later(cloud) as after:
        after.dynamodb.transact_write_items(**request)
        kill(after)
        with later(after) as latest:
            assert latest.items() == {"copies": 999_999}


def test_a_bucket_keeps_its_settings_with_nothing_in_it(cloud: Cloud) -> None:
    rules = {"Rules": [{"ID": "old", "Status": "Enabled", "Filter": {"Prefix": "up/"}, "Expiration": {"Days": 2}}]}
    cloud.s3.put_bucket_lifecycle_configuration(Bucket=BUCKET, LifecycleConfiguration=rules)
    cloud.s3.create_bucket(Bucket="gone", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    cloud.s3.delete_bucket(Bucket="gone")
    kill(cloud)
    for _ in range(2):
        with later(cloud) as after:
            assert [bucket["Name"] for bucket in after.s3.list_buckets()["Buckets"]] == [BUCKET]
            kept = after.s3.get_bucket_lifecycle_configuration(Bucket=BUCKET)["Rules"]
            assert [rule["ID"] for rule in kept] == ["old"]


def test_a_new_index_and_a_time_to_live_are_there_after_a_kill(cloud: Cloud) -> None:
    put(cloud, "before")
    index = {"IndexName": "by-version", "Projection": {"ProjectionType": "ALL"}}
    cloud.dynamodb.update_table(
        TableName=TABLE,
        AttributeDefinitions=[{"AttributeName": "version", "AttributeType": "N"}],
        GlobalSecondaryIndexUpdates=[
            {"Create": {**index, "KeySchema": [{"AttributeName": "version", "KeyType": "HASH"}]}}
        ],
    )
    cloud.dynamodb.update_time_to_live(
        TableName=TABLE, TimeToLiveSpecification={"Enabled": True, "AttributeName": "gone_at"}
    )
    kill(cloud)
    for _ in range(2):  # from the journal, and from the snapshot of a clean stop
        with later(cloud) as after:
            found = after.dynamodb.query(
                TableName=TABLE,
                IndexName="by-version",
                KeyConditionExpression="version = :one",
                ExpressionAttributeValues={":one": {"N": "1"}},
            )["Items"]
            assert [item["id"]["S"] for item in found] == ["before"]
            expiry = after.dynamodb.describe_time_to_live(TableName=TABLE)["TimeToLiveDescription"]
            assert expiry["AttributeName"] == "gone_at"


def test_a_mail_that_was_sent_is_kept_and_half_of_one_is_not(cloud: Cloud) -> None:
    raw = b"From: library@carrel.example\r\nTo: ada@carrel.example\r\nSubject: due\r\n\r\nSoon."
    import boto3

    boto3.client("ses", **cloud.process.client_settings).send_raw_email(RawMessage={"Data": raw})
    kill(cloud)
    (cloud.process.mail / ".00000000000000000001-00000000.eml").write_bytes(raw[:20])
    with later(cloud) as after:
        assert [file.read_bytes() for file in after.process.mail.iterdir()] == [raw]
