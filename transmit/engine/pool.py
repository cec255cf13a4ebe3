"""The service's side of the fax engine: worker processes, and one handle a call.

    pool = EnginePool(workers=1)
    await pool.start()                                   # EngineUnavailable without libspandsp
    call = await pool.open(SessionOrder(role=Role.CALLER, document=path, station_id="+12065550100"))
    …                                                    # offer call.media_port in the SDP
    call.start_audio(MediaAddress("192.0.2.1", 4000), Codec.PCMU)
    call.switch_to_t38(MediaAddress("192.0.2.1", 4000), max_datagram=400)
    event = await call.events.get()                      # Ended is always the last one
    result = await call.hang_up()                        # once for each call, whatever happened
    await pool.stop()

A worker that dies ends its calls with `EngineResult(crashed=True)` and is started anew.
"""

import asyncio
import contextlib
import itertools

import structlog
from structlog.typing import FilteringBoundLogger

from transmit.engine.control import StillHere
from transmit.engine.engine_call import EngineCall, EngineUnavailable
from transmit.engine.order import SessionOrder
from transmit.engine.worker_process import WorkerProcess

__all__ = ["EngineCall", "EnginePool", "EngineUnavailable"]

_SHORT_LIFE = 1.0
_LONGEST_PAUSE = 5.0


class EnginePool:
    """Worker processes that run fax sessions.

    Start it in the main thread: the kernel ends a worker together with the thread that started it.
    """

    def __init__(
        self, *, workers: int = 1, alone_for: float | None = None, log: FilteringBoundLogger | None = None
    ) -> None:
        """A pool that is not started yet.

        Args:
            workers: how many processes.
            alone_for: seconds after which calls end although nobody ends them, if this process stands still;
                by default they go on.
            log: where it says what happens.
        """
        self._count = workers
        self._alone_for = alone_for
        self._log: FilteringBoundLogger = log if log is not None else structlog.get_logger()
        self._alive: list[WorkerProcess] = []
        self._keepers: list[asyncio.Task[None]] = []
        self._numbers = itertools.count(1)
        self._changed = asyncio.Condition()

    async def start(self) -> None:
        """Start the workers.

        Raises:
            EngineUnavailable: libspandsp or its bindings are missing.
        """
        spawned = await asyncio.gather(*(self._spawn() for _ in range(self._count)), return_exceptions=True)
        for worker in spawned:
            if isinstance(worker, BaseException):
                await self.stop()
                raise worker
            self._keepers.append(asyncio.create_task(self._keep(worker)))
        if self._alone_for is not None:
            self._keepers.append(asyncio.create_task(self._say_still_here(self._alone_for)))

    async def stop(self) -> None:
        """End all workers; calls that are still open end as crashed."""
        for keeper in self._keepers:
            keeper.cancel()
        await asyncio.gather(*self._keepers, return_exceptions=True)
        async with self._changed:
            self._keepers = []
            self._changed.notify_all()
        alive, self._alive = self._alive, []
        await asyncio.gather(*(worker.stop() for worker in alive))

    async def open(self, order: SessionOrder) -> EngineCall:
        """Take a media port in the least busy worker; while none is alive, wait for the next one.

        Raises:
            EngineUnavailable: The pool is not started or was stopped, or the worker died.
            OSError: The worker could not bind a media socket, or read a station's voice file.
        """
        async with self._changed:
            await self._changed.wait_for(lambda: self._alive or not self._keepers)
            if not self._keepers:
                raise EngineUnavailable("The fax engine is not running.")
            worker = min(self._alive, key=lambda candidate: candidate.load)
            call = EngineCall(next(self._numbers), worker)
        await call.open(order)
        return call

    async def _spawn(self) -> WorkerProcess:
        worker = await WorkerProcess.start(self._log)
        async with self._changed:
            self._alive.append(worker)
            self._changed.notify_all()
        return worker

    async def _keep(self, worker: WorkerProcess) -> None:
        """Wait for the end of a worker and put another one in its place, over and over."""
        pause = 0.0
        while True:
            lifetime = await worker.died()
            self._alive.remove(worker)
            pause = 0.0 if lifetime > _SHORT_LIFE else min(_LONGEST_PAUSE, 2 * pause + 0.1)
            worker = await self._respawn(pause)

    async def _say_still_here(self, seconds: float) -> None:
        """Let every worker know, in time, that this process goes on."""
        while True:
            for worker in self._alive:
                worker.send(0, StillHere(seconds=seconds))
            await asyncio.sleep(seconds / 8)

    async def _respawn(self, pause: float) -> WorkerProcess:
        while True:
            await asyncio.sleep(pause)
            with contextlib.suppress(EngineUnavailable):
                return await self._spawn()
            pause = _LONGEST_PAUSE
            self._log.error("engine_worker_not_started", retry_seconds=pause)
