"""Call detail records: the faxes that came to their end in a time, oldest first, a group at a time.

A month has half a million of them, so no more than one group is ever in memory, and each is read by itself.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Row,
    Select,
    and_,
    bindparam,
    func,
    select,
    type_coerce,
)

from store.cdr import DetailRecord, microseconds
from store.lifecycle import FINAL_STATES, JobState
from store.records.policies import read_sender, read_senders
from store.sender import Sender
from store.tables import FINISHED, attempts, jobs
from store.tally import Period

GROUP = 2000
_POLICY = 4
"""Place of the policy in a row, with the account beside it; of a record it is the sender's."""


def _as_kept(column: ColumnElement[Any]) -> ColumnElement[int]:
    """A time as a number: making millions into datetimes, and those into texts, takes minutes."""
    return type_coerce(column, BigInteger)


_LAST = (
    select(func.max(attempts.c.number))
    .where(attempts.c.job_id == jobs.c.id)
    .correlate(jobs)
    .scalar_subquery()
)
_ROWS: Select[Any] = (
    select(
        jobs.c.id,
        _as_kept(jobs.c.finished_at),
        _as_kept(jobs.c.created_at),
        jobs.c.status,
        jobs.c.policy,
        jobs.c.user_email,
        jobs.c.department,
        jobs.c.sender,
        jobs.c.number,
        jobs.c.reference,
        jobs.c.billing,
        jobs.c.pages,
        jobs.c.pages_confirmed,
        jobs.c.tries,
        _as_kept(attempts.c.started_at),
        _as_kept(attempts.c.answered_at),
        _as_kept(attempts.c.ended_at),
        attempts.c.line,
        attempts.c.shares_call_of,
    )
    .outerjoin(attempts, and_(attempts.c.job_id == jobs.c.id, attempts.c.number == _LAST))
    .where(
        FINISHED,
        _as_kept(jobs.c.finished_at) >= bindparam("begin"),
        _as_kept(jobs.c.finished_at) < bindparam("end"),
        # Not the column itself: the planner would look through all faxes in these states for each group.
        jobs.c.state.concat("").in_(bindparam("states", expanding=True)),
        # All that come after the last one of the group before.
        (_as_kept(jobs.c.finished_at) > bindparam("after")) | (jobs.c.id > bindparam("after_id")),
    )
    .order_by(jobs.c.finished_at, jobs.c.id)
    .limit(GROUP)
)


def detail_records(
    connection: Connection, period: Period, after: tuple[int, str], *, failures: bool
) -> tuple[DetailRecord, ...]:
    """The next group.

    Args:
        connection: to the book.
        period: when the faxes came to their end.
        after: time and id of the last one that was read; 0 and an empty text at first.
        failures: whether those are wanted that were not sent, or those that were.
    """
    states = FINAL_STATES - {JobState.SENT} if failures else {JobState.SENT}
    asked = {
        "begin": max(microseconds(period.begin), after[0]),
        "end": microseconds(period.end),
        "states": sorted(state.value for state in states),
        "after": after[0],
        "after_id": after[1],
    }
    rows = connection.execute(_ROWS, asked).all()
    senders = read_senders(connection, (row[_POLICY] for row in rows))
    return tuple(_record(row, senders) for row in rows)


def sender_of(row: Row[Any], policy: str | None) -> Sender:
    """Who sent the fax of a row, whose `policy` is the digest of this text."""
    if policy is None:
        return Sender(email=row.user_email, name="", company="", custom_fields={})
    return read_sender(row.policy, policy)


def _record(row: Row[Any], senders: Mapping[str, Sender]) -> DetailRecord:
    """The columns stand in the order of the noun: half a million times, and not by name."""
    values = tuple(row)
    sender = senders.get(values[_POLICY]) or sender_of(row, None)
    return DetailRecord._make((*values[:_POLICY], sender, *values[_POLICY + 2 :]))
