"""Erasing what is kept of a sender or of a number, a few mails in each transaction.

Octets go as when they were kept long enough. Rows stay, for accounting, without what tells of a person:
`store.erasure` says what that is. What is written here holds for mails with which nothing is to be done any
more; the caller has seen to that, and each transaction looks again.
"""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    Select,
    String,
    bindparam,
    cast,
    delete,
    exists,
    func,
    or_,
    select,
    update,
)

from config.settings import Settings, UserPolicy
from store.administration_tables import audit, quarantine, refused
from store.audit_entry import AuditAction
from store.bodies import delete_bodies, purge_bodies
from store.erasure import ErasurePlan, ErasureWish
from store.mail import MailState, ProofMethod, SenderProof
from store.outbox import DeliveryState
from store.purge import PurgeRun
from store.records.audit import note
from store.records.policies import keep_policy, read_policy
from store.records.purges import note_purge
from store.records.retention import Octets, Removed, octets_of
from store.records.turn import Turn
from store.tables import attempts, copies, documents, jobs, mails, notices, policies
from store.upkeep_tables import destinations

_GROUP = 500
_PENDING = DeliveryState.PENDING.value
_WITHHELD = {"state": DeliveryState.WITHHELD.value, "owner": "", "last_error": "erased on request"}
_UNREAD = [MailState.RECEIVED.value, MailState.SUBMITTED.value]
_IDS: BindParameter[str] = bindparam("ids", expanding=True)
_JOBS_OF_MAILS = select(jobs.c.id).where(jobs.c.mail_id.in_(_IDS))
_BODIES = select(mails.c.body).where(mails.c.id.in_(_IDS))
_DOCUMENTS = select(documents.c.body).where(documents.c.job_id.in_(_JOBS_OF_MAILS))
_OWING = select(mails.c.id).where(
    mails.c.id.in_(_IDS),
    or_(
        exists().where(notices.c.mail_id == mails.c.id, notices.c.state == _PENDING),
        exists().where(
            copies.c.job_id == jobs.c.id, jobs.c.mail_id == mails.c.id, copies.c.state == _PENDING
        ),
    ),
)
_UNFINISHED_MAILS = select(mails.c.id).where(
    mails.c.id.in_(_IDS),
    or_(
        mails.c.state.in_(_UNREAD),
        exists().where(jobs.c.mail_id == mails.c.id, jobs.c.finished_at.is_(None)),
    ),
)
_PLACES = select(copies.c.place).where(copies.c.job_id.in_(_JOBS_OF_MAILS), copies.c.place != "")
_UNREAD_MAILS = select(mails.c.id).where(mails.c.id.in_(_IDS), mails.c.state.in_(_UNREAD))
_NO_ONE = {
    **dict.fromkeys(("explanation", "advice", "subaddress", "recipient_name", "recipient_company"), ""),
    **dict.fromkeys(("recipient_title", "sender_name", "reference"), ""),
    "addresses": None,
    "notify": None,
}
"""Of a job: what the sender wrote."""


def find_kept(connection: Connection, wish: ErasureWish) -> ErasurePlan:
    """What is kept of a sender or a number."""
    ids = mails_of(connection, wish)
    of_wish = _jobs_of(wish)
    there = [
        octets_of(connection, [*connection.scalars(_BODIES, among), *connection.scalars(_DOCUMENTS, among)])
        for among in _in_groups(ids)
    ]
    return ErasurePlan(
        mails=tuple(ids),
        faxes=_count(connection, select(jobs.c.id).where(of_wish)),
        documents=sum(each.documents for each in there),
        octets=sum(each.octets for each in there),
        unfinished=tuple(connection.scalars(select(jobs.c.id).where(of_wish, jobs.c.finished_at.is_(None)))),
        unread=len(_among(connection, _UNREAD_MAILS, ids)),
        owing=tuple(_among(connection, _OWING, ids)),
        copies=tuple(_among(connection, _PLACES, ids)),
        refusals=_count(connection, select(refused.c.id).where(_refused_of(wish))),
        quarantined=_count(connection, select(quarantine.c.id).where(_quarantined_of(wish))),
        audited=_count(connection, select(audit.c.id).where(_audited_of(wish))),
    )


def mails_of(connection: Connection, wish: ErasureWish) -> list[str]:
    """Ids of the mails of a sender, or with a fax to a number, of which something is kept.

    Those that were erased before bear a pseudonym, and are not found.
    """
    found = dict.fromkeys(connection.scalars(select(jobs.c.mail_id).where(_jobs_of(wish))))
    if wish.sender:
        unread = select(mails.c.id).where(mails.c.state.in_(_UNREAD), _is_from(mails, wish.sender))
        found |= dict.fromkeys(connection.scalars(unread))
    return list(found)


def unfinished_mails(connection: Connection, ids: Sequence[str]) -> frozenset[str]:
    """Those of the mails that were not decided, or have a job that has not ended."""
    return frozenset(_among(connection, _UNFINISHED_MAILS, ids))


def owing_mails(connection: Connection, ids: Sequence[str]) -> frozenset[str]:
    """Those of the mails of which a notice or a copy is still to be delivered."""
    return frozenset(_among(connection, _OWING, ids))


def withhold(turn: Turn, ids: Sequence[str]) -> None:
    """Let nothing of these mails be delivered any more."""
    of_mails = notices.c.mail_id.in_(ids), notices.c.state == _PENDING
    turn.connection.execute(update(notices).where(*of_mails).values(**_WITHHELD))
    of_jobs = copies.c.job_id.in_(_JOBS_OF_MAILS), copies.c.state == _PENDING
    turn.connection.execute(update(copies).where(*of_jobs).values(**_WITHHELD), {"ids": ids})


def erase_mails(
    turn: Turn, ids: Sequence[str], wish: ErasureWish, pseudonym: str, run: PurgeRun
) -> tuple[Removed, Octets]:
    """Erase mails with which nothing is to be done any more: octets, and what tells of a person.

    Returns:
        What was removed, and how many octets that were.
    """
    connection = turn.connection
    busy = unfinished_mails(connection, ids) | owing_mails(connection, ids)
    ids = [mail_id for mail_id in ids if mail_id not in busy]
    if not ids:
        return Removed(mails=0), Octets()
    among = {"ids": ids}
    references = (*connection.scalars(_BODIES, among), *connection.scalars(_DOCUMENTS, among))
    gone = octets_of(connection, references)
    note_purge(turn, run, mails=len(ids), documents=gone.documents, octets=gone.octets)
    purge_bodies(connection, references, turn.now)
    connection.execute(
        update(mails)
        .where(mails.c.id.in_(ids), mails.c.state == MailState.ANSWERED.value)
        .values(state=MailState.PURGED.value, due_at=turn.now)
    )
    _forget_calls(connection, ids, wish, pseudonym)
    _forget_outbox(connection, ids, wish, pseudonym)
    _forget_jobs(turn, ids, wish, pseudonym)
    _forget_mails(connection, ids, wish, pseudonym)
    return Removed(mails=len(ids), references=references), gone


def _forget_mails(connection: Connection, ids: Sequence[str], wish: ErasureWish, pseudonym: str) -> None:
    values: dict[str, Any] = {
        **dict.fromkeys(("message_id", "subject", "envelope_id", "last_error"), ""),
        "recipients": (),
        "thread": (),
        "notice_requests": None,
        # A mail that is delivered once more counts as a new one.
        "dedupe_key": mails.c.id.concat(f":{pseudonym}"),
    }
    if wish.sender:
        nobody = SenderProof(
            method=ProofMethod.UNPROVEN,
            client_address="",
            helo="",
            spf_result="",
            spf_domain="",
            aligned=False,
        )
        values |= dict.fromkeys(("return_path", "header_from", "user_email"), pseudonym)
        values["proof"] = asdict(nobody)
    connection.execute(update(mails).where(mails.c.id.in_(ids)).values(**values))


def _forget_jobs(turn: Turn, ids: Sequence[str], wish: ErasureWish, pseudonym: str) -> None:
    connection = turn.connection
    mine = jobs.c.mail_id.in_(ids) & _jobs_of(wish)
    if wish.number:
        connection.execute(update(jobs).where(mine).values(**_NO_ONE, number=pseudonym))
        return
    digests = connection.scalars(
        select(jobs.c.policy).where(mine, jobs.c.policy.is_not(None)).distinct()
    ).all()
    texts = connection.execute(
        select(policies.c.digest, policies.c.policy).where(policies.c.digest.in_(digests))
    )
    for digest, text in texts.all():
        nobody = keep_policy(turn, _without_person(read_policy(text), pseudonym))
        connection.execute(update(jobs).where(mine, jobs.c.policy == digest).values(policy=nobody))
    connection.execute(update(jobs).where(mine).values(**_NO_ONE, user_email=pseudonym, sender=pseudonym))
    unused = policies.c.digest.in_(digests) & ~exists().where(jobs.c.policy == policies.c.digest)
    connection.execute(delete(policies).where(unused))


def _without_person(user: UserPolicy, pseudonym: str) -> UserPolicy:
    """What accounting needs of a policy, and how long its faxes are kept."""
    settings = Settings(
        custom_fields=user.settings.custom_fields,
        datetime=user.settings.datetime,
        retention=user.settings.retention,
    )
    return UserPolicy(
        name="", email=pseudonym, company=user.company, departments=user.departments, settings=settings
    )


def _forget_calls(connection: Connection, ids: Sequence[str], wish: ErasureWish, pseudonym: str) -> None:
    mine = select(jobs.c.id).where(jobs.c.mail_id.in_(ids), _jobs_of(wish))
    values: dict[str, Any] = {"header": "", "transcript": None}
    if wish.number:
        cause = func.replace(attempts.c.cause, wish.number, pseudonym)
        values |= {"called": pseudonym, "remote_csid": "", "cause": cause}
    connection.execute(update(attempts).where(attempts.c.job_id.in_(mine)).values(**values))


def _forget_outbox(connection: Connection, ids: Sequence[str], wish: ErasureWish, pseudonym: str) -> None:
    values = {"remark": "", "last_error": "", **({"address": pseudonym} if wish.sender else {})}
    connection.execute(update(notices).where(notices.c.mail_id.in_(ids)).values(**values))
    connection.execute(delete(copies).where(copies.c.job_id.in_(_JOBS_OF_MAILS)), {"ids": ids})


def erase_the_rest(
    turn: Turn, wish: ErasureWish, pseudonym: str, run: PurgeRun
) -> tuple[int, int, int, Removed]:
    """Erase what is kept besides mails: refusals, quarantine, deeds, and what calls taught about a number.

    Returns:
        How many refusals and mails in quarantine went, how many deeds have the pseudonym now, and the bodies
        whose files may go.
    """
    connection = turn.connection
    refusals = connection.execute(delete(refused).where(_refused_of(wish))).rowcount
    filed = connection.execute(select(quarantine.c.id, quarantine.c.body).where(_quarantined_of(wish))).all()
    references = tuple(row.body for row in filed)
    gone = octets_of(connection, references)
    connection.execute(delete(quarantine).where(quarantine.c.id.in_([row.id for row in filed])))
    delete_bodies(connection, references)
    if wish.number:
        connection.execute(delete(destinations).where(destinations.c.number == wish.number))
    audited = connection.execute(
        update(audit)
        .where(_audited_of(wish))
        .values(
            subject=func.replace(audit.c.subject, wish.subject, pseudonym),
            detail=func.replace(audit.c.detail, wish.subject, pseudonym),
        )
    ).rowcount
    note_purge(turn, run, mails=len(filed), documents=gone.documents, octets=gone.octets, records=refusals)
    return refusals, len(filed), audited, Removed(mails=len(filed), references=references)


def note_erasure(turn: Turn, pseudonym: str, detail: str, *, by: str) -> None:
    """Write who had it erased; not whose it was."""
    note(turn, AuditAction.ERASE, {pseudonym: detail}, by=by)


# --- Whose it is ------------------------------------------------------------------------------------------


def _jobs_of(wish: ErasureWish) -> ColumnElement[bool]:
    if wish.number:
        return jobs.c.number == wish.number
    return or_(jobs.c.user_email == wish.sender, jobs.c.sender == wish.sender)


def _is_from(table: Any, sender: str) -> ColumnElement[bool]:
    columns = (table.c.user_email, table.c.header_from, table.c.return_path)
    return or_(*(func.lower(column) == sender for column in columns))


def _refused_of(wish: ErasureWish) -> ColumnElement[bool]:
    if wish.number:
        return _among_recipients(refused, wish.number)
    return or_(
        func.lower(refused.c.header_from) == wish.sender, func.lower(refused.c.return_path) == wish.sender
    )


def _quarantined_of(wish: ErasureWish) -> ColumnElement[bool]:
    return _among_recipients(quarantine, wish.number) if wish.number else _is_from(quarantine, wish.sender)


def _among_recipients(table: Any, number: str) -> ColumnElement[bool]:
    """People write numbers in many ways; what is found is the number as it is dialled."""
    return cast(table.c.recipients, String).contains(number.removeprefix("+"), autoescape=True)


def _audited_of(wish: ErasureWish) -> ColumnElement[bool]:
    return or_(audit.c.subject == wish.subject, audit.c.detail.contains(wish.subject, autoescape=True))


def _in_groups(ids: Sequence[str]) -> Iterator[dict[str, Sequence[str]]]:
    """For statements that take no more values than a database allows."""
    for start in range(0, len(ids), _GROUP):
        yield {"ids": ids[start : start + _GROUP]}


def _among(connection: Connection, query: Select[Any], ids: Sequence[str]) -> list[str]:
    return [found for among in _in_groups(ids) for found in connection.scalars(query, among)]


def _count(connection: Connection, query: Select[Any]) -> int:
    return connection.scalar(select(func.count()).select_from(query.subquery())) or 0
