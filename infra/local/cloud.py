"""The embedded cloud as a context: `with EmbeddedCloud(folder) as cloud: boto3.client("s3",
**cloud.client_settings)`."""

from __future__ import annotations

import http.client
import os
import secrets
import shutil
from http import HTTPStatus
from pathlib import Path
from types import TracebackType
from typing import Self, TypedDict

from infra.local import processes
from infra.local.processes import ROOT, Log, Part, Trouble

PYTHON = ROOT / ".venv-cloud" / "bin" / "python"
REGION = "eu-west-1"
ACCESS_KEY = "carrel"


class ClientSettings(TypedDict):
    """What a boto3 client of the embedded cloud is made with."""

    endpoint_url: str
    region_name: str
    aws_access_key_id: str
    aws_secret_access_key: str


class EmbeddedCloud:
    """DynamoDB, SQS, S3 and SES on a free port of loopback, keeping what they hold under `data`.

    Entering starts it and waits until it answers; leaving stops it and saves. Two at once need two folders.
    Each start makes up its own secret key, and requests not signed with it are refused: loopback is shared
    with everyone who has an account on the machine, and with every page their browsers show. `policies=False`
    turns that off.
    """

    def __init__(self, data: Path, log: Log | Path | None = None, *, policies: bool = True) -> None:
        self.data = data.absolute()
        self.secret_key = secrets.token_urlsafe(30)
        self._policies = policies
        self.port = processes.free_port()
        self.endpoint = f"http://127.0.0.1:{self.port}"
        self._log = log or self.data / "logs"
        self._part: Part | None = None

    @property
    def client_settings(self) -> ClientSettings:
        """Arguments for `boto3.client`."""
        return ClientSettings(
            endpoint_url=self.endpoint,
            region_name=REGION,
            aws_access_key_id=ACCESS_KEY,
            aws_secret_access_key=self.secret_key,
        )

    @property
    def mail(self) -> Path:
        """The folder in which every mail sent is kept."""
        return self.data / "mail"

    @property
    def part(self) -> Part:
        """Its process."""
        if self._part is None:
            raise RuntimeError("the embedded cloud was not started")
        return self._part

    def start(self) -> Part:
        """Start it, without waiting for it; once it ended, start it again at the same address, with what it kept.

        Raises Trouble if it is not installed.
        """
        if not PYTHON.exists():
            raise Trouble("The embedded cloud is not installed; run `make install` first.")
        scratch = self.data / "tmp"
        shutil.rmtree(scratch, ignore_errors=True)
        scratch.mkdir(parents=True)
        environment = {
            "PATH": os.environ.get("PATH", os.defpath),
            "CLOUD_DATA": str(self.data),
            # Functions deployed to it are unpacked here, and stay behind when it is killed.
            "TMPDIR": str(scratch),
            "GATEWAY_PORT": str(self.port),
            "MINISTACK_REGION": REGION,
            "AWS_ACCESS_KEY_ID": ACCESS_KEY,
            "AWS_SECRET_ACCESS_KEY": self.secret_key,
            "AUTH": str(self._policies).lower(),
        }
        self._part = processes.start("cloud", [PYTHON, "-m", "infra.local.emulator"], environment, self._log)
        return self._part

    def wait(self) -> None:
        """Return once it answers; raises Trouble if it will not."""
        processes.wait_until(self.answers, [self.part], "embedded cloud")

    def stop(self) -> None:
        """Stop it; it saves what it holds."""
        if self._part is not None:
            self._part.stop(patience=60)

    def __enter__(self) -> Self:
        self.start()
        self.wait()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def answers(self) -> bool:
        """Whether it is ready to work."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=1)
        try:
            connection.request("GET", "/_ministack/health")
            return connection.getresponse().status == HTTPStatus.OK
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()
