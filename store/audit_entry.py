"""Who did what, when, and to what: written with the change itself, and never changed."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class AuditAction(StrEnum):
    """What a person did."""

    BLOCK = "block"
    UNBLOCK = "unblock"
    LOCK = "lock"
    UNLOCK = "unlock"
    SET_PASSWORD = "set password"  # noqa: S105 - the name of a deed
    REMOVE_PASSWORD = "remove password"  # noqa: S105 - as above
    WELCOME = "welcome"
    CANCEL = "cancel"
    HOLD = "hold"
    RELEASE = "release"
    RESEND = "resend"
    VIEW = "view"
    DOWNLOAD = "download"
    RELEASE_QUARANTINED = "release from quarantine"
    DELETE_QUARANTINED = "delete from quarantine"
    ADD_USER = "add user"
    MOVE_USER = "move user"
    DELETE_USER = "delete user"
    APPROVE_POLICY = "approve policy"
    HOLD_LINE = "hold line"
    RELEASE_LINE = "release line"
    FORGET_NUMBER = "forget number"
    RETRY_COPY = "retry copy"
    ERASE = "erase"


@dataclass(frozen=True, kw_only=True, slots=True)
class AuditEntry:
    """One deed."""

    at: datetime
    by: str
    """The person."""
    action: AuditAction
    subject: str
    """What it was done to: an account in lower case, a number or a pattern, a line, the id of a job or mail,
    or the digest of a policy."""
    detail: str
    """The reason, or what else there is to tell; may be empty."""


@dataclass(frozen=True, kw_only=True, slots=True)
class AuditFilter:
    """Which deeds are wanted; what is None or empty does not narrow them down."""

    since: datetime | None = None
    subject: str = ""
    by: str = ""
    actions: frozenset[AuditAction] = frozenset()
    limit: int = 100
