"""Lines that somebody holds, under their names."""

from sqlalchemy import Connection, bindparam, delete, insert, select

from store.administration_tables import held_lines
from store.audit_entry import AuditAction
from store.driver_statement import DriverStatement
from store.held_line import HeldLine
from store.records.audit import note
from store.records.turn import Turn

_ALL = DriverStatement(select(held_lines).order_by(held_lines.c.line))
_OF_LINE = held_lines.c.line == bindparam("which")


def hold_line(turn: Turn, line: str, *, reason: str, by: str) -> bool:
    """Hold a line; False if it is held already, and stays so with its first reason and person."""
    if turn.connection.execute(select(held_lines.c.line).where(_OF_LINE), {"which": line}).first():
        return False
    turn.connection.execute(insert(held_lines), {"line": line, "reason": reason, "at": turn.now, "by": by})
    note(turn, AuditAction.HOLD_LINE, {line: reason}, by=by)
    return True


def release_line(turn: Turn, line: str, *, reason: str, by: str) -> bool:
    """Let a line take calls again; False if it was not held."""
    released = turn.connection.execute(delete(held_lines).where(_OF_LINE), {"which": line})
    if released.rowcount:
        note(turn, AuditAction.RELEASE_LINE, {line: reason}, by=by)
    return bool(released.rowcount)


def all_held_lines(connection: Connection) -> tuple[HeldLine, ...]:
    """Every line that is held, by name."""
    return tuple(HeldLine(**row._asdict()) for row in _ALL.rows(connection))
