"""When something comes due, and how much there is of everything."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, TypeVar

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    ScalarSelect,
    Table,
    and_,
    bindparam,
    func,
    select,
)

from store.columns import Instant, instant
from store.driver_statement import ONE, DriverStatement
from store.lifecycle import JobState
from store.mail import MailState
from store.outbox import DeliveryState
from store.records.attempts import TO_HANG_UP
from store.tables import DIALABLE, EXPIRING, copies, jobs, mails, notices

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
    HANG_UP = "hang up"


@dataclass(frozen=True, kw_only=True, slots=True)
class Outlook:
    """What there is to do at a time, and when there will be more."""

    due: frozenset[Work]
    """Of these something is due. That does not mean that it can be claimed: a call needs a free channel."""
    next_due: Mapping[Work, datetime]
    """When the first comes due that is not due yet; nothing where there is none."""


_NOW = bindparam("now", type_=Instant())
_WAITING = {
    Work.RECEIVED_MAIL: (mails.c.due_at, mails.c.state == MailState.RECEIVED.value),
    Work.SUBMITTED_MAIL: (mails.c.due_at, mails.c.state == MailState.SUBMITTED.value),
    Work.CALL: (jobs.c.due_at, DIALABLE),
    Work.EXPIRY: (jobs.c.expires_at, and_(EXPIRING, jobs.c.state != JobState.DIALLING.value)),
    Work.NOTICE: (notices.c.due_at, notices.c.state == DeliveryState.PENDING.value),
    Work.COPY: (copies.c.due_at, copies.c.state == DeliveryState.PENDING.value),
}
"""When each comes due."""


def _first(time: Column[Any], *waiting: ColumnElement[bool]) -> ScalarSelect[Any]:
    return select(time).where(*waiting).order_by(time).limit(ONE).scalar_subquery()


_OUTLOOK = DriverStatement(
    select(
        *(
            _first(time, *waits).label(f"{work.name}_{which}")
            for work, (time, waiting) in _WAITING.items()
            for which, waits in (("first", (waiting,)), ("next", (waiting, time > _NOW)))
        ),
        select(jobs.c.id).where(TO_HANG_UP).limit(ONE).scalar_subquery().label("hang_up"),
    )
)
"""Asked after nearly every commit, so it is one statement, run on the driver: two times for each work."""


def outlook(connection: Connection, now: datetime) -> Outlook:
    """What is due at this time, and what comes after it."""
    [(*times, hang_up)] = _OUTLOOK.each(connection, [{"now": now}])
    told = iter([None if time is None else instant(time) for time in times])
    found = dict(zip(_WAITING, zip(told, told, strict=True), strict=True))
    due = {work for work, (first, _) in found.items() if first is not None and first <= now}
    return Outlook(
        due=frozenset(due | ({Work.HANG_UP} if hang_up else set())),
        next_due={work: after for work, (_, after) in found.items() if after is not None},
    )


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
