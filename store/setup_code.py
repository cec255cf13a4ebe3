"""A code with which a user sets up a password, once."""

from dataclasses import dataclass
from datetime import datetime, timedelta

GOOD_FOR = timedelta(days=7)
"""So long a code can be used."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SetupCode:
    """A code that was not used yet."""

    user_email: str
    """The account, in lower case."""
    code_hash: str
    """argon2, as of a password."""
    expires_at: datetime
    set_by: str
    """The person who had it sent."""
