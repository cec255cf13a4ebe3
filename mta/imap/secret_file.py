"""A secret that stands in a file of its own, on its first line."""

import os
import secrets
from contextlib import suppress
from pathlib import Path

from mta.imap.trouble import LoginRefused


def read_secret(file: Path) -> str:
    """The first line.

    Raises:
        LoginRefused: the file cannot be read, or has none.
    """
    try:
        first = file.read_text(encoding="utf-8-sig").partition("\n")[0].rstrip("\r")
    except (OSError, UnicodeDecodeError) as problem:
        cause = getattr(problem, "strerror", None) or type(problem).__name__
        raise LoginRefused(f"{file} cannot be read; let the service's user read it.", cause) from problem
    if not first:
        raise LoginRefused(f"{file} is empty; its first line must be the secret.")
    return first


def replace_secret(file: Path, secret: str) -> None:
    """Write another, so that a reader finds the old one or the new one whole, whatever happens.

    Raises:
        OSError: it cannot be written; the old one is still there.
    """
    partial = file.with_name(f".{file.name}.{secrets.token_hex(4)}")
    try:
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            stream.write(f"{secret}\n")
            stream.flush()
            os.fsync(stream.fileno())
        partial.replace(file)
    finally:
        with suppress(OSError):
            partial.unlink(missing_ok=True)
