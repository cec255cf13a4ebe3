"""A mail in the book: accepted once, claimed for each step of its way, put off when a step fails."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from random import Random
from typing import Any

from sqlalchemy import Connection, Row, bindparam, insert, or_, select, update

from store.bodies import KeptBody, insert_bodies
from store.driver_statement import ONE, DriverStatement
from store.errors import BookUnavailable, NotInBook
from store.ids import new_mail_ids
from store.job import FaxJob
from store.mail import MailState, NewMail, ProofMethod, ReceivedMail, SenderProof
from store.pickup import PickupKey
from store.records.envelopes import envelope_columns, read_envelope
from store.records.jobs import converting_jobs
from store.records.pickups import insert_pickups, mails_picked_up
from store.records.turn import Turn
from store.tables import mails

_ID_TRIES = 100
_PROOF_FIELDS = tuple(field.name for field in fields(SenderProof))


@dataclass(frozen=True, slots=True)
class Arrived:
    """A mail that intake handed over."""

    mail: NewMail
    body: KeptBody
    pickup: PickupKey | None = None
    """Where it was fetched, if it was: the same message is no second mail, whatever its dedupe key."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Accepted:
    """What became of a mail that intake handed over."""

    mail_id: str
    duplicate: bool
    """The same mail was here before; the id is that of the first."""


@dataclass(frozen=True, kw_only=True, slots=True)
class MailClaim:
    """A mail that is this process's to work on until its lease ends."""

    mail: ReceivedMail
    body: str
    """Reference of the message as received."""
    jobs: tuple[FaxJob, ...]
    """Those that have no document yet; empty for a mail that was not decided."""
    tries: int
    """How often work on it failed in its present state, or ended with its process."""
    last_error: str
    until: datetime
    """The end of the lease."""


_TAKEN = DriverStatement(
    select(mails.c.id, mails.c.dedupe_key).where(
        or_(mails.c.dedupe_key == bindparam("dedupe_key"), mails.c.id == bindparam("id"))
    )
)
_INSERT = DriverStatement(insert(mails), mails.c.keys())
_BY_ID = DriverStatement(select(mails).where(mails.c.id == bindparam("id")))
_BODY = DriverStatement(select(mails.c.body).where(mails.c.id == bindparam("id")))
_DUE = DriverStatement(
    select(mails)
    .where(mails.c.state == bindparam("state"), mails.c.due_at <= bindparam("now"))
    .order_by(mails.c.due_at)
    .limit(ONE)
    .with_for_update(skip_locked=True)
)
_UPDATE = update(mails).where(mails.c.id == bindparam("which"))
_HOLD = DriverStatement(_UPDATE, ["owner", "due_at"])
# A claim whose lease ended may be another process's by now: it is left there.
_HELD = _UPDATE.where(mails.c.owner == bindparam("holder"))


def accept_mails(turn: Turn, arrived: Sequence[Arrived], rng: Random) -> list[Accepted]:
    """Write mails and their bodies, except those that are here already or are among them twice."""
    ids = new_mail_ids(rng, len(arrived))
    asked = ({"dedupe_key": one.mail.dedupe_key, "id": own} for one, own in zip(arrived, ids, strict=True))
    taken: dict[str, str] = dict(_TAKEN.each(turn.connection, asked))
    first = {dedupe_key: mail_id for mail_id, dedupe_key in taken.items()}
    picked_up = mails_picked_up(turn.connection, [one.pickup for one in arrived if one.pickup])
    new_pickups = {}
    accepted, body_rows, rows = [], [], []
    for one, candidate in zip(arrived, ids, strict=True):
        known = first.get(one.mail.dedupe_key) or (picked_up.get(one.pickup) if one.pickup else None)
        mail_id = known or (candidate if candidate not in taken else free_id(turn.connection, taken, rng))
        if not known:
            taken[mail_id] = one.mail.dedupe_key
            first[one.mail.dedupe_key] = mail_id
            body_row = one.body.row(f"{mail_id}.eml")
            body_rows.append(body_row)
            rows.append(_new_row(turn, mail_id, one.mail, body_row))
        if one.pickup and one.pickup not in picked_up:
            picked_up[one.pickup] = new_pickups[one.pickup] = mail_id
        accepted.append(Accepted(mail_id=mail_id, duplicate=known is not None))
    if rows:
        insert_bodies(turn.connection, body_rows)
        _INSERT.many(turn.connection, rows)
    insert_pickups(turn, new_pickups)
    return accepted


def free_id(connection: Connection, taken: Mapping[str, str], rng: Random) -> str:
    """An id that no mail has and that is not among `taken`.

    Raises:
        BookUnavailable: there are next to none.
    """
    for _ in range(_ID_TRIES):
        [mail_id] = new_mail_ids(rng, 1)
        if mail_id not in taken and find_mail(connection, mail_id) is None:
            return mail_id
    raise BookUnavailable(
        "The book has run out of ids for mails. Purge old records.", f"{_ID_TRIES} random ids were taken"
    )


def _new_row(turn: Turn, mail_id: str, mail: NewMail, body_row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": mail_id,
        **as_received(turn),
        **envelope_columns(mail.envelope),
        "header_from": mail.header_from,
        "user_email": mail.user_email,
        "proof": plain_proof(mail.proof),
        "message_id": mail.message_id,
        "size": body_row["size"],
        "body": body_row["reference"],
        "dedupe_key": mail.dedupe_key,
    }


def as_received(turn: Turn) -> dict[str, Any]:
    """The columns of a mail that nothing was done with yet."""
    return {
        "state": MailState.RECEIVED.value,
        "received_at": turn.now,
        "subject": "",
        "thread": (),
        "due_at": turn.now,
        "owner": "",
        "tries": 0,
        "last_error": "",
    }


def plain_proof(proof: SenderProof) -> dict[str, Any]:
    """A proof as it is kept."""
    return {name: getattr(proof, name) for name in _PROOF_FIELDS}


def claim_mail(turn: Turn, state: MailState, lease: timedelta) -> MailClaim | None:
    """Claim the mail in this state that has been due longest, if there is one."""
    row = _DUE.first(turn.connection, {"state": state.value, "now": turn.now})
    if row is None:
        return None
    until = turn.now + lease
    _HOLD.many(turn.connection, [{"which": row.id, "owner": turn.owner, "due_at": until}])
    return MailClaim(
        mail=_mail(row),
        body=row.body,
        jobs=converting_jobs(turn.connection, row.id) if state is MailState.SUBMITTED else (),
        tries=row.tries,
        last_error=row.last_error,
        until=until,
    )


def postpone_mail(turn: Turn, mail_id: str, due_at: datetime, error: str) -> None:
    """Give a claimed mail back, to be claimed again from `due_at` on; counts as a try."""
    again = _HELD.values(tries=mails.c.tries + 1)
    turn.connection.execute(again, _given_back(turn, mail_id, due_at) | {"last_error": error})


def release_mail(turn: Turn, mail_id: str, due_at: datetime) -> None:
    """Give a claimed mail back as it was, to be claimed from `due_at` on."""
    turn.connection.execute(_HELD, _given_back(turn, mail_id, due_at))


def _given_back(turn: Turn, mail_id: str, due_at: datetime) -> dict[str, Any]:
    return {"which": mail_id, "holder": turn.owner, "owner": "", "due_at": due_at}


def advance_mail(turn: Turn, mail_id: str, start: MailState, end: MailState, **values: Any) -> None:
    """Move a mail into its next state and give its claim back.

    Raises:
        NotInBook: there is no such mail in the state `start`.
    """
    moved = turn.connection.execute(
        _UPDATE.where(mails.c.state == bindparam("start")),
        {
            "which": mail_id,
            "start": start.value,
            "state": end.value,
            "owner": "",
            "due_at": turn.now,
            "tries": 0,
            "last_error": "",
            **values,
        },
    )
    if moved.rowcount != 1:
        raise NotInBook(f"mail that is {start}", mail_id)


def the_mail(connection: Connection, mail_id: str) -> ReceivedMail:
    """A mail by its id.

    Raises:
        NotInBook: there is no such mail.
    """
    mail = find_mail(connection, mail_id)
    if mail is None:
        raise NotInBook("mail", mail_id)
    return mail


def find_mail(connection: Connection, mail_id: str) -> ReceivedMail | None:
    """A mail by its id."""
    row = _BY_ID.first(connection, {"id": mail_id})
    return None if row is None else _mail(row)


def body_of(connection: Connection, mail_id: str) -> str:
    """The reference of a mail as received.

    Raises:
        NotInBook: there is no such mail.
    """
    row = _BODY.first(connection, {"id": mail_id})
    if row is None:
        raise NotInBook("mail", mail_id)
    return str(row.body)


def _mail(row: Row[Any]) -> ReceivedMail:
    return ReceivedMail(
        id=row.id,
        state=MailState(row.state),
        received_at=row.received_at,
        envelope=read_envelope(row),
        header_from=row.header_from,
        user_email=row.user_email,
        proof=SenderProof(**{**row.proof, "method": ProofMethod(row.proof["method"])}),
        message_id=row.message_id,
        subject=row.subject,
        references=tuple(row.thread),
        size=row.size,
    )
