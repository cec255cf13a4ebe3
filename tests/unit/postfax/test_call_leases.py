"""When a call in progress is surely ours no more, in virtual time."""

import asyncio
from datetime import timedelta

from postfax.journey.call_leases import CallLeases
from postfax.lease import Lease
from simulation.virtual_time import VirtualLoop

LEASE = timedelta(minutes=10)


async def _live() -> None:
    over: list[tuple[str, float]] = []
    time = asyncio.get_running_loop().time
    leases = CallLeases(lambda attempt: over.append((attempt, time())))
    leases.begin(["a", "b", "c"], Lease.from_now(LEASE))
    await asyncio.sleep(200)
    leases.renewed(["b", "gone"], Lease.from_now(LEASE))
    leases.end(["c"])
    await asyncio.sleep(150)
    assert over == [("a", 300.0)]
    assert (leases.holds("a"), leases.holds("b"), leases.holds("c")) == (False, True, True)
    await asyncio.sleep(1000)
    assert over == [("a", 300.0), ("b", 500.0)]
    leases.end(["a", "b"])


def test_a_lease_ends_half_of_it_after_it_was_renewed_last() -> None:
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        runner.run(_live())


async def _live_alone() -> None:
    leases = CallLeases(None)
    leases.begin(["a"], Lease.from_now(LEASE))
    await asyncio.sleep(10_000)
    assert leases.holds("a")


def test_where_nobody_else_could_take_a_call_leases_have_no_end() -> None:
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        runner.run(_live_alone())
