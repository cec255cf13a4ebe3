"""What is still kept: sizes of mails and documents, and rows of other kinds."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, bindparam, func, select, union_all

from store.administration_tables import audit, quarantine, refused
from store.mail import MailState
from store.retained import KeptRows
from store.tables import bodies, documents, jobs, mails

_IDS = bindparam("ids", expanding=True, type_=mails.c.id.type)
_BODIES = union_all(
    select(mails.c.id.label("mail_id"), bodies.c.size)
    .join(bodies, bodies.c.reference == mails.c.body)
    .where(mails.c.id.in_(_IDS), bodies.c.purged_at.is_(None)),
    select(jobs.c.mail_id, bodies.c.size)
    .join(documents, documents.c.job_id == jobs.c.id)
    .join(bodies, bodies.c.reference == documents.c.body)
    .where(jobs.c.mail_id.in_(_IDS), bodies.c.purged_at.is_(None)),
).subquery()
_SIZES = select(_BODIES.c.mail_id, func.count(), func.sum(_BODIES.c.size)).group_by(_BODIES.c.mail_id)
_IN_STATE = select(func.count(), func.min(mails.c.due_at), func.max(mails.c.due_at)).where(
    mails.c.state == bindparam("state")
)
_OTHERS = {"audit": audit, "quarantine": quarantine, "refusals": refused}


def sizes_of(connection: Connection, mail_ids: Sequence[str]) -> dict[str, tuple[int, int]]:
    """How many documents, with the mail itself, of each mail are there, and their octets."""
    rows = connection.execute(_SIZES, {"ids": mail_ids})
    return {row[0]: (row[1], int(row[2])) for row in rows}


def in_state(connection: Connection, state: MailState) -> tuple[int, datetime | None, datetime | None]:
    """How many mails are in a state, and when the first and the last are due."""
    row = connection.execute(_IN_STATE, {"state": state.value}).one()
    return row[0], row[1], row[2]


def other_rows(connection: Connection) -> dict[str, KeptRows]:
    """Audit, quarantine and refusals."""
    found = {}
    for name, table in _OTHERS.items():
        row = connection.execute(select(func.count(), func.min(table.c.at))).one()
        found[name] = KeptRows(rows=row[0], oldest=row[1])
    return found
