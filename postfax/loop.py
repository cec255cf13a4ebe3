"""A step of the journey, done again and again: at once while there is work, else when more is due."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from postfax.schedule import Schedule
from store.errors import BookUnavailable
from store.records.schedule import Work

PAUSE_AFTER_TROUBLE = 2.0
"""Seconds until the next try after a step failed on our side."""

log = structlog.get_logger()
Step = Callable[[], Awaitable[bool]]
"""Does one piece of work; False if there was none."""


class Loop:
    """One step, kept going in a task of its own."""

    def __init__(
        self,
        name: str,
        step: Step,
        schedule: Schedule,
        work: Work,
    ) -> None:
        """Start at once.

        Args:
            name: for the log.
            step: what is done again and again.
            schedule: of the service.
            work: what the step claims.
        """
        self.name = name
        self._step = step
        self._schedule = schedule
        self._work = work
        self._idle = False
        self._stopping = False
        self._task = asyncio.create_task(self._run(), name=name)

    @property
    def has_ended(self) -> bool:
        """Whether nothing is done any more."""
        return self._task.done()

    async def ended(self) -> None:
        """Wait for the end, whatever it is."""
        await asyncio.wait([self._task])

    async def stop(self, seconds: float) -> None:
        """Begin no other step; let the present one end within so many seconds, then cut it off.

        What is cut off is done again by the next service: its claim comes back.
        """
        self._stopping = True
        if not self._idle:
            await asyncio.wait([self._task], timeout=seconds)
        self._task.cancel()
        await asyncio.wait([self._task], timeout=seconds)

    async def _run(self) -> None:
        while not self._stopping:
            try:
                await self._work_or_wait()
            except BookUnavailable as problem:
                log.error("book_unavailable", step=self.name, cause=problem.cause or str(problem))
                await asyncio.sleep(PAUSE_AFTER_TROUBLE)
            except Exception as problem:
                log.error("step_failed", step=self.name, exc_info=problem)
                await asyncio.sleep(PAUSE_AFTER_TROUBLE)

    async def _work_or_wait(self) -> None:
        since = self._schedule.generation
        worked = await self._step()
        if worked or self._stopping:
            return
        self._idle = True
        try:
            await self._schedule.wait_for(self._work, since=since)
        finally:
            self._idle = False
