"""Passwords of accounts: their hashes, under the account's address in lower case."""

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from store.administration_tables import credentials
from store.audit_entry import AuditAction
from store.credential import Credential
from store.records.audit import note
from store.records.turn import Turn

_OF_ACCOUNT = credentials.c.user_email == bindparam("account")
_HASH = select(credentials.c.password_hash).where(_OF_ACCOUNT)
_KNOWN = select(credentials.c.user_email, credentials.c.set_at, credentials.c.set_by).where(_OF_ACCOUNT)


def set_password(turn: Turn, user_email: str, password_hash: str, by: str) -> None:
    """Keep the hash of an account's password, in place of the one before."""
    kept = {"password_hash": password_hash, "set_at": turn.now, "set_by": by}
    account = _account(user_email)
    changed = turn.connection.execute(update(credentials).where(_OF_ACCOUNT), {"account": account, **kept})
    if not changed.rowcount:
        turn.connection.execute(insert(credentials), {"user_email": account, **kept})
    note(turn, AuditAction.SET_PASSWORD, {account: ""}, by=by)


def remove_password(turn: Turn, user_email: str, by: str) -> bool:
    """Forget the hash of an account's password; whether there was one."""
    account = _account(user_email)
    removed = turn.connection.execute(delete(credentials).where(_OF_ACCOUNT), {"account": account})
    if removed.rowcount:
        note(turn, AuditAction.REMOVE_PASSWORD, {account: ""}, by=by)
    return bool(removed.rowcount)


def password_hash(connection: Connection, user_email: str) -> str | None:
    """The hash of an account's password."""
    kept: str | None = connection.scalar(_HASH, {"account": _account(user_email)})
    return kept


def find_credential(connection: Connection, user_email: str) -> Credential | None:
    """When an account's password was set, and by whom."""
    row = connection.execute(_KNOWN, {"account": _account(user_email)}).first()
    return Credential(**row._mapping) if row else None  # noqa: SLF001 - SQLAlchemy's name for it


def _account(user_email: str) -> str:
    return user_email.strip().lower()
