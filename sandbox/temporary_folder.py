"""A folder for temporary files that goes with its owner, and if that was killed, with the next one.

What is worked on holds parts of documents, and nothing may be left of it after `kill -9` either. The owner
holds a lock that the kernel frees with it, whatever ends it; an unlocked folder belongs to nobody, and goes
when the next one is made.
"""

import contextlib
import fcntl
import os
import shutil
import tempfile
from pathlib import Path
from types import TracebackType

_NAME = "postfax-"
_OWNER = "owner"


class TemporaryFolder:
    """A folder of our own under the system's temporary folder. `with` gives its path."""

    def __init__(self, purpose: str) -> None:
        """Make it, and remove what killed owners left behind.

        Args:
            purpose: A word for its name, as `office`: who finds it shall see what it is.

        Raises:
            OSError: It cannot be made.
        """
        remove_abandoned()
        made = Path(tempfile.mkdtemp(prefix=f".{_NAME}{purpose}-"))
        self._lock = os.open(made / _OWNER, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        self.path = made.rename(
            made.with_name(made.name.removeprefix("."))
        )  # seen by others only when locked

    def remove(self) -> None:
        """Remove it and everything in it."""
        shutil.rmtree(self.path, ignore_errors=True)
        os.close(self._lock)

    def __enter__(self) -> Path:
        return self.path

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.remove()


def remove_abandoned() -> None:
    """Remove the folders of owners that are no more."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_NAME}*"):
        with contextlib.suppress(OSError):  # no such folder, another's, in use, or gone in the meantime
            lock = os.open(folder / _OWNER, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder, ignore_errors=True)
            finally:
                os.close(lock)
