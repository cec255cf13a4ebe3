"""The steps of the journey, each kept going in a loop: from a mail to its calls, and outwards to people."""

from collections.abc import Collection

from config.roles import ALL_ROLES, Role
from config.server import ServerSettings
from postfax.journey.decide import Decide
from postfax.journey.dial import Dial
from postfax.journey.expire import Expire
from postfax.journey.file import File
from postfax.journey.make import Make
from postfax.journey.tell import Tell
from postfax.journey.welcoming import Welcoming
from postfax.live_policy import LivePolicy
from postfax.loop import Loop, Step
from postfax.opening import Clock
from postfax.parts import Parts
from postfax.schedule import Schedule
from store.book import Book
from store.records.schedule import Work

_HANDS = 2
"""Notices, and copies, that are on their way out at one time."""


class Steps:
    """Starts the loops of one service.

    Args:
        settings: the server's.
        policy: the one in force.
        book: what there is to do.
        parts: what the steps work with.
        clock: the time.
        roles: of the node; there are loops for no others.
    """

    def __init__(
        self,
        settings: ServerSettings,
        policy: LivePolicy,
        book: Book,
        parts: Parts,
        *,
        clock: Clock,
        roles: Collection[Role] = ALL_ROLES,
    ) -> None:
        self._settings = settings
        self._policy = policy
        self._book = book
        self._parts = parts
        self._clock = clock
        self._roles = roles
        self._schedule = Schedule(book, clock)

    def forward(self, dial: Dial) -> list[Loop]:
        """Start what brings a mail to its calls."""
        return [
            *(self._converting() if Role.CONVERT in self._roles else ()),
            *(self._transmitting(dial) if Role.TRANSMIT in self._roles else ()),
        ]

    def outward(self) -> list[Loop]:
        """Start what tells people and files copies."""
        return [
            *(self._notifying() if Role.NOTIFY in self._roles else ()),
            *(self._archiving() if Role.ARCHIVE in self._roles else ()),
        ]

    def _converting(self) -> list[Loop]:
        decide = Decide(
            self._book,
            self._policy,
            self._parts.nursery,
            domain=self._settings.domain,
            other_domains=self._settings.other_domains,
            lines=self._settings.lines,
            folder=self._parts.folder,
            clock=self._clock,
        )
        make = Make(
            self._book,
            self._parts.nursery,
            self._parts.converter,
            settings=self._settings.convert,
            folder=self._parts.folder,
            clock=self._clock,
        )
        return [
            Loop("decide", decide.step, self._schedule, Work.RECEIVED_MAIL),
            *(
                Loop(f"make {number}", make.step, self._schedule, Work.SUBMITTED_MAIL)
                for number in range(self._settings.convert.processes)
            ),
        ]

    def _transmitting(self, dial: Dial) -> list[Loop]:
        expire = Expire(self._book, tuple(self._settings.lines), clock=self._clock)
        return [
            Loop("expire", expire.step, self._schedule, Work.EXPIRY),
            Loop("dial", dial.step, self._schedule, Work.CALL),
            Loop("hang up", dial.hang_up, self._schedule, Work.HANG_UP),
        ]

    def _notifying(self) -> list[Loop]:
        parts = self._parts
        welcoming = Welcoming(self._book, lambda: self._policy.current, self._settings, clock=self._clock)
        tell = Tell(
            self._book,
            parts.mailer,
            parts.nursery,
            parts.converter,
            welcome=welcoming.facts_of,
            sender=parts.sender,
            mta=parts.mta,
            folder=parts.folder,
            clock=self._clock,
        )
        return self._hands(Work.NOTICE, tell.step)

    def _archiving(self) -> list[Loop]:
        parts = self._parts
        file = File(self._book, parts.mailer, sender=parts.sender, folder=parts.folder, clock=self._clock)
        return self._hands(Work.COPY, file.step)

    def _hands(self, work: Work, step: Step) -> list[Loop]:
        return [Loop(f"{work} {number}", step, self._schedule, work) for number in range(1, _HANDS + 1)]
