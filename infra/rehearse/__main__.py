"""`python -m infra.rehearse`: 0 if everything held, 1 if something did not."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import boto3
from botocore.config import Config

from infra.deploy import SITE, Clients, deploy
from infra.local import processes
from infra.local.cache import EmbeddedCache
from infra.local.cloud import REGION, EmbeddedCloud
from infra.local.processes import Trouble
from infra.package import OWN, Package, package
from infra.rehearse import gaps, lint
from infra.rehearse.scenes import SCENES, Stage

PATIENCE = 600
"""Seconds after which a rehearsal that hangs is given up."""

QUICK = {"Delay": 1, "MaxAttempts": 120}


def main() -> int:
    """Rehearse; the process's exit status."""
    if "MAKELEVEL" in os.environ:
        processes.end_with_parent(signal.SIGTERM)
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGALRM):
        signal.signal(number, _give_up)
    signal.alarm(PATIENCE)
    try:
        with tempfile.TemporaryDirectory(prefix="carrel-rehearsal-") as folder:
            return _rehearse(Path(folder))
    except Trouble as trouble:
        print(trouble, file=sys.stderr)
        print("0 passed, 1 failed")
        return 1


def _rehearse(folder: Path) -> int:
    # A name of its own, so that what its functions leave in the temporary folder can be told from others'.
    stage = f"r{secrets.token_hex(4)}"
    tally = _Tally()
    packed = package(stage, folder / "build", OWN)
    size = f"{packed.size / 1e6:.0f} MB, unpacked {packed.unpacked / 1e6:.0f} MB"
    tally.told(f"packaged for {OWN}: {size}")
    tally.check("the template is one CloudFormation takes", lambda: _lint(packed))
    logs = folder / "logs"
    try:
        with EmbeddedCache(logs) as cache, EmbeddedCloud(folder / "cloud", logs) as cloud:
            try:
                _play(stage, packed, cloud, cache.url, tally)
            finally:
                # Nothing of it is to be kept, and stopping in order would wait for its pollers. The functions'
                # processes end with it.
                cloud.part.process.kill()
    finally:
        _sweep(f"ministack-lambda-carrel-{stage}-*")
        _sweep(f"carrel-search-{stage}")
    return tally.end()


def _play(stage: str, packed: Package, cloud: EmbeddedCloud, redis: str, tally: _Tally) -> None:
    """Deploy, deploy again with the address that is now known, and play the scenes."""
    clients = _clients(cloud)
    stack = deploy(stage, packed, {"RedisUrl": redis}, clients, QUICK)
    tally.told("deployed")
    stack = deploy(stage, packed, {"PublicUrl": stack.outputs["SiteUrl"]}, clients, QUICK)
    gaps.put_refusals(packed.template, stack, clients)
    tally.told("changed")
    played = Stage(stack, clients, cloud.port, SITE)
    for scene in SCENES:
        tally.check(scene.__name__.replace("_", " "), lambda scene=scene: scene(played))


def _sweep(pattern: str) -> None:
    """Remove what the functions unpacked, some 100 MB each; one that is just ending may still be writing there."""
    end = time.monotonic() + 10
    while left := list(Path(tempfile.gettempdir()).glob(pattern)):
        for folder in left:
            shutil.rmtree(folder, ignore_errors=True)
        if time.monotonic() > end:
            return
        time.sleep(0.1)


def _lint(packed: Package) -> None:
    found = lint.findings(packed.template, REGION)
    assert not found, found


def _clients(cloud: EmbeddedCloud) -> Clients:
    config = Config(read_timeout=60, retries={"max_attempts": 1, "mode": "standard"}, s3={"addressing_style": "path"})

    def client(service: str) -> Any:
        return boto3.client(service, **cloud.client_settings, config=config)  # pyright: ignore

    return client


class _Tally:
    """Prints what held and what did not, with the seconds since the beginning."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._passed = self._failed = 0

    def told(self, what: str) -> None:
        print(f"{time.monotonic() - self._began:6.1f} s  {what}", flush=True)

    def check(self, what: str, scene: Callable[[], None]) -> None:
        try:
            scene()
        except Trouble:
            raise
        except Exception as error:  # whatever it is, the other scenes can still tell something
            self._failed += 1
            self.told(f"FAILED  {what}\n{type(error).__name__}: {error}")
        else:
            self._passed += 1
            self.told(f"ok      {what}")

    def end(self) -> int:
        """Name what was left out, count, and say how it went."""
        print("\nNot rehearsed here:")
        for gap in gaps.NOT_REHEARSED:
            print(f"  - {gap}")
        print(f"\n{self._passed} passed, {self._failed} failed")
        return 1 if self._failed else 0


def _give_up(number: int, _frame: FrameType | None) -> None:
    raise Trouble(f"The rehearsal was stopped by {signal.Signals(number).name}.")


if __name__ == "__main__":
    sys.exit(main())
