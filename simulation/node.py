"""One running Postfax: the service's own steps over simulated parts, killed, stopped and started again.

A node deals with the world through `outside`: each time it takes a moment, in which others go on, and each
time it may be killed. Of a killed node nothing runs on, not even a `finally`: whoever waits, waits for ever.
"""

import asyncio
import contextlib
import random
import tempfile
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, cast

from config.roles import ALL_ROLES, Role
from config.server import ServerSettings
from notify.delivery_status import ReportingMta
from postfax.duties import Duties
from postfax.housekeeping import keep_house
from postfax.journey.dial import Dial
from postfax.live_policy import LivePolicy
from postfax.lost_services import LostServices
from postfax.parts import Parts
from postfax.service import CALLS_MAY_FINISH, STEPS_MAY_FINISH
from postfax.steps import Steps
from simulation.disk import Changes, SimulatedAccess
from simulation.documents import SimulatedConverter, SimulatedNursery
from simulation.far_ends import SimulatedLine
from simulation.mail_server import SimulatedMailer
from simulation.objects import SimulatedObjects
from simulation.office import office_settings, policy_file
from simulation.virtual_time import VirtualClock
from store.book import Book
from store.errors import BookUnavailable

if TYPE_CHECKING:
    from convert.converter import Converter
    from postfax.loop import Loop
    from sandbox import Nursery
    from simulation.chance import Chance
    from simulation.world import World

_SHORT = 0.002
_DUTY_LEASE = timedelta(hours=6)
"""Longer than that of the service, which would be renewed each minute of many days."""
_LONGEST_PAUSE = 2400.0


@dataclass(eq=False, kw_only=True)
class Node:
    """One process, from its start to its end."""

    name: str
    """`HOST/PID/START`, as `store.owner` has it."""
    world: "World"
    clock: VirtualClock
    roles: frozenset[Role] = ALL_ROLES
    dead: bool = False
    ready: bool = False
    pauses: int = 0
    """How often its host stood still."""
    paused_until: float = 0.0
    failed_writes: int = 0
    """Transactions that the disk did not take."""
    died: asyncio.Event = field(default_factory=asyncio.Event)
    book: Book = field(init=False)
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    _changes: Changes | None = None
    _watching: "list[asyncio.Task[None]]" = field(default_factory=list)

    @property
    def chance(self) -> "Chance":
        """The seed's."""
        return self.world.chance

    def in_storm(self, whom: str, probability: float) -> bool:
        """Whether a trouble with this probability happens now; after the storm none does."""
        return self.world.storm and self.chance.happens(whom, probability)

    async def outside(self, *, seconds: float = _SHORT) -> None:
        """Deal with the world: for about so long, in which the node may be killed."""
        if self.dead:
            await _for_ever()
        await asyncio.sleep(seconds * self.chance.of("latency").expovariate(1.0))
        if self.in_storm("crash", self.chance.odds.crash):
            self.world.kill(self)
        if self.paused or self._is_paused_now():
            await self._stand_still()
        if self.dead:
            await _for_ever()

    @property
    def paused(self) -> bool:
        """Whether its host stands still."""
        return asyncio.get_running_loop().time() < self.paused_until

    def _is_paused_now(self) -> bool:
        return self.in_storm("pause", self.chance.odds.pause)

    async def _stand_still(self) -> None:
        now = asyncio.get_running_loop().time()
        if not self.paused:
            self.pauses += 1
            self.paused_until = now + self.chance.of("pauses").uniform(60, _LONGEST_PAUSE)
        await asyncio.sleep(self.paused_until - now + _SHORT)
        if self.paused or self._is_paused_now():  # anew meanwhile, or just now
            await self._stand_still()

    async def run(self) -> None:
        """Start, work until told to stop, and stop, as `postfax.service.Service` does it."""
        async with contextlib.AsyncExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=self.world.folder)))
            self.book = await self._open_book()
            policy = LivePolicy(policy_file(batched=self.world.batched), lines=("main",), now=self.clock())
            line = SimulatedLine(self, self.world.telephones)
            settings = office_settings()
            dial = Dial(self.book, {line.name: line}, policy, folder=folder, clock=self.clock, shared=True)
            parts = self._parts(folder, line, settings)
            steps = Steps(settings, policy, self.book, parts, clock=self.clock, roles=self.roles)
            lost = LostServices(self.book, (), gone=self._is_gone)
            self._watching = [asyncio.create_task(lost.watch(dial.take_up))]
            keeping = asyncio.create_task(self._keep_house(policy))
            forward, outward = steps.forward(dial), steps.outward()
            self.ready = True
            await self.stopping.wait()
            self.ready = False
            for task in [*self._watching, keeping]:
                task.cancel()
            await _stop(forward)
            await dial.finish(CALLS_MAY_FINISH)
            await _stop(outward)
            with contextlib.suppress(Exception):
                await self.book.release_own_claims()
            await self.book.close()

    def die(self) -> None:
        """Do nothing any more, from now on."""
        self.dead = True
        self.ready = False
        self.died.set()
        self.world.disk.forget(self._changes)

    def watch_no_more(self) -> None:
        """Look no longer for services that are lost: none will be, and days are to go by."""
        for task in self._watching:
            task.cancel()

    async def _keep_house(self, policy: LivePolicy) -> None:
        """One node does it for all that have the role."""
        if Role.ARCHIVE in self.roles:
            keeping = partial(
                keep_house,
                self.book,
                lambda: policy.current,
                quarantine_kept=timedelta(days=30),
                destinations_kept=timedelta(days=30),
                clock=self.clock,
            )
            await Duties(self.book, _DUTY_LEASE).keep("housekeeping", keeping)

    async def _open_book(self) -> Book:
        access = SimulatedAccess(self, self.world.disk, self.clock)
        self._changes = access.changes
        book = Book(
            "sqlite:/simulated/book.db",
            self.world.disk.documents,
            objects=self._objects(),
            clock=self.clock,
            uptime=lambda: timedelta(seconds=asyncio.get_running_loop().time()),
            owner=self.name,
            rng=random.Random(self.chance.of("ids").random()),  # noqa: S311 - a simulation
            access=access,
        )
        await book.open()
        await LostServices(book, (), gone=self._is_gone).give_back()
        with contextlib.suppress(BookUnavailable):  # the objects are away; whoever keeps house tries again
            await book.sweep_bodies()
        return book

    def _objects(self) -> SimulatedObjects | None:
        if not self.world.has_objects:
            return None
        return SimulatedObjects(self, self.world.objects, VirtualClock(asyncio.get_running_loop()))

    def _is_gone(self, owner: str) -> bool:
        return self.world.is_gone(owner, asked_on=self.name.partition("/")[0])

    def _parts(self, folder: Path, line: SimulatedLine, settings: ServerSettings) -> Parts:
        return Parts(
            folder=folder,
            nursery=cast("Nursery", SimulatedNursery(self)),
            converter=cast("Converter", SimulatedConverter(self)),
            lines={line.name: line},
            mailer=SimulatedMailer(self, self.world.mail_server),
            mta=ReportingMta(hostname="mx1.fax.example.com", domain=settings.domain),
            sender=settings.sender,
        )


async def _stop(loops: "list[Loop]") -> None:
    await asyncio.gather(*(loop.stop(STEPS_MAY_FINISH) for loop in loops))


async def _for_ever() -> None:
    """Where the tasks of a killed process stand: they are no more."""
    await asyncio.get_running_loop().create_future()
