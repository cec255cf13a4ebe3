"""Something that happened to a fax, as `postfax events` tells it."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Happening:
    """A transition, with what the fax is like now."""

    number: int
    """Goes up: what has a higher one was recorded later."""
    at: datetime
    job_id: str
    transition: str
    """The name of a `store.lifecycle.Transition`."""
    state: str
    """In which it ended."""
    by: str
    """A person, or the process that did it."""
    status: str
    """Of the fax now; empty for none."""
    called: str
    """Whom the fax goes to, E.164."""
    user_email: str
    department: str
    pages: int
    pages_confirmed: int
