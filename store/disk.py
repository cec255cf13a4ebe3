"""Whether there is room to take on more."""

import os
from collections.abc import Iterable
from pathlib import Path

from store.errors import BookUnavailable

LEAST_FREE = 64 * 1024 * 1024
"""Octets that must be free: enough to bring what was taken on to its end."""


def check_space(folders: Iterable[Path], least: int = LEAST_FREE) -> None:
    """Pass if each folder may be written and has room.

    Raises:
        BookUnavailable: one of them has not.
    """
    for folder in folders:
        if not os.access(folder, os.W_OK | os.X_OK):
            raise BookUnavailable(
                f"{folder} may not be written. Check that it is there, its owner and its rights.", "access"
            )
        disk = os.statvfs(folder)
        free = disk.f_bavail * disk.f_frsize
        if free < least:
            raise BookUnavailable(
                f"The disk of {folder} has {free >> 20} MiB left; {least >> 20} MiB are needed. "
                "Free some space.",
                f"free={free}",
            )
