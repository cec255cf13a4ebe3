"""A large body while it arrives: a file in the documents folder that no row names yet.

It is written piece by piece, so that no message has to be in memory, and made durable when it is whole: the
file is flushed, and then its folder. It has its name from the beginning, which costs one journal commit less
than a rename: what makes it a body is the row that names it. The file of a process that died is swept like
every file without a row.
"""

import mmap
import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_FOR_THE_SERVICE_ALONE = 0o600


class IncomingBody:
    """A body in a file of its own. Methods block, `write` and `read` only as long as the page cache does."""

    def __init__(self, folder: Path, ending: str) -> None:
        """Make the file.

        Args:
            folder: the documents folder, its shelves made.
            ending: of the file's name, as `.eml`.

        Raises:
            OSError: the file cannot be made.
        """
        name = f"{secrets.token_hex(16)}{ending}"
        self._folder = folder
        self._path = folder / name[:2] / name
        self.size = 0
        with _naming(self._folder):
            self._descriptor = os.open(
                self._path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, _FOR_THE_SERVICE_ALONE
            )
            give_to_the_service(self._descriptor, folder)

    def write(self, octets: bytes) -> None:
        """Add octets at the end.

        Raises:
            OSError: they could not be written, for instance because the disk is full.
        """
        rest = memoryview(octets)
        with _naming(self._folder):
            while rest:
                rest = rest[os.write(self._descriptor, rest) :]
        self.size += len(octets)

    def read(self, offset: int, count: int) -> bytes:
        """At most so many octets from there on."""
        return os.pread(self._descriptor, count, offset)

    def octets(self) -> bytes:
        """All of them."""
        return self.read(0, self.size)

    @contextmanager
    def mapped(self) -> Iterator[mmap.mmap | bytes]:
        """All octets for as long as the context lasts, in the page cache and not in this process's memory."""
        if not self.size:  # nothing cannot be mapped
            yield b""
            return
        with mmap.mmap(self._descriptor, self.size, access=mmap.ACCESS_READ) as octets:
            yield octets

    def keep(self) -> str:
        """Make it durable; its reference.

        Raises:
            OSError: it could not be; nothing is left of it.
        """
        try:
            with _naming(self._folder):
                os.fsync(self._descriptor)
                flush_folder(self._path.parent)
        except OSError:
            self.discard()
            raise
        self._close()
        return f"file:{self._path.parent.name}/{self._path.name}"

    def discard(self) -> None:
        """Give it up. May be called at any time, also after `keep`, when nothing happens."""
        if self._descriptor >= 0:
            self._close()
            with suppress(OSError):
                self._path.unlink(missing_ok=True)

    def _close(self) -> None:
        os.close(self._descriptor)
        self._descriptor = -1

    def __del__(self) -> None:
        self.discard()


def give_to_the_service(made: int | Path, folder: Path) -> None:
    """What root makes by a command is the service's to use: it belongs to whoever has the folder it is in."""
    if os.geteuid() == 0:
        owner = folder.stat()
        os.chown(made, owner.st_uid, owner.st_gid)


OpenBody = Callable[[], IncomingBody]
"""Makes the file of a body that arrives."""


def flush_folder(folder: Path) -> None:
    """Make the names in a folder durable.

    Raises:
        OSError: they could not be.
    """
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


class _naming:  # noqa: N801 - reads as a statement
    """Let errors name the folder where the kernel names no file: a failed write does not."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __enter__(self) -> None: ...

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, OSError):
            error.filename = error.filename or str(self._folder)
