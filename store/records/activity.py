"""The activity of a time: which faxes a filter lets through, newest first, and what is told of each.

Which they are is answered by the indexes of `jobs`; what is told of them is read for one page at a time.
"""

import json
from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, and_, bindparam, func, select

from config.settings import DatetimeSettings
from store.activity import COUNTED, Activity, ActivityFilter, Found, LastCall
from store.job import Outcome
from store.records.conditions import filtered
from store.records.detail_records import sender_of
from store.status import Status
from store.tables import attempts, jobs, mails, policies

PAGE = 1000
"""Faxes that an export reads at one time."""

_IDS = select(jobs.c.created_at, jobs.c.id)
_NEWEST_FIRST = (jobs.c.created_at.desc(), jobs.c.id.desc())
# What is told of a call in a list: not all that is kept of it.
_OUTCOME = (
    *("status", "cause", "ended_at", "answered_at", "pages_confirmed", "remote_csid", "transport"),
    *("bit_rate", "ecm", "compression", "sip_code", "q850_cause"),
)
_LAST = (
    select(func.max(attempts.c.number))
    .where(attempts.c.job_id == jobs.c.id)
    .correlate(jobs)
    .scalar_subquery()
)
_TOLD: Select[Any] = (
    select(
        *(column for column in jobs.c if column.name in {each.name for each in fields(Activity)}),
        jobs.c.user_email,
        jobs.c.policy,
        mails.c.subject,
        policies.c.policy.label("policy_text"),
        attempts.c.started_at,
        attempts.c.line,
        attempts.c.ended_at,
        *(attempts.c[name].label(f"call_{name}") for name in _OUTCOME),
    )
    .join(mails, mails.c.id == jobs.c.mail_id)
    .outerjoin(policies, policies.c.digest == jobs.c.policy)
    .outerjoin(attempts, and_(attempts.c.job_id == jobs.c.id, attempts.c.number == _LAST))
    .where(jobs.c.id.in_(bindparam("ids", expanding=True)))
)
_NEWEST_POLICY = (
    select(policies.c.policy)
    .join(jobs, jobs.c.policy == policies.c.digest)
    .order_by(jobs.c.created_at.desc())
    .limit(1)
)


def find_activity(connection: Connection, wanted: ActivityFilter, rows: int, before: int) -> Found:
    """One page of what a filter lets through, newest first.

    Args:
        connection: to the book.
        wanted: the filter.
        rows: how many at most.
        before: how many newer ones are passed over.
    """
    query = filtered(connection, _IDS, wanted)
    ids = [row.id for row in connection.execute(query.order_by(*_NEWEST_FIRST).limit(rows).offset(before))]
    all_seen = len(ids) < rows and (ids or not before)
    total = before + len(ids) if all_seen else _counted(connection, query)
    return Found(rows=told(connection, ids), total=total)


def _counted(connection: Connection, query: Select[Any]) -> int:
    some = query.limit(COUNTED).subquery()
    return connection.scalar(select(func.count()).select_from(some)) or 0


def activity_after(
    connection: Connection, wanted: ActivityFilter, after: Activity | None
) -> tuple[Activity, ...]:
    """The next page of an export, which begins with the newest fax.

    Args:
        connection: to the book.
        wanted: the filter.
        after: the last one of the page before; None for the first page.
    """
    query = filtered(connection, _IDS, wanted)
    if after is not None:
        query = query.where(
            jobs.c.created_at <= after.created_at,
            (jobs.c.created_at < after.created_at) | (jobs.c.id < after.id),
        )
    rows = connection.execute(query.order_by(*_NEWEST_FIRST).limit(PAGE))
    return told(connection, [row.id for row in rows])


def matching_jobs(connection: Connection, wanted: ActivityFilter) -> tuple[str, ...]:
    """Ids of all jobs that a filter lets through, newest first."""
    query = filtered(connection, _IDS, wanted).order_by(*_NEWEST_FIRST)
    return tuple(row.id for row in connection.execute(query))


def told(connection: Connection, ids: Sequence[str]) -> tuple[Activity, ...]:
    """What is told of these jobs, in their order; those that are gone are left out."""
    found = {row.id: _activity(row) for row in connection.execute(_TOLD, {"ids": ids})} if ids else {}
    return tuple(found[job_id] for job_id in ids if job_id in found)


def recorded_span(connection: Connection) -> tuple[datetime, datetime] | None:
    """When the oldest and the newest fax were made; None while there is none."""
    oldest = connection.scalar(select(func.min(jobs.c.created_at)))
    newest = connection.scalar(select(func.max(jobs.c.created_at)))
    return (oldest, newest) if oldest and newest else None


def newest_datetimes(connection: Connection) -> DatetimeSettings:
    """How the newest fax's policy has times told; the built-in way where there is no fax."""
    text = connection.scalar(_NEWEST_POLICY)
    said = json.loads(text)["settings"].get("datetime", {}) if text else {}
    return DatetimeSettings.kept(json.dumps(said))


def _activity(row: Row[Any]) -> Activity:
    return Activity(
        id=row.id,
        mail_id=row.mail_id,
        state=row.state,
        status=row.status or "",
        explanation=row.explanation,
        sender=row.sender,
        department=row.department,
        user=sender_of(row, row.policy_text),
        number=row.number,
        subaddress=row.subaddress,
        recipient_name=row.recipient_name,
        recipient_company=row.recipient_company,
        subject=row.subject,
        reference=row.reference,
        billing=row.billing,
        priority=row.priority,
        cover_template=row.cover_template,
        pages=row.pages,
        pages_confirmed=row.pages_confirmed,
        tries=row.tries,
        created_at=row.created_at,
        first_call_at=row.first_call_at,
        finished_at=row.finished_at,
        resend_of=row.resend_of,
        last_call=_last_call(row, row.started_at) if row.started_at else None,
    )


def _last_call(row: Row[Any], started_at: datetime) -> LastCall:
    if row.ended_at is None:
        return LastCall(started_at=started_at, line=row.line, outcome=None)
    facts = {name: getattr(row, f"call_{name}") for name in _OUTCOME}
    outcome = Outcome(**{**facts, "status": Status(facts["status"])})
    return LastCall(started_at=started_at, line=row.line, outcome=outcome)
