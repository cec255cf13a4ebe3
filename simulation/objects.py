"""An object store of one seed: away for a while, losing answers, torn where a node dies in a request.

It stands in for `store.object_store.ObjectStore` behind the real `store.body_objects`. What a real store
promises it keeps: an object is there whole or not at all. What a disk does not promise it does not either: in
some seeds a node that dies in the middle of a request leaves half of an object.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from mmap import mmap
from typing import TYPE_CHECKING

from simulation.virtual_time import VirtualClock
from store.errors import BodiesUnavailable
from store.object_store import NoObject, Put

if TYPE_CHECKING:
    from simulation.node import Node


@dataclass
class Bucket:
    """What every node sees."""

    octets: dict[str, bytes] = field(default_factory=dict)
    """Of each object."""
    written_at: dict[str, datetime] = field(default_factory=dict)
    """Of each object, by the store's clock."""
    torn: set[str] = field(default_factory=set)
    """Objects of which half is there."""
    missed: list[str] = field(default_factory=list)
    """Keys that the book named, and that were not there, or torn."""


class SimulatedObjects:
    """How a node reaches the objects, with the troubles of the seed."""

    def __init__(self, node: "Node", bucket: Bucket, clock: VirtualClock) -> None:
        """`clock` is the store's: it is right."""
        self.trouble: BodiesUnavailable | None = None
        self._node = node
        self._bucket = bucket
        self._clock = clock

    def put(self, key: str, octets: bytes | mmap) -> Put:
        """Write an object; the node may die in the middle, and the answer may be lost."""
        self._ask()
        whole = bytes(octets)
        if self._node.in_storm("dying in a request", self._node.chance.odds.crash):
            self._node.world.kill(self._node)
            if self._node.world.objects_tear:
                self._bucket.torn.add(key)
                self._write(key, whole[: len(whole) // 2])
            return Put(keeps_versions=False)
        self._write(key, whole)
        self._lose_answer()
        return Put(keeps_versions=False)

    def get(self, key: str) -> bytes:
        """All octets of an object."""
        self._ask()
        if key not in self._bucket.octets or key in self._bucket.torn:
            self._bucket.missed.append(key)
            raise NoObject
        return self._bucket.octets[key]

    def beginning(self, key: str, octets: int) -> bytes:
        """So many of them."""
        return self.get(key)[:octets]

    def pieces(self, key: str) -> Iterator[bytes]:
        """All of them, at once."""
        yield self.get(key)

    def remove(self, keys: Sequence[str]) -> None:
        """Remove objects; the answer may be lost."""
        self._ask()
        for key in keys:
            self._bucket.octets.pop(key, None)
        self._lose_answer()

    def listed(self, beginning: str) -> Iterator[tuple[str, datetime]]:
        """All keys that begin so."""
        self._ask()
        there = self._bucket.written_at
        yield from [(key, there[key]) for key in self._bucket.octets if key.startswith(beginning)]

    def now(self) -> datetime:
        """The store's clock."""
        self._ask()
        return self._clock()

    def check(self) -> None:
        """Pass if the store answers."""
        self._ask()

    def _write(self, key: str, octets: bytes) -> None:
        self._bucket.octets[key] = octets
        self._bucket.written_at[key] = self._clock()

    def _ask(self) -> None:
        if self._node.world.objects_are_away():
            self._fail()
        self.trouble = None

    def _lose_answer(self) -> None:
        if self._node.in_storm("objects", self._node.chance.odds.reply_lost):
            self._fail()

    def _fail(self) -> None:
        self.trouble = BodiesUnavailable("The object store cannot be used now.", "simulated")
        raise self.trouble
