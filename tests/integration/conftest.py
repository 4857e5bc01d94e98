"""The real thing: the embedded cloud, a real Valkey, the gateway and the worker."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.client import over_http
from tests.factories import Town
from tests.running import running_library


@pytest.fixture(scope="session")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where a library runs, empty at first; the tests share it."""
    with running_library(tmp_path_factory.mktemp("library")) as address:
        yield address


@pytest.fixture
def town(address: str) -> Town:
    """A library and who comes to it."""
    return Town(over_http(address))
