"""The live list of blocked numbers."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice

from sqlalchemy import Connection, Text, bindparam, delete, func, insert, literal, select

from store.administration_tables import blocks
from store.audit_entry import AuditAction
from store.block import Block, BlockChange, LivePatterns
from store.records.audit import last_of, note
from store.records.turn import Turn

_GROUP = 500
"""Patterns of one statement."""

_AMONG = select(blocks.c.pattern).where(blocks.c.pattern.in_(bindparam("patterns", expanding=True)))
_REMOVE = delete(blocks).where(blocks.c.pattern.in_(bindparam("patterns", expanding=True)))
_SORTED = select(blocks).order_by(blocks.c.pattern)
_VERSION = select(last_of(AuditAction.BLOCK), last_of(AuditAction.UNBLOCK))
_NUMBER = bindparam("number", type_=Text)
# Patterns without a gap are found by their key; the others are few, and each is compared.
_WITH_GAPS = (
    select(blocks.c.pattern)
    .where(
        blocks.c.pattern.like("%?%"),
        _NUMBER.like(
            func.replace(
                func.replace(blocks.c.pattern, literal("?"), literal("_")), literal("*"), literal("%")
            )
        ),
    )
    .order_by(func.length(blocks.c.pattern).desc())
    .limit(1)
)


def add_blocks(turn: Turn, reasons: Mapping[str, str], *, by: str) -> BlockChange:
    """Block numbers, each for its reason. What is blocked already stays, with its first reason and person."""
    known = _known(turn.connection, reasons)
    new = {pattern: reason for pattern, reason in reasons.items() if pattern not in known}
    if new:
        entry = {"at": turn.now, "by": by}
        rows = [{**entry, "pattern": pattern, "reason": reason} for pattern, reason in new.items()]
        turn.connection.execute(insert(blocks), rows)
        note(turn, AuditAction.BLOCK, new, by=by)
    return BlockChange(
        changed=tuple(new), unchanged=tuple(pattern for pattern in reasons if pattern in known)
    )


def remove_blocks(turn: Turn, patterns: Sequence[str], *, reason: str, by: str) -> BlockChange:
    """Take patterns off the list, each as it is written there."""
    wanted = tuple(dict.fromkeys(patterns))
    known = _known(turn.connection, wanted)
    gone = tuple(pattern for pattern in wanted if pattern in known)
    for group in _groups(gone):
        turn.connection.execute(_REMOVE, {"patterns": group})
    note(turn, AuditAction.UNBLOCK, dict.fromkeys(gone, reason), by=by)
    return BlockChange(changed=gone, unchanged=tuple(pattern for pattern in wanted if pattern not in known))


def all_blocks(connection: Connection) -> tuple[Block, ...]:
    """The whole list, by pattern."""
    return tuple(
        Block(pattern=row.pattern, reason=row.reason, at=row.at, by=row.by)
        for row in connection.execute(_SORTED)
    )


def live_patterns(connection: Connection, known: tuple[int, int] | None) -> LivePatterns | None:
    """All patterns; None if nothing has changed since the version that is known."""
    one, other = connection.execute(_VERSION).one()
    if (one, other) == known:
        return None
    return LivePatterns(
        patterns=tuple(connection.scalars(select(blocks.c.pattern))), version=(int(one), int(other))
    )


def blocking(connection: Connection, e164: str) -> str:
    """The pattern that a number falls under, the most exact if there are several; or an empty text."""
    own = _known(connection, _without_gaps(e164))
    exact = next((pattern for pattern in _without_gaps(e164) if pattern in own), "")
    return exact or connection.scalar(_WITH_GAPS, {"number": e164}) or ""


def _without_gaps(e164: str) -> tuple[str, ...]:
    """The patterns without `?` that the number falls under, the most exact first."""
    return (e164, *(f"{e164[:length]}*" for length in range(len(e164), 0, -1)))


def _known(connection: Connection, patterns: Iterable[str]) -> frozenset[str]:
    """Those that are on the list."""
    return frozenset(
        pattern for group in _groups(patterns) for pattern in connection.scalars(_AMONG, {"patterns": group})
    )


def _groups(patterns: Iterable[str]) -> Iterator[list[str]]:
    rest = iter(patterns)
    while group := list(islice(rest, _GROUP)):
        yield group
