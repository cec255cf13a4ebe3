"""A fax's pages for a person to look at: as they were sent, header line included, all of them or some."""

import asyncio
from dataclasses import dataclass
from pathlib import Path

from convert import fax_tiff
from convert.text_layer import Words
from postfax.failures import ExitCode, Failure
from postfax.journey.file import as_sent, words_sent
from postfax.page_range import NoPages, read_pages
from store.book import Book
from store.errors import BodyMissing, BodyPurged, removal_words
from store.job import FaxJob


@dataclass(frozen=True, kw_only=True, slots=True)
class FaxedDocument:
    """The pages that were asked for."""

    path: Path
    """A TIFF."""
    pages: tuple[int, ...]
    """0-based."""
    count: int
    """How many the fax has."""

    @property
    def words(self) -> str:
        """`page 2 of 4`, `4 pages`."""
        if len(self.pages) == self.count:
            return f"{self.count} page{'' if self.count == 1 else 's'}"
        numbers = ", ".join(str(page + 1) for page in self.pages)
        return f"page{'' if len(self.pages) == 1 else 's'} {numbers} of {self.count}"


async def faxed_document(book: Book, job: FaxJob, folder: Path, pages: str = "") -> FaxedDocument:
    """The pages of a fax, made in a folder.

    Args:
        book: Where it is.
        job: The fax.
        folder: Where the file is put.
        pages: `1-2,5`; empty for all.

    Raises:
        Failure: There are no pages, or not these.
    """
    if job.document is None:
        raise Failure(f"{job.id} has no pages{_why(job)}", ExitCode.NOT_FOUND)
    try:
        wanted = read_pages(pages, job.pages)
    except NoPages as problem:
        raise Failure(str(problem), ExitCode.USAGE) from None
    try:
        whole = await as_sent(book, job, folder)
        if whole is None:
            raise Failure(f"{job.id} has no pages.", ExitCode.NOT_FOUND)
        path = folder / "pages.tif"
        await asyncio.to_thread(_leave, whole, path, wanted)
    except BodyPurged as problem:
        raise Failure(
            f"the pages of {job.id} were removed on {problem.at.astimezone():%Y-%m-%d}, "
            f"{removal_words(problem.kept)}. What is recorded of it: postfax show {job.id}",
            ExitCode.NOT_FOUND,
        ) from None
    except BodyMissing as problem:
        raise Failure(f"{job.id}: {problem}", ExitCode.NOT_FOUND) from None
    except fax_tiff.NotAFaxTiff as problem:
        raise Failure(f"the pages of {job.id} cannot be read: {problem}.") from problem
    return FaxedDocument(path=path, pages=wanted, count=job.pages)


async def text_of(book: Book, job: FaxJob, document: FaxedDocument, folder: Path) -> tuple[Words, ...]:
    """What is written on the pages that were asked for, as far as it is kept: what makes a PDF searchable.

    Raises:
        Failure: The pages were removed meanwhile.
    """
    try:
        words = await words_sent(book, job, folder)
    except BodyMissing as problem:
        raise Failure(f"{job.id}: {problem}", ExitCode.NOT_FOUND) from None
    return tuple(words[page] for page in document.pages) if words else ()


def _why(job: FaxJob) -> str:
    return f": {job.explanation}" if job.state.final and job.explanation else f"; it is {job.state.value}."


def _leave(whole: Path, path: Path, wanted: tuple[int, ...]) -> None:
    known = fax_tiff.read(whole)
    fax_tiff.write(path, [known.pages[page] for page in wanted], resolution=known.resolution)
