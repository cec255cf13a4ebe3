"""The LibreOffices of a service: one is kept warm, more come while documents wait, and go when none do.

A document that takes long keeps only its own LibreOffice busy. One that is worn out (`convert.office_wear`)
is replaced when nobody waits for it, so that few documents pay for the seconds that a fresh one needs.
"""

import asyncio
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

from convert.formats import Kind
from convert.office import Office

_KEPT_IDLE = 600.0
"""Seconds; then one that was started for a rush is ended: each takes 100 to 300 MB."""


class OfficePool:
    """As many as documents need, up to a number."""

    def __init__(self, socket: Path | None = None, *, most: int = 1) -> None:
        """With `socket` the one LibreOffice is systemd's; else there are up to `most` of ours."""
        self._most = 1 if socket else most
        self._first = Office(socket)
        self._all = [self._first]
        self._free: asyncio.LifoQueue[Office] = asyncio.LifoQueue()
        self._free.put_nowait(self._first)
        self._waiting = 0
        self._coming = 0
        """How many are being started."""
        self._returning = 0
        """How many have converted a document and are about to be free."""
        self._tasks: set[asyncio.Task[None]] = set()
        self._shrinking: asyncio.TimerHandle | None = None
        self._stopping = False

    @property
    def offices(self) -> tuple[Office, ...]:
        """All that there are now."""
        return tuple(self._all)

    def start(self) -> None:
        """Begin to start the first; returns at once. If it fails now, the first document tries again."""
        self._first.start()

    async def stop(self) -> None:
        """End all that are ours. Documents in work are given up."""
        self._stopping = True
        if self._shrinking:
            self._shrinking.cancel()
        await asyncio.gather(*(office.stop() for office in self._all))
        if self._tasks:
            await asyncio.wait(self._tasks)

    async def to_pdf(
        self, document: Path, target: Path, *, name: str, kind: Kind, pages: int, seconds: float
    ) -> None:
        """As `Office.to_pdf`, by whichever is free first."""
        office = await self._take()
        try:
            await office.to_pdf(document, target, name=name, kind=kind, pages=pages, seconds=seconds)
        finally:
            self._returning += 1
            self._begin(self._take_back(office))

    async def _take(self) -> Office:
        self._waiting += 1
        try:
            self._grow_if_needed()
            return await self._free.get()
        finally:
            self._waiting -= 1

    def _grow_if_needed(self) -> None:
        """Start one more if documents wait; one after the other, for each takes a processor for seconds."""
        free = self._free.qsize() + self._returning
        enough = self._waiting <= free or len(self._all) >= self._most
        if not (enough or self._coming or self._stopping):
            office = Office()
            self._all.append(office)
            self._coming += 1
            self._begin(self._warmed(office))

    async def _take_back(self, office: Office) -> None:
        """Nobody waits for this: who had the document converted has it already."""
        try:
            await office.take_stock()
        finally:
            self._returning -= 1
            self._give_back(office)

    def _give_back(self, office: Office) -> None:
        somebody_else = len(self._all) > 1
        if office.worn and not self._stopping and (somebody_else or not self._waiting):
            self._coming += 1
            self._begin(self._renewed(office))
        else:
            self._free.put_nowait(office)
        if self._shrinking:
            self._shrinking.cancel()
        if somebody_else and not self._stopping:
            self._shrinking = asyncio.get_running_loop().call_later(_KEPT_IDLE, self._shrink)

    async def _warmed(self, office: Office) -> None:
        came = await office.warm_up()
        self._coming -= 1
        if came:
            self._free.put_nowait(office)
            self._grow_if_needed()
        else:  # documents that wait get the first
            self._all.remove(office)
            await office.stop()

    async def _renewed(self, office: Office) -> None:
        await office.renew()
        self._coming -= 1
        self._free.put_nowait(office)

    def _shrink(self) -> None:
        """End what was idle for long, but for the first."""
        idle = [self._free.get_nowait() for _ in range(self._free.qsize())]
        for office in idle:
            if office is self._first:
                self._free.put_nowait(office)
            else:
                self._all.remove(office)
                self._begin(office.stop())

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work, name="office")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
