"""What each host's clocks showed at the last look: a row for each host.

A look finds out that the clock was set, once for all processes of its host, and moves their leases with it.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, delete, insert, or_, select, update

from store.driver_statement import ONE, DriverStatement
from store.host_clock import MAY_STRAY
from store.reckoning import MAY_BE_SET, Reading, Reckoned, reckon, set_by
from store.records.claims import move_leases
from store.records.turn import Turn
from store.upkeep_tables import clocks

FORGOTTEN_AFTER = timedelta(days=7)
"""A host that looks no more."""

_SHOWN = ("time", "clock", "uptime", "doubted_for")
_OF_HOST = clocks.c.host == bindparam("which")
_LAST = DriverStatement(select(clocks).where(_OF_HOST))
_NEWEST = DriverStatement(select(clocks).order_by(clocks.c.time.desc()).limit(ONE))
_FIRST_LOOK = DriverStatement(insert(clocks), ["host", *_SHOWN])
_LOOK = DriverStatement(update(clocks).where(_OF_HOST), _SHOWN)
_FORGET = DriverStatement(
    delete(clocks).where(
        clocks.c.host != bindparam("which"),
        or_(clocks.c.time < bindparam("before"), clocks.c.time > bindparam("after")),
    )
)
_MICROSECOND = timedelta(microseconds=1)


def look_at_clock(turn: Turn, uptime: Callable[[], timedelta]) -> Reckoned:
    """Reckon anew, and keep what came of it. `uptime`: of this host."""
    host = turn.owner.partition("/")[0]
    last, of_another = _last_look(turn.connection, host)
    read = Reading(clock=turn.now, uptime=uptime())
    if last and not of_another and abs(by := set_by(last.read, read)) > MAY_STRAY:
        move_leases(turn, host, by)
    reckoned = reckon(last, read, of_another=of_another)
    _keep(turn, host, reckoned, first=last is None or of_another)
    return reckoned


def known_clocks(connection: Connection) -> dict[str, Reckoned]:
    """What came of each host's last look, by the host's name."""
    return {row.host: _reckoned(row) for row in connection.execute(select(clocks))}


def _last_look(connection: Connection, host: str) -> tuple[Reckoned | None, bool]:
    """The last one of this host, or else of any other; and whether it was another's."""
    own = _LAST.first(connection, {"which": host})
    known = own or _NEWEST.first(connection)
    return (_reckoned(known) if known else None), own is None


def _keep(turn: Turn, host: str, reckoned: Reckoned, *, first: bool) -> None:
    """Write it down; `first`, if nothing is known of this host."""
    doubted = reckoned.doubted_for
    values = {
        "time": reckoned.time,
        "clock": reckoned.read.clock,
        "uptime": reckoned.read.uptime // _MICROSECOND,
        "doubted_for": None if doubted is None else doubted // _MICROSECOND,
    }
    (_FIRST_LOOK if first else _LOOK).many(turn.connection, [{"host": host, "which": host, **values}])
    if doubted is None:
        span = {"before": reckoned.time - FORGOTTEN_AFTER, "after": reckoned.time + MAY_BE_SET}
        _FORGET.many(turn.connection, [{"which": host, **span}])


def _reckoned(row: Any) -> Reckoned:
    doubted = row.doubted_for
    return Reckoned(
        time=row.time,
        read=Reading(clock=row.clock, uptime=row.uptime * _MICROSECOND),
        doubted_for=None if doubted is None else doubted * _MICROSECOND,
    )
