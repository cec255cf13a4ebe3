"""The part of the book that keeps it small, and tells administrators when something needs them.

`store.book.Book` is the only kind of it; what holds for the book's methods holds here.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from config.upkeep import RetentionSettings
from store.administration import Administration
from store.bodies import purged_at
from store.ids import read_id
from store.mail import MailState
from store.records import retention
from store.records.alerts import owe_alert
from store.records.mails import body_of
from store.records.retention import Removed
from store.records.turn import Turn
from store.retention import next_look

RetentionOf = Callable[[str], RetentionSettings | None]
"""What the policy in force says for an account; None for one that is not in it."""

_BEGINNING = (datetime.min.replace(tzinfo=UTC), "")
_END = datetime.max.replace(tzinfo=UTC)
_WAL_TRIES = 5
_WAL_PAUSE = 0.5
"""Seconds."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PurgedFaxes:
    """How much had been kept long enough."""

    documents: int
    """Mails whose octets and documents went."""
    records: int
    """Mails of which everything went."""
    audit: int
    alerts: int
    wiped: bool
    """Whether the octets are gone from the book's write-ahead log as well. If not, its next purge sees to
    it, or the next thousand writes do."""


class Upkeep(Administration):
    """Retention and alerts."""

    async def alert(
        self,
        subject_of_alert: str,
        sentence: str,
        contacts: Sequence[str],
        *,
        mail_id: str = "",
        job_id: str = "",
    ) -> tuple[str, ...]:
        """Tell the contacts by mail that something needs an administrator; to whom a mail is owed now.

        A contact that was told of the same subject within the hour is not told again: that is counted, and
        the next mail about it says how often.

        Args:
            subject_of_alert: what is wrong in a few words, the same for the same cause; the mail's subject.
            sentence: what happened, why, and what to do; nothing about patients, recipients or documents.
            contacts: `alerts.contacts` of whom it concerns.
            mail_id: the mail that it is about, if it is about one.
            job_id: the job that it is about, likewise.
        """
        if not contacts:
            return ()
        return await self._access.write(
            owe_alert, subject_of_alert, sentence, contacts, mail_id=mail_id, job_id=job_id
        )

    async def purged_at(self, mail_id: str) -> datetime | None:
        """When the octets of a mail and its documents were removed; None while they are kept.

        Raises:
            NotInBook: there is no such mail.
        """
        known = read_id(mail_id) or mail_id
        return await self._access.read(lambda connection: purged_at(connection, body_of(connection, known)))

    async def purge_faxes(
        self, in_force: RetentionOf, company: RetentionSettings, *, everything: bool = False
    ) -> PurgedFaxes:
        """Remove what was kept long enough (`store.retention`). At each start and every hour.

        It may be ended anywhere and begun again. Other writes go between its small ones.

        Args:
            in_force: what the policy in force says for an account.
            company: what it says at the company's level, for what belongs to no user.
            everything: look at all mails and not only at those that are due: after a change of the policy.
        """
        until = _END if everything else self._clock()
        documents = await self._go_through(MailState.ANSWERED, until, in_force, retention.purge_documents)
        until = _END if everything else self._clock()
        records = await self._go_through(MailState.PURGED, until, in_force, retention.purge_records)
        now = self._clock()
        audit = await self._purge_rows(retention.purge_audit, now - company.audit)
        alerts = await self._purge_rows(retention.purge_alerts, now - company.metadata)
        wiped = await self._wipe() if documents or records else True
        return PurgedFaxes(documents=documents, records=records, audit=audit, alerts=alerts, wiped=wiped)

    async def _go_through(
        self,
        state: MailState,
        until: datetime,
        in_force: RetentionOf,
        purge: Callable[[Turn, Sequence[str]], Removed],
    ) -> int:
        """Look at the mails in a state, and remove of each what is over; of how many something went."""
        removed, after = 0, _BEGINNING
        while page := await self._access.read(retention.kept_mails, state, until, after):
            now = self._clock()
            looks = {mail.mail_id: next_look(mail, in_force(mail.user_email), now) for mail in page}
            later = {
                mail.mail_id: looks[mail.mail_id]
                for mail in page
                if looks[mail.mail_id] > now and (mail.due_at <= now or looks[mail.mail_id] < mail.due_at)
            }
            if later:
                await self._access.write(retention.look_later, state, later)
            over = [mail_id for mail_id, look in looks.items() if look <= now]
            for start in range(0, len(over), retention.GROUP):
                group = await self._access.write(purge, over[start : start + retention.GROUP])
                await self._access.in_thread(self._bodies.remove, group.references)
                removed += group.mails
            after = page[-1].due_at, page[-1].mail_id
        return removed

    async def _purge_rows(self, purge: Callable[[Turn, datetime], int], before: datetime) -> int:
        removed = 0
        while group := await self._access.write(purge, before):
            removed += group
        return removed

    async def _wipe(self) -> bool:
        return await _tried(self._access.empty_log, times=_WAL_TRIES, pause=_WAL_PAUSE)


async def _tried(attempt: Callable[[], Awaitable[bool]], *, times: int, pause: float) -> bool:
    """Whether it succeeded, tried so many times with a pause of so many seconds in between."""
    for number in range(times):
        if number:
            await asyncio.sleep(pause)
        if await attempt():
            return True
    return False
