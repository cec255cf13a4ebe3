"""What a restored book does first: it keeps back what was on its way when the backup was made.

The backup is of an instant, and the service went on after it: what was to be sent then may have been sent
since. Nobody can tell from the book, so nothing of it goes out by itself. Faxes are held, as if somebody had
held each; mails that were not decided yet, notices and copies are due at `KEPT_BACK_UNTIL`. A person looks,
and lets go of them: all at once (`let_go`), or fax by fax (`postfax release`, `postfax cancel`).
"""

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import ColumnElement, exists, func, select, update

from store.lifecycle import JobState, Transition
from store.mail import MailState
from store.outbox import DeliveryState
from store.records.claims import release_dead_owners
from store.records.jobs import move
from store.records.turn import Turn
from store.tables import copies, jobs, mails, notices, transitions

KEPT_BACK_UNTIL = datetime(2100, 1, 1, tzinfo=UTC)
"""A time that nothing else is ever due at."""
_BY = "a restore: "
"""What the author of a hold begins with, if it was a restore's."""
_TO_WORK_ON = (MailState.RECEIVED.value, MailState.SUBMITTED.value)
_GROUP = 500


@dataclass(frozen=True, kw_only=True, slots=True)
class OnTheWay:
    """How much is kept back, or was let go."""

    faxes: int
    mails: int
    notices: int
    copies: int

    @property
    def anything(self) -> bool:
        """Whether there is any."""
        return bool(self.faxes or self.mails or self.notices or self.copies)


def keep_back(turn: Turn, made_at: str) -> OnTheWay:
    """Keep back everything that was on its way.

    Nobody may work with the book meanwhile: all claims are given back, and calls count as interrupted.

    Args:
        turn: a transaction.
        made_at: when the backup was made, for people.
    """
    release_dead_owners(turn, lambda _: True)
    why = f"the backup is of {made_at}, and it may have been sent since"
    faxes = _move_all(turn, Transition.HOLD, _BY + why)
    turn.connection.execute(
        # Else it would be ended at its time, and its sender told that it was not sent.
        update(jobs).where(jobs.c.state == JobState.HELD.value).values(expires_at=None)
    )
    later = {"due_at": KEPT_BACK_UNTIL, "last_error": f"kept back by a restore: {why}"}
    undecided = update(mails).where(mails.c.state.in_(_TO_WORK_ON))
    return OnTheWay(
        faxes=faxes,
        mails=turn.connection.execute(undecided.values(later)).rowcount,
        **{
            table.name: turn.connection.execute(
                update(table).where(table.c.state == DeliveryState.PENDING.value).values(later)
            ).rowcount
            for table in (notices, copies)
        },
    )


def let_go(turn: Turn, by: str) -> OnTheWay:
    """Let everything go on that a restore kept back, and that nobody has seen to since.

    Args:
        turn: a transaction.
        by: who wants it.
    """
    faxes = _move_all(turn, Transition.RELEASE, by)
    now = {"due_at": turn.now, "last_error": ""}
    return OnTheWay(
        faxes=faxes,
        **{
            table.name: turn.connection.execute(
                update(table).where(table.c.due_at == KEPT_BACK_UNTIL).values(now)
            ).rowcount
            for table in (mails, notices, copies)
        },
    )


def _move_all(turn: Turn, transition: Transition, by: str) -> int:
    """Hold every fax that waits for a call, or release those that a restore holds; how many."""
    waiting = select(jobs.c.id).where(jobs.c.state.in_([state.value for state in transition.sources]))
    if transition is Transition.RELEASE:
        waiting = waiting.where(_held_by_restore())
    found = list(turn.connection.scalars(waiting.order_by(jobs.c.id)))
    for start in range(0, len(found), _GROUP):
        move(turn, found[start : start + _GROUP], transition, by=by)
    return len(found)


def _held_by_restore() -> ColumnElement[bool]:
    """Whether what happened to a fax last was that a restore held it."""
    every = transitions.alias()
    last = select(func.max(every.c.id)).where(every.c.job_id == jobs.c.id).correlate(jobs).scalar_subquery()
    return exists().where(transitions.c.id == last, transitions.c.by.startswith(_BY))
