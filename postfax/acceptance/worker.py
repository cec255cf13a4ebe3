"""One accept worker: `python -P -m postfax.acceptance.worker DESCRIPTOR`, started by `postfax serve`.

It answers its share of the clients and puts what they bring into the book. It ends when it is told to
(SIGTERM), or when its parent is gone: then nobody would work on what it accepts, and a client that is turned
away comes again. Whoever had a 250 has their mail in the book, however it ends.
"""

import asyncio
import contextlib
import gc
import signal
import socket
import sys
from collections.abc import Awaitable

import structlog
import uvloop

from config.policy import Policy
from mta.dns_lookup import DnsLookup
from mta.intake import Intake
from mta.proof.checks import SenderChecks
from mta.smtp.limits import ClientLimits
from mta.smtp.listener import SmtpListener
from mta.smtp.places import ListenerError
from mta.smtp.shared_counts import SharedCounts
from postfax.acceptance.channel import Accepted, Channel, Failed, NewPolicy, Ready, Renew, Setup, pack
from postfax.acceptance.filing import Filing
from postfax.credentials import Credentials
from postfax.live_locks import LiveLocks
from postfax.logging import configure
from postfax.opening import make_book
from store.book import Book
from store.errors import BookUnavailable, BookVersionError
from store.mail import NewMail
from store.records import mails

_GARBAGE = 20_000
"""Objects after which the youngest are looked through; a mail makes some hundreds that need no collector."""
_APART_SECONDS = 0.02
"""Between two announcements that mails came in, at least: a flood is told in portions."""
_MAILS_CAME_IN = pack(Accepted())

log = structlog.get_logger()


class Worker:
    """Takes mail in."""

    def __init__(self, setup: Setup, channel: Channel, book: Book) -> None:
        self._policy: Policy = setup.policy
        self._channel = channel
        self._book = book
        self._to_be_told = False
        self._told_at = 0.0
        settings = setup.settings
        self._filing = Filing(book, self._current_policy, settings.mail.quarantine)
        self._limits = ClientLimits(
            settings.mail.limits,
            SharedCounts(setup.counts, own=setup.number),
            front_ends=settings.mail.front_ends,
        )
        self._checks = SenderChecks(
            DnsLookup(nameservers=settings.dns.nameservers, timeout=settings.dns.timeout),
            hostname=settings.mail.hostname or settings.domain,
        )
        self._listener = SmtpListener(
            settings,
            self._intake(),
            limits=self._limits,
            credentials=Credentials(book, self._current_policy),
        )
        self._sockets = [(listener, socket.socket(fileno=number)) for listener, number in setup.sockets]

    def _intake(self) -> Intake:
        return Intake(
            directory=self._current_policy,
            checks=self._checks,
            accept=self._accept,
            quarantine=self._filing.quarantine,
            refused=self._filing.note_refused,
            open_body=self._book.begin_body,
            locked=LiveLocks(self._book).locked,
            must_wait=self._limits.mail_refusal,
        )

    def _current_policy(self) -> Policy:
        return self._policy

    async def run(self) -> None:
        """Take mail until SIGTERM, or until the parent is gone."""
        stopped = asyncio.Event()
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopped.set)
        await self._listener.start(self._sockets)
        _spare_the_collector()
        self._channel.send(Ready())
        waits = [asyncio.create_task(stopped.wait()), asyncio.create_task(self._obey())]
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        for wait in waits:
            wait.cancel()
        await self._listener.stop()
        await self._filing.finish()
        self._checks.close()

    async def _obey(self) -> None:
        while message := await self._channel.receive():
            match message:
                case NewPolicy():
                    self._policy = message.policy
                    log.info("policy_in_force")
                case Renew():
                    self._listener.renew()

    def _accept(self, mail: NewMail) -> Awaitable[mails.Accepted]:
        accepting = asyncio.ensure_future(self._book.accepting(mail))
        accepting.add_done_callback(self._came_in)
        return accepting

    def _came_in(self, accepting: asyncio.Future[mails.Accepted]) -> None:
        """See that the service is told of it."""
        if self._to_be_told or accepting.cancelled() or accepting.exception():
            return
        self._to_be_told = True
        loop = asyncio.get_running_loop()
        loop.call_at(max(loop.time(), self._told_at + _APART_SECONDS), self._tell)

    def _tell(self) -> None:
        """Once for all that came in."""
        self._to_be_told = False
        self._told_at = asyncio.get_running_loop().time()
        self._channel.send_packed(_MAILS_CAME_IN)


def _spare_the_collector() -> None:
    """Let garbage collection pass over the program and the policy, which stay: that is most of the memory."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_GARBAGE)


async def _serve(end: socket.socket) -> None:
    channel = await Channel.on(end)
    setup = await channel.receive()
    if not isinstance(setup, Setup):
        return  # the parent went away at once
    configure(setup.settings.log_format)
    structlog.contextvars.bind_contextvars(worker=setup.number)
    try:
        async with make_book(setup.settings) as book:
            await Worker(setup, channel, book).run()
    except (ListenerError, BookUnavailable, BookVersionError, OSError) as problem:
        log.error("accept_worker_failed", cause=str(problem))
        channel.send(Failed(sentence=str(problem)))
        await asyncio.sleep(0)
    finally:
        channel.close()


def main() -> None:
    """Take the channel that the parent hands over, and serve."""
    # Ctrl-C in a terminal and a reload reach the whole process group: both are the parent's to deal with.
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    end = socket.socket(fileno=int(sys.argv[1]))
    with contextlib.suppress(KeyboardInterrupt):
        uvloop.run(_serve(end))


if __name__ == "__main__":
    main()
