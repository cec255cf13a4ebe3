"""What one node does for all, in virtual time: begun when it is ours, ended when it is not, never by two."""

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, cast

from structlog.testing import capture_logs

from postfax.duties import Duties
from simulation.virtual_time import VirtualLoop
from store.book import Book
from store.errors import BookUnavailable

LEASE = timedelta(seconds=80)


@dataclass
class Granting:
    """As much of a book as gives duties out, by the time of the loop."""

    owner: str = ""
    until: float = 0.0
    cut_off: set[str] = field(default_factory=set)
    """Nodes that cannot reach it."""


@dataclass
class Seen:
    """That book as one node has it."""

    granting: Granting
    node: str

    async def claim_duty(self, _name: str, lease: timedelta) -> bool:
        if self.node in self.granting.cut_off:
            raise BookUnavailable("The server cannot be reached.", "08006")
        now = asyncio.get_running_loop().time()
        if self.granting.owner not in {"", self.node} and now < self.granting.until:
            return False
        self.granting.owner, self.granting.until = self.node, now + lease.total_seconds()
        return True


class House:
    """Several nodes that would all do the same."""

    def __init__(self) -> None:
        self.granting = Granting()
        self.working: set[str] = set()
        self.begun: list[tuple[str, float]] = []
        self.tasks: dict[str, asyncio.Task[None]] = {}
        self.fails = False

    def add(self, node: str) -> None:
        duties = Duties(cast("Book", Seen(self.granting, node)), LEASE)
        self.tasks[node] = asyncio.create_task(duties.keep("closing", lambda: self._work(node)))

    async def _work(self, node: str) -> None:
        assert not self.working, f"{node} begins while {self.working} is at it"
        self.working.add(node)
        self.begun.append((node, asyncio.get_running_loop().time()))
        try:
            if self.fails:
                raise ValueError("no such month")
            await asyncio.get_running_loop().create_future()
        finally:
            self.working.discard(node)


def lived(life: Coroutine[Any, Any, None]) -> None:
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        runner.run(life)


def test_one_does_it_and_another_takes_over_when_that_one_ends() -> None:
    async def life() -> None:
        house = House()
        for node in ("one", "two", "three"):
            house.add(node)
        await asyncio.sleep(1000)
        assert house.begun == [("one", 0.0)]
        house.tasks["one"].cancel()
        await asyncio.sleep(2 * LEASE.total_seconds())
        assert house.working in ({"two"}, {"three"})
        assert len(house.begun) == 2

    lived(life())


def test_a_node_that_cannot_reach_the_book_stops_before_another_begins() -> None:
    async def life() -> None:
        house = House()
        house.add("one")
        await asyncio.sleep(95)
        house.add("two")
        house.granting.cut_off.add("one")
        with capture_logs() as logged:
            await asyncio.sleep(LEASE.total_seconds() / 2 + 1)
            assert house.working == set()
            await asyncio.sleep(LEASE.total_seconds())
        assert house.working == {"two"}
        assert {"duty_not_renewed", "duty_lost", "duty_taken"} <= {entry["event"] for entry in logged}
        house.granting.cut_off.clear()
        await asyncio.sleep(1000)
        assert house.working == {"two"}

    lived(life())


def test_a_short_outage_does_not_interrupt_it() -> None:
    async def life() -> None:
        house = House()
        house.add("one")
        await asyncio.sleep(95)
        house.granting.cut_off.add("one")
        await asyncio.sleep(LEASE.total_seconds() / 4)
        house.granting.cut_off.clear()
        await asyncio.sleep(1000)
        assert house.begun == [("one", 0.0)]

    lived(life())


def test_what_fails_is_told_and_begun_again() -> None:
    async def life() -> None:
        house = House()
        house.fails = True
        house.add("one")
        with capture_logs() as logged:
            await asyncio.sleep(1)
            house.fails = False
            await asyncio.sleep(LEASE.total_seconds())
        assert [entry["event"] for entry in logged][:2] == ["duty_taken", "duty_failed"]
        assert [node for node, _ in house.begun] == ["one", "one"]

    lived(life())
