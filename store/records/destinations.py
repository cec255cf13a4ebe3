"""What calls have taught about numbers, as rows."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from store.audit_entry import AuditAction
from store.destination import Destination
from store.records.audit import note
from store.records.turn import Turn
from store.upkeep_tables import destinations

_OF_NUMBER = destinations.c.number == bindparam("which")
_FIND = select(destinations).where(_OF_NUMBER)
_CHANGE = update(destinations).where(_OF_NUMBER)
_FORGET = delete(destinations).where(_OF_NUMBER)
_NEWEST = select(destinations).order_by(destinations.c.learned_at.desc(), destinations.c.number)


def find_destination(connection: Connection, number: str) -> Destination | None:
    """What is known of a number."""
    row = connection.execute(_FIND, {"which": number}).first()
    return Destination(**row._mapping) if row else None  # noqa: SLF001 - SQLAlchemy's name for it


def keep_destination(turn: Turn, destination: Destination) -> None:
    """Keep what is known of a number from now on."""
    values = asdict(destination)
    changed = turn.connection.execute(_CHANGE, {"which": destination.number, **values})
    if not changed.rowcount:
        turn.connection.execute(insert(destinations), values)


def known_destinations(connection: Connection, limit: int) -> tuple[Destination, ...]:
    """The numbers that calls taught something about, the latest first."""
    rows = connection.execute(_NEWEST.limit(limit))
    return tuple(Destination(**row._mapping) for row in rows)  # noqa: SLF001 - as above


def forget_destinations(turn: Turn, numbers: Sequence[str], *, by: str) -> tuple[str, ...]:
    """Forget what is known of these numbers; those of which something was."""
    wanted = tuple(dict.fromkeys(numbers))
    forgotten = tuple(
        number for number in wanted if turn.connection.execute(_FORGET, {"which": number}).rowcount
    )
    note(turn, AuditAction.FORGET_NUMBER, dict.fromkeys(forgotten, ""), by=by)
    return forgotten


def forget_destinations_before(turn: Turn, moment: datetime) -> int:
    """Forget what was learned before a time; of how many numbers that was."""
    forgotten = turn.connection.execute(delete(destinations).where(destinations.c.learned_at < moment))
    return forgotten.rowcount
