"""Connections to DynamoDB: kept open, never trusted, and what goes wrong with them told as botocore tells it."""

from __future__ import annotations

import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.client import parse_headers
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any
from zlib import crc32

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionClosedError,
    EndpointConnectionError,
    HTTPClientError,
    NoCredentialsError,
    ReadTimeoutError,
)
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from chalicelib import clients, dynamo, settings
from chalicelib.settings import Credentials
from chalicelib.wire import Answer, Pool

WHO = Credentials("AKID", "secret")
KEY: dict[str, Any] = {"TableName": "books", "Key": {"id": {"S": "1"}}}
CLOSE = b""
"""Said in place of an answer: the server closes the connection."""


class Server:
    """Reads requests, and says to each what is next in its script."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self._tls = tls
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self._listening.getsockname()[1]}"
        self.script: list[bytes | list[bytes]] = []
        self.connections = 0
        self.requests: list[bytes] = []
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        self._listening.close()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._answer, args=[connection], daemon=True).start()

    def _answer(self, connection: socket.socket) -> None:
        try:
            connection = self._tls.wrap_socket(connection, server_side=True) if self._tls else connection
        except OSError:
            return  # who asks does not trust us
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with connection, connection.makefile("rb") as reading:
            while reading.readline() == b"POST / HTTP/1.1\r\n":
                headers = parse_headers(reading)
                self.requests.append(reading.read(int(headers["content-length"])))
                said = self.script.pop(0)
                for part in [said] if isinstance(said, bytes) else said:
                    connection.sendall(part)
                if said == CLOSE or (isinstance(said, list) and said[-1] == CLOSE):
                    return


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    yield server
    server.close()


@pytest.fixture(autouse=True)
def nobody_sleeps(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    slept: list[float] = []
    monkeypatch.setattr(dynamo.time, "sleep", slept.append)
    return slept


def answer(body: object, status: int = 200, **headers: str) -> bytes:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    said = {
        "Content-Type": "application/x-amz-json-1.0",
        "x-amzn-RequestId": "R1",
        "x-amz-crc32": str(crc32(raw)),
        "Content-Length": str(len(raw)),
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }
    lines = "".join(f"{name}: {value}\r\n" for name, value in said.items())
    return f"HTTP/1.1 {status} Said\r\n{lines}\r\n".encode() + raw


def ours(url: str) -> dynamo.Client:
    return dynamo.Client(url, "eu-west-1", lambda: WHO, connect_timeout=1, read_timeout=0.2)


def theirs(url: str) -> Any:
    return boto3.client(
        "dynamodb",
        region_name="eu-west-1",
        endpoint_url=url,
        aws_access_key_id=WHO.key_id,
        aws_secret_access_key=WHO.secret,
        config=Config(
            retries={"total_max_attempts": 1}, connect_timeout=1, read_timeout=0.2, parameter_validation=False
        ),
    )


def refused(call: Callable[[], Any]) -> ClientError:
    with pytest.raises(ClientError) as failure:
        call()
    return failure.value


class TestAConnection:
    def test_serves_one_request_after_the_other(self, server: Server) -> None:
        server.script = [answer({"Item": {"id": {"S": str(number)}}}) for number in range(3)]
        client = ours(server.url)
        assert [client._make_api_call("GetItem", KEY)["Item"]["id"]["S"] for _ in range(3)] == ["0", "1", "2"]
        assert server.connections == 1
        assert json.loads(server.requests[0]) == KEY

    def test_may_bring_an_answer_in_any_pieces(self, server: Server) -> None:
        whole = answer({"Item": {"title": {"S": "Momo ü 莫"}}})
        server.script = [[whole[:cut], whole[cut:]] for cut in range(1, len(whole))]
        client = ours(server.url)
        told = [client._make_api_call("GetItem", KEY) for _ in range(1, len(whole))]
        assert told == [{"Item": {"title": {"S": "Momo ü 莫"}}}] * (len(whole) - 1)

    def test_that_the_server_closed_meanwhile_is_not_used(self, server: Server) -> None:
        server.script = [[answer({}), CLOSE], answer({"Item": {}})]
        pool = Pool(server.url, connect_timeout=1, read_timeout=1)
        request = b"POST / HTTP/1.1\r\ncontent-length: 0\r\n\r\n"
        pool.send(request)
        threading.Event().wait(0.05)  # until the end of the connection is here
        assert pool.send(request).status == 200
        assert (server.connections, len(server.requests)) == (2, 2)

    def test_that_is_to_be_closed_is_closed(self, server: Server) -> None:
        server.script = [answer({}, Connection="close"), answer({})]
        client = ours(server.url)
        client._make_api_call("GetItem", KEY)
        client._make_api_call("GetItem", KEY)
        assert server.connections == 2

    def test_is_had_by_one_thread_at_a_time(self, server: Server) -> None:
        server.script = [answer({})] * 40
        client = ours(server.url)
        threads = [
            threading.Thread(target=lambda: [client._make_api_call("GetItem", KEY) for _ in range(10)])
            for _ in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(server.requests) == 40
        assert server.connections <= 4


class TestNoAnswer:
    @pytest.mark.parametrize(
        ("said", "told"),
        [
            (CLOSE, ConnectionClosedError),
            ([answer({"Item": {}})[:-2], CLOSE], ConnectionClosedError),
            (answer({}).split(b"\r\n\r\n")[0], ReadTimeoutError),
            (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n", HTTPClientError),
            (b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\n{}", HTTPClientError),
            (b"SSH-2.0-OpenSSH_9.2\r\n\r\n", HTTPClientError),
            (answer({}, Content_Length="many"), HTTPClientError),
            (answer({}) + b"and more", HTTPClientError),
            (b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 20_000, HTTPClientError),
        ],
    )
    def test_is_told_after_trying_four_times_over_new_connections(
        self, server: Server, said: bytes | list[bytes], told: type[Exception]
    ) -> None:
        server.script = [said] * 4
        with pytest.raises(told):
            ours(server.url)._make_api_call("GetItem", KEY)
        assert (len(server.requests), server.connections) == (4, 4)

    def test_is_what_a_garbled_one_is_taken_for(self, server: Server) -> None:
        server.script = [answer({"Item": {}}, x_amz_crc32="1")] * 4
        with pytest.raises(ConnectionClosedError):
            ours(server.url)._make_api_call("GetItem", KEY)
        assert len(server.requests) == 4

    def test_and_then_one_is_the_answer(self, server: Server) -> None:
        server.script = [CLOSE, [answer({})[:9], CLOSE], answer(b"", 500), answer({"Item": {}})]
        assert ours(server.url)._make_api_call("GetItem", KEY) == {"Item": {}}

    @pytest.mark.parametrize("said", [CLOSE, answer({}).split(b"\r\n\r\n")[0]])
    def test_is_told_as_botocore_tells_it(self, server: Server, said: bytes) -> None:
        server.script = [said] * 5
        with pytest.raises(BotoCoreError) as by_theirs:
            theirs(server.url).get_item(**KEY)
        with pytest.raises(BotoCoreError) as by_ours:
            ours(server.url)._make_api_call("GetItem", KEY)
        assert type(by_ours.value) is type(by_theirs.value)

    def test_where_nothing_listens(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as closed:
            url = f"http://127.0.0.1:{closed.getsockname()[1]}"
        for call in (lambda: theirs(url).get_item(**KEY), lambda: ours(url)._make_api_call("GetItem", KEY)):
            with pytest.raises(EndpointConnectionError):
                call()

    def test_over_tls_from_who_does_not_speak_it(self, server: Server) -> None:
        with pytest.raises(EndpointConnectionError):
            ours(server.url.replace("http:", "https:"))._make_api_call("GetItem", KEY)


class TestTls:
    @pytest.fixture
    def certificate(self, tmp_path: Path) -> Path:
        """A certificate of 127.0.0.1, signed by itself, and its key, in one file."""
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
        now = datetime.now(UTC)
        signed = (
            x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
            .not_valid_before(now - timedelta(hours=1))
            .not_valid_after(now + timedelta(hours=1))
            .add_extension(x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False)
            .sign(key, hashes.SHA256())
        )
        private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        file = tmp_path / "certificate.pem"
        file.write_bytes(private + signed.public_bytes(Encoding.PEM))
        return file

    @pytest.fixture
    def server(self, certificate: Path) -> Iterator[Server]:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server = Server(context)
        yield server
        server.close()

    def test_keeps_its_connection_too(self, server: Server, certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        server.script = [answer({"Item": {}})] * 3
        client = ours(server.url)
        assert [client._make_api_call("GetItem", KEY) for _ in range(3)] == [{"Item": {}}] * 3
        assert server.connections == 1

    def test_nobody_is_asked_who_is_not_trusted(self, server: Server) -> None:
        with pytest.raises(EndpointConnectionError) as failure:
            ours(server.url)._make_api_call("GetItem", KEY)
        assert isinstance(failure.value.kwargs["error"], ssl.SSLCertVerificationError)
        assert server.requests == []

    def test_nobody_is_asked_who_has_another_name(
        self, server: Server, certificate: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        with pytest.raises(EndpointConnectionError) as failure:
            ours(server.url.replace("127.0.0.1", "localhost"))._make_api_call("GetItem", KEY)
        assert "Hostname mismatch" in str(failure.value.kwargs["error"])
        assert server.requests == []


PREFIX = "com.amazonaws.dynamodb.v20120810#"
ITEM = {"id": {"S": "1"}, "left": {"N": "3"}}


class TestARefusal:
    @pytest.mark.parametrize(
        "said",
        [
            {"__type": f"{PREFIX}ConditionalCheckFailedException", "message": "The conditional request failed"},
            {"__type": f"{PREFIX}ConditionalCheckFailedException", "message": "", "Item": ITEM},
            {"__type": f"{PREFIX}TransactionConflictException", "message": "Transaction is ongoing for the item"},
            {"__type": f"{PREFIX}ResourceNotFoundException", "message": "Requested resource not found"},
            {"__type": f"{PREFIX}ProvisionedThroughputExceededException", "message": "Throughput exceeds"},
            {"__type": f"{PREFIX}RequestLimitExceeded", "message": "Throughput exceeds"},
            {"__type": f"{PREFIX}TransactionInProgressException", "Message": "It is under way"},
            {"__type": f"{PREFIX}IdempotentParameterMismatchException", "Message": "Another token"},
            {"__type": "com.amazon.coral.validate#ValidationException", "message": "1 validation error"},
            {"__type": "com.amazon.coral.availability#ThrottlingException", "message": "Rate exceeded"},
            {"__type": "com.amazon.coral.service#UnrecognizedClientException", "message": "The token is invalid"},
            {"__type": "ExpiredTokenException", "message": "The token is expired"},
            {
                "__type": f"{PREFIX}TransactionCanceledException",
                "Message": "Transaction cancelled",
                "CancellationReasons": [
                    {"Code": "None"},
                    {"Code": "ConditionalCheckFailed", "Item": ITEM, "Message": "The conditional request failed"},
                    {"Code": "TransactionConflict", "Message": "Transaction is ongoing for the item"},
                    {"Code": "ThrottlingError", "Message": "Throughput exceeds"},
                ],
            },
        ],
        ids=lambda said: said["__type"].partition("#")[2],
    )
    def test_is_told_as_botocore_tells_it(self, server: Server, said: dict[str, Any]) -> None:
        server.script = [answer(said, 400)] * 5
        by_theirs: Any = refused(lambda: theirs(server.url).transact_write_items(TransactItems=[])).response
        by_ours: Any = refused(lambda: ours(server.url)._make_api_call("TransactWriteItems", {})).response
        for name in ("Error", "Item", "CancellationReasons"):
            assert by_ours.get(name) == by_theirs.get(name)
        for name in ("HTTPStatusCode", "RequestId"):
            assert by_ours["ResponseMetadata"][name] == by_theirs["ResponseMetadata"][name]
        assert by_ours["ResponseMetadata"]["HTTPHeaders"].items() >= {"x-amzn-requestid": "R1"}.items()

    @pytest.mark.parametrize(
        ("code", "status", "times"),
        [
            ("ConditionalCheckFailedException", 400, 1),
            ("TransactionConflictException", 400, 1),
            ("TransactionCanceledException", 400, 1),
            ("ValidationException", 400, 1),
            ("ResourceNotFoundException", 400, 1),
            ("ProvisionedThroughputExceededException", 400, 4),
            ("ThrottlingException", 400, 4),
            ("RequestLimitExceeded", 400, 4),
            ("TransactionInProgressException", 400, 4),
            ("InternalServerError", 500, 4),
            ("ServiceUnavailable", 503, 4),
        ],
    )
    def test_is_asked_again_only_where_it_may_be_lifted(
        self, server: Server, nobody_sleeps: list[float], code: str, status: int, times: int
    ) -> None:
        server.script = [answer({"__type": PREFIX + code, "message": ""}, status)] * 4
        assert refused(lambda: ours(server.url)._make_api_call("PutItem", {})).response["Error"]["Code"] == code
        assert len(server.requests) == times
        assert len(nobody_sleeps) == times - 1
        assert all(slept <= 0.05 * 2**attempt for attempt, slept in enumerate(nobody_sleeps, 1))

    @pytest.mark.parametrize("body", [b"", b"<html>Service Unavailable</html>", b"[]", b"{}"])
    def test_by_who_stands_before_dynamodb_says_that_it_is_away(self, server: Server, body: bytes) -> None:
        server.script = [answer(body, 503)] * 4
        refusal: Any = refused(lambda: ours(server.url)._make_api_call("GetItem", KEY)).response
        assert refusal["Error"] == {"Code": "ServiceUnavailable", "Message": ""}
        assert refusal["ResponseMetadata"]["HTTPStatusCode"] == 503


class TestWhoAsks:
    @pytest.fixture(autouse=True)
    def fresh(self, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        self.forget()
        yield
        monkeypatch.undo()
        self.forget()

    @staticmethod
    def forget() -> None:
        settings.credentials.cache_clear()
        clients._looked_up.cache_clear()

    def test_the_environment_says_it(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for name, value in (("ACCESS_KEY_ID", "AKID"), ("SECRET_ACCESS_KEY", "secret"), ("SESSION_TOKEN", "token")):
            monkeypatch.setenv(f"AWS_{name}", value)
        assert clients.credentials() == Credentials("AKID", "secret", "token")

    def test_else_a_profile_does(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
        profile = tmp_path / "credentials"
        profile.write_text("[shelf]\naws_access_key_id = AKID2\naws_secret_access_key = secret2\n")
        monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(profile))
        monkeypatch.setenv("AWS_PROFILE", "shelf")
        assert clients.credentials() == Credentials("AKID2", "secret2")

    def test_else_nobody_asks(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
        for name in ("SHARED_CREDENTIALS_FILE", "CONFIG_FILE"):
            monkeypatch.setenv(f"AWS_{name}", str(tmp_path / "none"))
        with pytest.raises(NoCredentialsError):
            clients.credentials()


def test_an_answers_headers_are_told_in_lower_case(server: Server) -> None:
    server.script = [answer({}, X_Note="One: two")]
    told = Pool(server.url, connect_timeout=1, read_timeout=1).send(b"POST / HTTP/1.1\r\ncontent-length: 0\r\n\r\n")
    assert isinstance(told, Answer)
    assert told.headers["x-note"] == "One: two"
