"""Duties: what one node does for all, claimed under a name for the length of a lease."""

from datetime import datetime, timedelta

from sqlalchemy import bindparam, insert, or_, select, update

from store.node_tables import DUTY_HELD, duties
from store.records.turn import Turn

_NAMED = duties.c.name == bindparam("which")


def claim_duty(turn: Turn, name: str, lease: timedelta) -> bool:
    """Take a duty, or keep it: whether it is this owner's until the end of the lease."""
    until = turn.now + lease
    free = or_(duties.c.owner == turn.owner, duties.c.due_at <= turn.now)
    taken = update(duties).where(_NAMED, free)
    values = {"owner": turn.owner, "due_at": until}
    if turn.connection.execute(taken, {"which": name, **values}).rowcount:
        return True
    if turn.connection.scalar(select(duties.c.name).where(_NAMED), {"which": name}):
        return False
    turn.connection.execute(insert(duties), {"name": name, **values})
    return True


def release_duties_of(turn: Turn, owner: str, now: datetime) -> None:
    """Give back everything that an owner does for all."""
    theirs = update(duties).where(DUTY_HELD, duties.c.owner == owner)
    turn.connection.execute(theirs.values(owner="", due_at=now))
