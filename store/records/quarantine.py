"""Automatic mail: filed once and only while there is room, released once, or removed with its body."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from random import Random
from typing import Any

from sqlalchemy import Connection, Row, bindparam, delete, func, insert, select

from store.administration_tables import quarantine
from store.audit_entry import AuditAction
from store.bodies import KeptBody, delete_bodies, insert_bodies
from store.errors import NotInBook
from store.mail import ProofMethod, SenderProof
from store.purge import PurgeRun
from store.quarantine import NewQuarantined, Quarantined
from store.records.audit import note
from store.records.envelopes import envelope_columns, read_envelope
from store.records.mails import as_received, find_mail, free_id, plain_proof
from store.records.purges import note_purge
from store.records.turn import Turn
from store.tables import mails

PURGE_GROUP = 100
"""Mails that one transaction removes: secure deletion writes every page of their bodies."""

_BY_ID = select(quarantine).where(quarantine.c.id == bindparam("id"))
_NEWEST_FIRST = select(quarantine).order_by(quarantine.c.at.desc(), quarantine.c.id)
_OLD = (
    select(quarantine.c.id, quarantine.c.body, quarantine.c.size, quarantine.c.at)
    .where(quarantine.c.at < bindparam("before"))
    .order_by(quarantine.c.at)
    .limit(PURGE_GROUP)
)
_COUNT = select(func.count()).select_from(quarantine)
_FILED = select(quarantine.c.id).where(quarantine.c.dedupe_key == bindparam("dedupe_key"))
_TAKEN_ON = select(mails.c.id).where(mails.c.dedupe_key == bindparam("dedupe_key"))
_KEPT_COLUMNS = (
    *("return_path", "recipients", "envelope_id", "return_content", "notice_requests"),
    *("header_from", "message_id", "size", "body", "dedupe_key"),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Filed:
    """Where a mail is that was to be filed."""

    mail_id: str
    duplicate: bool
    """It was here before, in quarantine or released from it."""


def file_quarantined(
    turn: Turn, mail: NewQuarantined, body: KeptBody, limit: int, rng: Random
) -> Filed | None:
    """Write a mail and its body, unless it is here already; None if there are as many as there may be."""
    key = {"dedupe_key": mail.dedupe_key}
    known = turn.connection.scalar(_FILED, key) or turn.connection.scalar(_TAKEN_ON, key)
    if known:
        return Filed(mail_id=known, duplicate=True)
    if (turn.connection.scalar(_COUNT) or 0) >= limit:
        return None
    mail_id = _free_id(turn.connection, rng)
    # A name apart from those of mails: one of them may come to have the same id.
    body_row = body.row(f"quarantine-{mail_id}.eml")
    insert_bodies(turn.connection, [body_row])
    turn.connection.execute(insert(quarantine), _new_row(turn, mail_id, mail, body_row))
    return Filed(mail_id=mail_id, duplicate=False)


def _free_id(connection: Connection, rng: Random) -> str:
    filed: dict[str, str] = {}
    while find_quarantined(connection, mail_id := free_id(connection, filed, rng)):
        filed[mail_id] = ""
    return mail_id


def _new_row(turn: Turn, mail_id: str, mail: NewQuarantined, body_row: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": mail_id,
        "at": turn.now,
        "client_address": mail.client_address,
        "helo": mail.helo,
        **envelope_columns(mail.envelope),
        "header_from": mail.header_from,
        "user_email": mail.user_email,
        "message_id": mail.message_id,
        "subject": mail.subject,
        "mark": mail.mark,
        "size": body_row["size"],
        "body": body_row["reference"],
        "dedupe_key": mail.dedupe_key,
    }


def release_quarantined(turn: Turn, mail_id: str, user_email: str, by: str, rng: Random) -> str:
    """Make a received mail of one in quarantine; its id, which is the same unless another mail has it.

    One that was taken on in the meantime is only removed here.

    Raises:
        NotInBook: it is not in quarantine, or not any more.
        ValueError: it names no recipient.
    """
    row = _the_row(turn.connection, mail_id)
    if not row.recipients:
        raise ValueError(f"mail {mail_id} has no recipients")
    note(turn, AuditAction.RELEASE_QUARANTINED, {mail_id: f"for {user_email}"}, by=by)
    known: str | None = turn.connection.scalar(_TAKEN_ON, {"dedupe_key": row.dedupe_key})
    if known:
        _remove(turn, [mail_id], [row.body])
        return known
    turn.connection.execute(delete(quarantine).where(quarantine.c.id == mail_id))
    new_id = free_id(turn.connection, {}, rng) if find_mail(turn.connection, mail_id) else mail_id
    values = {
        "id": new_id,
        **as_received(turn),
        **{name: getattr(row, name) for name in _KEPT_COLUMNS},
        "user_email": user_email,
        "proof": plain_proof(_proof(row, by)),
    }
    turn.connection.execute(insert(mails), values)
    return new_id


def _proof(row: Row[Any], by: str) -> SenderProof:
    return SenderProof(
        method=ProofMethod.RELEASED,
        client_address=row.client_address,
        helo=row.helo,
        spf_result="",
        spf_domain="",
        aligned=False,
        detail=by,
    )


def delete_quarantined(turn: Turn, mail_id: str, by: str) -> str:
    """Remove a mail and its row's body; the body's reference.

    Raises:
        NotInBook: it is not in quarantine, or not any more.
    """
    reference: str = _the_row(turn.connection, mail_id).body
    _remove(turn, [mail_id], [reference])
    note(turn, AuditAction.DELETE_QUARANTINED, {mail_id: ""}, by=by)
    return reference


def purge_quarantined(turn: Turn, before: datetime, run: PurgeRun) -> tuple[str, ...]:
    """Remove the oldest mails from before that time, `PURGE_GROUP` at most; references of their bodies.

    `run`: under which it is written down.
    """
    rows = turn.connection.execute(_OLD, {"before": before}).all()
    octets = sum(row.size for row in rows)
    since = min((row.at for row in rows), default=None)
    note_purge(turn, run, mails=len(rows), documents=len(rows), octets=octets, since=since)
    _remove(turn, [row.id for row in rows], [row.body for row in rows])
    return tuple(row.body for row in rows)


def _remove(turn: Turn, ids: Sequence[str], references: Sequence[str]) -> None:
    turn.connection.execute(delete(quarantine).where(quarantine.c.id.in_(ids)))
    delete_bodies(turn.connection, references)


def find_quarantined(connection: Connection, mail_id: str) -> Quarantined | None:
    """A mail in quarantine by its id."""
    row = connection.execute(_BY_ID, {"id": mail_id}).first()
    return _quarantined(row) if row else None


def quarantined_since(connection: Connection, since: datetime | None, limit: int) -> tuple[Quarantined, ...]:
    """The mails that were filed at this time or later, newest first, at most so many."""
    query = _NEWEST_FIRST.limit(limit)
    if since is not None:
        query = query.where(quarantine.c.at >= since)
    return tuple(_quarantined(row) for row in connection.execute(query))


def _the_row(connection: Connection, mail_id: str) -> Row[Any]:
    row = connection.execute(_BY_ID, {"id": mail_id}).first()
    if row is None:
        raise NotInBook("mail in quarantine", mail_id)
    return row


def _quarantined(row: Row[Any]) -> Quarantined:
    return Quarantined(
        id=row.id,
        at=row.at,
        client_address=row.client_address,
        helo=row.helo,
        envelope=read_envelope(row),
        header_from=row.header_from,
        user_email=row.user_email,
        message_id=row.message_id,
        subject=row.subject,
        mark=row.mark,
        size=row.size,
        body=row.body,
    )
