"""The states of a fax job and every transition between them.

A transition is a name with the states it may start from and the one it ends in. The book changes a job's
state only through `Transition`, and only from a start state of it, so a transition that is not listed here
cannot be written.
"""

from enum import Enum, StrEnum


class JobState(StrEnum):
    """Where a job is. What became of it is its status (`store.status`)."""

    SCHEDULED = "scheduled"
    """Has its document and waits for the time that the sender asked for, or for the hours of its policy."""
    HELD = "held"
    """Stopped by an administrator until released."""
    CONVERTING = "converting"
    """Has no document yet."""
    QUEUED = "queued"
    """Ready to be dialled."""
    DIALLING = "dialling"
    """An attempt is open."""
    WAITING = "waiting"
    """Between two attempts."""
    SENT = "sent"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def final(self) -> bool:
        """Whether nothing more will happen to the job."""
        return self in FINAL_STATES


FINAL_STATES = frozenset({JobState.SENT, JobState.FAILED, JobState.CANCELLED})


class Transition(Enum):
    """Every way a job can change its state: what happened, from which states, to which."""

    # A job begins:
    ACCEPT = ("accepted", (), JobState.CONVERTING)
    REFUSE = ("refused", (), JobState.FAILED)
    # Its document is made:
    QUEUE = ("document made", (JobState.CONVERTING,), JobState.QUEUED)
    SCHEDULE = ("document made, to be sent later", (JobState.CONVERTING,), JobState.SCHEDULED)
    REJECT_DOCUMENT = ("no document could be made", (JobState.CONVERTING,), JobState.FAILED)
    # It is dialled, or its number may not be called at this time of the day:
    POSTPONE = (
        "outside the hours for calls",
        (JobState.QUEUED, JobState.WAITING, JobState.SCHEDULED),
        JobState.SCHEDULED,
    )
    DIAL = ("dialled", (JobState.QUEUED, JobState.WAITING, JobState.SCHEDULED), JobState.DIALLING)
    CONFIRM = ("every page confirmed", (JobState.DIALLING,), JobState.SENT)
    RETRY = ("not sent, to be dialled again", (JobState.DIALLING,), JobState.WAITING)
    INTERRUPT = ("interrupted, to be dialled again", (JobState.DIALLING,), JobState.WAITING)
    GIVE_UP = ("not sent, given up", (JobState.DIALLING,), JobState.FAILED)
    HANG_UP = ("cancelled during the call", (JobState.DIALLING,), JobState.CANCELLED)
    # It waits in vain:
    GIVE_UP_WAITING = (
        "none of its lines is there any more",
        (JobState.QUEUED, JobState.WAITING, JobState.SCHEDULED),
        JobState.FAILED,
    )
    # People step in:
    CANCEL = (
        "cancelled",
        (JobState.SCHEDULED, JobState.HELD, JobState.CONVERTING, JobState.QUEUED, JobState.WAITING),
        JobState.CANCELLED,
    )
    HOLD = ("held", (JobState.SCHEDULED, JobState.QUEUED, JobState.WAITING), JobState.HELD)
    RELEASE = ("released", (JobState.HELD,), JobState.QUEUED)

    def __init__(self, event: str, sources: tuple[JobState, ...], target: JobState) -> None:
        self.event = event
        """What happened, in words for the record."""
        self.sources = frozenset(sources)
        """States that it may start from; empty for a transition that makes the job."""
        self.target = target
        """The state that it ends in."""


class IllegalTransition(Exception):  # noqa: N818 - named as what happened
    """The job was not in a state from which the transition starts; nothing was changed."""

    def __init__(self, job_id: str, transition: Transition, state: JobState | None) -> None:
        self.job_id = job_id
        self.transition = transition
        self.state = state
        super().__init__(f"job {job_id} is {state or 'not in the book'}: {transition.name} cannot happen")
