"""What was claimed is surely ours for half of its lease, by the loop's own clock."""

import asyncio
from datetime import timedelta

import pytest

from postfax.lease import Lease, LeaseOver


async def test_half_of_a_lease_is_used() -> None:
    loop = asyncio.get_running_loop()
    lease = Lease(loop.time() + 60)
    lease.check()
    assert lease.holds
    assert Lease.from_now(timedelta(minutes=2)).holds
    assert not Lease.from_now(timedelta(minutes=-2)).holds


async def test_what_is_over_is_left_to_others() -> None:
    with pytest.raises(LeaseOver):
        Lease(asyncio.get_running_loop().time() - 0.001).check()
