"""Which policies the service took over, with whom in them, and which were approved though users vanish.

The users are kept for the newest that was in force alone: it is what the next one is held against.
"""

import json
import zlib
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select, update

from store.administration_tables import policies_seen
from store.audit_entry import AuditAction
from store.records.audit import note
from store.records.turn import Turn
from store.seen_policy import SeenPolicy, UsersByDepartment

_OF_DIGEST = policies_seen.c.digest == bindparam("of")
_APPROVED_BY = select(policies_seen.c.approved_by).where(_OF_DIGEST)
_LAST = (
    select(policies_seen)
    .where(policies_seen.c.in_force_at.is_not(None), policies_seen.c.users.is_not(None))
    .order_by(policies_seen.c.in_force_at.desc())
    .limit(1)
)


def approve_policy(turn: Turn, digest: str, *, by: str, detail: str) -> None:
    """Let users vanish with the policy that has this digest."""
    _write(turn, digest, approved_by=by)
    note(turn, AuditAction.APPROVE_POLICY, {digest: detail}, by=by)


def approved_by(connection: Connection, digest: str) -> str:
    """Who approved a policy; empty for nobody."""
    return connection.scalar(_APPROVED_BY, {"of": digest}) or ""


def pack_users(users: UsersByDepartment) -> bytes:
    """Users as they are kept; some hundred kilobytes of 50,000, made before the book is locked."""
    plain = {department: list(accounts) for department, accounts in users.items()}
    return zlib.compress(json.dumps(plain, ensure_ascii=False, separators=(",", ":")).encode())


def take_over(turn: Turn, digest: str, users: bytes) -> None:
    """The policy with this digest is in force from now on, with these users (`pack_users`)."""
    turn.connection.execute(update(policies_seen).where(policies_seen.c.users.is_not(None)), {"users": None})
    _write(turn, digest, in_force_at=turn.now, users=users)


def last_in_force(connection: Connection) -> SeenPolicy | None:
    """The policy that was in force last, with its users."""
    row = connection.execute(_LAST).first()
    if row is None:
        return None
    users = json.loads(zlib.decompress(row.users))
    return SeenPolicy(digest=row.digest, in_force_at=row.in_force_at, users=users)


def _write(turn: Turn, digest: str, **values: Any) -> None:
    changed = turn.connection.execute(update(policies_seen).where(_OF_DIGEST), {"of": digest, **values})
    if not changed.rowcount:
        new = {"digest": digest, "at": turn.now, "approved_by": "", "in_force_at": None, "users": None}
        turn.connection.execute(insert(policies_seen), {**new, **values})
