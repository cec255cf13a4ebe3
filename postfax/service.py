"""The service: starts what the steps need, keeps the steps going, and stops in order.

Nothing is remembered here. Whatever is to be done stands in the book; each step asks for it
(`postfax.journey`), again and again (`postfax.loop`).
"""

import asyncio
import contextlib
import signal
from collections.abc import Coroutine
from datetime import timedelta
from typing import Any

import structlog

from config.server import ServerSettings
from postfax.acceptance.workers import AcceptWorkers
from postfax.closing_months import close_months
from postfax.failures import ExitCode, Failure
from postfax.housekeeping import keep_house
from postfax.journey.dial import Dial
from postfax.live_policy import LivePolicy
from postfax.loop import Loop
from postfax.lost_services import LostServices
from postfax.notification_socket import notify_systemd
from postfax.opening import documents_folder, make_book, now
from postfax.parts import start_parts
from postfax.pickups import Pickups
from postfax.policy_reload import PolicyReload
from postfax.steps import Steps
from postfax.watching import metrics
from postfax.watching.http_door import HttpDoor
from postfax.watching.watch import Watch
from store.address import folders_of
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
        self._policy = LivePolicy(settings.policy, lines=settings.lines, now=now())
        self._keeping = lines_that_keep_calls(settings.lines)
        self._stop = asyncio.Event()
        self._allow_removal = allow_removal
        self._workers: AcceptWorkers | None = None
        self._reload: PolicyReload | None = None

    async def run(self) -> None:
        """Serve until SIGTERM or SIGINT.

        Raises:
            BookUnavailable, BookVersionError: The book cannot be used.
            ConverterUnavailable, EngineUnavailable, LineError, ListenerError, TaskFailed: A part cannot be
                started.
        """
        self._take_signals()
        async with contextlib.AsyncExitStack() as stack:
            book = await self._open_book(stack)
            lost = LostServices(book, self._keeping)
            taken_over = await lost.give_back()
            parts = await start_parts(self._settings, documents_folder(self._settings).parent / "work", stack)
            self._workers = await self._take_mail(book, stack)
            self._reload = await self._keep_policy(book, self._workers, stack)
            pickups = Pickups(self._settings, book, lambda: self._policy.current)
            pickups.start()
            self._keep_house(book, stack)
            dial = Dial(book, parts.lines, self._policy, folder=parts.folder, clock=now)
            dial.take_up(taken_over)
            _keep_going(stack, "lost services", lost.watch(dial.take_up))
            self._watch(book, dial, stack)
            steps = Steps(self._settings, self._policy, book, parts, clock=now)
            forward, outward = steps.forward(dial), steps.outward()
            notify_systemd("READY=1")
            log.info("service_ready")
            ended = await self._until_stopped([*forward, *outward])
            notify_systemd("STOPPING=1")
            log.info("service_stopping", calls=dial.calls)
            await asyncio.gather(self._workers.stop(), pickups.stop(), _stop(forward))
            await dial.finish(CALLS_MAY_FINISH)
            await _stop(outward)
            await _give_back_claims(book, self._keeping)
        log.info("service_stopped")
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
        swept = await book.sweep_bodies()
        log.info("book_opened", swept=len(swept))
        return book

    async def _take_mail(self, book: Book, stack: contextlib.AsyncExitStack) -> AcceptWorkers:
        workers = AcceptWorkers(self._settings, lambda: self._policy.current, came_in=book.announce)
        await workers.start()
        stack.push_async_callback(workers.stop)
        return workers

    async def _keep_policy(
        self, book: Book, workers: AcceptWorkers, stack: contextlib.AsyncExitStack
    ) -> PolicyReload:
        """Take over what is changed in the policy's files."""
        reload = PolicyReload(
            book, self._policy, workers.give_policy, clock=now, allow_removal=self._allow_removal
        )
        await reload.begin()
        _keep_going(stack, "reload", reload.run())
        _keep_going(stack, "policy watch", reload.watch())
        return reload

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
            clock=now,
        )
        if settings.listen:
            door = HttpDoor(settings.listen, metrics.REGISTRY, healthy=watch.hung, ready=watch.not_ready)
            stack.callback(door.close)
            log.info("monitoring_opened", address=str(door.open()))
        _keep_going(stack, "watch", watch.run())

    def _keep_house(self, book: Book, stack: contextlib.AsyncExitStack) -> None:
        kept = timedelta(days=self._settings.mail.quarantine.days)
        keeping = keep_house(
            book,
            lambda: self._policy.current,
            quarantine_kept=kept,
            destinations_kept=self._settings.destinations_kept,
            clock=now,
        )
        _keep_going(stack, "housekeeping", keeping)
        closing = close_months(book, lambda: self._policy.current, documents_folder(self._settings), now)
        _keep_going(stack, "closing months", closing)

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


async def _give_back_claims(book: Book, keeping: frozenset[str]) -> None:
    """Give back what the stop cut off, without counting it as a try: left to the next start, it would be."""
    try:
        await book.release_own_claims(keeping)
    except BookUnavailable as problem:
        log.warning("claims_not_given_back", cause=problem.cause or str(problem))
