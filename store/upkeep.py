"""The part of the book that keeps it small, and tells administrators when something needs them.

`store.book.Book` is the only kind of it; what holds for the book's methods holds here.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from config.upkeep import LONGEST_DOCUMENTS, RetentionSettings
from store.administration import Administration
from store.bodies import purged_at
from store.ids import read_id
from store.mail import MailState
from store.purge import PurgeEntry, PurgeRule, PurgeRun
from store.records import interventions, retained, retention
from store.records.alerts import owe_alert
from store.records.mails import body_of
from store.records.purges import find_purges, note_purge, note_wiped
from store.records.retention import Removed
from store.records.turn import Turn
from store.retained import KeptSpan, Retained, sum_up
from store.retention import KeptMail, never_finished, next_look, span_of

RetentionOf = Callable[[str], RetentionSettings | None]
"""What the policy in force says for an account; None for one that is not in it."""

_BEGINNING = (datetime.min.replace(tzinfo=UTC), "")
_END = datetime.max.replace(tzinfo=UTC)
_REST = 4
"""Seconds for others after each second of removing: mails that come in must not wait for what may go."""
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
    ended: int
    """Faxes that had waited too long beyond their time and were ended."""
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
        at = await self.sure_time()
        until = _END if everything else at
        documents, ended = await self._go_through(_Pass.of_documents(at), until, in_force)
        until = _END if everything else await self.sure_time()
        records, _ = await self._go_through(_Pass.of_records(at), until, in_force)
        audit = await self._purge_rows(retention.purge_audit, PurgeRule.AUDIT, at, company.audit)
        alerts = await self._purge_rows(retention.purge_alerts, PurgeRule.ALERTS, at, company.metadata)
        wiped = await self.wipe() if documents or records else True
        return PurgedFaxes(
            documents=documents, records=records, audit=audit, alerts=alerts, ended=ended, wiped=wiped
        )

    async def _go_through(self, kind: "_Pass", until: datetime, in_force: RetentionOf) -> tuple[int, int]:
        """Look at the mails in a state, and remove of each what is over.

        Returns:
            Of how many something went, and how many jobs were ended because they never would have.
        """
        removed, ended, after = 0, 0, _BEGINNING
        while page := await self._access.read(retention.kept_mails, kind.state, until, after):
            now = await self.sure_time()
            ended += await self._end_unfinished(page, kind, in_force, now)
            looks = {mail.mail_id: next_look(mail, in_force(mail.user_email), now) for mail in page}
            later = {
                mail.mail_id: looks[mail.mail_id]
                for mail in page
                if looks[mail.mail_id] > now and (mail.due_at <= now or looks[mail.mail_id] < mail.due_at)
            }
            if later:
                await self._access.write(retention.look_later, kind.state, later)
            over = [mail for mail in page if looks[mail.mail_id] <= now]
            removed += await self._remove(over, kind, in_force)
            after = page[-1].due_at, page[-1].mail_id
        return removed, ended

    async def _remove(self, over: Sequence[KeptMail], kind: "_Pass", in_force: RetentionOf) -> int:
        """Remove what is over of mails, in small transactions; of how many something went."""
        by_span: dict[timedelta, list[str]] = {}
        for mail in over:
            by_span.setdefault(span_of(mail, in_force(mail.user_email)), []).append(mail.mail_id)
        groups = (
            (PurgeRun(at=kind.at, rule=kind.rule, kept=span), ids[start : start + retention.GROUP])
            for span, ids in by_span.items()
            for start in range(0, len(ids), retention.GROUP)
        )
        removed, rest = 0, 0.0
        for run, ids in groups:
            await asyncio.sleep(rest)
            await self._bodies_are_there()
            begun = time.monotonic()
            group = await self._access.write(kind.purge, ids, run)
            await self._access.in_thread(self._bodies.remove, group.references)
            rest = _REST * (time.monotonic() - begun)
            removed += group.mails
        return removed

    async def _end_unfinished(
        self, page: Sequence[KeptMail], kind: "_Pass", in_force: RetentionOf, now: datetime
    ) -> int:
        """End the jobs that have waited too long beyond their time; how many."""
        ended = 0
        for mail in page:
            rule = in_force(mail.user_email)
            if never_finished(mail, rule, now):
                span = max(span_of(mail, rule), LONGEST_DOCUMENTS)
                run = PurgeRun(at=kind.at, rule=PurgeRule.UNFINISHED, kept=span)
                ended += len(await self._access.write(_end_mail, mail, run))
        return ended

    async def _purge_rows(
        self,
        purge: Callable[[Turn, datetime, PurgeRun], int],
        rule: PurgeRule,
        at: datetime,
        kept: timedelta,
    ) -> int:
        run = PurgeRun(at=at, rule=rule, kept=kept)
        removed = 0
        while group := await self._access.write(purge, at - kept, run):
            removed += group
        return removed

    async def wipe(self) -> bool:
        """Have what was removed gone from the database's log too; False if somebody reads all the time."""
        wiped = await _tried(self._access.empty_log, times=_WAL_TRIES, pause=_WAL_PAUSE)
        if wiped:
            await self._access.write(note_wiped)
        return wiped

    # --- What was removed, what is kept -------------------------------------------------------------------

    async def purges(self, since: datetime | None = None) -> tuple[PurgeEntry, ...]:
        """What was removed by the runs that began at this time or later, newest first."""
        return await self._access.read(find_purges, since)

    async def retained(self, in_force: RetentionOf, tell: Callable[[int], None]) -> Retained:
        """What is still kept, by the rules by which it will go; read page by page, so that nobody waits.

        Args:
            in_force: what the policy in force says for an account.
            tell: is told how many mails were looked at.
        """
        spans: dict[timedelta, KeptSpan] = {}
        seen, after = 0, _BEGINNING
        while page := await self._access.read(retention.kept_mails, MailState.ANSWERED, _END, after):
            sizes = await self._access.read(retained.sizes_of, [mail.mail_id for mail in page])
            sum_up(spans, [(mail, span_of(mail, in_force(mail.user_email))) for mail in page], sizes)
            seen += len(page)
            tell(seen)
            after = page[-1].due_at, page[-1].mail_id
        purged, first, last = await self._access.read(retained.in_state, MailState.PURGED)
        unread = [
            await self._access.read(retained.in_state, state)
            for state in (MailState.RECEIVED, MailState.SUBMITTED)
        ]
        return Retained(
            documents=tuple(spans[span] for span in sorted(spans)),
            unread=sum(each[0] for each in unread),
            records=purged,
            records_go=(first, last) if first and last else None,
            others=await self._access.read(retained.other_rows),
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class _Pass:
    """One way through the mails: those in a state, and what is removed of them."""

    at: datetime
    state: MailState
    rule: PurgeRule
    purge: Callable[[Turn, Sequence[str], PurgeRun], Removed]

    @classmethod
    def of_documents(cls, at: datetime) -> "_Pass":
        purge = retention.purge_documents
        return cls(at=at, state=MailState.ANSWERED, rule=PurgeRule.DOCUMENTS, purge=purge)

    @classmethod
    def of_records(cls, at: datetime) -> "_Pass":
        purge = retention.purge_records
        return cls(at=at, state=MailState.PURGED, rule=PurgeRule.METADATA, purge=purge)


def _end_mail(turn: Turn, mail: KeptMail, run: PurgeRun) -> tuple[str, ...]:
    span = run.kept or LONGEST_DOCUMENTS
    ended = interventions.end_unfinished(turn, [mail.mail_id], span.days)
    note_purge(turn, run, mails=1 if ended else 0, records=0, since=mail.waits_since)
    return ended


async def _tried(attempt: Callable[[], Awaitable[bool]], *, times: int, pause: float) -> bool:
    """Whether it succeeded, tried so many times with a pause of so many seconds in between."""
    for number in range(times):
        if number:
            await asyncio.sleep(pause)
        if await attempt():
            return True
    return False
