"""The part of the book that is about mails that were not taken on, and about keeping the book small.

The quarantine, the log of refusals, and the purge of both. `store.book.Book` is the only kind of it; what
holds for the book's methods holds here.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from random import Random
from typing import TypeVar

from store.access import BookAccess
from store.bodies import FoundBody, KeptBody, find_body, unnamed
from store.body_places import BodyPlaces
from store.calling_facts import CallingFacts
from store.errors import BodiesUnavailable, BodyMissing, NotInBook
from store.ids import read_id
from store.incoming import IncomingBody
from store.mail import Envelope
from store.purge import PurgeRule, PurgeRun
from store.quarantine import NewQuarantined, Quarantined
from store.reckoning import Reading, Reckoned
from store.records import clocks, quarantine, refusals
from store.records.turn import Turn
from store.refused import RefusedSubmission

REFUSALS_KEPT = timedelta(days=90)
"""How long the log of refusals goes back."""
MOST_REFUSALS = 100_000
"""How many it has: some ten megabytes."""
_SWEEP_GROUP = 500

Fetched = TypeVar("Fetched")


@dataclass(frozen=True, kw_only=True, slots=True)
class Purged:
    """How much a purge removed."""

    quarantined: int
    refusals: int


class Administration(CallingFacts):
    """What administrators see and do, as far as it is no job."""

    def __init__(
        self,
        access: BookAccess,
        bodies: BodyPlaces,
        *,
        clock: Callable[[], datetime],
        uptime: Callable[[], timedelta] | None,
        rng: Random,
    ) -> None:
        super().__init__(access)
        self._bodies = bodies
        self._clock = clock
        self._uptime = uptime
        self._rng = rng

    # --- Quarantine ---------------------------------------------------------------------------------------

    async def quarantine(self, mail: NewQuarantined, *, limit: int) -> str | None:
        """File automatic mail; its id. None, with nothing kept, where `limit` mails are there already.

        A second mail with the same dedupe key is recognised and not kept, also after the first was released.
        """
        body = await self._keep(mail.body, ".eml")
        filed = await self._access.write(quarantine.file_quarantined, mail, body, limit, self._rng)
        if filed is None or filed.duplicate:
            await self._access.in_thread(self._bodies.discard, body)
        return filed.mail_id if filed else None

    async def quarantined(self, since: datetime | None = None, limit: int = 100) -> tuple[Quarantined, ...]:
        """The mails in quarantine that were filed at this time or later, newest first."""
        return await self._access.read(quarantine.quarantined_since, since, limit)

    async def quarantined_mail(self, mail_id: str) -> Quarantined | None:
        """A mail in quarantine."""
        known = read_id(mail_id)
        return await self._access.read(quarantine.find_quarantined, known) if known else None

    async def release_quarantined(self, mail_id: str, *, user_email: str, by: str) -> str:
        """Take a mail in quarantine on as a mail of this account; the id of the mail.

        Once: it is not in quarantine any more, and keeps its dedupe key.

        Args:
            mail_id: of the mail in quarantine.
            user_email: the account that the mail's From address belongs to.
            by: who wants it; told in the history of its jobs.

        Raises:
            NotInBook: it is not in quarantine.
            ValueError: it names no recipient.
        """
        known = _in_quarantine(mail_id)
        return await self._access.write(
            quarantine.release_quarantined, known, user_email=user_email, by=by, rng=self._rng
        )

    async def delete_quarantined(self, mail_id: str, *, by: str) -> None:
        """Remove a mail in quarantine, and its body with it. `by`: who wants it.

        Raises:
            NotInBook: it is not in quarantine.
        """
        reference = await self._access.write(quarantine.delete_quarantined, _in_quarantine(mail_id), by=by)
        await self._access.in_thread(self._bodies.remove, [reference])

    async def purge_quarantine(self, before: datetime) -> int:
        """Remove the mails that were put in quarantine before that time, with their bodies; how many."""
        now = await self.sure_time()
        run = PurgeRun(at=now, rule=PurgeRule.QUARANTINE, kept=now - before)
        removed = 0
        while True:
            references = await self._access.write(quarantine.purge_quarantined, before, run)
            await self._access.in_thread(self._bodies.remove, references)
            removed += len(references)
            if len(references) < quarantine.PURGE_GROUP:
                return removed

    # --- Refusals -----------------------------------------------------------------------------------------

    async def record_refused(
        self, *, client_address: str, helo: str, envelope: Envelope, header_from: str, reason: str
    ) -> None:
        """A submission was refused during SMTP."""
        await self._access.write(
            refusals.record_refused,
            client_address=client_address,
            helo=helo,
            envelope=envelope,
            header_from=header_from,
            reason=reason,
        )

    async def refused(self, since: datetime | None = None, limit: int = 100) -> tuple[RefusedSubmission, ...]:
        """The submissions that were refused at this time or later, newest first."""
        return await self._access.read(refusals.refused_since, since, limit)

    async def purge_refused(self, before: datetime, *, most: int = MOST_REFUSALS) -> int:
        """Remove the refusals before that time, and the oldest of more than `most`; how many."""
        oldest = await self._access.read(refusals.oldest_of_newest, most)
        limit = before if oldest is None else max(before, oldest)
        now = await self.sure_time()
        run = PurgeRun(at=now, rule=PurgeRule.REFUSALS, kept=now - before)
        removed = 0
        while True:
            group = await self._access.write(refusals.purge_refused, limit, run)
            removed += group
            if group < refusals.PURGE_GROUP:
                return removed

    # --- Keeping the book small ---------------------------------------------------------------------------

    async def look_at_clock(self) -> Reckoned:
        """Whether the clock can be believed, and the time that has surely come (`store.reckoning`).

        Every look is kept, and the next one, whoever takes it, goes on from it.
        """
        if self._uptime is None:
            now = self._clock()
            return Reckoned(time=now, read=Reading(clock=now, uptime=timedelta()))
        return await self._access.write(clocks.look_at_clock, self._uptime)

    async def known_clocks(self) -> dict[str, Reckoned]:
        """What came of each host's last look, by the host's name."""
        return await self._access.read(clocks.known_clocks)

    async def sure_time(self) -> datetime:
        """The time that has surely come: what is removed because it is old goes by it."""
        return (await self.look_at_clock()).time

    async def purge(self, *, quarantine_kept: timedelta) -> Purged:
        """Remove what is older than it is kept for. At each start and every hour; other writes go between."""
        now = await self.sure_time()
        return Purged(
            quarantined=await self.purge_quarantine(now - quarantine_kept),
            refusals=await self.purge_refused(now - REFUSALS_KEPT),
        )

    @property
    def bodies_left_behind(self) -> bool:
        """Whether something that was to be removed could not be reached, and is to be swept."""
        return self._bodies.left_behind

    async def sweep_bodies(self, *, objects: bool = True) -> tuple[str, ...]:
        """Remove what a crash left outside between a body and its row; the references removed.

        Files at each start: each host has what arrived there. Objects, which are looked through as a whole,
        with `objects` only.

        What no row names is looked up once more under the lock of the writers. So it is never what somebody
        is about to name: see `store.bodies.TO_BE_NAMED_WITHIN`.
        """
        removed: list[str] = []
        candidates = self._bodies.may_be_unnamed(await self.sure_time(), objects=objects)
        while group := await self._access.in_thread(lambda: list(islice(candidates, _SWEEP_GROUP))):
            if left := await self._access.read(unnamed, group):
                left = await self._access.write(_unnamed_for_good, left)
                await self._access.in_thread(self._bodies.remove, left)
                removed += left
        return tuple(removed)

    async def _keep(self, octets: bytes | IncomingBody, ending: str) -> KeptBody:
        if self._bodies.is_for_a_row(octets):
            return self._bodies.keep(octets, ending)
        return await self._access.in_thread(self._bodies.keep, octets, ending)

    async def _fetch(self, reference: str, fetch: Callable[[FoundBody], Fetched]) -> Fetched:
        """What is made of a body's octets, in a thread.

        Raises:
            BodyMissing: it is gone; `BodyPurged`, if because it was kept long enough.
        """
        found = await self._access.read(find_body, reference)
        try:
            return await self._access.in_thread(fetch, found)
        except BodyMissing:
            await self._access.read(find_body, reference)  # if it was purged meanwhile, that is what is said
            raise

    async def bodies_away(self) -> str:
        """Why mails and documents cannot be written or read now, in a sentence; empty while they can."""
        try:
            await self._bodies_are_there()
        except BodiesUnavailable as problem:
            return problem.sentence
        return ""

    async def _bodies_are_there(self) -> None:
        """Pass unless it is known that bodies cannot be written or read; then ask whether that is over.

        Raises:
            BodiesUnavailable: they cannot.
        """
        if self._bodies.trouble:
            await self._access.in_thread(self._bodies.check)


def _unnamed_for_good(turn: Turn, references: Sequence[str]) -> list[str]:
    return unnamed(turn.connection, references)


def _in_quarantine(written: str) -> str:
    known = read_id(written)
    if known is None:
        raise NotInBook("mail in quarantine", written)
    return known
