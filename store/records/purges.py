"""What was removed, by run, rule and span: summed up by the transactions that remove it."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, bindparam, case, delete, insert, select, update

from store.purge import PurgeEntry, PurgeRule, PurgeRun
from store.records.turn import Turn
from store.upkeep_tables import UNWIPED, purges

_SECOND = timedelta(seconds=1)
_OF_RUN = (
    purges.c.at == bindparam("run"),
    purges.c.rule == bindparam("by_rule"),
    purges.c.kept == bindparam("span"),
)
_ADD = (
    update(purges)
    .where(*_OF_RUN)
    .values(
        mails=purges.c.mails + bindparam("more_mails"),
        documents=purges.c.documents + bindparam("more_documents"),
        octets=purges.c.octets + bindparam("more_octets"),
        records=purges.c.records + bindparam("more_records"),
        longest=case((purges.c.longest < bindparam("so_long"), bindparam("so_long")), else_=purges.c.longest),
    )
)
_NO_SPAN = -1


def note_purge(
    turn: Turn,
    run: PurgeRun,
    *,
    mails: int = 0,
    documents: int = 0,
    octets: int = 0,
    records: int = 0,
    since: datetime | None = None,
) -> None:
    """Add to what a run has removed by a rule.

    Args:
        turn: of the removal.
        run: whose.
        mails: of which something went.
        documents: whose octets went.
        octets: of them together.
        records: rows.
        since: the time from which the oldest of it was kept.
    """
    if not (mails or documents or records):
        return
    span = _NO_SPAN if run.kept is None else run.kept // _SECOND
    counted = {"mails": mails, "documents": documents, "octets": octets, "records": records}
    longest = max(0, (turn.now - since) // _SECOND) if since else 0
    known = {"run": run.at, "by_rule": run.rule.value, "span": span, "so_long": longest}
    added = turn.connection.execute(
        _ADD, {**known, **{f"more_{name}": number for name, number in counted.items()}}
    )
    if not added.rowcount:
        row = {"at": run.at, "rule": run.rule.value, "kept": span, "longest": longest, "wiped": False}
        turn.connection.execute(insert(purges), {**row, **counted})


def note_wiped(turn: Turn) -> None:
    """What was removed so far is gone from the log as well."""
    turn.connection.execute(update(purges).where(UNWIPED).values(wiped=True))


def find_purges(connection: Connection, since: datetime | None) -> tuple[PurgeEntry, ...]:
    """What was removed by the runs that began at this time or later, newest first."""
    query = select(purges).order_by(purges.c.at.desc(), purges.c.id)
    if since is not None:
        query = query.where(purges.c.at >= since)
    return tuple(map(_entry, connection.execute(query)))


def purge_purges(turn: Turn, before: datetime) -> int:
    """Forget the runs from before that time; how many rows."""
    return turn.connection.execute(delete(purges).where(purges.c.at < before)).rowcount


def _entry(row: Row[Any]) -> PurgeEntry:
    return PurgeEntry(
        at=row.at,
        rule=PurgeRule(row.rule),
        kept=None if row.kept == _NO_SPAN else row.kept * _SECOND,
        mails=row.mails,
        documents=row.documents,
        octets=row.octets,
        records=row.records,
        longest=row.longest * _SECOND,
        wiped=row.wiped,
    )
