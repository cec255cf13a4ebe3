"""When something comes due, and how much there is of everything."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, TypeVar

from sqlalchemy import Connection, Select, Table, bindparam, func, select

from store.lifecycle import JobState
from store.mail import MailState
from store.outbox import DeliveryState
from store.records.next_call import next_call_due
from store.tables import EXPIRING, copies, jobs, mails, notices

_State = TypeVar("_State", bound=StrEnum)


@dataclass(frozen=True, kw_only=True, slots=True)
class Counts:
    """How many there are in each state; a state that nothing is in is 0."""

    mails: Mapping[MailState, int]
    jobs: Mapping[JobState, int]
    notices: Mapping[DeliveryState, int]
    copies: Mapping[DeliveryState, int]


class Work(StrEnum):
    """What can be claimed."""

    RECEIVED_MAIL = "received mail"
    SUBMITTED_MAIL = "submitted mail"
    CALL = "call"
    EXPIRY = "expiry"
    NOTICE = "notice"
    COPY = "copy"


@dataclass(frozen=True, kw_only=True, slots=True)
class Outlook:
    """What there is to do at a time, and when there will be more."""

    due: frozenset[Work]
    """Of these something is due. That does not mean that it can be claimed: a call needs a free channel."""
    next_due: Mapping[Work, datetime]
    """When the first comes due that is not due yet; nothing where there is none."""


_WAITING = (
    (Work.RECEIVED_MAIL, mails, MailState.RECEIVED),
    (Work.SUBMITTED_MAIL, mails, MailState.SUBMITTED),
    (Work.NOTICE, notices, DeliveryState.PENDING),
    (Work.COPY, copies, DeliveryState.PENDING),
)
_NEXT_EXPIRY = (
    select(jobs.c.expires_at)
    .where(
        EXPIRING,
        jobs.c.expires_at > bindparam("after"),
        jobs.c.state != JobState.DIALLING.value,
    )
    .order_by(jobs.c.expires_at)
    .limit(1)
)
_EVER = datetime.min.replace(tzinfo=UTC)


def outlook(connection: Connection, now: datetime) -> Outlook:
    """What is due at this time, and what comes after it."""
    due = {work: _first_two(connection, work, now) for work in Work}
    return Outlook(
        due=frozenset(work for work, (first, _) in due.items() if first is not None and first <= now),
        next_due={work: after for work, (_, after) in due.items() if after is not None},
    )


def _first_two(connection: Connection, work: Work, now: datetime) -> tuple[datetime | None, datetime | None]:
    """The first time of all, and the first after now."""
    first = _first_due(connection, work, _EVER)
    if first is None or first > now:
        return first, first
    return first, _first_due(connection, work, now)


def _first_due(connection: Connection, work: Work, after: datetime) -> datetime | None:
    if work is Work.CALL:
        return next_call_due(connection, after)
    due_at: datetime | None = connection.scalar(_FIRST_DUE[work], {"after": after})
    return due_at


def _first_due_query(table: Table, state: StrEnum) -> Select[Any]:
    due = select(table.c.due_at).where(table.c.state == state.value, table.c.due_at > bindparam("after"))
    return due.order_by(table.c.due_at).limit(1)


_FIRST_DUE = {
    Work.EXPIRY: _NEXT_EXPIRY,
    **{work: _first_due_query(table, state) for work, table, state in _WAITING},
}


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
