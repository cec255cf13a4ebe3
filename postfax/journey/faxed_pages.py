"""What of a fax goes with the notice to its sender: its pages as a file, and a picture of the first one.

A notice is more than what goes with it: where either cannot be made, the log says so and the notice goes out.
"""

import asyncio
from pathlib import Path

import structlog

from archive.document import as_archived
from archive.trouble import ArchivePermanent
from config.notifications import NotificationSettings
from convert.fax_tiff import NotAFaxTiff
from convert.first_page import first_page
from convert.request import ConverterUnavailable
from convert.text_layer import Words
from notify.facts import FaxedPages, FirstPage
from notify.wording import octets_words
from postfax.journey.file import as_sent, words_sent
from sandbox import Nursery, TaskFailed, TaskRefused
from store.book import Book
from store.errors import BodyMissing
from store.job import FaxJob

LARGEST = 10_000_000
"""Octets of pages that are attached: in a mail they are a third more, and many servers take no more than 25
MB."""

_TYPES = {"pdf": "application/pdf", "tiff": "image/tiff"}
_GONE = "they are not kept any more"
_TROUBLE = (ArchivePermanent, ConverterUnavailable, NotAFaxTiff, OSError, TaskFailed, TaskRefused)

log = structlog.get_logger()


async def pages_of(
    book: Book, nursery: Nursery, job: FaxJob, folder: Path
) -> tuple[FaxedPages | None, FirstPage | None]:
    """What goes with the sender's notice about this job, as its policy wants it; made in `folder`."""
    wanted = job.user.settings.notifications
    if wanted.phi_free or job.document is None or (wanted.attach == "none" and not wanted.thumbnail):
        return None, None
    try:
        document = await as_sent(book, job, folder)
    except BodyMissing as problem:
        log.warning("pages_not_attached", job=job.id, cause=str(problem))
        return _left_out(job, wanted, _GONE), None
    if document is None:
        return None, None
    words = await words_sent(book, job, folder) if wanted.attach == "pdf" else ()
    return await _attached(job, wanted, document, words), await _picture(
        nursery, job, wanted, document, folder
    )


def too_large(job: FaxJob) -> FaxedPages | None:
    """What is said of the pages where the mail server took no notice of that size."""
    wanted = job.user.settings.notifications
    if wanted.phi_free or job.document is None:
        return None
    return _left_out(job, wanted, "the mail server takes no mail that is so large")


async def _attached(
    job: FaxJob, wanted: NotificationSettings, document: Path, words: tuple[Words, ...]
) -> FaxedPages | None:
    if wanted.attach == "none":
        return None
    try:
        octets = await asyncio.to_thread(as_archived, document, wanted.attach, words=words)
    except _TROUBLE as problem:
        log.error("pages_not_attached", job=job.id, cause=str(problem))
        return _left_out(job, wanted, "the service could not make a file of them")
    if len(octets) > LARGEST:
        most = octets_words(LARGEST).replace(".0", "")
        return _left_out(
            job, wanted, f"they have {octets_words(len(octets))}, and at most {most} go with a mail"
        )
    return FaxedPages(name=_name(job, wanted), media_type=_TYPES[wanted.attach], octets=octets)


def _left_out(job: FaxJob, wanted: NotificationSettings, why: str) -> FaxedPages | None:
    if wanted.attach == "none":
        return None
    name, media_type = _name(job, wanted), _TYPES[wanted.attach]
    return FaxedPages(name=name, media_type=media_type, octets=b"", left_out=why)


def _name(job: FaxJob, wanted: NotificationSettings) -> str:
    return f"fax-{job.id}.{wanted.attach}"


async def _picture(
    nursery: Nursery, job: FaxJob, wanted: NotificationSettings, document: Path, folder: Path
) -> FirstPage | None:
    if not wanted.thumbnail:
        return None
    try:
        picture = await first_page(nursery, document, folder / "first-page")
    except _TROUBLE as problem:
        log.error("first_page_not_shown", job=job.id, cause=str(problem))
        return None
    return FirstPage(png=picture.png, width=picture.width, height=picture.height)
