"""Welcome messages, and the codes in them with which users set up a password.

A code stands in the book in the clear only while its mail is owed: whoever sends it must know it. When the
mail is delivered, given up or replaced by a newer one, its hash alone is left.
"""

import hashlib
from datetime import datetime

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from store.administration_tables import setup_codes
from store.audit_entry import AuditAction
from store.outbox import DeliveryState, NoticeKind
from store.records.audit import note
from store.records.credentials import set_password
from store.records.outbox import owed_columns
from store.records.turn import Turn
from store.setup_code import SetupCode
from store.tables import notices

_OF_ACCOUNT = setup_codes.c.user_email == bindparam("account")
_REPLACED = "a newer welcome message took its place"


def owe_welcome(turn: Turn, user_email: str, address: str, *, code: str, setup: SetupCode | None) -> str:
    """Owe a welcome message to an account; the notice's id.

    Args:
        turn: the transaction.
        user_email: the account.
        address: where it goes.
        code: what the message tells, empty without credentials.
        setup: the same code as it is kept; the one before counts no more.
    """
    account = user_email.strip().lower()
    identity = f"{NoticeKind.WELCOME.value}:{_name(turn, account)}"
    _withhold_earlier(turn, account)
    if setup:
        turn.connection.execute(delete(setup_codes).where(_OF_ACCOUNT), {"account": account})
        kept = {"code_hash": setup.code_hash, "expires_at": setup.expires_at, "set_by": setup.set_by}
        turn.connection.execute(insert(setup_codes), {"user_email": account, "set_at": turn.now, **kept})
    row = {
        **owed_columns(turn),
        "id": identity,
        "kind": NoticeKind.WELCOME.value,
        "success": True,
        "mail_id": None,
        "job_id": "",
        "address": address,
        "topic": account,
        "remark": code,
    }
    turn.connection.execute(insert(notices), row)
    return identity


def note_welcome(turn: Turn, user_email: str, *, by: str, with_code: bool) -> None:
    """Write down who had a welcome message sent."""
    detail = "with a set-up code" if with_code else ""
    note(turn, AuditAction.WELCOME, {user_email.strip().lower(): detail}, by=by)


def _withhold_earlier(turn: Turn, account: str) -> None:
    """A message that still waits would tell a code that counts no more."""
    earlier = (
        notices.c.kind == NoticeKind.WELCOME.value,
        notices.c.topic == account,
        notices.c.state == DeliveryState.PENDING.value,
    )
    withheld = {"state": DeliveryState.WITHHELD.value, "last_error": _REPLACED, "remark": ""}
    turn.connection.execute(update(notices).where(*earlier).values(**withheld))


def _name(turn: Turn, account: str) -> str:
    return hashlib.sha256(f"{turn.now.isoformat()}\0{account}".encode()).hexdigest()[:24]


# --- Codes ------------------------------------------------------------------------------------------------


def find_setup_code(connection: Connection, user_email: str, now: datetime) -> SetupCode | None:
    """The code of an account that can be used now."""
    query = select(setup_codes).where(_OF_ACCOUNT, setup_codes.c.expires_at > now)
    row = connection.execute(query, {"account": user_email.strip().lower()}).first()
    if row is None:
        return None
    return SetupCode(
        user_email=row.user_email, code_hash=row.code_hash, expires_at=row.expires_at, set_by=row.set_by
    )


def redeem(turn: Turn, setup: SetupCode, password_hash: str) -> bool:
    """Use a code up: the account has this password from now on. False if it was used or replaced since."""
    of_code = (_OF_ACCOUNT, setup_codes.c.code_hash == setup.code_hash, setup_codes.c.expires_at > turn.now)
    used = turn.connection.execute(delete(setup_codes).where(*of_code), {"account": setup.user_email})
    if used.rowcount:
        set_password(turn, setup.user_email, password_hash, setup.user_email)
    return bool(used.rowcount)
