"""The log of submissions that were refused during SMTP."""

from datetime import datetime

from sqlalchemy import Connection, insert, select

from store.mail import Envelope
from store.records.turn import Turn
from store.refused import RefusedSubmission
from store.tables import refused

_INSERT = insert(refused)


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
