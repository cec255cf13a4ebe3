"""One row of the call detail record: a fax that came to its end."""

from datetime import datetime
from typing import NamedTuple

from store.sender import Sender


class DetailRecord(NamedTuple):
    """What is accounted for of a fax, with the facts of its last call."""

    job_id: str
    finished_at: datetime
    created_at: datetime
    status: str | None
    user: Sender
    department: str
    sender: str
    number: str
    reference: str
    billing: str
    pages: int
    """Of the document."""
    pages_confirmed: int
    tries: int
    started_at: datetime | None
    """When the last call was placed; None for a fax that was never called."""
    answered_at: datetime | None
    ended_at: datetime | None
    line: str | None
    """None, as the times of the call, for a fax that was never called."""
