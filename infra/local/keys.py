"""Secrets the library makes up for itself, kept in files that only their owner can read."""

from __future__ import annotations

import json
import os
import secrets
from pathlib import Path


def write(path: Path, text: str) -> None:
    """Put `text` at `path`, readable by its owner only from the first byte on, and whole or not at all."""
    unfinished = path.with_name(f".{path.name}.new")
    unfinished.unlink(missing_ok=True)
    with open(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    unfinished.replace(path)


def token_key(data: Path) -> str:
    """The key that signs the library's tokens, made at the first start."""
    path = data / "secrets.json"
    if path.exists():
        return json.loads(path.read_text())["JWT_SECRET"]
    key = secrets.token_urlsafe(48)
    write(path, json.dumps({"JWT_SECRET": key}))
    return key


def password() -> str:
    """A password that is easy to copy by hand: four groups without letters that look alike, 77 bits."""
    alphabet = "abcdefghjkmnpqrstuvwxyz23456789"
    return "-".join("".join(secrets.choice(alphabet) for _ in range(4)) for _ in range(4))
