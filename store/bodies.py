"""Mails as received and documents as faxed, as far as the book has them: a row each, and what it says.

Small ones can be in the row and commit with it. All others lie outside (`store.body_places`): they are
durable there before their row is written, so a row never points at nothing. A crash in between leaves octets
that no row names, and a sweep removes them.

A body that was kept long enough is purged: its octets go, its row stays and says when that was. What lies
outside is removed once that is on the disk; where a crash comes in between, the sweep removes it.

A reference is a text: `row:NAME`, `file:FOLDER/NAME` relative to the documents folder, or `s3:NAME`.
"""

import hashlib
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, delete, func, insert, select, union_all, update

from store.driver_statement import DriverStatement
from store.errors import BodyAltered, BodyMissing, BodyPurged, BookUnavailable
from store.tables import bodies, documents, jobs, mails

ROW_LIMIT = 64 * 1024
"""Octets; up to here a row is faster than a file, measured under group commit."""
UNNAMED_FOR = timedelta(hours=1)
"""How old octets without a row must be before they are swept."""
TO_BE_NAMED_WITHIN = timedelta(minutes=30)
"""How old they may be when their row is written. Whoever stood still for longer writes none: so what is swept
under the lock of the writers is never what somebody is about to name."""

_INSERT = DriverStatement(insert(bodies), ["reference", "size", "octets", "sha256"])
_FIND = DriverStatement(select(bodies).where(bodies.c.reference == bindparam("reference")))
_AMONG = bodies.c.reference.in_(bindparam("references", expanding=True))
_NAMED = select(bodies.c.reference).where(_AMONG, bodies.c.purged_at.is_(None))
_IN_ROWS = select(func.count()).select_from(bodies).where(bodies.c.octets.is_not(None))
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


def _seconds_up() -> float:
    """A clock that nobody sets, and that goes on while the machine or this process stands still."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


@dataclass(frozen=True, kw_only=True, slots=True)
class KeptBody:
    """A body that is ready for its row: the octets themselves, or a reference to where they lie."""

    size: int
    octets: bytes | None
    reference: str = ""
    """Empty where the octets go into the row."""
    sha256: str = ""
    """Of octets outside the row."""
    kept_at: float = field(default_factory=_seconds_up)

    def row(self, name: str) -> dict[str, Any]:
        """The row of the body, its `reference` in it; to be made in the transaction that writes it.

        Args:
            name: of a small body, unique.

        Raises:
            BookUnavailable: its octets have waited for so long that they may be swept.
        """
        if self.reference and _seconds_up() - self.kept_at > TO_BE_NAMED_WITHIN.total_seconds():
            raise BookUnavailable(
                "This process stood still while it wrote a mail or a document. It is done again.",
                f"kept {_seconds_up() - self.kept_at:.0f} s ago",
            )
        reference = self.reference or f"row:{name}"
        return {"reference": reference, "size": self.size, "octets": self.octets, "sha256": self.sha256}


@dataclass(frozen=True, kw_only=True, slots=True)
class FoundBody:
    """What the row of a body says."""

    reference: str
    size: int
    sha256: str
    """Empty for a small body, a large mail in a file of this host, and one from before version 0004."""
    octets: bytes | None
    """None where they lie outside."""

    def check(self, octets: bytes) -> bytes:
        """The octets, which are those that were kept.

        Raises:
            BodyAltered: they are others.
        """
        self.check_facts(len(octets), hashlib.sha256(octets).hexdigest() if self.sha256 else "")
        return octets

    def check_facts(self, size: int, sha256: str) -> None:
        """Pass if octets of this size and digest are those that were kept.

        Raises:
            BodyAltered: they are not.
        """
        if size != self.size:
            raise BodyAltered(self.reference, f"it has {size:,} octets and not {self.size:,}")
        if self.sha256 and sha256 != self.sha256:
            raise BodyAltered(self.reference, "its octets are others")


def insert_bodies(connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
    """Write the rows of bodies in the caller's transaction."""
    _INSERT.many(connection, rows)


def delete_bodies(connection: Connection, references: Sequence[str]) -> None:
    """Remove the rows of bodies; what lies outside is `BodyPlaces.remove`'s, once that is on the disk."""
    connection.execute(_DELETE, {"references": references})


def purge_bodies(connection: Connection, references: Sequence[str], at: datetime) -> None:
    """Remove the octets of bodies and keep their rows; what lies outside is as with `delete_bodies`."""
    connection.execute(_PURGE, {"references": references, "octets": None, "purged_at": at})


def purged_at(connection: Connection, reference: str) -> datetime | None:
    """When a body's octets were removed because they had been kept long enough."""
    row = _FIND.first(connection, {"reference": reference})
    return row.purged_at if row else None


def find_body(connection: Connection, reference: str) -> FoundBody:
    """What the row of a body says.

    Raises:
        BodyMissing: there is no row; `BodyPurged`, if it was kept long enough.
    """
    row = _FIND.first(connection, {"reference": reference})
    if row is None:
        raise BodyMissing(reference)
    if row.purged_at is not None:
        ended: datetime = connection.scalar(_END, {"reference": reference}) or row.purged_at
        erased = not all(connection.scalars(_RECIPIENTS, {"reference": reference}))
        raise BodyPurged(reference, row.purged_at, None if erased else row.purged_at - ended)
    if row.octets is None and reference.startswith("row:"):
        raise BodyMissing(reference)
    return FoundBody(reference=reference, size=row.size, sha256=row.sha256, octets=row.octets)


def count_in_rows(connection: Connection) -> int:
    """How many bodies have their octets in their row."""
    return connection.scalar(_IN_ROWS) or 0


def unnamed(connection: Connection, references: Sequence[str]) -> list[str]:
    """Those that no row needs."""
    named = set(connection.scalars(_NAMED, {"references": references}))
    return [reference for reference in references if reference not in named]
