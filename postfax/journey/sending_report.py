"""The transmission report that goes with the notice to a sender: its facts gathered, and its PDF made.

A notice is more than its report: where that cannot be made, the log says so and the notice goes out.
"""

import asyncio
import hashlib
from pathlib import Path

import structlog

from convert.converter import Converter
from convert.fax_tiff import NotAFaxTiff
from convert.first_page import first_page
from convert.request import ConverterUnavailable
from convert.sheet import PICTURE
from notify.content import Attachment
from notify.facts import DeliveryFacts, SentDocument
from notify.transmission_report import MEDIA_TYPE, report_html, report_name
from postfax.journey.file import as_sent
from sandbox import Nursery, TaskFailed, TaskRefused
from store.book import Book
from store.errors import BodyMissing

_PICTURE_WIDTH = 1000
"""Pixels: 230 an inch as it stands in the report, so that small print can be read."""
_TROUBLE = (ConverterUnavailable, NotAFaxTiff, OSError, TaskFailed, TaskRefused)

log = structlog.get_logger()


def is_wanted(facts: DeliveryFacts) -> bool:
    """Whether a report goes with this notice: without a call there is nothing to report."""
    wanted = facts.user.settings.notifications.report
    return wanted and facts.notice.to_sender and bool(facts.job.attempts)


class ReportMaker:
    """Makes reports."""

    def __init__(self, book: Book, nursery: Nursery, converter: Converter, *, domain: str) -> None:
        """The nursery has `convert.first_page.TASK` preloaded."""
        self._book = book
        self._nursery = nursery
        self._converter = converter
        self._domain = domain

    async def report_of(self, facts: DeliveryFacts, folder: Path) -> Attachment | None:
        """The report as a file; None if it could not be made. `folder` is for this report alone."""
        try:
            document, picture = await self._document(facts, folder)
            html = report_html(facts, document, picture=picture, domain=self._domain)
            octets = await self._converter.sheet(html, folder)
        except _TROUBLE as problem:
            log.error("report_not_made", job=facts.job.id, cause=str(problem))
            return None
        return Attachment(name=report_name(facts.job), media_type=MEDIA_TYPE, octets=octets)

    async def _document(self, facts: DeliveryFacts, folder: Path) -> tuple[SentDocument | None, bool]:
        """What the last call carried, and whether a picture of its first page is in the folder."""
        try:
            sent = await as_sent(self._book, facts.job, folder)
        except BodyMissing as problem:
            log.warning("report_without_pages", job=facts.job.id, cause=str(problem))
            return None, False
        if sent is None:
            return None, False
        octets = await asyncio.to_thread(sent.read_bytes)
        document = SentDocument(sha256=hashlib.sha256(octets).hexdigest(), octets=len(octets))
        if facts.user.settings.notifications.phi_free:
            return document, False
        picture = await first_page(self._nursery, sent, folder / "first-page", width=_PICTURE_WIDTH)
        (folder / PICTURE).write_bytes(picture.png)
        return document, True
