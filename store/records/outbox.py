"""Notices and copies: owed by the transaction that causes them, claimed, delivered or given up.

Both are rows of the same shape, so one set of statements serves both; `store.tables` says how claims work.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import Connection, Row, Table, bindparam, func, insert, select, update

from config.archive import ArchiveSettings
from store.driver_statement import ONE, DriverStatement
from store.job import FaxJob
from store.lifecycle import FINAL_STATES, JobState
from store.mail import ReceivedMail
from store.outbox import (
    SUMMED_UP_ABOVE,
    Copy,
    DeliveryState,
    Notice,
    NoticeKind,
)
from store.owed_notices import Owed, delivery_notice, initial_notice, others_told, summed_up
from store.records.jobs import jobs_of_mail
from store.records.mails import the_mail
from store.records.turn import Turn
from store.tables import copies, jobs, notices

_OVER_LIMIT = "{} failure notices went to this address within an hour"
_FAILURES = select(notices.c.id).where(
    notices.c.address == bindparam("address"),
    notices.c.kind == NoticeKind.INITIAL.value,
    notices.c.success.is_(False),
    notices.c.state != DeliveryState.WITHHELD.value,
)
_OF_GROUP = (
    select(func.count())
    .select_from(jobs)
    .where(jobs.c.mail_id == bindparam("mail_id"), jobs.c.resend_of == "")
)
_UNFINISHED = (
    select(jobs.c.id)
    .where(
        jobs.c.mail_id == bindparam("mail_id"),
        jobs.c.resend_of == "",
        jobs.c.state.not_in([state.value for state in FINAL_STATES]),
    )
    .limit(ONE)
)
_DUE = {
    table: DriverStatement(
        select(table)
        .where(table.c.state == DeliveryState.PENDING.value, table.c.due_at <= bindparam("now"))
        .order_by(table.c.due_at)
        .limit(ONE)
        .with_for_update(skip_locked=True)
    )
    for table in (notices, copies)
}
_HOLD = {
    table: DriverStatement(update(table).where(table.c.id == bindparam("which")), ["owner", "due_at"])
    for table in (notices, copies)
}
_SUMMARY = (
    select(notices.c.id)
    .where(notices.c.mail_id == bindparam("mail_id"), notices.c.kind == NoticeKind.SUMMARY.value)
    .limit(ONE)
)


def owe_initial_notice(turn: Turn, mail: ReceivedMail, jobs: Sequence[FaxJob]) -> None:
    """Owe the notice that a mail was taken on, or that some of it was refused, if it is wanted.

    A failure over the hourly limit of its address is written down as withheld. RFC 3834 §2: where a program
    at the other end answers each notice with another faulty mail, unmarked as automatic, it must end
    somewhere. A person who sends mails and reads what comes back does not get there. Notices of a success
    and of faxes that were dialled are not counted: they are no more than there were faxes.
    """
    settings = jobs[0].user.settings.notifications
    owed = initial_notice(jobs, mail.envelope, settings.initial)
    if owed is Owed.NOTHING:
        return
    limit = settings.failures_an_hour
    over_limit = owed is Owed.FAILURE and _over_limit(turn, mail.header_from, limit)
    withheld = {"state": DeliveryState.WITHHELD.value, "last_error": _OVER_LIMIT.format(limit)}
    _owe_notice(turn, mail, NoticeKind.INITIAL, "", owed, **(withheld if over_limit else {}))


def owe_delivery(turn: Turn, job: FaxJob) -> None:
    """Owe what a final state causes: the delivery notices, and a copy for each archive.

    A job that never had a document has nothing to file.
    """
    mail = the_mail(turn.connection, job.mail_id)
    if is_summed_up(turn, job):
        owe_summary(turn, mail, job)
    else:
        _owe_delivery_notices(turn, mail, job)
    rows = [
        {
            **owed_columns(turn),
            "id": f"{job.id}:{place}",
            "job_id": job.id,
            "archive": archive.model_dump_json(),
            "place": "",
        }
        for place, archive in enumerate(job.user.archives, start=1)
        if job.document and archive.enabled and archive.outbound
    ]
    if rows:
        turn.connection.execute(insert(copies), rows)


def _owe_delivery_notices(turn: Turn, mail: ReceivedMail, job: FaxJob) -> None:
    switches = job.user.settings.notifications.delivery
    owed = delivery_notice(job, mail.envelope, switches)
    if owed is not Owed.NOTHING:
        _owe_notice(turn, mail, NoticeKind.DELIVERY, job.id, owed)
    ended = Owed.SUCCESS if job.state is JobState.SENT else Owed.FAILURE
    for number, address in enumerate(others_told(job, mail.header_from, switches), start=2):
        identity = f"{NoticeKind.DELIVERY.value}:{job.id}:{number}"
        _owe_notice(turn, mail, NoticeKind.DELIVERY, job.id, ended, id=identity, address=address)


# --- A summary in place of many ---------------------------------------------------------------------------


def is_summed_up(turn: Turn, job: FaxJob) -> bool:
    """Whether a job is told of in the summary of its mail."""
    if not job.user.settings.notifications.summary or job.resend_of:
        return False
    recipients = turn.connection.scalar(_OF_GROUP, {"mail_id": job.mail_id}) or 0
    return recipients > SUMMED_UP_ABOVE


def owe_summary(turn: Turn, mail: ReceivedMail, job: FaxJob) -> None:
    """Owe the summary of a mail if this was the last of its jobs: once, however many ended together."""
    of_mail = {"mail_id": mail.id}
    if turn.connection.scalar(_UNFINISHED, of_mail) or turn.connection.scalar(_SUMMARY, of_mail):
        return
    group = jobs_of_mail(turn.connection, mail.id)
    switches = job.user.settings.notifications.delivery
    own = summed_up(group, mail.envelope, switches, sender=True)
    if own:
        _owe_notice(turn, mail, NoticeKind.SUMMARY, "", _of_all(own))
    others = {other: None for each in group for other in others_told(each, mail.header_from, switches)}
    told = summed_up(group, mail.envelope, switches, sender=False)
    for number, address in enumerate(others if told else (), start=2):
        identity = f"{NoticeKind.SUMMARY.value}:{mail.id}:{number}"
        _owe_notice(turn, mail, NoticeKind.SUMMARY, "", _of_all(told), id=identity, address=address)


def _of_all(jobs: Sequence[FaxJob]) -> Owed:
    return Owed.SUCCESS if all(job.state is JobState.SENT for job in jobs) else Owed.FAILURE


def _over_limit(turn: Turn, address: str, limit: int) -> bool:
    """Whether so many notices of a refused mail were owed to an address within the hour."""
    query = _FAILURES.where(notices.c.created_at > turn.now - timedelta(hours=1)).limit(limit)
    return len(turn.connection.execute(query, {"address": address}).all()) >= limit


def _owe_notice(
    turn: Turn, mail: ReceivedMail, kind: NoticeKind, job_id: str, owed: Owed, **values: Any
) -> None:
    row = {
        **owed_columns(turn),
        "id": f"{kind.value}:{job_id or mail.id}",
        "kind": kind.value,
        "success": owed is Owed.SUCCESS,
        "mail_id": mail.id,
        "job_id": job_id,
        "address": mail.header_from,
        **values,
    }
    turn.connection.execute(insert(notices), row)


def owed_columns(turn: Turn) -> dict[str, Any]:
    """The columns of what is owed from now on."""
    return {
        "state": DeliveryState.PENDING.value,
        "tries": 0,
        "created_at": turn.now,
        "due_at": turn.now,
        "delivered_at": None,
        "last_error": "",
        "owner": "",
    }


# --- Delivery ---------------------------------------------------------------------------------------------


def claim_notice(turn: Turn, lease: timedelta) -> Notice | None:
    """Claim the notice that has been due longest, if there is one."""
    row = _claim(turn, notices, lease)
    return None if row is None else _notice(row)


def claim_copy(turn: Turn, lease: timedelta) -> Copy | None:
    """Claim the copy that has been due longest, if there is one."""
    row = _claim(turn, copies, lease)
    return None if row is None else copy_of_row(row)


def notice_delivered(turn: Turn, notice_id: str) -> None:
    """The notice was taken by the next mail server. A repetition changes nothing."""
    _end(turn, notices, notice_id, DeliveryState.DELIVERED, delivered_at=turn.now, last_error="")
    _forget_code(turn, notice_id)


def copy_delivered(turn: Turn, copy_id: str, place: str) -> None:
    """The copy is at `place`, a path or an address. A repetition changes nothing."""
    _end(turn, copies, copy_id, DeliveryState.DELIVERED, delivered_at=turn.now, last_error="", place=place)


def postpone(turn: Turn, table: Table, row_id: str, due_at: datetime, error: str, *, give_up: bool) -> None:
    """A try failed: give the claim back until `due_at`, or end it for good."""
    state = DeliveryState.GIVEN_UP if give_up else DeliveryState.PENDING
    _end(turn, table, row_id, state, due_at=due_at, last_error=error)
    if table is notices and give_up:
        _forget_code(turn, row_id)


def put_off(turn: Turn, table: Table, row_id: str, due_at: datetime, error: str) -> None:
    """Give a claim back until `due_at`, as nothing was tried yet."""
    pending = (table.c.id == row_id, table.c.state == DeliveryState.PENDING.value)
    values = {"owner": "", "due_at": due_at, "last_error": error}
    turn.connection.execute(update(table).where(*pending).values(**values))


def _forget_code(turn: Turn, notice_id: str) -> None:
    """A code stands in the clear only while its mail is owed."""
    of_welcome = (notices.c.id == notice_id, notices.c.kind == NoticeKind.WELCOME.value)
    turn.connection.execute(update(notices).where(*of_welcome).values(remark=""))


def _claim(turn: Turn, table: Table, lease: timedelta) -> Any | None:
    row = _DUE[table].first(turn.connection, {"now": turn.now})
    if row is not None:
        held = {"which": row.id, "owner": turn.owner, "due_at": turn.now + lease}
        _HOLD[table].many(turn.connection, [held])
    return row


def _end(turn: Turn, table: Table, row_id: str, state: DeliveryState, **values: Any) -> None:
    facts = {"owner": "", "state": state.value, **values}
    _ending(table, tuple(facts)).many(turn.connection, [{"which": row_id, **facts}])


@cache
def _ending(table: Table, facts: tuple[str, ...]) -> DriverStatement:
    """Ends a try of what is pending, and sets these facts."""
    pending = (table.c.id == bindparam("which"), table.c.state == DeliveryState.PENDING.value)
    return DriverStatement(update(table).where(*pending).values(tries=table.c.tries + 1), facts)


# --- Look-ups ---------------------------------------------------------------------------------------------


def notices_of_mail(connection: Connection, mail_id: str) -> tuple[Notice, ...]:
    """All notices about a mail and its jobs, oldest first."""
    query = (
        select(notices)
        .where(notices.c.mail_id == mail_id)
        .order_by(
            # Of the same instant the initial one comes first.
            notices.c.created_at,
            notices.c.kind.desc(),
            notices.c.id,
        )
    )
    return tuple(_notice(row) for row in connection.execute(query))


def copies_of_job(connection: Connection, job_id: str) -> tuple[Copy, ...]:
    """All copies of a job's fax, in the order of its archives."""
    rows = connection.execute(select(copies).where(copies.c.job_id == job_id))
    return tuple(sorted(map(copy_of_row, rows), key=lambda copy: int(copy.id.rpartition(":")[2])))


def _notice(row: Row[Any]) -> Notice:
    return Notice(
        id=row.id,
        kind=NoticeKind(row.kind),
        success=row.success,
        mail_id=row.mail_id or "",
        job_id=row.job_id,
        address=row.address,
        state=DeliveryState(row.state),
        tries=row.tries,
        created_at=row.created_at,
        due_at=row.due_at,
        delivered_at=row.delivered_at,
        last_error=row.last_error,
        topic=row.topic,
        remark=row.remark,
        repeats=row.repeats,
    )


def copy_of_row(row: Row[Any]) -> Copy:
    """A copy, of all columns of its table."""
    return Copy(
        id=row.id,
        job_id=row.job_id,
        archive=ArchiveSettings.kept(row.archive),
        state=DeliveryState(row.state),
        tries=row.tries,
        created_at=row.created_at,
        due_at=row.due_at,
        delivered_at=row.delivered_at,
        place=row.place,
        last_error=row.last_error,
    )
