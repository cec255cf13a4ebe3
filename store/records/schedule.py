"""When something comes due, and how much there is of everything."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TypeVar

from sqlalchemy import Connection, Table, func, select

from store.lifecycle import JobState
from store.mail import MailState
from store.outbox import DeliveryState
from store.records.next_call import next_call_due
from store.tables import copies, jobs, mails, notices

_State = TypeVar("_State", bound=StrEnum)


@dataclass(frozen=True, kw_only=True, slots=True)
class Counts:
    """How many there are in each state; a state that nothing is in is 0."""

    mails: Mapping[MailState, int]
    jobs: Mapping[JobState, int]
    notices: Mapping[DeliveryState, int]
    copies: Mapping[DeliveryState, int]


_WAITING = (
    (mails, MailState.RECEIVED),
    (mails, MailState.SUBMITTED),
    (notices, DeliveryState.PENDING),
    (copies, DeliveryState.PENDING),
)


def next_due(connection: Connection, after: datetime) -> datetime | None:
    """The earliest time after `after` at which a claim will find something that it would not find before."""
    times = [_first_due(connection, table, state, after) for table, state in _WAITING]
    times.append(next_call_due(connection, after))
    return min((time for time in times if time is not None), default=None)


def _first_due(connection: Connection, table: Table, state: StrEnum, after: datetime) -> datetime | None:
    due = select(table.c.due_at).where(table.c.state == state.value, table.c.due_at > after)
    return connection.scalar(due.order_by(table.c.due_at).limit(1))


def count_all(connection: Connection) -> Counts:
    """Count everything by its state."""
    return Counts(
        mails=_counted(connection, mails, MailState),
        jobs=_counted(connection, jobs, JobState),
        notices=_counted(connection, notices, DeliveryState),
        copies=_counted(connection, copies, DeliveryState),
    )


def _counted(connection: Connection, table: Table, states: type[_State]) -> Mapping[_State, int]:
    query = select(table.c.state, func.count().label("number")).group_by(table.c.state)
    found = {row.state: row.number for row in connection.execute(query)}
    return {state: found.get(state.value, 0) for state in states}
