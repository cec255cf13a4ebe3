"""Bodies are moved to where new ones go: into an object store, or out of rows into files.

Each is compared with its row when it is read, kept at the new place, and read there once more. Then one
transaction for a group lets the book name the new place, and after that what was at the old one is removed.
Broken off, it goes on where it was: what was moved has a reference of the new place, and what no row names
yet is swept. Nobody else may use the book meanwhile (`store.copy_ends.held`): whoever has claimed a fax knows
the old place.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import PurePath

from sqlalchemy import ColumnElement, Connection, Engine, bindparam, func, select, update

from store.administration_tables import quarantine
from store.bodies import FoundBody, KeptBody, delete_bodies, insert_bodies
from store.body_places import BodyPlaces
from store.copy_ends import held
from store.errors import BodyMissing
from store.tables import bodies, documents, mails
from store.version import compare_version

GROUP = 100
"""Bodies of one transaction."""
_AT_ONE_TIME = 4

_NAMING = tuple(
    update(table).where(table.c.body == bindparam("old")).values(body=bindparam("new"))
    for table in (mails, documents, quarantine)
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Moved:
    """What became of the bodies."""

    bodies: int
    octets: int
    missing: tuple[str, ...]
    """In words: those that are not there, or are not what was kept. They are left as they are."""


Told = Callable[[str, int, int], None]
"""(what is done, bodies so far, bodies of all)."""


def move_bodies(url: str, places: BodyPlaces, told: Told) -> Moved:
    """Move every body to where `places` keeps new ones.

    Args:
        url: the book's address.
        places: none of them in rows.
        told: called as it goes on.

    Raises:
        BodiesUnavailable: the object store cannot be used; what was moved stays moved.
        BookAddressError, BookUnavailable, BookVersionError: the book cannot be used.
        CopyRefused: a service or a command uses it.
        OSError: a file cannot be written.
    """
    places.folder.create()
    places.check()
    with held(url) as (reading, writing), ThreadPoolExecutor(_AT_ONE_TIME) as threads:
        with reading.connect() as connection:
            compare_version(connection, url)
            total = _count(connection, places.scheme)
        moved, octets, missing = 0, 0, list[str]()
        for group in _groups(reading, places.scheme):
            kept: list[tuple[FoundBody, KeptBody]] = []
            for found, body in zip(group, threads.map(lambda one: _move(places, one), group), strict=True):
                if isinstance(body, str):
                    missing.append(body)
                else:
                    kept.append((found, body))
            with writing.begin() as connection:
                _name(connection, kept)
            places.remove([found.reference for found, _ in kept])
            moved, octets = moved + len(kept), octets + sum(body.size for _, body in kept)
            told("moving bodies", moved + len(missing), total)
    return Moved(bodies=moved, octets=octets, missing=tuple(missing))


def _count(connection: Connection, scheme: str) -> int:
    return connection.scalar(select(func.count()).select_from(bodies).where(*_elsewhere(scheme))) or 0


def _groups(reading: Engine, scheme: str) -> Iterator[list[FoundBody]]:
    """The bodies that are elsewhere, in the order of their references."""
    after = ""
    query = select(bodies).where(*_elsewhere(scheme)).order_by(bodies.c.reference).limit(GROUP)
    while True:
        with reading.connect() as connection:
            rows = connection.execute(query.where(bodies.c.reference > after)).all()
        if not rows:
            return
        yield [
            FoundBody(reference=row.reference, size=row.size, sha256=row.sha256, octets=row.octets)
            for row in rows
        ]
        after = rows[-1].reference


def _elsewhere(scheme: str) -> tuple[ColumnElement[bool], ...]:
    return bodies.c.purged_at.is_(None), bodies.c.reference.not_like(f"{scheme}%")


def _move(places: BodyPlaces, found: FoundBody) -> KeptBody | str:
    """Keep one at the new place and read it there; or why it is not there to be kept."""
    try:
        octets = places.read(found)
    except BodyMissing as problem:
        return str(problem)
    kept = places.keep(octets, PurePath(found.reference).suffix)
    places.read(FoundBody(reference=kept.reference, size=kept.size, sha256=kept.sha256, octets=kept.octets))
    return kept


def _name(connection: Connection, kept: Sequence[tuple[FoundBody, KeptBody]]) -> None:
    """Let the book name the new places, and no old one."""
    if not kept:
        return
    rows = [body.row("") for _, body in kept]
    insert_bodies(connection, rows)
    names = [
        {"old": found.reference, "new": row["reference"]} for (found, _), row in zip(kept, rows, strict=True)
    ]
    for naming in _NAMING:
        connection.execute(naming, names)
    delete_bodies(connection, [found.reference for found, _ in kept])
