"""Line channels shared over nodes: none has more than its share while another wants them.

Every node may take any fax, and the book counts all calls of a line, so a line never has more calls than
channels. What is left to decide is who takes a channel that comes free. The node whose call ended knows it
first, and would have it again each time; so one that has its share already waits a moment before it takes
another, in which those with less take it. Where nobody does, it goes beyond its share.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from postfax.remembered import Remembered

COURTESY_SECONDS = 0.15
"""Longer than another node needs to hear of a free channel and to claim it."""


def has_share(channels: Mapping[str, int], calls: Mapping[str, int], nodes: int) -> bool:
    """Whether a node has its share of every one of these lines.

    Args:
        channels: of each line, over all nodes.
        calls: of this node, by line.
        nodes: how many place calls.
    """
    return all(calls.get(line, 0) * nodes >= number for line, number in channels.items())


class FairShare:
    """Waits where that is fair."""

    def __init__(self, nodes: Callable[[], Awaitable[int]]) -> None:
        """`nodes` tells how many nodes place calls."""
        self._nodes = Remembered(nodes)

    async def wait(self, channels: Mapping[str, int], calls: Mapping[str, int]) -> None:
        """Let others go first if this node has its share of the lines with a free channel.

        Args:
            channels: of those lines, over all nodes.
            calls: of this node, by line.

        Raises:
            BookUnavailable: it is not known how many nodes there are.
        """
        if has_share(channels, calls, max(1, await self._nodes.get())):
            await asyncio.sleep(COURTESY_SECONDS)
