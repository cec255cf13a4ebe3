"""The folder in which LibreOffice's socket is.

It goes with its owner, and if that was killed, with the next one. The owner holds a lock that the kernel
frees with it, whatever ends it; an unlocked folder belongs to nobody.
"""

import contextlib
import fcntl
import os
import shutil
import tempfile
from pathlib import Path

_NAME = "postfax-office-"
_OWNER = "owner"


class OfficeFolder:
    """A folder of our own under the system's temporary folder."""

    def __init__(self) -> None:
        """Make it, and remove what killed owners left behind.

        Raises:
            OSError: It cannot be made.
        """
        remove_abandoned()
        made = Path(tempfile.mkdtemp(prefix=f".{_NAME}"))
        self._lock = os.open(made / _OWNER, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        self.path = made.rename(
            made.with_name(made.name.removeprefix("."))
        )  # seen by others only when locked

    def remove(self) -> None:
        """Remove it and everything in it."""
        shutil.rmtree(self.path, ignore_errors=True)
        os.close(self._lock)


def remove_abandoned() -> None:
    """Remove the folders of owners that are no more."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_NAME}*"):
        with contextlib.suppress(OSError):  # another's, in use, or gone in the meantime
            lock = os.open(folder / _OWNER, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder, ignore_errors=True)
            finally:
                os.close(lock)
