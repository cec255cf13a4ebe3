"""The service's end of a nursery: hands out tasks, waits for answers, ends what takes too long."""

import asyncio
import contextlib
import itertools
import json
import os
import signal
import socket
import sys
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from sandbox.answer import END_OF_ANSWER, Ended, value_of
from sandbox.confinement import Limits
from sandbox.failures import FailureKind, TaskFailed

_LARGEST_ANSWER = 64 * 1024 * 1024
_KILLED_WITHIN = 5.0
"""Seconds."""
_KILLED = Ended(status=signal.SIGKILL)
_ANSWERED = Ended(status=0)
_LARGEST_REQUEST = 200_000
"""One datagram on a Unix socket; the kernel's default send buffer holds a little more (wmem_default)."""

# Rasters take megabytes: the kernel gives them to a new process in 2 MiB at once instead of 4 KiB each.
_ENVIRONMENT = {"GLIBC_TUNABLES": "glibc.malloc.hugetlb=1"}


class Nursery:
    """A preloaded parent process that runs each task in a confined child.

    If the parent dies, the tasks in it fail as crashed and the next `run` starts another.
    """

    def __init__(
        self,
        *,
        preload: Sequence[str],
        processes: int = 2,
        rehearsals: Mapping[str, Collection[str]] | None = None,
    ) -> None:
        """Name the modules that the parent imports, and how many tasks may run at one time.

        Args:
            preload: The modules.
            processes: The tasks at one time.
            rehearsals: `module:function`, without arguments, trusted: run ahead in children that wait for
                one of these tasks, as `run` is given them (`sandbox.spares`).
        """
        self._plan = json.dumps(
            {
                "preload": list(preload),
                "processes": processes,
                "rehearsals": {name: sorted(tasks) for name, tasks in (rehearsals or {}).items()},
            }
        )
        self._slots = asyncio.Semaphore(processes)
        self._processes = processes
        self._starting = asyncio.Lock()
        self._numbers = itertools.count(1)
        self._ended: dict[int, asyncio.Future[Ended]] = {}
        self._process: asyncio.subprocess.Process | None = None
        self._control: socket.socket | None = None
        self._listener: asyncio.Task[None] | None = None
        self.unconfined: tuple[str, ...] = ()
        """What this system cannot forbid its tasks, each a sentence for the administrator."""
        self.processor_seconds = 0.0
        """What all tasks that have ended spent of the processor; rehearsals are not counted."""

    @property
    def free(self) -> int:
        """How many tasks could begin now."""
        return self._processes - len(self._ended)

    async def start(self) -> None:
        """Start the parent and wait until it has imported everything.

        Raises:
            TaskFailed: It did not come up; what it printed stands on our error stream.
        """
        async with self._starting:
            if self._listener is None or self._listener.done():
                await self._start_parent()

    async def _start_parent(self) -> None:
        await self._let_go()
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-P", "-m", "sandbox.nursery_process", str(theirs.fileno()), self._plan,
                pass_fds=(theirs.fileno(),), stdin=asyncio.subprocess.DEVNULL,
                env={**_ENVIRONMENT, **os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
            )  # fmt: skip
        ours.setblocking(False)
        self._control = ours
        first = await asyncio.get_running_loop().sock_recv(ours, 4096)
        if not first:
            status = await self._process.wait()
            raise TaskFailed(FailureKind.CRASHED, f"the nursery ended with status {status} while starting")
        self.unconfined = tuple(json.loads(first)["unconfined"])
        self._listener = asyncio.create_task(self._listen(ours), name="nursery")

    async def _listen(self, control: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        try:
            with contextlib.suppress(OSError):
                while message := await loop.sock_recv(control, 4096):
                    told = json.loads(message)
                    self.processor_seconds += told["processor"]
                    waiting = self._ended.pop(told["ended"], None)
                    if waiting and not waiting.done():
                        waiting.set_result(Ended(status=told["status"], memory=told["memory"]))
        finally:
            for waiting in self._ended.values():
                if not waiting.done():
                    waiting.set_result(_KILLED)
            self._ended.clear()

    async def stop(self) -> None:
        """End the parent and with it every task."""
        async with self._starting:
            await self._let_go()

    async def _let_go(self) -> None:
        if self._listener:
            self._listener.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._listener
            self._listener = None
        if self._control:
            self._control.close()
            self._control = None
        if self._process:
            await self._process.wait()
            self._process = None

    async def run(self, task: str, arguments: dict[str, Any], *, folder: Path, limits: Limits) -> Any:
        """Run `module:function` with the arguments in a child whose working folder is `folder`.

        Returns:
            What the function returned, after a journey through JSON.

        Raises:
            TaskRefused: The function raised `sandbox.Refused`.
            TaskFailed: It ended without an answer.
        """
        await self._slots.acquire()
        ended: asyncio.Future[Ended] = asyncio.get_running_loop().create_future()
        ended.add_done_callback(lambda _: self._slots.release())  # a place is free when a process is gone
        try:
            await self.start()
            request = {"task": task, "arguments": arguments, "folder": str(folder), "limits": asdict(limits)}
            number, reader = await self._begin(request, ended)
        except BaseException:
            ended.cancel()
            raise
        answer, how, in_time = await self._answer_of(number, reader, ended, limits.seconds)
        return value_of(answer, how, in_time=in_time, task=task, memory=limits.memory)

    async def _begin(self, request: dict[str, Any], ended: asyncio.Future[Ended]) -> tuple[int, int]:
        """Have a child begin; its number, and the pipe that its answer comes from."""
        number = next(self._numbers)
        reader, writer = os.pipe2(os.O_CLOEXEC)
        self._ended[number] = ended
        try:
            await self._send({"run": number, **request}, [writer])
        except BaseException:
            os.close(reader)
            self._ended.pop(number, None)
            raise
        finally:
            os.close(writer)
        return number, reader

    async def _answer_of(
        self, number: int, reader: int, ended: asyncio.Future[Ended], seconds: float
    ) -> tuple[bytes, Ended, bool]:
        """The octets that a child answered, how it ended, and whether it did so by itself.

        Whoever has answered has nothing left to do. To give its memory back takes a process as long as a
        twentieth of a page, and nobody waits for that.
        """
        reading = asyncio.create_task(_read_all(reader))
        deadline = asyncio.get_running_loop().time() + seconds
        try:
            await asyncio.wait({reading}, timeout=seconds)
            if reading.done() and reading.result().endswith(END_OF_ANSWER):
                await self._kill(number)
                return reading.result(), _ANSWERED, True
            waited_for: set[asyncio.Future[Any]] = {reading, ended}
            left = deadline - asyncio.get_running_loop().time()
            _, unfinished = await asyncio.wait(waited_for, timeout=max(0.0, left))
            if unfinished:
                await self._kill(number)
                # A grandchild that left the process group may hold the pipe open: do not wait for it.
                await asyncio.wait(waited_for, timeout=_KILLED_WITHIN)
            answer = reading.result() if reading.done() else b""
            return answer, ended.result() if ended.done() else _KILLED, not unfinished
        except asyncio.CancelledError:
            await self._kill(number)
            raise
        finally:
            reading.cancel()

    async def _kill(self, number: int) -> None:
        with contextlib.suppress(OSError, TaskFailed):  # its parent is gone, and it with it
            await self._send({"kill": number})

    async def _send(self, message: dict[str, Any], handles: Sequence[int] = ()) -> None:
        data = json.dumps(message).encode()
        if len(data) > _LARGEST_REQUEST:
            raise ValueError(f"a task's arguments take {len(data)} octets; put large input into its folder")
        control = self._control
        if control is None:
            raise TaskFailed(FailureKind.CRASHED, "the nursery is not running")
        while True:
            try:
                socket.send_fds(control, [data], list(handles))
            except BlockingIOError:
                await asyncio.sleep(0.005)
            except OSError as problem:
                raise TaskFailed(FailureKind.CRASHED, f"the nursery is gone: {problem}") from problem
            else:
                return


async def _read_all(handle: int) -> bytes:
    loop = asyncio.get_running_loop()
    stream = asyncio.StreamReader()
    transport, _ = await loop.connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(stream), os.fdopen(handle, "rb", 0)
    )
    collected = bytearray()
    try:
        while chunk := await stream.read(1 << 16):
            collected += chunk
            if len(collected) > _LARGEST_ANSWER:
                break  # the child writes into a closed pipe and ends
    finally:
        transport.close()
    return bytes(collected)
