"""Every notice can be looked at on a local run."""

from __future__ import annotations

import pytest

from chalicelib.notices import composition, words
from infra.local.gateway.notices import Notices
from tests.wsgi import ask

NOTICES = Notices("http://127.0.0.1:8000")


def test_every_notice_is_listed_in_every_language() -> None:
    page = ask(NOTICES, "GET", "/_local/notices").body.decode()
    for kind in composition.kinds():
        for language in words.PLURALS:
            assert f'href="/_local/notices/{kind}/{language}"' in page


@pytest.mark.parametrize("kind", composition.kinds())
def test_a_notice_is_shown_with_a_frame_that_may_do_nothing(kind: str) -> None:
    assert ask(NOTICES, "GET", f"/_local/notices/{kind}/ar").status == 200
    body = ask(NOTICES, "GET", f"/_local/notices/{kind}/ar/body")
    assert 'dir="rtl"' in body.body.decode()
    assert (body.header("content-security-policy") or "").startswith("sandbox")


def test_there_is_no_other_notice() -> None:
    assert ask(NOTICES, "GET", "/_local/notices/../en").status == 404
    assert ask(NOTICES, "GET", "/_local/notices/reminder/xx").status == 404
    assert ask(NOTICES, "POST", "/_local/notices").status == 405
