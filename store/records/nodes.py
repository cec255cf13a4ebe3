"""Nodes as rows: each keeps its own; the others read them all."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Table, bindparam, delete, func, insert, select, update

from store.driver_statement import DriverStatement
from store.host_clock import time_of_server
from store.node import InHand, Node, NodeFacts
from store.node_tables import DUTY_HELD, duties, nodes
from store.records.turn import Turn
from store.tables import HELD, OPEN, attempts, copies, mails, notices

_OF_OWNER = nodes.c.owner == bindparam("which")
_CALLS = (
    select(attempts.c.owner, func.count().label("number"))
    .where(OPEN, attempts.c.shares_call_of == "")
    .group_by(attempts.c.owner)
)
_DUTIES = select(duties.c.owner, duties.c.name).where(DUTY_HELD).order_by(duties.c.name)
_HEARD = DriverStatement(select(nodes.c.roles).where(nodes.c.heard_at >= bindparam("since")))


def announce(turn: Turn, facts: NodeFacts) -> timedelta:
    """Write that this owner is there, or still is; how far its clock is ahead of the book's own.

    A book in a file has none, and no owner on another host.
    """
    values = {
        "roles": list(facts.roles),
        "version": facts.version,
        "heard_at": turn.now,
        "lines_down": dict(facts.lines_down),
    }
    known = turn.connection.execute(update(nodes).where(_OF_OWNER), {"which": turn.owner, **values})
    if not known.rowcount:
        turn.connection.execute(insert(nodes), {"owner": turn.owner, "since": turn.now, **values})
    if turn.connection.dialect.name != "postgresql":
        return timedelta()
    return turn.now - time_of_server(turn.connection)


def remove(turn: Turn, owners: Iterable[str]) -> None:
    """Know nothing of these nodes any more."""
    for owner in owners:
        turn.connection.execute(delete(nodes).where(_OF_OWNER), {"which": owner})


def owners(connection: Connection) -> list[str]:
    """Every node's owner."""
    return sorted(connection.scalars(select(nodes.c.owner)))


def all_nodes(connection: Connection) -> tuple[Node, ...]:
    """Every node that is known, with what it has in hand, by host and beginning."""
    calls = {row.owner: row.number for row in connection.execute(_CALLS)}
    held = [_held_by_owner(connection, table) for table in (mails, notices, copies)]
    duties_of: dict[str, list[str]] = {}
    for row in connection.execute(_DUTIES):
        duties_of.setdefault(row.owner, []).append(row.name)
    rows = connection.execute(select(nodes)).all()
    found = (
        _node(
            row,
            InHand(
                calls=calls.get(row.owner, 0),
                mails=held[0][row.owner],
                notices=held[1][row.owner],
                copies=held[2][row.owner],
                duties=tuple(duties_of.get(row.owner, ())),
            ),
        )
        for row in rows
    )
    return tuple(sorted(found, key=lambda node: (node.host, node.since, node.owner)))


def count_with_role(connection: Connection, role: str, since: datetime) -> int:
    """How many nodes have this role and were heard since then."""
    return sum(role in roles for roles in _HEARD.scalars(connection, {"since": since}))


def _held_by_owner(connection: Connection, table: Table) -> Counter[str]:
    query = select(table.c.owner, func.count().label("number")).where(HELD).group_by(table.c.owner)
    return Counter({row.owner: row.number for row in connection.execute(query)})


def _node(row: Any, in_hand: InHand) -> Node:
    facts = NodeFacts(roles=tuple(row.roles), version=row.version, lines_down=row.lines_down)
    return Node(owner=row.owner, facts=facts, since=row.since, heard_at=row.heard_at, in_hand=in_hand)
