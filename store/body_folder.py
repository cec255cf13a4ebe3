"""Bodies as files in a folder: for one host, or for several that share it.

Methods block. A name that is taken is never written again.
"""

import hashlib
import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from store.bodies import FoundBody
from store.errors import BodyMissing
from store.incoming import IncomingBody, flush_folder, give_to_the_service

_PIECE = 1 << 20


_SHELVES = tuple(f"{number:02x}" for number in range(256))
"""The folders in it, named by the first two digits of a body's name: each of them stays small."""


class BodyFolder:
    """The folder. References begin with `file:`."""

    scheme = "file:"

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def create(self) -> None:
        """Make what is missing of the folder and its shelves, durably, for this user alone.

        All shelves are made beforehand: one that is made with its first body would have to be on the disk
        before any other thread's body in it.

        Raises:
            OSError: the folder above is missing or may not be written.
        """
        folders = ("", *_SHELVES)
        missing = [name for name in folders if not os.path.isdir(f"{self.folder}/{name}")]  # noqa: PTH112 - of 257, at each start
        for folder in map(self.folder.joinpath, missing):
            folder.mkdir(mode=0o700, exist_ok=True)
            give_to_the_service(folder, folder.parent)
        if missing:
            flush_folder(self.folder)
            flush_folder(self.folder.parent)

    def begin(self, ending: str) -> IncomingBody:
        """A file for a large body that arrives. `ending` is that of its name, as `.eml`.

        Raises:
            OSError: it cannot be made.
        """
        return IncomingBody(self.folder, ending)

    def keep(self, octets: bytes | IncomingBody, ending: str) -> str:
        """Make a body durable; its reference. `ending` is that of its file name, as `.eml`.

        Raises:
            OSError: the file could not be written; nothing is left of it.
        """
        if isinstance(octets, IncomingBody):
            return octets.keep()
        body = self.begin(ending)
        try:
            body.write(octets)
            return body.keep()
        except OSError:
            body.discard()
            raise

    def remove(self, references: Sequence[str]) -> None:
        """Remove files of bodies whose rows are gone or purged."""
        for reference in references:
            self._path(reference).unlink(missing_ok=True)

    def read(self, found: FoundBody) -> bytes:
        """All octets of a body.

        Raises:
            BodyMissing: its file is gone; `BodyAltered`, if it is another one.
        """
        return found.check(self.beginning(found, -1))

    def beginning(self, found: FoundBody, octets: int) -> bytes:
        """So many octets of a body from its beginning, or all if it has no more; they are not compared.

        Raises:
            BodyMissing: its file is gone.
        """
        try:
            with self._path(found.reference).open("rb") as file:
                return file.read(octets)
        except FileNotFoundError:
            raise BodyMissing(found.reference) from None

    def path(self, found: FoundBody, folder: Path) -> Path:
        """The file, to be read only; nothing is put into `folder`.

        Raises:
            BodyMissing: it is gone; `BodyAltered`, if it is another one.
        """
        del folder
        path = self._path(found.reference)
        digest = hashlib.sha256()
        try:
            with path.open("rb") as file:
                while found.sha256 and (piece := file.read(_PIECE)):
                    digest.update(piece)
                size = os.fstat(file.fileno()).st_size
        except FileNotFoundError:
            raise BodyMissing(found.reference) from None
        found.check_facts(size, digest.hexdigest())
        return path

    def older_than(self, limit: datetime) -> Iterator[str]:
        """References of the files that were last written before that time."""
        for shelf in _SHELVES:
            for entry in os.scandir(f"{self.folder}/{shelf}"):
                with suppress(FileNotFoundError):  # another process swept it
                    if entry.is_file() and entry.stat().st_mtime < limit.timestamp():
                        yield f"file:{shelf}/{entry.name}"

    def _path(self, reference: str) -> Path:
        return self.folder / reference.removeprefix(self.scheme)
