"""Claims: renewed while work goes on, moved with a clock that is set, given back when their owner is gone.

Mails, notices and copies come back by themselves when their lease ends. A call does not: as long as its
process lives it may be talking to the far end, so only an owner that is known to be gone has its calls
interrupted; or taken over, on a line whose calls go on without a process of ours.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, bindparam, delete, select, union, update

from store.driver_statement import DriverStatement
from store.job import Attempt, FaxJob
from store.node_tables import DUTY_HELD, duties, nodes
from store.records.attempts import open_attempts_of, the_attempt
from store.records.calls import record_interrupted
from store.records.duties import release_duties_of
from store.records.jobs import the_job
from store.records.nodes import owners as known_nodes
from store.records.nodes import remove
from store.records.turn import Turn
from store.tables import HELD, OPEN, attempts, copies, mails, notices

KNOWN_FOR = timedelta(days=7)
"""So long a node that is silent is told of."""

_CALLING = select(attempts.c.owner, attempts.c.line).where(OPEN).distinct()
_CALLERS = DriverStatement(_CALLING)
_SILENT_CALLERS = DriverStatement(_CALLING.where(attempts.c.leased_until < bindparam("now")))
_HOLDERS = DriverStatement(
    union(
        select(nodes.c.owner),
        *(select(table.c.owner).where(HELD) for table in (mails, notices, copies)),
        select(duties.c.owner).where(DUTY_HELD),
    )
)
"""Every node, and everyone who holds something beside calls."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Claims:
    """Ids of what a process works on."""

    mails: Collection[str] = ()
    notices: Collection[str] = ()
    copies: Collection[str] = ()
    attempts: Collection[str] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Released:
    """What came back from owners that are gone."""

    owners: tuple[str, ...]
    interrupted: tuple[str, ...]
    """Ids of the attempts that their end cut off."""


def renew(turn: Turn, held: Claims, lease: timedelta) -> frozenset[str]:
    """Let the leases of these claims begin anew; the ids of those that are this owner's no longer."""
    until = turn.now + lease
    kept: set[str] = set()
    for table, ids in ((mails, held.mails), (notices, held.notices), (copies, held.copies)):
        if not ids:
            continue
        own = update(table).where(table.c.id.in_(ids), table.c.owner == turn.owner)
        kept |= set(turn.connection.scalars(own.values(due_at=until).returning(table.c.id)))
    if held.attempts:
        own = update(attempts).where(attempts.c.id.in_(held.attempts), attempts.c.owner == turn.owner, OPEN)
        kept |= set(turn.connection.scalars(own.values(leased_until=until).returning(attempts.c.id)))
    return frozenset({*held.mails, *held.notices, *held.copies, *held.attempts} - kept)


def move_leases(turn: Turn, host: str, by: timedelta) -> None:
    """Its clock was set on by so much: what its processes have in hand they have for as long as before.

    Calls are not moved: the processes of their own host do not go by the lease.
    """
    for table, key in (
        (mails, mails.c.id),
        (notices, notices.c.id),
        (copies, copies.c.id),
        (duties, duties.c.name),
    ):
        held = turn.connection.execute(select(key, table.c.owner, table.c.due_at).where(HELD))
        for name, owner, due_at in held.all():
            if _host(owner) == host:
                turn.connection.execute(update(table).where(key == name).values(due_at=due_at + by))


def release_dead_owners(
    turn: Turn, gone: Callable[[str], bool], kept: Collection[str] = (), *, silent: bool = True
) -> Released:
    """Give back the claims of owners of whom `gone` says so, and of other hosts whose calls' leases ended.

    Calls on the lines named in `kept` stay open: they are for whoever can take them over. A node whose
    process has ended is known no more, nor is one that was silent for `KNOWN_FOR`.

    Without `silent` the leases are not looked at.
    """
    dead = _dead_owners(turn, gone, kept, silent=silent)
    interrupted = [attempt for owner in dead for attempt in release_claims_of(turn, owner, kept)]
    remove(turn, (owner for owner in known_nodes(turn.connection) if gone(owner)))
    turn.connection.execute(delete(nodes).where(nodes.c.heard_at < turn.now - KNOWN_FOR))
    return Released(owners=dead, interrupted=tuple(interrupted))


def take_over_calls(
    turn: Turn, lines: Collection[str], lease: timedelta, gone: Callable[[str], bool], *, silent: bool = True
) -> tuple[tuple[FaxJob, Attempt], ...]:
    """Make the open calls of dead owners this owner's, on lines whose calls go on without a service.

    Before `release_dead_owners`, which would interrupt them; `silent` is as there.
    """
    dead = _dead_owners(turn, gone, (), silent=silent)
    theirs = update(attempts).where(OPEN, attempts.c.owner.in_(dead), attempts.c.line.in_(sorted(lines)))
    taken = theirs.values(owner=turn.owner, leased_until=turn.now + lease).returning(attempts.c.id)
    found = [the_attempt(turn.connection, one) for one in sorted(turn.connection.scalars(taken))]
    return tuple((the_job(turn.connection, attempt.job_id), attempt) for attempt in found)


def _dead_owners(
    turn: Turn, gone: Callable[[str], bool], kept: Collection[str], *, silent: bool
) -> tuple[str, ...]:
    owners = _owners(turn.connection, kept)
    dead = [owner for owner in owners if owner != turn.owner and gone(owner)]
    if silent:
        others = _silent_owners(turn.connection, turn.now, kept)
        dead += [owner for owner in others if _host(owner) != _host(turn.owner)]
    return tuple(dict.fromkeys(dead))


def release_claims_of(turn: Turn, owner: str, kept: Collection[str] = ()) -> tuple[str, ...]:
    """Give back everything that this owner holds; the ids of the attempts that were interrupted by it.

    Calls on the lines named in `kept` stay open: whoever comes next takes them over. A mail's tries go up
    unless the owner releases its own: a mail that brings the service down must not be taken up for ever.
    """
    tries = mails.c.tries if owner == turn.owner else mails.c.tries + 1
    turn.connection.execute(
        update(mails).where(HELD, mails.c.owner == owner).values(owner="", due_at=turn.now, tries=tries)
    )
    for table in (notices, copies):
        turn.connection.execute(
            update(table).where(HELD, table.c.owner == owner).values(owner="", due_at=turn.now)
        )
    release_duties_of(turn, owner, turn.now)
    interrupted = open_attempts_of(turn.connection, owner, besides=kept)
    for attempt in interrupted:
        record_interrupted(turn, attempt)
    return interrupted


def _owners(connection: Connection, kept: Collection[str]) -> list[str]:
    """Everyone who holds something beside calls on the lines named in `kept`, and every node."""
    calls = [owner for owner, line in _CALLERS.each(connection, [{}]) if line not in kept]
    return sorted({*calls, *(owner for (owner,) in _HOLDERS.each(connection, [{}]))})


def _silent_owners(connection: Connection, now: datetime, kept: Collection[str]) -> list[str]:
    silent = _SILENT_CALLERS.each(connection, [{"now": now}])
    return sorted({owner for owner, line in silent if line not in kept})


def _host(owner: str) -> str:
    return owner.partition("/")[0]
