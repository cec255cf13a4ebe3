"""A worker process as the service sees it: started, spoken to, watched."""

import asyncio
import contextlib
import os
import socket
import sys
import time
from pathlib import Path

from structlog.typing import FilteringBoundLogger

from transmit.engine.control import Body, MessageReader, Ready, Released, Report, encode
from transmit.engine.engine_call import EngineCall, EngineUnavailable

_PACKAGES = Path(__file__).parents[2]
"""Where our packages lie; a worker must not find others of the same names in its working directory."""
_CHUNK = 65536
_STOP_SECONDS = 5.0


class WorkerProcess:
    """One worker. When it dies, so do its calls, and the object has done its work."""

    def __init__(
        self,
        process: asyncio.subprocess.Process,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        log: FilteringBoundLogger,
    ) -> None:
        """Take over a process that was started; `start` makes it."""
        self._process = process
        self._reader = reader
        self._writer = writer
        self._log = log.bind(worker_pid=process.pid)
        self._messages = MessageReader[Report]()
        self._calls: dict[int, EngineCall] = {}
        self._began = time.monotonic()
        self._stopping = False
        self._watcher: asyncio.Task[float] | None = None

    @classmethod
    async def start(cls, log: FilteringBoundLogger) -> "WorkerProcess":
        """Start a worker and wait until it is ready.

        Raises:
            EngineUnavailable: It cannot run; says why.
        """
        ours, theirs = socket.socketpair()
        with theirs:
            reader, writer = await asyncio.open_connection(sock=ours)
            try:
                process = await asyncio.create_subprocess_exec(
                    *(sys.executable, "-P", "-m", "transmit.engine.worker", str(theirs.fileno())),
                    pass_fds=(theirs.fileno(),),
                    stdin=asyncio.subprocess.DEVNULL,
                    env=os.environ | {"PYTHONPATH": os.pathsep.join(_search_path())},
                )
            except BaseException:
                writer.close()
                raise
        worker = cls(process, reader, writer, log)
        try:
            await worker._wait_until_ready()
        except BaseException:
            await worker._abandon()
            raise
        worker._watcher = asyncio.create_task(worker._watch())
        return worker

    @property
    def load(self) -> int:
        """Calls in it."""
        return len(self._calls)

    def enter(self, number: int, call: EngineCall) -> None:
        """From now on the reports of this number go to `call.take`."""
        self._calls[number] = call

    def leave(self, number: int) -> None:
        """No more."""
        self._calls.pop(number, None)

    def send(self, number: int, body: Body) -> None:
        """Send an order; to a worker that died it goes nowhere."""
        if not self._writer.is_closing():
            self._writer.write(encode(number, body))

    def kill(self) -> None:
        """End the worker, which hangs, and all its calls."""
        self._log.error("engine_worker_hangs", calls=self.load)
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()

    async def died(self) -> float:
        """Wait for the worker's end; the seconds that it lived."""
        if self._watcher is None:
            raise RuntimeError("the worker was not started")
        return await asyncio.shield(self._watcher)

    async def stop(self) -> None:
        """End the worker: closing the control socket tells it to."""
        self._stopping = True
        self._writer.close()
        try:
            async with asyncio.timeout(_STOP_SECONDS):
                await self._process.wait()
        except TimeoutError:
            self.kill()
        await self.died()

    async def _wait_until_ready(self) -> None:
        answer = None
        while answer is None and (octets := await self._reader.read(_CHUNK)):
            for _, body in self._messages.feed(octets):
                answer = body
        if isinstance(answer, Ready) and not answer.unavailable:
            self._log.info("engine_worker_started")
            return
        if isinstance(answer, Ready):
            raise EngineUnavailable(
                f"The fax engine cannot be loaded: {answer.unavailable}. Install libspandsp2, and to build "
                "its bindings libspandsp-dev and a C compiler; then install Postfax again."
            )
        status = await self._process.wait()
        raise EngineUnavailable(f"The fax engine's worker process ended at once, with status {status}.")

    async def _abandon(self) -> None:
        """The worker never became ready, or nobody waits for it any more."""
        self._writer.close()
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()
        await self._process.wait()

    async def _watch(self) -> float:
        """Hand out the reports until the worker ends, then end its calls."""
        with contextlib.suppress(ConnectionResetError, BrokenPipeError):
            while octets := await self._reader.read(_CHUNK):
                for number, report in self._messages.feed(octets):
                    self._hand_out(number, report)
        self._writer.close()
        status = await self._process.wait()
        calls, self._calls = self._calls, {}
        if not self._stopping:
            self._log.error("engine_worker_died", status=status, calls=len(calls))
        for call in calls.values():
            call.lose()
        return time.monotonic() - self._began

    def _hand_out(self, number: int, report: Report) -> None:
        if isinstance(report, Released) and report.fault:
            self._log.error("engine_call_fault", cause=report.fault)
        if number in self._calls:
            self._calls[number].take(report)


def _search_path() -> list[str]:
    inherited = os.environ.get("PYTHONPATH")
    return [str(_PACKAGES), *([inherited] if inherited else [])]
