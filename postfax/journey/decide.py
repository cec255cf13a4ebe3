"""Decide: a received mail is taken apart and becomes jobs, or refusals with their initial notice."""

import asyncio
import tempfile
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

import structlog

from config.line_kinds import LineSettings
from config.policy import Policy
from config.settings import UserPolicy
from mta.mime.take_apart import MailNotReadable, take_apart
from postfax.journey.giving_back import work_on_next_mail
from postfax.journey.trying_again import TRIES, next_step
from postfax.journey.withheld import log_withheld
from postfax.live_blocks import LiveBlocks
from postfax.live_policy import LivePolicy
from postfax.opening import Clock
from postfax.routes import routing_of
from sandbox import Nursery, TaskFailed
from store.book import Book
from store.errors import BodyMissing, BookUnavailable
from store.job import NewJob, Recipient, Refusal
from store.mail import MailContent, MailState
from store.records.mails import MailClaim
from store.status import Status
from submission.decide import Surroundings, decide

LEASE = timedelta(minutes=10)
log = structlog.get_logger()


class Decide:
    """Claims mails that were received."""

    def __init__(
        self,
        book: Book,
        policy: LivePolicy,
        nursery: Nursery,
        *,
        domain: str,
        other_domains: tuple[str, ...] = (),
        lines: Mapping[str, LineSettings],
        folder: Path,
        clock: Clock,
    ) -> None:
        """Nothing is claimed yet.

        Args:
            book: where mails come from.
            policy: that holds now.
            nursery: takes mails apart.
            domain: the mail domain whose addresses are fax numbers.
            other_domains: more of them.
            lines: those that there are, by their names.
            folder: where mails are taken apart; each gets a folder of its own, gone after the step.
            clock: the time.
        """
        self._book = book
        self._clock = clock
        self._policy = policy
        self._nursery = nursery
        self._domain = domain
        self._other_domains = other_domains
        self._lines = lines
        self._routing = routing_of(lines)
        self._live_blocks = LiveBlocks(book)
        self._folder = folder

    async def step(self) -> bool:
        """Decide one mail; False if there is none."""
        return await work_on_next_mail(
            self._book, MailState.RECEIVED, LEASE, self._decide_one, clock=self._clock
        )

    async def _decide_one(self, claim: MailClaim) -> None:
        if claim.tries >= TRIES:
            await self._refuse(claim, "The service could not read this mail.")
            return
        try:
            with tempfile.TemporaryDirectory(dir=self._folder, ignore_cleanup_errors=True) as folder:
                content = await take_apart(self._nursery, await self._book.body(claim.body), Path(folder))
            await self._record(claim, content)
        except MailNotReadable as problem:
            await self._refuse(claim, problem.explanation, problem.advice)
        except BookUnavailable:
            raise
        except Exception as problem:
            foreseen = isinstance(problem, (BodyMissing, TaskFailed))
            log.error(
                "mail_not_decided",
                mail=claim.mail.id,
                cause=str(problem),
                tries=claim.tries,
                exc_info=None if foreseen else problem,
            )
            due_at = next_step(self._clock(), claim.tries)
            await self._book.postpone_mail(claim.mail.id, due_at, str(problem))

    async def _record(self, claim: MailClaim, content: MailContent) -> None:
        policy = self._policy.current
        user = policy.user(claim.mail.user_email)
        if user:
            jobs = await self._decided(claim, content, policy, user)
        else:
            jobs = _no_longer_registered(claim)
        recorded = await self._book.record_submission(
            claim.mail.id,
            subject=content.subject,
            message_id=content.message_id,
            references=content.references,
            user=user,
            jobs=jobs,
        )
        log.info(
            "submission_decided",
            mail=claim.mail.id,
            jobs=[job.id for job in recorded if not job.state.final],
            refused=[job.status for job in recorded if job.state.final],
            attachments=len(content.attachments),
        )
        await log_withheld(self._book, recorded)

    async def _decided(
        self, claim: MailClaim, content: MailContent, policy: Policy, user: UserPolicy
    ) -> tuple[NewJob, ...]:
        surroundings = Surroundings(
            domain=self._domain,
            other_domains=self._other_domains,
            now=claim.mail.received_at,
            lines=tuple(self._lines),
            routing=self._routing,
            live_blocks=await self._live_blocks.current(),
            registered=lambda address: policy.sender(address) is not None,
        )
        # In a thread, for the body of a mail may be megabytes of HTML.
        submission = await asyncio.to_thread(decide, content, claim.mail.envelope, user, surroundings)
        return submission.jobs

    async def _refuse(self, claim: MailClaim, sentence: str, advice: str = "") -> None:
        """Refuse the mail as a whole: the sender is told by the initial notice."""
        user = self._policy.current.user(claim.mail.user_email)
        refusal = Refusal(status=Status.INVALID_ATTACHMENT, explanation=sentence, advice=advice)
        jobs = _all_refused(claim, refusal)
        recorded = await self._book.record_submission(
            claim.mail.id,
            subject=claim.mail.subject,
            message_id=claim.mail.message_id,
            references=(),
            user=user,
            jobs=jobs,
        )
        # Without the sentence: it may hold a file's name, and that may name a patient.
        log.warning("submission_refused_whole", mail=claim.mail.id, jobs=[job.id for job in recorded])
        await log_withheld(self._book, recorded)


def _no_longer_registered(claim: MailClaim) -> tuple[NewJob, ...]:
    """The policy changed between acceptance and now."""
    refusal = Refusal(
        status=Status.UNAUTHORIZED_SENDING_ADDRESS,
        explanation=f"{claim.mail.user_email} is no longer registered.",
    )
    return _all_refused(claim, refusal)


def _all_refused(claim: MailClaim, refusal: Refusal) -> tuple[NewJob, ...]:
    return tuple(
        NewJob(recipient=Recipient(number=_local_part(address)), addresses=(address,), refusal=refusal)
        for address in claim.mail.envelope.recipients
    )


def _local_part(address: str) -> str:
    return address.rpartition("@")[0]
