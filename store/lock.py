"""A user who may not send for the time being."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Lock:
    """That an account is locked: its mails are refused, and nobody logs in with it."""

    user_email: str
    """The account, in lower case."""
    reason: str
    """Empty if none was given."""
    at: datetime
    by: str
    """The person who locked it."""
