"""The library in a real browser: Debian's Chromium, driven against the whole running library."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.client import over_http
from tests.factories import LIBRARIAN, Town
from tests.running import running_library

FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

PHONE = {"width": 360, "height": 740}
DESKTOP = {"width": 1280, "height": 900}

expect.set_options(timeout=15_000)


@pytest.fixture(scope="session")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where a library runs, empty at first; the tests share it."""
    with running_library(tmp_path_factory.mktemp("library")) as address:
        yield address


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    assert path, "the browser tests need chromium; `make test` installs it where it can"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def town(address: str) -> Town:
    """The same library by its API, to prepare what a test is not about."""
    return Town(over_http(address))


class Visitor:
    """A person at a browser of their own. What the browser complained of, and asked for, is kept."""

    def __init__(self, context: BrowserContext, address: str) -> None:
        self.context = context
        self.address = address
        self.page: Page = context.new_page()
        self.asked: list[str] = []
        self.complaints: list[str] = []
        context.on("request", lambda request: self.asked.append(request.url))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def goes_to(self, path: str) -> None:
        self.page.goto(self.address + path)

    def sees(self, text: str) -> None:
        expect(self.page.get_by_text(text).first).to_be_visible()

    def reads(self, text: str) -> None:
        """Sees `text` in the pages of an EPUB, which stand in frames of a closed shadow tree."""

        def shown() -> str:
            return " ".join(frame.locator("body").inner_text() for frame in self.page.frames[1:])

        end = time.monotonic() + 15
        while text not in (seen := shown()):
            assert time.monotonic() < end, f"the pages say: {seen[:300]}"
            self.page.wait_for_timeout(100)

    def presses(self, name: str) -> None:
        self.page.get_by_role("button", name=name, exact=True).first.click()

    def fills(self, **fields: str) -> None:
        for label, value in fields.items():
            self.page.get_by_label(label.replace("_", " "), exact=True).first.fill(value)

    def signs_in(self, login: str, password: str) -> None:
        self.goes_to("/login")
        self.page.get_by_label("User name or e-mail").fill(login)
        self.page.get_by_label("Password", exact=True).fill(password)
        self.page.get_by_role("main").get_by_role("button", name="Sign in").click()
        self.page.wait_for_url(lambda url: "/login" not in url)


@pytest.fixture
def opens(chromium: Browser, address: str) -> Iterator[Callable[..., Visitor]]:
    """Opens browsers: `opens()` a desktop, `opens(PHONE)` a phone."""
    contexts: list[BrowserContext] = []

    def open_browser(size: dict[str, int] | None = None, **more: object) -> Visitor:
        contexts.append(chromium.new_context(viewport=size or DESKTOP, locale="en", **more))
        return Visitor(contexts[-1], address)

    yield open_browser
    for context in contexts:
        context.close()


@pytest.fixture
def librarian(opens: Callable[..., Visitor]) -> Visitor:
    """The librarian, signed in at a desktop."""
    visitor = opens()
    visitor.signs_in(LIBRARIAN["email"], LIBRARIAN["password"])
    return visitor


SHARED_BOOKS = Path(__file__).parents[3] / "shared" / "books"
