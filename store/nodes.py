"""The part of the book about the nodes that work on it, and about what one of them does for all.

`store.book.Book` is the only kind of it; what holds for the book's methods holds here.
"""

from datetime import datetime, timedelta

from store.node import Node, NodeFacts
from store.records import claims, duties, nodes
from store.records.turn import Turn
from store.searching import Searching


class Nodes(Searching):
    """Who there is."""

    async def announce_node(self, facts: NodeFacts) -> timedelta:
        """This owner is there, or still is; how far its clock is ahead of that of the book's server."""
        return await self._access.write(nodes.announce, facts)

    async def node_left(self) -> None:
        """This owner is no more."""
        await self._access.write(lambda turn: nodes.remove(turn, [turn.owner]))

    async def nodes(self) -> tuple[Node, ...]:
        """Every node that is known, with what it has in hand."""
        return await self._access.read(nodes.all_nodes)

    async def nodes_with_role(self, role: str, since: datetime) -> int:
        """How many nodes have this role and were heard since then."""
        return await self._access.read(nodes.count_with_role, role, since)

    async def forget_node(self, owner: str) -> tuple[str, ...]:
        """Know nothing of a node any more, and give back all that it holds; the attempts interrupted by it.

        One that lives after all finds its claims gone, and is known again when it next tells of itself.
        """
        return await self._access.write(_forget, owner)

    async def claim_duty(self, name: str, lease: timedelta) -> bool:
        """Take or keep what one node does for all; whether it is this owner's until the end of the lease."""
        return await self._access.write(duties.claim_duty, name, lease)


def _forget(turn: Turn, owner: str) -> tuple[str, ...]:
    nodes.remove(turn, [owner])
    return claims.release_claims_of(turn, owner)
