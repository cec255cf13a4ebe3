"""Deeds of people: written in the transaction of what was done, read newest first, never changed."""

from collections.abc import Mapping

from sqlalchemy import Connection, Row, ScalarSelect, func, insert, select

from store.administration_tables import audit
from store.audit_entry import AuditAction, AuditEntry, AuditFilter
from store.records.turn import Turn

_NEWEST_FIRST = select(audit).order_by(audit.c.at.desc(), audit.c.id.desc())


def note(turn: Turn, action: AuditAction, details: Mapping[str, str], *, by: str) -> None:
    """Write that somebody did this to each of these subjects, with the detail of each."""
    deed = {"at": turn.now, "by": by, "action": action.value}
    rows = [{**deed, "subject": subject, "detail": detail} for subject, detail in details.items()]
    if rows:
        turn.connection.execute(insert(audit), rows)


def find_entries(connection: Connection, wanted: AuditFilter) -> tuple[AuditEntry, ...]:
    """The deeds that the filter lets through, newest first."""
    query = _NEWEST_FIRST.limit(wanted.limit)
    if wanted.since is not None:
        query = query.where(audit.c.at >= wanted.since)
    if wanted.subject:
        query = query.where(audit.c.subject == wanted.subject)
    if wanted.by:
        query = query.where(audit.c.by == wanted.by)
    if wanted.actions:
        query = query.where(audit.c.action.in_(sorted(action.value for action in wanted.actions)))
    return tuple(map(_entry, connection.execute(query)))


def last_of(action: AuditAction) -> ScalarSelect[int]:
    """The number of the last deed of this kind, as part of a query; 0 if there is none."""
    last = select(func.max(audit.c.id)).where(audit.c.action == action.value).scalar_subquery()
    return select(func.coalesce(last, 0)).scalar_subquery()


def _entry(row: Row[tuple[object, ...]]) -> AuditEntry:
    return AuditEntry(
        at=row.at, by=row.by, action=AuditAction(row.action), subject=row.subject, detail=row.detail
    )
