"""Archives as they stand in the record, and copies that a person wants to have tried again."""

from dataclasses import replace

from sqlalchemy import Connection, bindparam, func, select, update

from config.archive import ArchiveSettings
from store.archive_standing import ArchiveStanding, Retry
from store.audit_entry import AuditAction
from store.errors import NotInBook
from store.mail import MailState
from store.outbox import Copy, DeliveryState
from store.records.audit import note
from store.records.outbox import copy_of_row
from store.records.turn import Turn
from store.tables import copies, jobs, mails

_PENDING, _GIVEN_UP = DeliveryState.PENDING.value, DeliveryState.GIVEN_UP.value
_COUNTED = select(
    copies.c.archive,
    copies.c.state,
    func.count().label("copies"),
    func.min(copies.c.created_at).label("oldest"),
    func.min(copies.c.due_at).label("next_try"),
    func.max(copies.c.delivered_at).label("last_delivered"),
).group_by(copies.c.archive, copies.c.state)
_TROUBLE = (
    select(copies.c.last_error)
    .where(
        copies.c.archive == bindparam("archive"),
        copies.c.state.in_([_PENDING, _GIVEN_UP]),
        copies.c.last_error != "",
    )
    # `pending` is the later word.
    .order_by(copies.c.state.desc(), copies.c.created_at.desc())
    .limit(1)
)
_TO_RETRY = (
    select(copies).where(copies.c.state.in_([_PENDING, _GIVEN_UP])).order_by(copies.c.created_at, copies.c.id)
)
_THIS = (
    select(copies, mails.c.state.label("mail_state"))
    .join(jobs, copies.c.job_id == jobs.c.id)
    .join(mails, jobs.c.mail_id == mails.c.id)
    .where(copies.c.id == bindparam("which"))
)


def standings(connection: Connection) -> tuple[ArchiveStanding, ...]:
    """Every archive that has copies, one for each way that its settings were."""
    found: dict[str, ArchiveStanding] = {}
    for row in connection.execute(_COUNTED).all():
        known = found.get(row.archive) or _standing(connection, row.archive)
        match DeliveryState(row.state):
            case DeliveryState.PENDING:
                known = replace(known, waiting=row.copies, oldest=row.oldest, next_try=row.next_try)
            case DeliveryState.GIVEN_UP:
                known = replace(known, given_up=row.copies)
            case _:
                known = replace(known, delivered=row.copies, last_delivered=row.last_delivered)
        found[row.archive] = known
    return tuple(found.values())


def _standing(connection: Connection, archive: str) -> ArchiveStanding:
    trouble = connection.scalar(_TROUBLE, {"archive": archive}) or ""
    return ArchiveStanding(archive=ArchiveSettings.kept(archive), trouble=trouble)


def copies_to_retry(connection: Connection) -> tuple[Copy, ...]:
    """Every copy that waits or was given up, oldest first."""
    return tuple(map(copy_of_row, connection.execute(_TO_RETRY)))


def retry_copy(turn: Turn, copy_id: str, archive: ArchiveSettings, *, by: str) -> Retry:
    """Let a copy be due now, at this archive, with all of its tries before it."""
    row = turn.connection.execute(_THIS, {"which": copy_id}).first()
    if row is None:
        raise NotInBook("copy", copy_id)
    if row.state == DeliveryState.DELIVERED.value:
        return Retry.DELIVERED
    if row.mail_state == MailState.PURGED.value:
        return Retry.NOT_KEPT
    if row.owner and row.due_at > turn.now:
        return Retry.UNDER_WAY
    owed = {
        "state": _PENDING,
        "tries": 0,
        "due_at": turn.now,
        "archive": archive.model_dump_json(),
        "owner": "",
    }
    turn.connection.execute(update(copies).where(copies.c.id == copy_id).values(**owed))
    note(turn, AuditAction.RETRY_COPY, {row.job_id: archive.goes_to}, by=by)
    return Retry.OWED
