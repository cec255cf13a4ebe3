"""Accounts that are locked, under the account's address in lower case."""

from sqlalchemy import Connection, bindparam, delete, insert, select

from store.administration_tables import locks
from store.audit_entry import AuditAction
from store.lock import Lock
from store.records.audit import note
from store.records.turn import Turn

_OF_ACCOUNT = locks.c.user_email == bindparam("account")
_LOCK = select(locks).where(_OF_ACCOUNT)


def set_lock(turn: Turn, user_email: str, *, reason: str, by: str) -> bool:
    """Lock an account; False if it is locked already, and stays so with its first reason and person."""
    account = _account(user_email)
    if find_lock(turn.connection, account):
        return False
    turn.connection.execute(
        insert(locks), {"user_email": account, "reason": reason, "at": turn.now, "by": by}
    )
    note(turn, AuditAction.LOCK, {account: reason}, by=by)
    return True


def remove_lock(turn: Turn, user_email: str, *, reason: str, by: str) -> bool:
    """Let an account be used again; False if it was not locked."""
    account = _account(user_email)
    removed = turn.connection.execute(delete(locks).where(_OF_ACCOUNT), {"account": account})
    if removed.rowcount:
        note(turn, AuditAction.UNLOCK, {account: reason}, by=by)
    return bool(removed.rowcount)


def find_lock(connection: Connection, user_email: str) -> Lock | None:
    """The lock of an account."""
    row = connection.execute(_LOCK, {"account": _account(user_email)}).first()
    return Lock(**row._mapping) if row else None  # noqa: SLF001 - SQLAlchemy's name for it


def all_locks(connection: Connection) -> tuple[Lock, ...]:
    """Every lock, by account."""
    rows = connection.execute(select(locks).order_by(locks.c.user_email))
    return tuple(Lock(**row._mapping) for row in rows)  # noqa: SLF001 - as above


def locked_accounts(connection: Connection) -> frozenset[str]:
    """The accounts that are locked."""
    return frozenset(connection.scalars(select(locks.c.user_email)))


def _account(user_email: str) -> str:
    return user_email.strip().lower()
