"""Which jobs a look-up asks for."""

from dataclasses import dataclass
from datetime import datetime

from store.lifecycle import JobState
from store.status import Status


@dataclass(frozen=True, kw_only=True, slots=True)
class JobFilter:
    """Conditions that all must hold; one that is None or empty does not count."""

    states: frozenset[JobState] = frozenset()
    statuses: frozenset[Status] = frozenset()
    since: datetime | None = None
    """Made at this time or later."""
    user: str | None = None
    """The account address of the sender, or the address that the mail came from; case does not matter."""
    number: str | None = None
    """Exactly as kept: E.164 with its plus sign."""
    failed: bool = False
    """Only jobs whose last word is a status other than Success, those that will be tried again included."""
    limit: int | None = 100
    """The most jobs, the newest first; None for all."""
