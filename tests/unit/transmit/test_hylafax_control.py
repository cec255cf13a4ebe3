"""What waits for HylaFAX's answers ends when it is to end."""

import asyncio

import pytest

from transmit.hylafax import control


async def test_a_cancellation_in_the_moment_of_the_answer_is_not_forgotten() -> None:
    answer = asyncio.get_running_loop().create_future()
    waiting = asyncio.create_task(control._in_time(answer))
    await asyncio.sleep(0)
    answer.set_result(b"213 status\r\n")
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
