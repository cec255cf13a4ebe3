"""A disk that really fills up: a small file system of its own, where whoever runs the tests may mount one.

Where nobody may, the process that writes may write no larger files instead: the same to whoever sends, and
not the same to the server (EFBIG for ENOSPC). The run says so then.
"""

import contextlib
import os
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

_OCTETS = 12_000_000


@dataclass(frozen=True, kw_only=True)
class SmallDisk:
    """What is in `folder` has the disk for itself."""

    folder: Path
    mounted: bool

    def fill(self, left: int, otherwise: Callable[[int], None]) -> None:
        """Leave so many octets, in whole blocks; `otherwise` lets files have no more."""
        if not self.mounted:
            otherwise(left)
            return
        known = os.statvfs(self.folder)
        kept = -(-left // known.f_frsize) * known.f_frsize
        with self._ballast.open("xb") as file:
            os.posix_fallocate(file.fileno(), 0, known.f_bavail * known.f_frsize - kept)

    def free(self, otherwise: Callable[[], None]) -> None:
        """Undo it."""
        if self.mounted:
            self._ballast.unlink()
        else:
            otherwise()

    @property
    def _ballast(self) -> Path:
        return self.folder / "ballast"


@contextlib.contextmanager
def small_disk(folder: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[SmallDisk]:
    """A disk at a folder that is made."""
    folder.mkdir()
    command = ("mount", "-t", "tmpfs", "-o", f"size={_OCTETS},mode=0700", "tmpfs", str(folder))
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    mounted = ran.returncode == 0
    if not mounted:
        with capsys.disabled():
            print(f"\n{ran.stderr.strip()}: files are limited instead of a disk")  # noqa: T201 - to be seen
    try:
        yield SmallDisk(folder=folder, mounted=mounted)
    finally:
        if mounted:
            subprocess.run(("umount", "-l", str(folder)), check=True)
