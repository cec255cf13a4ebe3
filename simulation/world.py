"""A seed's world: hosts whose nodes die and come again, people who mail, machines that answer, or do not.

First comes the storm: mails come in, nodes die, administrators cancel. Then nothing goes wrong any more, and
everything has to come to its end; then documents have been kept long enough, and have to be gone.
"""

import asyncio
import tempfile
from collections import defaultdict
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from random import Random

from sqlalchemy import Connection, func, select

from config.roles import ALL_ROLES, Role
from postfax import lost_services, schedule
from simulation.chance import Chance
from simulation.disk import Disk
from simulation.far_ends import Telephones
from simulation.invariants import violations
from simulation.mail_server import MailServer
from simulation.node import Node
from simulation.objects import Bucket
from simulation.office import KEPT, memory_folder, office_policy
from simulation.senders import SentMail, send_mails
from simulation.virtual_time import VirtualClock
from store.errors import BookUnavailable
from store.tables import copies, jobs, mails, notices

MAIL_HOURS = 1.0
_LIVES_SECONDS = 1800.0
_DOWN_SECONDS = 20.0
_LOOK_SECONDS = 1800.0
_LOST_SECONDS = 600.0
_FARTHEST_JUMP = 30 * 3600.0
_LONGEST_JUMP = 3600.0
_BATCHED = 0.5
_WITH_OBJECTS = 0.5
_TORN = 0.5
_WITH_OUTAGE = 0.5
_SLOW_OBJECTS = 0.3
"""The shares of such seeds."""
_REQUEST_SECONDS = 0.1
_SLOW_REQUEST_SECONDS = 20.0
"""What half of a request to an object store takes on average."""
_MOST_DAYS = 12
"""A mail server may be tried for five days, and a job for as long as its retries take."""


class World:
    """Everything of one seed.

    Args:
        seed: decides all that happens.
        mails: how many are sent; a mail makes two faxes on average.
    """

    def __init__(self, seed: int, *, mails: int) -> None:
        self.seed = seed
        self.chance = Chance(seed)
        self.batched = self.chance.of("batches").random() < _BATCHED
        """Whether several faxes may go in one call."""
        self.numbers = max(2, mails // 16) if self.batched else max(4, mails // 2)
        """Telephone numbers that there are: some are called by several."""
        self.sent: list[SentMail] = []
        self.telephones = Telephones()
        self.mail_server = MailServer()
        self.storm = True
        self.kills = 0
        self.stops = 0
        self.violations: list[str] = []
        """Promises that were broken; known at the end."""
        self.channels = self.chance.of("channels").choice([1, 2, 8])
        """Of the line, over all hosts."""
        self.objects = Bucket()
        dice = self.chance.of("objects")
        self.has_objects = dice.random() < _WITH_OBJECTS
        """Whether mails and documents are in an object store."""
        self.objects_tear = dice.random() < _TORN
        """Whether a node that dies in a request leaves half of an object."""
        away = dice.uniform(0, 3600), dice.uniform(60, 3600)
        self._objects_away = (away[0], sum(away)) if dice.random() < _WITH_OUTAGE else (0.0, 0.0)
        self._objects_are_slow = dice.random() < _SLOW_OBJECTS
        self.roles: dict[str, frozenset[Role]] = {}
        """Of each host."""
        self.clocks_jumped = False
        """Whether a clock was ever wrong by hours."""
        self._jumped: defaultdict[str, timedelta] = defaultdict(timedelta)
        self._mails = mails
        self._nodes: dict[str, Node] = {}
        self._names: dict[str, Node] = {}
        self._stack = ExitStack()

    async def live(self) -> None:
        """From the first mail until nothing is left, or until a node has failed."""
        # The disk tells every change, so nobody has to look for them; and for days nothing happens.
        schedule.LONGEST_SLEEP = _LOOK_SECONDS
        lost_services.EVERY_SECONDS = _LOST_SECONDS
        with self._stack:
            self.folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory(dir=memory_folder())))
            self.disk = Disk(self.folder / "documents")
            self._stack.callback(self.disk.close)
            going_on = {asyncio.create_task(self._keep_host(name)) for name in self._host_names()}
            events = asyncio.create_task(self._events())
            going_on.add(events)
            if self.chance.odds.clock_jumps:
                going_on |= {asyncio.create_task(self._set_clock(host)) for host in self.roles}
            while not events.done():
                ended, going_on = await asyncio.wait(going_on, return_when=asyncio.FIRST_COMPLETED)
                if problems := [problem for task in ended if (problem := task.exception())]:
                    self.violations = [f"nothing_fails: {problem!r}" for problem in problems]
                    return
            self.violations = violations(self)

    async def _events(self) -> None:
        """Storm, calm, and the time of retention."""
        cancelling = asyncio.create_task(self._cancel_some())
        await send_mails(self, office_policy(batched=self.batched), mails=self._mails, hours=MAIL_HOURS)
        await asyncio.sleep(3600)
        cancelling.cancel()
        self.storm = False
        await self._until_quiet()
        for node in self._nodes.values():
            node.watch_no_more()
        longer = _FARTHEST_JUMP if self.clocks_jumped else 0
        await asyncio.sleep(KEPT.total_seconds() + longer + 2 * 3600)

    def _host_names(self) -> tuple[str, ...]:
        names = ("one", "two")[: self.chance.of("hosts").choice([1, 1, 2])]
        self.roles = roles_of_hosts(names, self.chance.of("roles"))
        return tuple(self.roles)

    def kill(self, node: Node) -> None:
        """End a process between two of its instructions."""
        if not node.dead:
            node.die()
            self.kills += 1

    def is_gone(self, owner: str, *, asked_on: str) -> bool:
        """Whether the owner was a process of that host and has ended (`store.owner.is_gone`)."""
        return owner.startswith(f"{asked_on}/") and self._names[owner].dead

    def objects_are_away(self) -> bool:
        """Whether the object store answers 503 just now."""
        begun, over = self._objects_away
        return begun <= asyncio.get_running_loop().time() < over

    @property
    def object_request_seconds(self) -> float:
        """What the half of a request to the object store takes just now, on average."""
        return _SLOW_REQUEST_SECONDS if self._objects_are_slow and self.storm else _REQUEST_SECONDS

    def some_node(self, role: Role = Role.MTA) -> Node | None:
        """One that is there just now, and by default takes mail."""
        ready = [node for node in self._nodes.values() if node.ready and role in node.roles]
        return self.chance.of("which node").choice(ready) if ready else None

    async def _keep_host(self, host: str) -> None:
        """Start a node, again and again, as systemd does it."""
        dice = self.chance.of(f"host {host}")
        number = 0
        while True:
            number += 1
            clock = VirtualClock(asyncio.get_running_loop())
            if self.storm and dice.random() < self.chance.odds.clock_set:
                clock.wrong_by = timedelta(seconds=dice.uniform(-100, 100))
            clock.wrong_by += self._jumped[host]
            node = Node(name=f"{host}/{number}/0", world=self, clock=clock, roles=self.roles[host])
            self._nodes[host] = self._names[node.name] = node
            running = asyncio.create_task(node.run())
            await self._until_it_ends(node, running, seconds=_LIVES_SECONDS * dice.expovariate(1.0))
            node.die()
            if self._may_be_lost(host) and self.chance.happens("hosts", self.chance.odds.host_lost):
                return
            await asyncio.sleep(_DOWN_SECONDS * dice.expovariate(1.0))

    def _may_be_lost(self, host: str) -> bool:
        """Whether another does everything that it does."""
        return host == "two" and self.roles["two"] <= self.roles["one"]

    async def _set_clock(self, host: str) -> None:
        """Set it far ahead or back, again and again, and right again some time later."""
        dice = self.chance.of(f"clock of {host}")
        while True:
            await asyncio.sleep(3600 * dice.expovariate(self.chance.odds.clock_jumps))
            if not self.storm:
                return
            self.clocks_jumped = True
            self._jump(host, timedelta(seconds=dice.choice([1, -1]) * dice.uniform(3600, _FARTHEST_JUMP)))
            await asyncio.sleep(dice.uniform(60, _LONGEST_JUMP))
            self._jump(host, -self._jumped[host])

    def _jump(self, host: str, by: timedelta) -> None:
        self._jumped[host] += by
        self._nodes[host].clock.wrong_by += by

    async def _until_it_ends(self, node: Node, running: "asyncio.Task[None]", *, seconds: float) -> None:
        """Let it live; a node that is older than that is stopped in good order."""
        dying = asyncio.create_task(node.died.wait())
        ends = (running, dying)
        done, _ = await asyncio.wait(ends, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        if not done and self.storm:
            if node.ready:
                self.stops += 1
            node.stopping.set()
        if not done:
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        dying.cancel()
        if running.done() and (problem := running.exception()) and not isinstance(problem, BookUnavailable):
            raise problem

    async def _cancel_some(self) -> None:
        dice = self.chance.of("administrator")
        while True:
            await asyncio.sleep(dice.expovariate(1 / 600))
            found = self.disk.read(_every_job)
            node = self.some_node()
            if found and node:
                cancelling = asyncio.create_task(node.book.cancel(dice.choice(found), "admin"))
                await asyncio.wait([cancelling], timeout=10)
                if cancelling.done():
                    cancelling.exception()

    async def _until_quiet(self) -> None:
        """Wait until nothing is left to be done, or for as long as anything may take."""
        for _ in range(int(_MOST_DAYS * 86400 / _LOOK_SECONDS)):
            if not self._open():
                return
            await asyncio.sleep(_LOOK_SECONDS)

    def _open(self) -> int:
        pending = (
            select(func.count()).select_from(mails).where(mails.c.state.in_(["received", "submitted"])),
            select(func.count()).select_from(jobs).where(jobs.c.finished_at.is_(None)),
            select(func.count()).select_from(notices).where(notices.c.state == "pending"),
            select(func.count()).select_from(copies).where(copies.c.state == "pending"),
        )
        return self.disk.read(lambda connection: sum(connection.scalar(query) or 0 for query in pending))

    async def end(self) -> None:
        """Let nothing of this world run on, however often it has to be told."""
        for node in self._names.values():
            node.dead = True
        while tasks := asyncio.all_tasks() - {asyncio.current_task()}:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks, timeout=1.0)


def roles_of_hosts(names: Sequence[str], dice: Random) -> dict[str, frozenset[Role]]:
    """What each host does. One does everything; of two each may, or they share the roles, or there are three.

    Each role is somewhere, and it may be anywhere.
    """
    layout = dice.choice(["alike", "shared", "three"])
    if len(names) == 1 or layout == "alike":
        return dict.fromkeys(names, ALL_ROLES)
    if layout == "three":
        names = (*names, "three")
    where = {role: dice.sample(names, dice.randint(1, len(names))) for role in Role}
    return {name: frozenset(role for role in Role if name in where[role]) or ALL_ROLES for name in names}


def _every_job(connection: Connection) -> list[str]:
    return list(connection.scalars(select(jobs.c.id).order_by(jobs.c.id)))
