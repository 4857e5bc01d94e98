"""Puts compiled code into Chalice's packages. A function cannot write .pyc files beside its code, so each cold start
would compile everything it imports, which takes three times as long as importing it.

    pythonX.Y infra/bytecode.py PACKAGE     for the runtime pythonX.Y: only the same Python compiles for it
"""

from __future__ import annotations

import importlib.util
import py_compile
import sys
import tempfile
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

_NEVER_IMPORTED = ("tests", "test", "testing")


def add(package: Path) -> None:
    """Compile every module of `package`, a ZIP, for the Python that runs this.

    Chalice chooses the functions' runtime by the same Python. The .pyc files are not checked against their source:
    Lambda gives that a time of its own.
    """
    with ZipFile(package) as source:
        names = [name for name in source.namelist() if _worth_it(name)]
        compiled = {_pyc_name(name): _compile(name, source.read(name)) for name in names}
    with ZipFile(package, "a", ZIP_DEFLATED) as target:
        present = set(target.namelist())
        for name, code in compiled.items():
            if code is not None and name not in present:
                target.writestr(_entry(name), code, ZIP_DEFLATED)


def _worth_it(name: str) -> bool:
    return name.endswith(".py") and not set(_NEVER_IMPORTED) & set(Path(name).parts)


def _pyc_name(name: str) -> str:
    return importlib.util.cache_from_source(name)


def _compile(name: str, source: bytes) -> bytes | None:
    """The module compiled, or None: packages carry files for other Pythons."""
    with tempfile.TemporaryDirectory() as folder:
        written, compiled = Path(folder, "module.py"), Path(folder, "module.pyc")
        written.write_bytes(source)
        try:
            py_compile.compile(
                str(written),
                str(compiled),
                dfile=name,
                doraise=True,
                invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
            )
        except (py_compile.PyCompileError, ValueError):
            return None
        return compiled.read_bytes()


def _entry(name: str) -> ZipInfo:
    """An entry that anyone may read, with a date that makes equal packages equal."""
    entry = ZipInfo(name, (1980, 1, 1, 0, 0, 0))
    entry.external_attr = 0o644 << 16
    return entry


if __name__ == "__main__":
    add(Path(sys.argv[1]))
