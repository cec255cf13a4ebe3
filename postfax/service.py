"""The service: starts what the steps need, keeps the steps going, and stops in order.

A node does what its roles say; each role runs on any number of nodes over one book:

mta        accept workers; shared mailboxes, fetched by one node at a time
convert    decide and make, with sandboxes and LibreOffice
transmit   dial and expire, with lines and fax engines
notify     tell, with the way out for mails
archive    file; housekeeping and closed months, by one node at a time

Whatever its roles, each node gives back what lost ones held, keeps its policy up to date, watches itself,
and tells of itself in the book (`postfax nodes`).

Nothing is remembered here. Whatever is to be done stands in the book; each step asks for it
(`postfax.journey`), again and again (`postfax.loop`).
"""

import asyncio
import contextlib
import signal
from collections.abc import Coroutine, Mapping
from datetime import timedelta
from functools import partial
from importlib.metadata import version
from typing import Any

import structlog

from config.roles import Role
from config.server import ServerSettings
from postfax.acceptance.workers import AcceptWorkers
from postfax.closing_months import close_months
from postfax.duties import Duties
from postfax.failures import ExitCode, Failure
from postfax.housekeeping import keep_house
from postfax.journey.dial import Dial
from postfax.live_policy import LivePolicy
from postfax.loop import Loop
from postfax.lost_services import LostServices
from postfax.notification_socket import notify_systemd
from postfax.open_lines import OpenLines
from postfax.opening import documents_folder, make_book, now
from postfax.parts import Parts, start_parts
from postfax.pickups import Pickups
from postfax.policy_reload import PolicyReload
from postfax.presence import Presence
from postfax.steps import Steps
from postfax.watching import metrics
from postfax.watching.http_door import HttpDoor
from postfax.watching.watch import Watch
from store.address import folders_of, is_on_server
from store.book import Book
from store.errors import BookUnavailable
from transmit.lines import lines_that_keep_calls

CALLS_MAY_FINISH = 60.0
"""Seconds that calls in progress get when the service is told to stop; it is gone within 90."""
STEPS_MAY_FINISH = 5.0
"""Seconds that any other step gets; SMTP sessions have 10 at the same time as the first steps."""

log = structlog.get_logger()


class Service:
    """One running Postfax."""

    def __init__(self, settings: ServerSettings, *, allow_removal: bool = False) -> None:
        """Read the policy; nothing is opened before `run`.

        Args:
            settings: the server's.
            allow_removal: whether a changed policy may let users vanish with their departments.

        Raises:
            ConfigError: The policy has mistakes.
            Failure: There is no line.
        """
        if not settings.lines:
            raise Failure(
                "there is no telephone line, and nothing may be reported sent that went nowhere. "
                "Name one under lines: in the settings."
            )
        self._settings = settings
        self._roles = frozenset(settings.roles)
        self._policy = LivePolicy(settings.policy, lines=settings.lines, now=now())
        self._keeping = lines_that_keep_calls(settings.lines)
        self._stop = asyncio.Event()
        self._allow_removal = allow_removal
        self._workers: AcceptWorkers | None = None
        self._reload: PolicyReload | None = None
        self._pickup: asyncio.Task[None] | None = None
        self._open_lines: OpenLines | None = None
        self._failure: Failure | None = None
        """Why it stops by itself."""

    async def run(self) -> None:
        """Serve until SIGTERM or SIGINT.

        Raises:
            BookUnavailable, BookVersionError: The book cannot be used.
            ClockDiffers: This host's clock is too wrong to work with others.
            ConverterUnavailable, EngineUnavailable, LineError, ListenerError, TaskFailed: A part cannot be
                started.
        """
        self._take_signals()
        async with contextlib.AsyncExitStack() as stack:
            book = await self._open_book(stack)
            await self._announce(book, stack)
            lost = self._lost_services(book)
            taken_over = await lost.give_back(silent=False)
            base = documents_folder(self._settings).parent / "work"
            parts = await start_parts(self._settings, self._roles, base, stack)
            dial = self._dial(book, parts)
            self._open_lines = dial.open_lines
            await self._take_mail(book, stack)
            await self._keep_policy(book, stack)
            self._take_duties(book, stack)
            dial.take_up(taken_over)
            _keep_going(stack, "lost services", lost.watch(dial.take_up))
            self._watch(book, dial, stack)
            steps = Steps(self._settings, self._policy, book, parts, clock=now, roles=self._roles)
            forward, outward = steps.forward(dial), steps.outward()
            notify_systemd("READY=1")
            log.info("service_ready", roles=[role.value for role in Role if role in self._roles])
            ended = await self._until_stopped([*forward, *outward])
            notify_systemd("STOPPING=1")
            log.info("service_stopping", calls=dial.calls)
            await asyncio.gather(self._take_no_more_mail(), _stop(forward))
            await dial.finish(CALLS_MAY_FINISH)
            await _stop(outward)
            await self._leave(book)
        log.info("service_stopped")
        if self._failure:
            raise self._failure
        if ended:
            raise Failure(f"the loop {ended} ended by itself; the log says why.", ExitCode.PARTLY)

    async def _until_stopped(self, loops: list[Loop]) -> str:
        """Wait for the signal to stop, or for a loop that ends by itself: its name, or an empty text."""
        waits = [
            asyncio.create_task(self._stop.wait()),
            *(asyncio.create_task(loop.ended()) for loop in loops),
        ]
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        for wait in waits:
            wait.cancel()
        return next((loop.name for loop in loops if loop.has_ended), "")

    async def _open_book(self, stack: contextlib.AsyncExitStack) -> Book:
        await Book.migrate(self._settings.store)
        book = await stack.enter_async_context(make_book(self._settings))
        await book.check_writable()
        swept = await book.sweep_bodies(objects=False)
        log.info("book_opened", swept=len(swept))
        return book

    def _lost_services(self, book: Book) -> LostServices:
        calls = Role.TRANSMIT in self._roles
        return LostServices(book, self._keeping, lease=self._settings.lost_after, takes_up=calls)

    def _dial(self, book: Book, parts: Parts) -> Dial:
        return Dial(
            book,
            parts.lines,
            self._policy,
            folder=parts.folder,
            clock=now,
            lease=self._settings.lost_after,
            shared=is_on_server(self._settings.store),
        )

    async def _announce(self, book: Book, stack: contextlib.AsyncExitStack) -> None:
        """Tell that this node is there, before it takes anything in hand.

        Raises:
            ClockDiffers: it must not.
        """
        presence = Presence(book, self._roles, self._lines_down, version=version("postfax"))
        await presence.tell()
        _keep_going(stack, "presence", presence.keep_telling(self._stop_because))

    def _lines_down(self) -> Mapping[str, str]:
        return self._open_lines.lines_down() if self._open_lines else {}

    def _stop_because(self, problem: Failure) -> None:
        self._failure = problem
        self._stop.set()

    async def _take_mail(self, book: Book, stack: contextlib.AsyncExitStack) -> None:
        if Role.MTA in self._roles:
            workers = AcceptWorkers(self._settings, lambda: self._policy.current, came_in=book.announce)
            await workers.start()
            stack.push_async_callback(workers.stop)
            self._workers = workers

    async def _keep_policy(self, book: Book, stack: contextlib.AsyncExitStack) -> None:
        """Take over what is changed in the policy's files."""
        reload = PolicyReload(
            book, self._policy, self._hand_policy_on, clock=now, allow_removal=self._allow_removal
        )
        await reload.begin()
        _keep_going(stack, "reload", reload.run())
        _keep_going(stack, "policy watch", reload.watch())
        self._reload = reload

    async def _hand_policy_on(self) -> None:
        if self._workers:
            await self._workers.give_policy()

    def _watch(self, book: Book, dial: Dial, stack: contextlib.AsyncExitStack) -> None:
        """Look after the service, and answer programs that do.

        Raises:
            DoorNotOpened: The address for them cannot be listened on.
        """
        settings, tls = self._settings.monitoring, self._settings.mail.tls
        watch = Watch(
            book,
            dial.open_lines,
            lambda: self._policy.current,
            settings,
            folders=(*folders_of(self._settings.store), documents_folder(self._settings)),
            certificate=tls.certificate if tls else None,
            lost_after=self._settings.lost_after,
            clock=now,
        )
        if settings.listen:
            door = HttpDoor(settings.listen, metrics.REGISTRY, healthy=watch.hung, ready=watch.not_ready)
            stack.callback(door.close)
            log.info("monitoring_opened", address=str(door.open()))
        _keep_going(stack, "watch", watch.run())

    def _take_duties(self, book: Book, stack: contextlib.AsyncExitStack) -> None:
        """Do what one node does for all, whenever that is this one."""
        duties = Duties(book, self._settings.lost_after)
        if Role.MTA in self._roles and self._settings.mail.pickup:
            self._pickup = asyncio.create_task(duties.keep("mailboxes", partial(self._fetch, book)))
            stack.push_async_callback(self._fetch_no_more)
        if Role.ARCHIVE in self._roles:
            _keep_going(stack, "housekeeping", duties.keep("housekeeping", partial(self._keep_house, book)))
            _keep_going(stack, "closing", duties.keep("closing months", partial(self._close_months, book)))

    async def _fetch(self, book: Book) -> None:
        await Pickups(self._settings, book, lambda: self._policy.current).fetch()

    async def _fetch_no_more(self) -> None:
        if self._pickup:
            await _end(self._pickup)

    async def _keep_house(self, book: Book) -> None:
        await keep_house(
            book,
            lambda: self._policy.current,
            quarantine_kept=timedelta(days=self._settings.mail.quarantine.days),
            destinations_kept=self._settings.destinations_kept,
            clock=now,
        )

    async def _close_months(self, book: Book) -> None:
        await close_months(book, lambda: self._policy.current, documents_folder(self._settings))

    async def _take_no_more_mail(self) -> None:
        workers = [self._workers.stop()] if self._workers else []
        await asyncio.gather(*workers, self._fetch_no_more())

    async def _leave(self, book: Book) -> None:
        """Give back what the stop cut off, without counting it as a try: left to the next start, it would."""
        try:
            await book.release_own_claims(self._keeping)
            await book.node_left()
        except BookUnavailable as problem:
            log.warning("claims_not_given_back", cause=problem.cause or str(problem))

    # --- What comes from outside while it runs ------------------------------------------------------------

    def _take_signals(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop.set)
        loop.add_signal_handler(signal.SIGHUP, self._hang_up)

    def _hang_up(self) -> None:
        """What a reload is, as systemd and administrators ask for it."""
        if self._workers:
            self._workers.renew()
        if self._reload:
            self._reload.want()


async def _stop(loops: list[Loop]) -> None:
    await asyncio.gather(*(loop.stop(STEPS_MAY_FINISH) for loop in loops))


def _keep_going(stack: contextlib.AsyncExitStack, name: str, work: Coroutine[Any, Any, None]) -> None:
    """Do this in a task of its own until the service stops; it is said in the log if it ends before."""
    task = asyncio.create_task(work, name=name)
    task.add_done_callback(_note_end)
    stack.push_async_callback(_end, task)


async def _end(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.wait([task])


def _note_end(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (problem := task.exception()):
        log.error("task_ended", task=task.get_name(), exc_info=problem)
