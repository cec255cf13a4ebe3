"""One line of a job's history, as `postfax show` tells it."""

from dataclasses import dataclass
from datetime import datetime

from store.lifecycle import JobState, Transition


@dataclass(frozen=True, kw_only=True, slots=True)
class RecordedTransition:
    """A transition that happened."""

    job_id: str
    at: datetime
    transition: Transition
    start: JobState | None
    """None for the transition that made the job."""
    end: JobState
    by: str
    """Who wanted it: a person, or the process that did it (`store.owner`)."""
