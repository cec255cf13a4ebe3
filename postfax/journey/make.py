"""Make: the jobs of a decided mail get their documents, or are refused because of an attachment."""

import asyncio
import tempfile
import time
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import structlog

from config.fax import Paper, Resolution
from config.server import ConvertSettings
from convert.converter import Converter
from convert.request import (
    ConversionLimits,
    ConversionRequest,
    ConvertedFax,
    ConverterUnavailable,
    InvalidDocument,
    Sheet,
    Source,
)
from mta.mime.part import MESSAGE
from mta.mime.take_apart import MailNotReadable, take_apart
from postfax.journey.giving_back import work_on_next_mail
from postfax.journey.trying_again import TRIES, next_step
from postfax.journey.withheld import log_withheld
from postfax.journey.wording import body_facts, cover_facts
from postfax.opening import Clock
from postfax.terminal import SECONDS_PER_OCTET
from postfax.watching import metrics
from sandbox import Nursery, TaskFailed
from store.book import Book
from store.errors import BodyMissing, BookUnavailable
from store.job import FaxJob, Refusal
from store.mail import MailContent, MailState
from store.new_document import NewDocument
from store.records.mails import MailClaim
from store.status import Status
from submission.body import has_body_text
from submission.printed import Printed, printed

LEASE = timedelta(minutes=30)
log = structlog.get_logger()


class Make:
    """Claims mails whose jobs have no documents."""

    def __init__(
        self,
        book: Book,
        nursery: Nursery,
        converter: Converter,
        *,
        settings: ConvertSettings,
        folder: Path,
        clock: Clock,
    ) -> None:
        """`folder` is where documents are made; each mail gets a folder of its own, gone after the step."""
        self._book = book
        self._clock = clock
        self._nursery = nursery
        self._converter = converter
        self._settings = settings
        self._folder = folder

    async def step(self) -> bool:
        """Make the documents of one mail; False if there is none."""
        return await work_on_next_mail(
            self._book, MailState.SUBMITTED, LEASE, self._make_all, clock=self._clock
        )

    async def _make_all(self, claim: MailClaim) -> None:
        if claim.tries >= TRIES:
            sentence = "The service could not make pages of this mail."
            await self._refuse(claim, Status.GENERAL_ERROR, sentence, cause="too many tries")
            return
        try:
            with tempfile.TemporaryDirectory(dir=self._folder, ignore_cleanup_errors=True) as folder:
                await self._make(claim, Path(folder))
        except InvalidDocument as problem:
            await self._refuse(claim, Status.INVALID_ATTACHMENT, _told(problem), cause=problem.reason)
        except BookUnavailable:
            raise
        except Exception as problem:
            foreseen = isinstance(problem, (BodyMissing, ConverterUnavailable, TaskFailed, MailNotReadable))
            log.error(
                "documents_not_made",
                mail=claim.mail.id,
                cause=str(problem),
                tries=claim.tries,
                exc_info=None if foreseen else problem,
            )
            due_at = next_step(self._clock(), claim.tries)
            await self._book.postpone_mail(claim.mail.id, due_at, str(problem))

    async def _make(self, claim: MailClaim, folder: Path) -> None:
        begun = time.monotonic()
        if not claim.jobs:  # all cancelled in the meantime
            await self._book.record_documents(claim.mail.id, {})
            return
        parts = folder / "parts"
        parts.mkdir()
        content = await take_apart(self._nursery, await self._book.body(claim.body), parts)
        made: list[tuple[ConvertedFax, NewDocument]] = []
        for number, alike in enumerate(_alike(claim.jobs), start=1):
            pages = folder / f"pages-{number}"
            pages.mkdir()
            # In a thread, for the body of a mail may be megabytes of HTML.
            request = await asyncio.to_thread(self._request, alike, content, pages)
            made += [(fax, _document(fax, request)) for fax in await self._converter.convert(request)]
        documents = {fax.key: document for fax, document in made}
        recorded = await self._book.record_documents(claim.mail.id, documents)
        metrics.note_conversion(time.monotonic() - begun)
        await log_withheld(self._book, recorded)
        jobs = {job.id: job for job in claim.jobs}
        for fax, document in made:
            _log_made(jobs[fax.key], document, seconds=time.monotonic() - begun)
            await self._tell_trouble(jobs[fax.key], fax)

    async def _tell_trouble(self, job: FaxJob, fax: ConvertedFax) -> None:
        """An own cover template could not be used: the fax goes out, and an administrator is told."""
        if not fax.cover_trouble:
            return
        log.error("cover_template_failed", job=job.id, template=job.cover_template, cause=fax.cover_trouble)
        await self._book.alert(
            f"cover page {job.cover_template}",
            f"{fax.cover_trouble} `postfax cover check '{job.cover_template}'` says more.",
            job.user.settings.alerts.contacts,
            mail_id=job.mail_id,
            job_id=job.id,
        )

    def _request(self, jobs: Sequence[FaxJob], content: MailContent, folder: Path) -> ConversionRequest:
        settings = jobs[0].user.settings
        fax, attachments = settings.fax, settings.attachments
        said = printed(content, settings.coverpage)
        return ConversionRequest(
            sources=tuple(
                Source(name=part.name, path=Path(part.path), message=part.media_type == MESSAGE)
                for part in content.attachments
            ),
            sheets=tuple(self._sheet(job, said) for job in jobs),
            resolution=fax.resolution,
            paper=fax.paper,
            limits=ConversionLimits(
                pages=fax.pages_per_fax,
                seconds=self._settings.seconds.total_seconds(),
                memory=self._settings.memory,
                largest=attachments.largest,
                largest_of=attachments.largest_of,
            ),
            drop_blank_ends=attachments.drop_blank_ends,
            words=any(_wants_words(job) for job in jobs),
            allowed=attachments.allowed,
            folder=folder,
        )

    def _sheet(self, job: FaxJob, said: Printed) -> Sheet:
        now = self._clock()
        if job.cover_template:
            return Sheet(key=job.id, cover=cover_facts(job, said, now).to_json())
        if has_body_text(said.content):
            return Sheet(key=job.id, body=body_facts(job, said.content, now).to_json())
        return Sheet(key=job.id)

    async def _refuse(self, claim: MailClaim, status: Status, sentence: str, *, cause: str) -> None:
        """Refuse what waits for documents. `cause` is for the log: a file's name may name a patient."""
        refusal = Refusal(status=status, explanation=sentence)
        recorded = await self._book.record_documents(claim.mail.id, {}, refusal=refusal)
        log.info("document_refused", mail=claim.mail.id, status=status, cause=cause)
        await log_withheld(self._book, recorded)


def _wants_words(job: FaxJob) -> bool:
    """Whether a PDF will be made of the fax that shall be searchable."""
    kept = any(archive.outbound and archive.document == "pdf" for archive in job.user.archives)
    return kept or job.user.settings.notifications.attach == "pdf"


def _document(fax: ConvertedFax, request: ConversionRequest) -> NewDocument:
    return NewDocument(path=fax.path, resolution=Resolution(request.resolution), pages=fax.pages)


def _alike(jobs: Sequence[FaxJob]) -> list[list[FaxJob]]:
    """The jobs of a mail by what their attachments are rendered for: as a rule they are all alike."""
    groups: dict[tuple[Resolution, Paper], list[FaxJob]] = {}
    for job in jobs:
        fax = job.user.settings.fax
        groups.setdefault((fax.resolution, fax.paper), []).append(job)
    return list(groups.values())


def _log_made(job: FaxJob, document: NewDocument, *, seconds: float) -> None:
    octets = sum(page.octets for page in document.pages)
    log.info(
        "document_made",
        job=job.id,
        pages=len(document.pages),
        cover=job.cover_template,
        resolution=document.resolution,
        octets=octets,
        line_seconds=round(octets * SECONDS_PER_OCTET),
        seconds=round(seconds, 3),
    )


def _told(problem: InvalidDocument) -> str:
    if problem.name:
        return f'"{problem.name}" is not a document that can be faxed: {problem.reason}.'
    return f"This fax cannot be sent: {problem.reason}."
