"""How much is on its way, and since when: what a watcher of the service looks at again and again."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from store.lifecycle import JobState
from store.mail import MailState


@dataclass(frozen=True, kw_only=True, slots=True)
class Waiting:
    """Things of one kind that wait."""

    count: int
    since: datetime | None
    """When the one that waits longest was made, or came due; None where nothing waits."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Gauges:
    """What is on its way at one moment."""

    jobs: Mapping[JobState, int]
    """Fax jobs in each state that is not final."""
    mails: Mapping[MailState, Waiting]
    """Mails that are to be decided, or whose documents are to be made, since they came."""
    due: Waiting
    """Fax jobs that may be called now, since they came due."""
    notices: Waiting
    """Notices that were not handed over yet, since they were owed."""
    copies: Waiting
    """Copies that were not filed yet, since they were owed."""
