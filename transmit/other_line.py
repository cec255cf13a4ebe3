"""Whether the next call of a fax had better take another line: pure.

A trunk that answers OPTIONS is up, and may refuse calls all the same: no credit, no licence, no way to a
country. Where the call did not come so far that anybody was called, another line may do better; what the
called number itself said (busy, no answer, a voice, a fax that broke) is the same over each of them.
"""

from store.job import Outcome
from store.status import Status

_OF_THE_LINE = frozenset({Status.FAST_BUSY, Status.GENERAL_ERROR})


def wants_other_line(outcome: Outcome) -> bool:
    """Whether it was the line that failed."""
    return outcome.answered_at is None and outcome.status in _OF_THE_LINE
