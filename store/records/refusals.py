"""The log of submissions that were refused during SMTP, bounded by age and number."""

from datetime import datetime

from sqlalchemy import Connection, bindparam, delete, insert, select

from store.administration_tables import refused
from store.mail import Envelope
from store.purge import PurgeRun
from store.records.purges import note_purge
from store.records.turn import Turn
from store.refused import RefusedSubmission

PURGE_GROUP = 1000
"""Refusals that one transaction removes: mails must not wait long behind it."""

_INSERT = insert(refused)
_OLD = (
    select(refused.c.id).where(refused.c.at < bindparam("before")).order_by(refused.c.at).limit(PURGE_GROUP)
)
_DELETE = delete(refused).where(refused.c.id.in_(_OLD.scalar_subquery()))
_NEWEST_FIRST = select(refused.c.at).order_by(refused.c.at.desc()).limit(1)


def record_refused(
    turn: Turn, *, client_address: str, helo: str, envelope: Envelope, header_from: str, reason: str
) -> None:
    """Keep who was refused, and why."""
    row = {
        "at": turn.now,
        "client_address": client_address,
        "helo": helo,
        "return_path": envelope.return_path,
        "recipients": envelope.recipients,
        "header_from": header_from,
        "reason": reason,
    }
    turn.connection.execute(_INSERT, row)


def oldest_of_newest(connection: Connection, count: int) -> datetime | None:
    """The time of the oldest of the newest `count` refusals; None if there are not so many."""
    found: datetime | None = connection.scalar(_NEWEST_FIRST.offset(count - 1))
    return found


def purge_refused(turn: Turn, before: datetime, run: PurgeRun) -> int:
    """Remove the oldest refusals from before that time, `PURGE_GROUP` at most; how many there were.

    `run`: under which it is written down.
    """
    removed = turn.connection.execute(_DELETE, {"before": before}).rowcount
    note_purge(turn, run, records=removed)
    return removed


def refused_since(
    connection: Connection, since: datetime | None, limit: int
) -> tuple[RefusedSubmission, ...]:
    """The refusals at this time or later, newest first, at most so many."""
    query = select(refused).order_by(refused.c.at.desc(), refused.c.id.desc()).limit(limit)
    if since is not None:
        query = query.where(refused.c.at >= since)
    return tuple(
        RefusedSubmission(
            at=row.at,
            client_address=row.client_address,
            helo=row.helo,
            envelope=Envelope(return_path=row.return_path, recipients=tuple(row.recipients)),
            header_from=row.header_from,
            reason=row.reason,
        )
        for row in connection.execute(query)
    )
