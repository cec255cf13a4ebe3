"""Bodies as objects in an S3 store: for several hosts. Methods block, for as long as the store is asked.

An object is put with one request, so it is there whole or not at all, and a request that is repeated because
its answer was lost writes the same again. How old an object is, the store's clock says: ours may be wrong.
"""

import hashlib
import secrets
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from mmap import mmap
from pathlib import Path
from typing import Protocol

from store.bodies import FoundBody
from store.errors import BodiesUnavailable, BodyMissing
from store.incoming import IncomingBody
from store.object_store import NoObject, Put

_FOLDER = "bodies/"


class Objects(Protocol):
    """What is asked of a store; `store.object_store.ObjectStore` is the one kind of it that serves."""

    @property
    def trouble(self) -> BodiesUnavailable | None:
        """Why it could not be used when it was asked last."""

    def put(self, key: str, octets: bytes | mmap) -> Put:
        """Write an object; it is durable when this returns."""

    def get(self, key: str) -> bytes:
        """All octets of an object."""

    def beginning(self, key: str, octets: int) -> bytes:
        """So many octets of an object that has more."""

    def pieces(self, key: str) -> Iterator[bytes]:
        """The octets of an object, piece by piece."""

    def remove(self, keys: Sequence[str]) -> None:
        """Remove objects that are there or not."""

    def listed(self, beginning: str) -> Iterator[tuple[str, datetime]]:
        """The keys that begin so, and when each object was written by the store's clock."""

    def now(self) -> datetime:
        """The store's clock."""

    def check(self) -> None:
        """Pass if objects can be written and read."""


class BodyObjects:
    """The objects. References begin with `s3:`."""

    scheme = "s3:"

    def __init__(self, store: Objects) -> None:
        self.store = store

    def keep(self, octets: bytes | IncomingBody, ending: str) -> str:
        """Make a body durable; its reference. A file that it arrived in is gone then, also if that failed.

        Raises:
            BodiesUnavailable: the store cannot be used.
        """
        name = f"{secrets.token_hex(16)}{ending}"
        if isinstance(octets, IncomingBody):
            try:
                with octets.mapped() as mapped:
                    self.store.put(_FOLDER + name, mapped)
            finally:
                # Who sends it again sends all of it: while the store is away these files would fill the disk.
                octets.discard()
        else:
            self.store.put(_FOLDER + name, octets)
        return f"{self.scheme}{name}"

    def remove(self, references: Sequence[str]) -> None:
        """Remove objects of bodies whose rows are gone or purged.

        Raises:
            BodiesUnavailable: the store cannot be used; the sweep removes what is left.
        """
        self.store.remove([_key(reference) for reference in references])

    def read(self, found: FoundBody) -> bytes:
        """All octets of a body.

        Raises:
            BodiesUnavailable: the store cannot be used.
            BodyMissing: the object is gone; `BodyAltered`, if it is another one.
        """
        with _as_body(found):
            return found.check(self.store.get(_key(found.reference)))

    def beginning(self, found: FoundBody, octets: int) -> bytes:
        """So many octets of a body from its beginning, or all if it has no more; they are not compared.

        Raises:
            BodiesUnavailable: the store cannot be used.
            BodyMissing: the object is gone.
        """
        if octets < 0 or octets >= found.size:
            return self.read(found)
        with _as_body(found):
            return self.store.beginning(_key(found.reference), octets)

    def path(self, found: FoundBody, folder: Path) -> Path:
        """A file with the octets, in `folder`.

        Raises:
            BodiesUnavailable: the store cannot be used.
            BodyMissing: the object is gone; `BodyAltered`, if it is another one.
            OSError: the file cannot be written.
        """
        path = folder / found.reference.removeprefix(self.scheme)
        digest, size = hashlib.sha256(), 0
        with _as_body(found), path.open("wb") as file:
            for piece in self.store.pieces(_key(found.reference)):
                digest.update(piece)
                size += len(piece)
                file.write(piece)
        found.check_facts(size, digest.hexdigest())
        return path

    def older_than(self, age: timedelta) -> Iterator[str]:
        """References of the objects that are older.

        Raises:
            BodiesUnavailable: the store cannot be used.
        """
        limit: datetime = self.store.now() - age
        for key, written_at in self.store.listed(_FOLDER):
            if written_at < limit:
                yield self.scheme + key.removeprefix(_FOLDER)


def _key(reference: str) -> str:
    return _FOLDER + reference.removeprefix(BodyObjects.scheme)


class _as_body:  # noqa: N801 - reads as a statement
    """Lets a missing object be a missing body."""

    def __init__(self, found: FoundBody) -> None:
        self._found = found

    def __enter__(self) -> None: ...

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, NoObject):
            raise BodyMissing(self._found.reference) from error
