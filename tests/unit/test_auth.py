"""Access tokens: what is ours is accepted, and nothing else, whoever reads JWTs elsewhere."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest

from chalicelib import auth, settings
from chalicelib.auth import BadToken, Caller, Role

CALLER = Caller("01j0patron", Role.PATRON, "01j0session")
SECRET = "a secret for tests, which is long enough"
CLAIMS = {"sub": "01j0patron", "role": "patron", "sid": "01j0session", "iat": 0, "exp": 2_000_000_000_000}


@pytest.fixture(autouse=True)
def secret(monkeypatch: pytest.MonkeyPatch) -> None:
    given = settings.read({"JWT_SECRET": SECRET})
    monkeypatch.setattr(settings, "current", lambda: given)


def signed(claims: dict[str, Any], secret: str = SECRET, algorithm: str = "HS256", **header: str) -> str:
    return jwt.encode(claims, secret, algorithm=algorithm, headers=header or None)


def test_a_token_says_who_it_was_issued_to() -> None:
    assert auth.check(auth.issue(CALLER, datetime.now(UTC))) == CALLER


def test_another_reader_of_jwts_reads_the_same() -> None:
    now = datetime.now(UTC)
    claims = jwt.decode(auth.issue(CALLER, now), SECRET, algorithms=["HS256"])
    assert claims == {**CLAIMS, "iat": int(now.timestamp()), "exp": int(now.timestamp()) + 600}
    assert auth.check(signed(CLAIMS)) == CALLER


def test_a_token_ends() -> None:
    now = datetime.now(UTC)
    with pytest.raises(BadToken):
        auth.check(auth.issue(CALLER, now - timedelta(seconds=600)))
    assert auth.check(auth.issue(CALLER, now - timedelta(seconds=590))) == CALLER


@pytest.mark.parametrize(
    "token",
    [
        "",
        ".",
        "..",
        "a.b",
        "a.b.c",
        "ä.ö.ü",
        signed(CLAIMS) + "\ud800",
        signed(CLAIMS).replace(".", ".\ud800"),
        signed(CLAIMS) + "=",
        signed(CLAIMS) + ".",
        "." + signed(CLAIMS),
        signed(CLAIMS)[:-1],
        signed(CLAIMS, "another secret, as long as the library's"),
        signed(CLAIMS, "", "none"),
        signed(CLAIMS, "a secret for tests, which is long enough for more than that ..........", "HS512"),
        signed(CLAIMS, kid="of another key"),
        signed({**CLAIMS, "role": "nobody"}),
        signed({**CLAIMS, "exp": 1}),
        signed({**CLAIMS, "sub": "7", "sid": 7}),
        *(signed({name: claim for name, claim in CLAIMS.items() if name != left_out}) for left_out in CLAIMS),
    ],
)
def test_no_other_token_is_accepted(token: str) -> None:
    with pytest.raises(BadToken):
        auth.check(token)


def test_no_bit_of_a_token_can_be_changed() -> None:
    token = auth.issue(CALLER, datetime.now(UTC))
    for place, character in enumerate(token):
        other = "A" if character != "A" else "B"
        with pytest.raises(BadToken):
            auth.check(token[:place] + other + token[place + 1 :])
