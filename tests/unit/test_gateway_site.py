"""The web app is served as S3 and CloudFront serve it."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from infra.local.gateway import site
from infra.local.gateway.site import Site
from tests.wsgi import ask

INDEX = "<!doctype html><title>Carrel</title>" + "<p>a library</p>" * 100


@pytest.fixture
def dist(tmp_path: Path) -> Path:
    folder = tmp_path / "dist"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text(INDEX)
    (folder / "sw.js").write_text("// worker")
    (folder / "assets" / "app-4f2a.js").write_text("export {};" * 300)
    (folder / "assets" / "cover.png").write_bytes(b"\x89PNG" * 1000)
    (tmp_path / "secret.txt").write_text("swordfish")
    return folder


@pytest.fixture
def app(dist: Path) -> Site:
    return Site(dist)


@pytest.mark.parametrize("path", ["/", "/books/b-1", "/librarian/requests", "/read/b-1"])
def test_every_address_of_the_app_opens_the_app(app: Site, path: str) -> None:
    got = ask(app, "GET", path)
    assert (got.status, got.body.decode()) == (200, INDEX)
    assert got.header("cache-control") == "no-cache"


@pytest.mark.parametrize("path", ["/assets/gone-1.js", "/assets/gone", "/favicon.gif", "/x\0.js"])
def test_a_file_that_is_missing_is_not_the_app(app: Site, path: str) -> None:
    got = ask(app, "GET", path)
    assert got.status in (200, 404)
    if "." in path:
        assert got.status == 404
    assert b"a library" not in got.body


@pytest.mark.parametrize("path", ["/../secret.txt", "/assets/../../secret.txt", "//etc/passwd", "/..%2fsecret.txt"])
def test_nothing_outside_the_folder_is_served(app: Site, path: str) -> None:
    got = ask(app, "GET", path)
    assert b"swordfish" not in got.body
    assert b"root:" not in got.body


def test_a_link_that_leads_outside_is_not_followed(app: Site, dist: Path) -> None:
    (dist / "link.txt").symlink_to(dist.parent / "secret.txt")
    assert ask(app, "GET", "/link.txt").status == 404


def test_what_has_its_digest_in_its_name_is_kept_for_good(app: Site) -> None:
    assert ask(app, "GET", "/assets/app-4f2a.js").header("cache-control") == "public, max-age=31536000, immutable"
    assert ask(app, "GET", "/sw.js").header("cache-control") == "no-cache"


def test_a_file_that_did_not_change_is_not_sent_again(app: Site) -> None:
    tag = ask(app, "GET", "/sw.js").header("etag")
    assert tag is not None
    again = ask(app, "GET", "/sw.js", if_none_match=f'"other", W/{tag}')
    assert (again.status, again.body) == (304, b"")


def test_a_rebuilt_file_is_served_anew(app: Site, dist: Path) -> None:
    ask(app, "GET", "/sw.js")
    (dist / "sw.js").write_text("// a newer worker")
    assert ask(app, "GET", "/sw.js").body == b"// a newer worker"


def test_text_is_squeezed_and_pictures_are_not(app: Site) -> None:
    script = ask(app, "GET", "/assets/app-4f2a.js", accept_encoding="gzip")
    assert gzip.decompress(script.body) == b"export {};" * 300
    assert script.header("vary") == "Accept-Encoding"
    assert script.header("content-type") == "text/javascript; charset=utf-8"
    assert ask(app, "GET", "/assets/cover.png", accept_encoding="gzip").header("content-encoding") is None


def test_the_two_forms_of_a_file_have_two_tags(app: Site) -> None:
    plain = ask(app, "GET", "/assets/app-4f2a.js").header("etag")
    assert plain != ask(app, "GET", "/assets/app-4f2a.js", accept_encoding="gzip").header("etag")


def test_head_tells_the_size_and_sends_nothing(app: Site) -> None:
    got = ask(app, "HEAD", "/")
    assert (got.status, got.body, got.header("content-length")) == (200, b"", str(len(INDEX)))


def test_every_answer_carries_the_headers_the_cloud_sends(app: Site) -> None:
    for path in ("/", "/assets/cover.png", "/gone.js"):
        got = ask(app, "GET", path)
        for name, value in json.loads(site.HEADERS.read_text()).items():
            assert got.header(name) == value


def test_only_reading_is_allowed(app: Site) -> None:
    got = ask(app, "POST", "/")
    assert (got.status, got.header("allow")) == (405, "GET, HEAD")


def test_without_a_build_the_page_says_what_to_do(tmp_path: Path) -> None:
    got = ask(Site(tmp_path / "none"), "GET", "/")
    assert got.status == 503
    assert b"make build" in got.body
