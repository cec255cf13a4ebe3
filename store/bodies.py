"""Mails as received and documents as faxed: small ones in a row of the book, large ones in a file each.

A small body commits with the row that needs it. A large one is on the disk before that row is written (the
file is flushed, and its folder), so a row never points at nothing; a crash in between leaves
a file that no row names, and `sweep` removes it.

A body that was kept long enough is purged: its octets go, its row stays and says when that was. Its file is
removed once that is on the disk; where a crash comes in between, `sweep` removes it.

A reference is a text: `row:NAME` or `file:FOLDER/NAME`, relative to the documents folder.
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, bindparam, delete, func, insert, select, union_all, update

from store.driver_statement import DriverStatement
from store.errors import BodyMissing, BodyPurged
from store.incoming import IncomingBody, flush_folder
from store.tables import bodies, documents, jobs, mails

ROW_LIMIT = 64 * 1024
"""Octets; up to here a row is faster than a file, measured under group commit."""
UNNAMED_FOR = timedelta(hours=1)
"""How old a file without a row must be before it is swept: far older than any transaction under way."""

_INSERT = DriverStatement(insert(bodies), ["reference", "size", "octets"])
_KEPT = select(bodies.c.octets, bodies.c.purged_at).where(bodies.c.reference == bindparam("reference"))
_AMONG = bodies.c.reference.in_(bindparam("references", expanding=True))
_NAMED = select(bodies.c.reference).where(_AMONG, bodies.c.purged_at.is_(None))
_DELETE = delete(bodies).where(_AMONG)
_PURGE = update(bodies).where(_AMONG, bodies.c.purged_at.is_(None))
_ENDS = union_all(
    select(jobs.c.finished_at).join(mails).where(mails.c.body == bindparam("reference")),
    select(jobs.c.finished_at).join(documents).where(documents.c.body == bindparam("reference")),
).subquery()
_END = select(func.max(_ENDS.c.finished_at))
# Of a mail that was erased nothing says any more to whom it went (`store.erasure`).
_RECIPIENTS = union_all(
    select(mails.c.recipients).where(mails.c.body == bindparam("reference")),
    select(mails.c.recipients)
    .select_from(mails.join(jobs).join(documents, documents.c.job_id == jobs.c.id))
    .where(documents.c.body == bindparam("reference")),
)
_SWEEP_GROUP = 500


@dataclass(frozen=True, kw_only=True, slots=True)
class KeptBody:
    """A body that is ready for its row: the octets themselves, or a reference to a file that has them."""

    size: int
    octets: bytes | None
    file: str

    def row(self, name: str) -> dict[str, Any]:
        """The row of the body, its `reference` in it. `name` names a small body, uniquely."""
        return {"reference": self.file or f"row:{name}", "size": self.size, "octets": self.octets}


def insert_bodies(connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
    """Write the rows of bodies in the caller's transaction."""
    _INSERT.many(connection, rows)


def delete_bodies(connection: Connection, references: Sequence[str]) -> None:
    """Remove the rows of bodies; their files are `BodyFolder.remove`'s, once that is on the disk."""
    connection.execute(_DELETE, {"references": references})


def purge_bodies(connection: Connection, references: Sequence[str], at: datetime) -> None:
    """Remove the octets of bodies and keep their rows; their files are as with `delete_bodies`."""
    connection.execute(_PURGE, {"references": references, "octets": None, "purged_at": at})


def purged_at(connection: Connection, reference: str) -> datetime | None:
    """When a body's octets were removed because they had been kept long enough."""
    row = connection.execute(_KEPT, {"reference": reference}).first()
    return row.purged_at if row else None


class BodyFolder:
    """The folder of the large bodies. Methods block; a name that is taken is never written again."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def create(self) -> None:
        """Make what is missing of the folder and its shelves, durably, for this user alone.

        All shelves are made beforehand: one that is made with its first body would have to be on the disk
        before any other thread's body in it.

        Raises:
            OSError: the folder above is missing or may not be written.
        """
        missing = [folder for folder in (self.folder, *self._shelves()) if not folder.is_dir()]
        for folder in missing:
            folder.mkdir(mode=0o700, exist_ok=True)
        if missing:
            flush_folder(self.folder)
            flush_folder(self.folder.parent)

    def begin(self, ending: str) -> IncomingBody:
        """A file for a large body that arrives. `ending` is that of its name, as `.eml`.

        Raises:
            OSError: it cannot be made.
        """
        return IncomingBody(self.folder, ending)

    def keep(self, octets: bytes | IncomingBody, ending: str) -> KeptBody:
        """Make a body durable if it is too large for a row. `ending` is that of its file name, as `.eml`.

        Raises:
            OSError: the file could not be written; nothing is left of it.
        """
        if isinstance(octets, IncomingBody):
            return KeptBody(size=octets.size, octets=None, file=octets.keep())
        small = len(octets) <= ROW_LIMIT
        return KeptBody(
            size=len(octets),
            octets=octets if small else None,
            file="" if small else self._write_file(octets, ending),
        )

    def discard(self, body: KeptBody) -> None:
        """Remove the file of a body that certainly has no row."""
        if body.file:
            self._path(body.file).unlink(missing_ok=True)

    def remove(self, references: Sequence[str]) -> None:
        """Remove the files of bodies whose rows are gone or purged."""
        for reference in references:
            if reference.startswith("file:"):
                self._path(reference).unlink(missing_ok=True)

    def read(self, connection: Connection, reference: str) -> bytes:
        """The octets of a body.

        Raises:
            BodyMissing: its row or file is gone.
        """
        return self.beginning(connection, reference, -1)

    def beginning(self, connection: Connection, reference: str, octets: int) -> bytes:
        """At least so many octets of a body from its beginning, or all if it has no more; -1 for all.

        Raises:
            BodyMissing: its row or file is gone; `BodyPurged`, if because it was kept long enough.
        """
        kept = _octets(connection, reference)
        if reference.startswith("file:"):
            try:
                with self._path(reference).open("rb") as file:
                    return file.read(octets)
            except FileNotFoundError:
                raise BodyMissing(reference) from None
        if kept is None:
            raise BodyMissing(reference)
        return kept

    def path(self, connection: Connection, reference: str, folder: Path) -> Path:
        """A file with the octets: the body's own, or for a row one written into `folder`.

        Raises:
            BodyMissing: its row or file is gone; `BodyPurged`, if because it was kept long enough.
        """
        if reference.startswith("file:"):
            _octets(connection, reference)
            path = self._path(reference)
            if not path.is_file():
                raise BodyMissing(reference)
            return path
        path = folder / reference.removeprefix("row:")
        path.write_bytes(self.read(connection, reference))
        return path

    def sweep(self, connection: Connection, now: datetime) -> tuple[str, ...]:
        """Remove the files, older than `UNNAMED_FOR`, that no row needs; what was removed."""
        removed = []
        candidates = self._older_than(now - UNNAMED_FOR)
        while group := list(islice(candidates, _SWEEP_GROUP)):
            named = set(connection.scalars(_NAMED, {"references": group}))
            for reference in group:
                if reference not in named:
                    self._path(reference).unlink(missing_ok=True)
                    removed.append(reference)
        return tuple(removed)

    def _path(self, reference: str) -> Path:
        return self.folder / reference.removeprefix("file:")

    def _write_file(self, octets: bytes, ending: str) -> str:
        body = self.begin(ending)
        try:
            body.write(octets)
            return body.keep()
        except OSError:
            body.discard()
            raise

    def _older_than(self, limit: datetime) -> Iterator[str]:
        for shelf in self._shelves():
            for entry in os.scandir(shelf):
                with suppress(FileNotFoundError):  # another process swept it
                    if entry.is_file() and entry.stat().st_mtime < limit.timestamp():
                        yield f"file:{shelf.name}/{entry.name}"

    def _shelves(self) -> Iterator[Path]:
        """The folders in it, named by the first two digits of a body's name: each of them stays small."""
        return (self.folder / f"{number:02x}" for number in range(256))


def _octets(connection: Connection, reference: str) -> bytes | None:
    """The octets that a body's row has; None where they are in a file, or there is no row.

    Raises:
        BodyPurged: it was kept long enough.
    """
    row = connection.execute(_KEPT, {"reference": reference}).first()
    if row is None:
        return None
    if row.purged_at is not None:
        ended: datetime = connection.scalar(_END, {"reference": reference}) or row.purged_at
        erased = not all(connection.scalars(_RECIPIENTS, {"reference": reference}))
        raise BodyPurged(reference, row.purged_at, None if erased else row.purged_at - ended)
    octets: bytes | None = row.octets
    return octets
