"""That a user has a password in the book."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Credential:
    """What people may know of a password: never its hash."""

    user_email: str
    """The account, in lower case."""
    set_at: datetime
    set_by: str
    """The person who set it."""
