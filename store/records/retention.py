"""What was kept long enough is removed: first the octets of a mail and its documents, later its record.

A mail that was answered is looked at when it is due (`mails.due_at`), which is then set to the time at which
something of it may go; `store.retention` says when that is. Each removal looks again, in its own transaction,
whether nothing is still to be done with the mail.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, case, delete, exists, func, or_, select, update

from config.upkeep import RetentionSettings
from store.administration_tables import audit, pickups
from store.bodies import delete_bodies, purge_bodies
from store.lifecycle import JobState
from store.mail import MailState
from store.outbox import DeliveryState
from store.purge import PurgeRun
from store.records.purges import note_purge, purge_purges
from store.records.turn import Turn
from store.retention import KeptMail
from store.tables import (
    ALERTS,
    attempts,
    bodies,
    copies,
    documents,
    jobs,
    mails,
    notices,
    policies,
    transitions,
)

PAGE = 200
"""Mails that one look reads."""
GROUP = 20
"""Mails that one transaction removes something of: secure deletion writes every page of their bodies, and
mails that arrive wait for it."""
ROWS = 500
"""Rows that one transaction removes of a table whose rows are small."""

_PENDING = DeliveryState.PENDING.value
_OWED = or_(
    exists().where(notices.c.mail_id == mails.c.id, notices.c.state == _PENDING),
    exists().where(copies.c.job_id == jobs.c.id, jobs.c.mail_id == mails.c.id, copies.c.state == _PENDING),
)
_ENDED = case(
    (exists().where(jobs.c.mail_id == mails.c.id, jobs.c.finished_at.is_(None)), None),
    else_=select(func.max(jobs.c.finished_at)).where(jobs.c.mail_id == mails.c.id).scalar_subquery(),
)
_KEPT = select(
    mails.c.id,
    mails.c.state,
    mails.c.user_email,
    mails.c.due_at,
    mails.c.body,
    _ENDED.label("ended_at"),
    _OWED.label("owes"),
)
_IN_TURN = (
    _KEPT.where(mails.c.state == bindparam("state"), mails.c.due_at <= bindparam("until"))
    .where(
        or_(
            mails.c.due_at > bindparam("after"),
            (mails.c.due_at == bindparam("after")) & (mails.c.id > bindparam("after_id")),
        )
    )
    .order_by(mails.c.due_at, mails.c.id)
    .limit(PAGE)
)
_AMONG = mails.c.id.in_(bindparam("ids", expanding=True))
_THESE = _KEPT.where(mails.c.state == bindparam("state"), _AMONG)
_DIGESTS = (
    select(jobs.c.mail_id, jobs.c.policy)
    .where(jobs.c.mail_id.in_(bindparam("ids", expanding=True)), jobs.c.policy.is_not(None))
    .distinct()
)
_POLICIES = select(policies.c.digest, policies.c.policy).where(
    policies.c.digest.in_(bindparam("digests", expanding=True))
)
_MOST_KNOWN = 100_000
_KNOWN: dict[str, RetentionSettings] = {}
"""What policies say, by digest: their texts are long, and thousands of mails have the same."""
_JOB_IDS = select(jobs.c.id).where(jobs.c.mail_id.in_(bindparam("ids", expanding=True)))
_DOCUMENTS = select(documents.c.body).where(documents.c.job_id.in_(_JOB_IDS))
_THERE = select(func.count(), func.sum(bodies.c.size)).where(
    bodies.c.reference.in_(bindparam("references", expanding=True)), bodies.c.purged_at.is_(None)
)
_MOVED_AT = select(func.max(transitions.c.at)).where(transitions.c.job_id == jobs.c.id).scalar_subquery()
_WAITING = select(jobs.c.mail_id, jobs.c.state, jobs.c.due_at, _MOVED_AT.label("moved_at")).where(
    jobs.c.mail_id.in_(bindparam("ids", expanding=True)), jobs.c.finished_at.is_(None)
)
_UPDATE = update(mails).where(mails.c.id == bindparam("which"), mails.c.state == bindparam("start"))
_OLD_AUDIT = select(audit.c.id).where(audit.c.at < bindparam("before")).order_by(audit.c.at).limit(ROWS)
_OLD_ALERTS = (
    select(notices.c.id)
    .where(
        ALERTS,
        notices.c.mail_id.is_(None),
        notices.c.state != _PENDING,
        notices.c.created_at < bindparam("before"),
    )
    .limit(ROWS)
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Removed:
    """What one transaction removed."""

    mails: int
    references: tuple[str, ...] = ()
    """Of bodies, whose files may go now."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Octets:
    """Bodies that have not been purged yet."""

    documents: int = 0
    octets: int = 0


def kept_mails(
    connection: Connection, state: MailState, until: datetime, after: tuple[datetime, str]
) -> tuple[KeptMail, ...]:
    """Mails in this state that are to be looked at by a time, in turn, from behind one of them on.

    Args:
        connection: to the book.
        state: answered or purged.
        until: when they are due at the latest.
        after: time and id of the last one that was seen.
    """
    asked = {"state": state.value, "until": until, "after": after[0], "after_id": after[1]}
    rows = connection.execute(_IN_TURN, asked).all()
    if not rows:
        return ()
    kept = _retentions(connection, [row.id for row in rows])
    waiting = waiting_since(connection, [row.id for row in rows if row.ended_at is None])
    return tuple(_kept_mail(row, kept, waiting.get(row.id)) for row in rows)


def waiting_since(connection: Connection, mail_ids: Sequence[str]) -> dict[str, datetime]:
    """Since when the last unfinished job of each mail has waited; without those that have one in a call."""
    found: dict[str, datetime] = {}
    calling = set()
    for row in connection.execute(_WAITING, {"ids": mail_ids}) if mail_ids else ():
        since = max(row.due_at, row.moved_at or row.due_at)
        found[row.mail_id] = max(found.get(row.mail_id, since), since)
        if row.state == JobState.DIALLING.value:
            calling.add(row.mail_id)
    return {mail_id: since for mail_id, since in found.items() if mail_id not in calling}


def _retentions(connection: Connection, ids: Sequence[str]) -> dict[str, list[RetentionSettings]]:
    """What the policies of these mails' jobs say, by mail."""
    found: dict[str, list[RetentionSettings]] = {}
    rows = connection.execute(_DIGESTS, {"ids": ids}).all()
    missing = sorted({row.policy for row in rows} - _KNOWN.keys())
    if missing:
        if len(_KNOWN) > _MOST_KNOWN:
            _KNOWN.clear()
            missing = sorted({row.policy for row in rows})
        for digest, text in connection.execute(_POLICIES, {"digests": missing}):
            _KNOWN[digest] = _read_retention(text)
    for mail_id, digest in rows:
        found.setdefault(mail_id, []).append(_KNOWN[digest])
    return found


def _read_retention(policy: str) -> RetentionSettings:
    # Not the whole policy: there is one for each of many thousands of users.
    # And one that was kept by an older version may say nothing of it.
    said = json.loads(policy)["settings"].get("retention", {})
    return RetentionSettings.kept(json.dumps(said))


def _kept_mail(
    row: Row[tuple[object, ...]], kept: Mapping[str, Sequence[RetentionSettings]], waits: datetime | None
) -> KeptMail:
    return KeptMail(
        mail_id=row.id,
        state=MailState(row.state),
        user_email=row.user_email,
        due_at=row.due_at,
        ended_at=row.ended_at,
        owes=bool(row.owes),
        kept=tuple(kept.get(row.id, ())) or (RetentionSettings(),),
        waits_since=waits,
    )


def look_later(turn: Turn, state: MailState, times: Mapping[str, datetime]) -> None:
    """Let these mails be looked at when it is time."""
    turn.connection.execute(
        _UPDATE.values(due_at=bindparam("later")),
        [{"which": mail_id, "start": state.value, "later": at} for mail_id, at in times.items()],
    )


def purge_documents(turn: Turn, mail_ids: Sequence[str], run: PurgeRun) -> Removed:
    """Remove the octets of mails and of their documents; what is recorded of them stays.

    A mail with which something is still to be done is left out, and so is one that was purged before. `run`:
    under which it is written down.
    """
    rows = _over(turn, MailState.ANSWERED, mail_ids)
    ids = [row.id for row in rows]
    if not ids:
        return Removed(mails=0)
    references = (*(row.body for row in rows), *turn.connection.scalars(_DOCUMENTS, {"ids": ids}))
    gone = octets_of(turn.connection, references)
    since = min(row.ended_at for row in rows)
    note_purge(turn, run, mails=len(ids), documents=gone.documents, octets=gone.octets, since=since)
    purge_bodies(turn.connection, references, turn.now)
    moved = _UPDATE.values(state=MailState.PURGED.value, due_at=turn.now)
    turn.connection.execute(moved, [{"which": mail_id, "start": MailState.ANSWERED.value} for mail_id in ids])
    return Removed(mails=len(ids), references=references)


def octets_of(connection: Connection, references: Sequence[str]) -> Octets:
    """How many of these bodies are there, and their size."""
    row = connection.execute(_THERE, {"references": references}).one()
    return Octets(documents=row[0], octets=int(row[1] or 0))


def purge_records(turn: Turn, mail_ids: Sequence[str], run: PurgeRun) -> Removed:
    """Remove all that is recorded of mails whose documents are gone, and of their jobs.

    `run`: under which it is written down.
    """
    rows = _over(turn, MailState.PURGED, mail_ids)
    ids = [row.id for row in rows]
    if not ids:
        return Removed(mails=0)
    connection, among = turn.connection, {"ids": ids}
    references = (*(row.body for row in rows), *connection.scalars(_DOCUMENTS, among))
    digests = {row.policy for row in connection.execute(_DIGESTS, among)}
    records = len(ids)
    for table in (attempts, transitions, copies, documents):
        records += connection.execute(delete(table).where(table.c.job_id.in_(_JOB_IDS)), among).rowcount
    for table in (notices, pickups, jobs):
        records += connection.execute(delete(table).where(table.c.mail_id.in_(ids))).rowcount
    connection.execute(delete(mails).where(mails.c.id.in_(ids)))
    since = min(row.ended_at for row in rows)
    note_purge(turn, run, mails=len(ids), records=records, since=since)
    delete_bodies(connection, references)
    unused = policies.c.digest.in_(digests) & ~exists().where(jobs.c.policy == policies.c.digest)
    connection.execute(delete(policies).where(unused))
    return Removed(mails=len(ids), references=references)


def _over(turn: Turn, state: MailState, mail_ids: Sequence[str]) -> list[Row[Any]]:
    """Those of the mails with which nothing is to be done any more."""
    rows = turn.connection.execute(_THESE, {"state": state.value, "ids": mail_ids})
    return [row for row in rows if row.ended_at is not None and not row.owes]


def purge_audit(turn: Turn, before: datetime, run: PurgeRun) -> int:
    """Remove the oldest entries of who did what from before that time, `ROWS` at most; how many.

    What was purged before that time is forgotten with them.
    """
    ids = turn.connection.scalars(_OLD_AUDIT, {"before": before}).all()
    if ids:
        turn.connection.execute(delete(audit).where(audit.c.id.in_(ids)))
    forgotten = purge_purges(turn, before)
    note_purge(turn, run, records=len(ids) + forgotten)
    return len(ids)


def purge_alerts(turn: Turn, before: datetime, run: PurgeRun) -> int:
    """Remove alerts about no mail from before that time, `ROWS` at most; how many."""
    ids = turn.connection.scalars(_OLD_ALERTS, {"before": before}).all()
    if ids:
        turn.connection.execute(delete(notices).where(notices.c.id.in_(ids)))
        note_purge(turn, run, records=len(ids))
    return len(ids)
