"""A node: one process of the service, as it tells of itself in the book."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

LATE_AFTER = timedelta(seconds=60)
"""Silent for so long, a node is late: it tells of itself four times in that time."""


class NodeState(StrEnum):
    """How a node stands."""

    RUNNING = "running"
    LATE = "late"
    """Not heard lately: it is slow, cut off from the book, or dead."""
    GONE = "gone"
    """Its process has ended, or it was silent for so long that others have taken over."""


@dataclass(frozen=True, kw_only=True, slots=True)
class NodeFacts:
    """What a node tells of itself."""

    roles: tuple[str, ...]
    version: str
    """Of its program."""
    lines_down: Mapping[str, str]
    """Of its lines, those that carry no calls just now, with why."""


@dataclass(frozen=True, kw_only=True, slots=True)
class InHand:
    """How much of what is claimed a node has."""

    calls: int
    """Channels: several faxes in one call are one."""
    mails: int
    notices: int
    copies: int
    duties: tuple[str, ...]
    """What it does for all nodes."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Node:
    """A node as the book knows it."""

    owner: str
    """As claims have it (`store.owner`)."""
    facts: NodeFacts
    since: datetime
    heard_at: datetime
    in_hand: InHand

    @property
    def host(self) -> str:
        """Where it runs."""
        return self.owner.partition("/")[0]

    @property
    def name(self) -> str:
        """`host/pid`."""
        return self.owner.rpartition("/")[0]

    def state(self, now: datetime, lost_after: timedelta, gone: Callable[[str], bool]) -> NodeState:
        """How it stands.

        Args:
            now: the time.
            lost_after: silent for so long, others take over.
            gone: whether an owner was a process of this host and has ended.
        """
        silent = now - self.heard_at
        if gone(self.owner) or silent > lost_after:
            return NodeState.GONE
        return NodeState.LATE if silent > LATE_AFTER else NodeState.RUNNING
