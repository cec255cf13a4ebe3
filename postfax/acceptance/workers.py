"""The service's end of the accept workers: binds the sockets, starts the processes, keeps them going.

The sockets are the parent's. A worker that dies is replaced, and the connections that wait in its queue with
it; those that it had talked to are cut off, and their clients come again.
"""

import asyncio
import contextlib
import os
import signal
import socket
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import structlog

from config.policy import Policy
from config.server import ServerSettings
from config.values import HostPort, UnixSocket
from mta.smtp.places import ListenerError, Place, bind
from mta.smtp.shared_counts import make_shared
from postfax.acceptance.channel import Accepted, Channel, Failed, NewPolicy, Ready, Renew, Setup, pack
from postfax.passed_sockets import take_passed_sockets

_START_SECONDS = 120
"""A second of the processor, on a machine that may be busy with much else. One that cannot start says so."""
_STOP_SECONDS = 15
"""A worker gives its sessions ten, and its mails as long as the book takes."""
_PORT_SECONDS = 3
"""How long the workers of a killed service may need to let go of its ports."""
_LONGEST_PAUSE = 30.0
_STEADY_SECONDS = 60
"""A worker that lived so long did not fail at its start."""

log = structlog.get_logger()


@dataclass(kw_only=True, slots=True, eq=False)
class _Worker:
    """One process as its parent knows it."""

    number: int
    process: asyncio.subprocess.Process
    channel: Channel
    since: float


class AcceptWorkers:
    """All processes that take mail in."""

    def __init__(
        self,
        settings: ServerSettings,
        policy: Callable[[], Policy],
        *,
        came_in: Callable[[], None],
    ) -> None:
        """Nothing is bound or started yet.

        Args:
            settings: the server's.
            policy: gives the policy that holds now.
            came_in: called after mails have come in, once for many.
        """
        self._settings = settings
        self._policy = policy
        self._came_in = came_in
        self._places: list[Place] = []
        self._counts = -1
        self._running: dict[int, _Worker] = {}
        self._keepers: list[asyncio.Task[None]] = []
        self._giving = asyncio.Lock()

    @property
    def addresses(self) -> tuple[HostPort | UnixSocket, ...]:
        """Where mail is taken in, in the order of the settings."""
        return tuple(place.address for place in self._places)

    @property
    def pids(self) -> tuple[int, ...]:
        """The processes that run now."""
        return tuple(worker.process.pid for worker in self._running.values())

    async def start(self) -> None:
        """Bind the sockets and start the workers; returns when all of them take mail.

        Raises:
            ListenerError: an address cannot be had, or a worker cannot start; the text says why.
        """
        passed = take_passed_sockets(os.environ)
        self._places = await _bind(self._settings, passed)
        self._counts = make_shared(self._settings.mail.workers)
        started = [asyncio.create_task(self._start(number)) for number in range(self._settings.mail.workers)]
        try:
            for worker in await asyncio.gather(*started):
                self._keepers.append(asyncio.create_task(self._keep(worker), name=f"accept {worker.number}"))
        except BaseException:
            await asyncio.gather(*started, return_exceptions=True)
            await self.stop()
            raise
        log.info("smtp_listening", addresses=list(map(str, self.addresses)))

    async def give_policy(self) -> None:
        """Hand the policy that holds now to every worker."""
        async with self._giving:
            octets = await asyncio.to_thread(pack, NewPolicy(policy=self._policy()))
            for worker in self._running.values():
                worker.channel.send_packed(octets)

    def renew(self) -> None:
        """Have every worker look for a renewed certificate."""
        for worker in self._running.values():
            worker.channel.send(Renew())

    async def stop(self) -> None:
        """Take no more clients; mails on their way come to their reply first."""
        for place in self._places:
            place.close()
        self._places = []
        for keeper in self._keepers:
            keeper.cancel()
        await asyncio.gather(*self._keepers, return_exceptions=True)
        self._keepers = []
        await asyncio.gather(*(_end(worker) for worker in self._running.values()))
        self._running.clear()
        if self._counts >= 0:
            os.close(self._counts)
            self._counts = -1

    async def _keep(self, worker: _Worker) -> None:
        """Replace a worker that ends, again and again, more slowly if it does not live long."""
        pause = 0.0
        while True:
            await self._listen(worker)
            status = await worker.process.wait()
            steady = asyncio.get_running_loop().time() - worker.since > _STEADY_SECONDS
            pause = 0.0 if steady else min(_LONGEST_PAUSE, 2 * pause or 0.1)
            log.error("accept_worker_ended", worker=worker.number, status=status, again_in=pause)
            worker = await self._again(worker.number, pause)

    async def _again(self, number: int, pause: float) -> _Worker:
        while True:
            await asyncio.sleep(pause)
            try:
                return await self._start(number)
            except ListenerError as problem:
                pause = min(_LONGEST_PAUSE, 2 * pause or 0.1)
                log.error("accept_worker_not_replaced", worker=number, cause=str(problem), again_in=pause)

    async def _start(self, number: int) -> _Worker:
        """Start one worker and wait until it takes mail.

        Raises:
            ListenerError: it does not.
        """
        policy = self._policy()
        worker = await self._spawn(number, policy)
        self._running[number] = worker
        if self._policy() is not policy:
            await self.give_policy()
        try:
            async with asyncio.timeout(_START_SECONDS):
                answer = await worker.channel.receive()
        except TimeoutError:
            answer = None
        if isinstance(answer, Ready):
            return worker
        with contextlib.suppress(ProcessLookupError):
            worker.process.kill()
        status = await worker.process.wait()
        del self._running[number]
        if isinstance(answer, Failed):
            raise ListenerError(answer.sentence)
        raise ListenerError(f"an accept worker ended while it started (status {status}); the log says why")

    async def _spawn(self, number: int, policy: Policy) -> _Worker:
        ours, theirs = socket.socketpair()
        own = [(place.listener, place.of_worker(number).fileno()) for place in self._places]
        with theirs:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-P", "-m", "postfax.acceptance.worker", str(theirs.fileno())),
                pass_fds=(theirs.fileno(), self._counts, *(descriptor for _, descriptor in own)),
                stdin=asyncio.subprocess.DEVNULL,
            )
        channel = await Channel.on(ours)
        setup = Setup(
            number=number,
            settings=self._settings,
            policy=policy,
            sockets=tuple(own),
            counts=self._counts,
        )
        channel.send_packed(await asyncio.to_thread(pack, setup))
        return _Worker(
            number=number, process=process, channel=channel, since=asyncio.get_running_loop().time()
        )

    async def _listen(self, worker: _Worker) -> None:
        """Hear what the worker tells, until it is gone."""
        while message := await worker.channel.receive():
            if isinstance(message, Accepted):
                self._came_in()
        worker.channel.close()


async def _bind(settings: ServerSettings, passed: Sequence[socket.socket]) -> list[Place]:
    """Bind the sockets, with some patience for those who are just letting go of them.

    Raises:
        ListenerError: an address cannot be had.
    """
    loop = asyncio.get_running_loop()
    end = loop.time() + _PORT_SECONDS
    while True:
        try:
            return bind(settings.mail.listen, workers=settings.mail.workers, passed=passed)
        except ListenerError as problem:
            if not problem.in_use or loop.time() > end:
                raise
        await asyncio.sleep(0.1)


async def _end(worker: _Worker) -> None:
    with contextlib.suppress(ProcessLookupError):
        worker.process.send_signal(signal.SIGTERM)
    try:
        async with asyncio.timeout(_STOP_SECONDS):
            await worker.process.wait()
    except TimeoutError:
        log.error("accept_worker_killed", worker=worker.number)
        worker.process.kill()
        await worker.process.wait()
    worker.channel.close()
