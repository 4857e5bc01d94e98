"""Packages the library for AWS: Chalice's template with ours merged, the code, and a layer of what it depends on.

The layer is built here and not by Chalice's `automatic_layer`: where a dependency has no wheel for a runtime, that
compiles it on this machine, against libraries the function will not find.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from infra import bytecode
from infra.local.processes import ROOT, Trouble
from infra.template import template

COPIED = ("app.py", "chalicelib", ".chalice/config.json")
"""What Chalice gets to package, so that nothing else of a working directory slips in."""

OWN = f"python{sys.version_info.major}.{sys.version_info.minor}"
"""The runtime of the Python that runs this."""

ON_AMAZON_LINUX_2023 = ("python3.12", "python3.13", "python3.14")
"""The runtimes whose glibc, 2.34, the dependencies' wheels are made for; older runtimes have 2.26."""

RUNTIME = OWN if OWN in ON_AMAZON_LINUX_2023 else "python3.13"
"""What the functions run on in AWS."""

WHEELS = (*(f"manylinux_2_{minor}_x86_64" for minor in range(34, 16, -1)), "manylinux2014_x86_64")

LAYERS = ROOT / "build" / "layers"

PATIENCE = 300
"""Seconds pip and Chalice get, each."""

LIMIT = 250 * 1024 * 1024
"""Bytes a function and its layers may unpack to (Lambda quotas)."""


@dataclass(frozen=True, slots=True)
class Package:
    """A packaged library: the template, which names the files, and their bytes, packed and unpacked."""

    template: Path
    size: int
    unpacked: int


def package(stage: str, build: Path, runtime: str = RUNTIME) -> Package:
    """Package the library for `stage` under `build`.

    Raises Trouble with what pip or Chalice said, or when it is too large for Lambda.
    """
    project, out, merged = build / "project", build / "out", build / "merged.json"
    layer = _layer(runtime)
    _copy(project)
    shutil.rmtree(out, ignore_errors=True)
    merged.write_text(json.dumps(template(stage, runtime, layer), indent=2))
    chalice = [sys.executable, "-c", "from chalice.cli import main; main()"]
    _run([*chalice, "package", "--stage", stage, "--merge-template", str(merged), str(out)], project, stage)
    code = out / "deployment.zip"
    _compile(code, runtime)
    archives = (code, layer)
    unpacked = sum(_unpacked(archive) for archive in archives)
    if unpacked > LIMIT:
        raise Trouble(f"The functions unpack to {unpacked >> 20} MB, and Lambda takes {LIMIT >> 20}.")
    return Package(out / "sam.json", sum(archive.stat().st_size for archive in archives), unpacked)


def _layer(runtime: str) -> Path:
    """The layer for requirements.txt; kept, since the same requirements make the same layer."""
    requirements = ROOT / "requirements.txt"
    made_of = requirements.read_bytes() + Path(__file__).read_bytes() + Path(bytecode.__file__).read_bytes()
    key = hashlib.sha256(made_of + runtime.encode() + bool(_compiler(runtime)).to_bytes()).hexdigest()[:16]
    layer = LAYERS / f"{runtime}-{key}.zip"
    if layer.exists():
        return layer
    LAYERS.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=LAYERS) as scratch:
        packages, unfinished = Path(scratch, "python"), Path(scratch, "layer.zip")
        platforms = [word for wheel in WHEELS for word in ("--platform", wheel)]
        version = runtime.removeprefix("python")
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-compile"]
        only = ["--only-binary=:all:", "--implementation=cp", f"--python-version={version}", *platforms]
        _run([*pip, *only, f"--target={packages}", f"--requirement={requirements}"], ROOT, "layer")
        shutil.rmtree(packages / "bin", ignore_errors=True)  # scripts, for this machine's Python
        _zip(packages, unfinished)
        _compile(unfinished, runtime)
        unfinished.rename(layer)
    return layer


def _zip(folder: Path, archive: Path) -> None:
    """Everything in `folder` under its name, in an order and with dates that make equal folders equal archives."""
    with ZipFile(archive, "w", ZIP_DEFLATED) as target:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                entry = ZipInfo(path.relative_to(folder.parent).as_posix(), (1980, 1, 1, 0, 0, 0))
                entry.external_attr = 0o644 << 16
                target.writestr(entry, path.read_bytes(), ZIP_DEFLATED)


def _compile(archive: Path, runtime: str) -> None:
    if compiler := _compiler(runtime):
        _run([compiler, bytecode.__file__, str(archive)], ROOT, "compiling")


def _compiler(runtime: str) -> str | None:
    """A Python of this machine that compiles for `runtime`, or None."""
    if runtime == OWN:
        return sys.executable
    found = shutil.which(runtime)
    # Version managers put a name into the path for Pythons they have not installed.
    return found if found and subprocess.run([found, "-V"], capture_output=True, check=False).returncode == 0 else None


def _unpacked(archive: Path) -> int:
    with ZipFile(archive) as file:
        return sum(entry.file_size for entry in file.infolist())


def _copy(project: Path) -> None:
    shutil.rmtree(project, ignore_errors=True)
    for name in COPIED:
        source, target = ROOT / name, project / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__", "*.pyc"))
        else:
            shutil.copyfile(source, target)
    # Chalice wants to see one; what the functions need is in the layer.
    (project / "requirements.txt").write_text("")


def _run(command: list[str], folder: Path, stage: str) -> None:
    try:
        done = subprocess.run(
            command, cwd=folder, env=_environment(stage), capture_output=True, text=True, timeout=PATIENCE, check=False
        )
    except subprocess.TimeoutExpired:
        raise Trouble(f"Packaging took more than {PATIENCE} seconds and was given up.") from None
    if done.returncode:
        raise Trouble(f"The library could not be packaged:\n{done.stdout}{done.stderr}".rstrip())


def _environment(stage: str) -> dict[str, str]:
    """For the import of the app, whose triggers are named by stage. It needs no secrets, and gets none."""
    settings = ("BUCKET", "JWT_SECRET", "PUBLIC_URL", "QUEUE_PREFIX", "REDIS_URL", "TABLE_PREFIX")
    inherited = {name: value for name, value in os.environ.items() if name not in settings}
    region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or "eu-west-1"
    return {**inherited, "CARREL_STAGE": stage, "AWS_DEFAULT_REGION": region, "PYTHONDONTWRITEBYTECODE": "1"}
