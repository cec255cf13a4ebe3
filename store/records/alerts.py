"""Alerts: mails to those who are called when something needs an administrator; the same cause once an hour.

An alert is a notice like any other once it is owed. What happens again within the hour is counted on the last
one, and the next one tells how often that was.
"""

import hashlib
from collections.abc import Sequence

from sqlalchemy import bindparam, insert, select, update

from store.outbox import ALERTS_APART, NoticeKind
from store.records.mails import find_mail
from store.records.outbox import owed_columns
from store.records.turn import Turn
from store.tables import ALERTS, notices

_LAST = (
    select(notices.c.id, notices.c.created_at, notices.c.repeats)
    .where(ALERTS, notices.c.topic == bindparam("topic"), notices.c.address == bindparam("address"))
    .order_by(notices.c.created_at.desc())
    .limit(1)
)


def owe_alert(
    turn: Turn, topic: str, sentence: str, contacts: Sequence[str], *, mail_id: str, job_id: str
) -> tuple[str, ...]:
    """Owe an alert to each contact that was not told of this topic within the hour; whom it goes to."""
    known_mail = mail_id if mail_id and find_mail(turn.connection, mail_id) else None
    told = []
    for address in dict.fromkeys(contacts):
        last = turn.connection.execute(_LAST, {"topic": topic, "address": address}).first()
        if last and turn.now - last.created_at < ALERTS_APART:
            again = update(notices).where(notices.c.id == last.id)
            turn.connection.execute(again.values(repeats=notices.c.repeats + 1))
            continue
        row = {
            **owed_columns(turn),
            "id": f"{NoticeKind.ALERT.value}:{_name(turn, topic, address)}",
            "kind": NoticeKind.ALERT.value,
            "success": False,
            "mail_id": known_mail,
            "job_id": job_id,
            "address": address,
            "topic": topic,
            "remark": sentence + _repeated(last.repeats if last else 0),
        }
        turn.connection.execute(insert(notices), row)
        told.append(address)
    return tuple(told)


def _name(turn: Turn, topic: str, address: str) -> str:
    return hashlib.sha256(f"{turn.now.isoformat()}\0{address}\0{topic}".encode()).hexdigest()[:24]


def _repeated(times: int) -> str:
    if not times:
        return ""
    often = "once more" if times == 1 else f"{times} times more"
    return f" Since the last mail about it, it also happened {often}."
