"""Secrets that systemd hands to a service (systemd.exec(5)): `credential:NAME` in the settings."""

import os
import re
from pathlib import Path

PREFIX = "credential:"
SERVICE_CREDENTIALS = Path("/run/credentials/postfax.service")
"""Where systemd keeps those of the running service: for commands that root runs beside it."""


class NoCredential(LookupError):  # noqa: N818 - named as what happened
    """There is no such credential; the text says why, and what to do."""


def credential_file(written: str) -> Path:
    """The file of what is written as `credential:NAME`.

    Raises:
        NoCredential: The name is none, or no credentials were handed over.
    """
    name = written.removeprefix(PREFIX)
    if not re.fullmatch(r"[A-Za-z0-9_.@-]{1,255}", name) or name in {".", ".."}:
        raise NoCredential("a credential's name has letters, digits, dots, hyphens and underscores")
    folder = os.environ.get("CREDENTIALS_DIRECTORY")
    if folder is None and not SERVICE_CREDENTIALS.is_dir():
        raise NoCredential(
            "systemd has handed over no credentials: put LoadCredential= into the unit, and run "
            "commands as root while the service runs"
        )
    return Path(folder) / name if folder else SERVICE_CREDENTIALS / name
