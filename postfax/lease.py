"""How long what was claimed is surely still ours, by this host's own clock.

A process, or its host, may stand still for longer than its lease: then somebody else has the work, and who
wakes up in the middle of it must not do it once more. The time runs from before the claim, and only half of
it is used: hosts do not agree on the time of day, and the book's lease is written by that.
"""

import asyncio
from datetime import timedelta
from typing import Self


class LeaseOver(Exception):  # noqa: N818 - named as what happened
    """What was claimed may be somebody else's by now: it is left to them."""


class Lease:
    """The time in which claimed work may go out of the house."""

    def __init__(self, ends_at: float) -> None:
        self.ends_at = ends_at
        """By the event loop's clock."""

    @classmethod
    def from_now(cls, length: timedelta) -> Self:
        """Of a claim that is about to be made for so long."""
        return cls(asyncio.get_running_loop().time() + length.total_seconds() / 2)

    @property
    def holds(self) -> bool:
        """Whether the work is surely ours."""
        return asyncio.get_running_loop().time() < self.ends_at

    def check(self) -> None:
        """Pass if it holds.

        Raises:
            LeaseOver: it does not.
        """
        if not self.holds:
            raise LeaseOver
