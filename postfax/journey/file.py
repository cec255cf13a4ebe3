"""File: a copy that is owed to an archive is made of what was sent, and delivered."""

import asyncio
import contextlib
import tempfile
from datetime import timedelta
from email.message import EmailMessage
from functools import partial
from pathlib import Path

import structlog

from archive.deliver import deliver
from archive.facts import FaxFacts
from archive.trouble import ArchivePermanent, ArchiveTemporary
from convert.fax_tiff import NotAFaxTiff
from convert.header import stamp
from convert.header_words import words_as_sent
from convert.text_layer import Words, pages_with_words, without_words
from notify.backoff import next_try
from notify.mailer import MailCarrier, MailPermanent, MailTemporary
from postfax.journey.giving_back import PUT_OFF, InHand, surely
from postfax.journey.giving_up import tell_of_copy
from postfax.journey.wording import header_text
from postfax.lease import Lease, LeaseOver
from postfax.opening import Clock
from store.book import Book
from store.errors import BodiesUnavailable, BodyMissing, BookUnavailable, NotInBook
from store.job import FaxJob
from store.outbox import Copy

LEASE = timedelta(minutes=30)
log = structlog.get_logger()


class File:
    """Claims copies that are due."""

    def __init__(self, book: Book, mailer: MailCarrier, *, sender: str, folder: Path, clock: Clock) -> None:
        """`sender` is the From address of copies by mail; documents are put into `folder` for them."""
        self._book = book
        self._clock = clock
        self._mailer = mailer
        self._sender = sender
        self._folder = folder
        self._in_hand = InHand()

    async def step(self) -> bool:
        """Deliver one copy; False if none is due."""
        lease = Lease.from_now(LEASE)
        copy = await self._book.claim_copy(LEASE)
        if copy is None:
            return False
        work, give_back = partial(self._file, copy, lease), partial(self._put_off, copy)
        await self._in_hand.work_on(copy.id, lease, work, give_back)
        return True

    async def _file(self, copy: Copy, lease: Lease) -> None:
        try:
            place = await self._deliver(copy, lease)
        except LeaseOver:
            log.warning("copy_left_to_others", job=copy.job_id, copy=copy.id)
        except (ArchivePermanent, MailPermanent, BodyMissing) as problem:
            await self._give_up(copy, str(problem))
        except (ArchiveTemporary, MailTemporary) as problem:
            await self._postpone(copy, str(problem))
        except BodiesUnavailable as problem:
            await self._put_off(copy, problem)
            log.warning("copy_waits_for_its_document", copy=copy.id, cause=problem.cause)
        except BookUnavailable:
            raise
        except Exception as problem:
            log.error("copy_not_made", job=copy.job_id, copy=copy.id, exc_info=problem)
            await self._postpone(copy, repr(problem))
        else:
            await surely(partial(self._book.copy_delivered, copy.id, place), copy.id)
            log.info("copy_filed", job=copy.job_id, copy=copy.id, place=place)

    async def _put_off(self, copy: Copy, problem: BookUnavailable) -> None:
        await self._book.put_off_copy(copy.id, self._clock() + PUT_OFF, str(problem))

    async def _postpone(self, copy: Copy, cause: str) -> None:
        now = self._clock()
        due_at = next_try(copy.tries + 1, now)
        if due_at is None:
            await self._give_up(copy, cause)
            return
        await self._book.postpone_copy(copy.id, due_at, cause)
        log.warning("copy_postponed", job=copy.job_id, copy=copy.id, cause=cause)

    async def _give_up(self, copy: Copy, cause: str) -> None:
        await self._book.postpone_copy(copy.id, self._clock(), cause, give_up=True)
        log.error("copy_given_up", job=copy.job_id, copy=copy.id, cause=cause)
        if job := await self._book.job(copy.job_id):
            await tell_of_copy(self._book, copy, job)

    async def _deliver(self, copy: Copy, lease: Lease) -> str:
        job = await self._book.job(copy.job_id)
        mail = await self._book.mail(job.mail_id) if job else None
        if job is None or mail is None:
            raise NotInBook("job", copy.job_id)
        with tempfile.TemporaryDirectory(dir=self._folder, ignore_cleanup_errors=True) as folder:
            document = await as_sent(self._book, job, Path(folder))
            words = await words_sent(self._book, job, Path(folder)) if copy.archive.document == "pdf" else ()
            lease.check()
            return await deliver(
                copy,
                FaxFacts(mail=mail, job=job),
                document,
                words=words,
                sender=self._sender,
                send_mail=self._send,
            )

    async def _send(self, message: EmailMessage, recipient: str) -> None:
        await self._mailer.send(message, recipient)


async def as_sent(book: Book, job: FaxJob, folder: Path) -> Path | None:
    """The job's document with the header line of its last attempt, made anew in `folder`.

    A job that was never called has its document without header lines; one without a document has None.
    """
    if job.document is None:
        return None
    source = await book.body_path(job.document.body, folder)
    target = folder / f"{job.id}-as-sent.tif"  # a small body itself is written there too
    if not job.attempts:
        await asyncio.to_thread(lambda: target.write_bytes(without_words(source.read_bytes())))
        return target
    await asyncio.to_thread(stamp, source, target, header_text(job, job.attempts[-1].started_at))
    return target


async def words_sent(book: Book, job: FaxJob, folder: Path) -> tuple[Words, ...]:
    """What is written on each page of the fax as `as_sent` makes it.

    Of the pages themselves only where it was wanted when they were made (`convert.text_layer`); the header
    line's is always known.
    """
    if job.document is None:
        return ()
    source = await book.body_path(job.document.body, folder)
    with contextlib.suppress(NotAFaxTiff):
        if job.attempts:
            header = header_text(job, job.attempts[-1].started_at)
            return await asyncio.to_thread(words_as_sent, source, header)
        pages = await asyncio.to_thread(pages_with_words, source)
        return tuple(page.words for page in pages)
    return ()
