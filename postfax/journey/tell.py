"""Tell: a notice that is owed is composed from the book and handed to the smarthost."""

import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Protocol, TypeVar

import structlog

from config.settings import UserPolicy
from convert.converter import Converter
from notify.backoff import next_try
from notify.compose import (
    compose_alert,
    compose_delivery,
    compose_initial,
    compose_summary,
    compose_welcome,
)
from notify.delivery_status import ReportingMta
from notify.facts import (
    AlertFacts,
    DeliveryFacts,
    FaxedPages,
    FirstPage,
    InitialFacts,
    SummaryFacts,
    WelcomeFacts,
)
from notify.mailer import MailCarrier, MailPermanent, MailTemporary, MailTooLarge
from notify.rendering import OwnTemplateTrouble
from notify.returned_mail import octets_needed
from postfax.journey.faxed_pages import pages_of, too_large
from postfax.journey.giving_back import PUT_OFF, InHand, surely
from postfax.journey.giving_up import tell_of_notice
from postfax.journey.own_notice_templates import read_templates, tell_of_template
from postfax.journey.sending_report import ReportMaker, is_wanted
from postfax.journey.welcoming import NotWelcome
from postfax.lease import Lease, LeaseOver
from postfax.opening import Clock
from sandbox import Nursery
from store.book import Book
from store.errors import BodiesUnavailable, BodyMissing, BookUnavailable, NotInBook
from store.job import FaxJob
from store.mail import ReceivedMail, ReturnContent
from store.outbox import Notice, NoticeKind
from store.owed_notices import listed_jobs, summed_up

LEASE = timedelta(minutes=15)
"""Longer than the mailer takes at the very most, so that no second loop sends the same notice."""
log = structlog.get_logger()

Facts = TypeVar("Facts", InitialFacts, DeliveryFacts, SummaryFacts, WelcomeFacts)
Welcome = Callable[[Notice], Awaitable[WelcomeFacts]]
"""Gathers the facts of a welcome message, or raises `NotWelcome`."""
Facts_contra = TypeVar("Facts_contra", contravariant=True)


class Compose(Protocol[Facts_contra]):
    """Makes the mail of its facts."""

    def __call__(self, facts: Facts_contra, *, sender: str, mta: ReportingMta) -> bytes:
        """As `notify.compose` does."""


class Tell:
    """Claims notices that are due."""

    def __init__(
        self,
        book: Book,
        mailer: MailCarrier,
        nursery: Nursery,
        converter: Converter,
        *,
        welcome: Welcome,
        sender: str,
        mta: ReportingMta,
        folder: Path,
        clock: Clock,
    ) -> None:
        """`sender` is the From address of notices, `mta` who sends them; pages are put into `folder`.

        The nursery has `convert.first_page.TASK` preloaded.
        """
        self._book = book
        self._clock = clock
        self._mailer = mailer
        self._nursery = nursery
        self._reports = ReportMaker(book, nursery, converter, domain=mta.domain)
        self._welcome = welcome
        self._sender = sender
        self._mta = mta
        self._folder = folder
        self._in_hand = InHand()

    async def step(self) -> bool:
        """Send one notice; False if none is due."""
        lease = Lease.from_now(LEASE)
        notice = await self._book.claim_notice(LEASE)
        if notice is None:
            return False
        work, give_back = partial(self._tell, notice, lease), partial(self._put_off, notice)
        await self._in_hand.work_on(notice.id, lease, work, give_back)
        return True

    async def _tell(self, notice: Notice, lease: Lease) -> None:
        try:
            await self._send(notice, lease)
        except LeaseOver:
            log.warning("notice_left_to_others", notice=notice.id)
        except (MailPermanent, NotWelcome) as problem:
            await self._give_up(notice, str(problem))
        except MailTemporary as problem:
            await self._postpone(notice, str(problem))
        except BodiesUnavailable as problem:
            await self._put_off(notice, problem)
            log.warning("notice_waits_for_its_document", notice=notice.id, cause=problem.cause)
        except BookUnavailable:
            raise
        except Exception as problem:
            log.error("notice_not_composed", notice=notice.id, exc_info=problem)
            await self._postpone(notice, repr(problem))
        else:
            await surely(partial(self._book.notice_delivered, notice.id), notice.id)
            log.info("notice_sent", notice=notice.id, kind=notice.kind, success=notice.success)

    async def _send(self, notice: Notice, lease: Lease) -> None:
        """Send it whole, or where it is refused for its size, without what goes with it.

        Raises:
            LeaseOver: others may have it in hand.
            MailTrouble: as of the mailer.
        """
        composed = await self._composed(notice)
        lease.check()
        try:
            await self._mailer.send(composed, notice.address)
        except MailTooLarge as problem:
            log.warning("notice_too_large", notice=notice.id, octets=len(composed), cause=problem.detail)
            composed = await self._composed(notice, whole=False)
            lease.check()
            await self._mailer.send(composed, notice.address)

    async def _put_off(self, notice: Notice, problem: BookUnavailable) -> None:
        await self._book.put_off_notice(notice.id, self._clock() + PUT_OFF, str(problem))

    async def _postpone(self, notice: Notice, cause: str) -> None:
        due_at = next_try(notice.tries + 1, self._clock())
        if due_at is None:
            await self._give_up(notice, cause)
            return
        await self._book.postpone_notice(notice.id, due_at, cause)
        log.warning("notice_postponed", notice=notice.id, cause=cause, next=due_at.isoformat())

    async def _give_up(self, notice: Notice, cause: str) -> None:
        await self._book.postpone_notice(notice.id, self._clock(), cause, give_up=True)
        log.error("notice_given_up", notice=notice.id, cause=cause)
        await tell_of_notice(self._book, notice, await self._whose(notice))

    async def _whose(self, notice: Notice) -> UserPolicy | None:
        """Whose policy says who is told that the notice was given up."""
        if notice.kind is NoticeKind.WELCOME:
            try:
                return (await self._welcome(notice)).user
            except NotWelcome:
                return None
        jobs = await self._book.group(notice.mail_id)
        return jobs[0].user if jobs else None

    async def _composed(self, notice: Notice, *, whole: bool = True) -> bytes:
        """The mail; with everything that goes with it, or with the words alone."""
        if notice.kind is NoticeKind.ALERT:
            return compose_alert(AlertFacts(notice=notice), sender=self._sender, mta=self._mta)
        if notice.kind is NoticeKind.WELCOME:
            return await self._in_own_form(await self._welcome(notice), compose_welcome)
        mail = await self._book.mail(notice.mail_id)
        if mail is None:
            raise NotInBook("mail", notice.mail_id)
        if not whole:
            headers = replace(mail.envelope, return_content=ReturnContent.HEADERS)
            mail = replace(mail, envelope=headers)
        if notice.kind is NoticeKind.INITIAL:
            return await self._initial(notice, mail)
        if notice.kind is NoticeKind.SUMMARY:
            return await self._summary(notice, mail)
        return await self._delivery(notice, mail, whole=whole)

    async def _initial(self, notice: Notice, mail: ReceivedMail) -> bytes:
        jobs = listed_jobs(await self._book.group(notice.mail_id), mail.envelope)
        user = jobs[0].user
        original = await self._original(mail, user, success=notice.success)
        facts = InitialFacts(notice=notice, mail=mail, jobs=jobs, user=user, original=original)
        return await self._in_own_form(facts, compose_initial)

    async def _summary(self, notice: Notice, mail: ReceivedMail) -> bytes:
        group = await self._book.group(notice.mail_id)
        user, sender = group[0].user, notice.to_sender
        switches = user.settings.notifications.delivery
        jobs = summed_up(group, mail.envelope, switches, sender=sender)
        original = await self._original(mail, user, success=notice.success) if sender else b""
        facts = SummaryFacts(notice=notice, mail=mail, jobs=jobs, user=user, original=original)
        return await self._in_own_form(facts, compose_summary)

    async def _delivery(self, notice: Notice, mail: ReceivedMail, *, whole: bool) -> bytes:
        job = await self._book.job(notice.job_id)
        if job is None:
            raise NotInBook("job", notice.job_id)
        facts = DeliveryFacts(notice=notice, mail=mail, job=job, user=job.user)
        if notice.to_sender:
            original = await self._original(mail, job.user, success=notice.success)
            facts = replace(facts, original=original)
            facts = await self._with_pages(facts) if whole else replace(facts, pages=too_large(job))
        return await self._in_own_form(facts, compose_delivery)

    async def _in_own_form(self, facts: Facts, compose: Compose[Facts]) -> bytes:
        """Compose with the organisation's own templates, or without them where they fail."""
        own = facts.user.settings.notifications.templates
        try:
            formed = replace(facts, templates=await read_templates(own))
            return compose(formed, sender=self._sender, mta=self._mta)
        except OwnTemplateTrouble as problem:
            await tell_of_template(self._book, facts.notice, facts.user, problem)
            return compose(facts, sender=self._sender, mta=self._mta)

    async def _with_pages(self, facts: DeliveryFacts) -> DeliveryFacts:
        pages, picture = await self._pages(facts.job)
        return await self._with_report(replace(facts, pages=pages, first_page=picture))

    async def _with_report(self, facts: DeliveryFacts) -> DeliveryFacts:
        if not is_wanted(facts):
            return facts
        with tempfile.TemporaryDirectory(dir=self._folder, ignore_cleanup_errors=True) as folder:
            report = await self._reports.report_of(facts, Path(folder))
        return replace(facts, report=report, report_failed=report is None)

    async def _pages(self, job: FaxJob) -> tuple[FaxedPages | None, FirstPage | None]:
        """What of the fax goes with the notice to its sender."""
        with tempfile.TemporaryDirectory(dir=self._folder, ignore_cleanup_errors=True) as folder:
            return await pages_of(self._book, self._nursery, job, Path(folder))

    async def _original(self, mail: ReceivedMail, user: UserPolicy, *, success: bool) -> bytes:
        """As much of the sender's mail as the notice returns something of; a notice goes without it too."""
        phi_free = user.settings.notifications.phi_free
        octets = octets_needed(mail.envelope.return_content, success=success, phi_free=phi_free)
        if not octets:
            return b""
        try:
            return await self._book.beginning_of_mail(mail.id, octets)
        except BodyMissing as problem:
            log.error("mail_not_returned", mail=mail.id, cause=str(problem))
            return b""
