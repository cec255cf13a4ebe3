"""A page of the book that cannot be read: a sentence, whoever meets it, and nothing is guessed."""

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from small_book import LEASE, SmallBook, header, new_mail, small_book

from store.errors import BookUnavailable
from store.job_filter import JobFilter
from store.mail import MailState

PAGE = 4096
WORK: tuple[Callable[[SmallBook], Awaitable[object]], ...] = (
    lambda small: small.book.accept_mail(new_mail(900, b"x" * 9000)),
    lambda small: small.book.claim_mail(MailState.RECEIVED, LEASE),
    lambda small: small.book.claim_call({"main": 9}, LEASE, header),
    lambda small: small.book.claim_notice(LEASE),
    lambda small: small.book.jobs(JobFilter(limit=None)),
    lambda small: small.book.gauges(small.clock()),
)


async def fill(folder: Path) -> Path:
    async with small_book(folder) as small:
        for _ in range(5):
            await small.queued("+12065550100", "+12065550101")
        for number in range(100, 110):
            await small.book.accept_mail(new_mail(number, b"x" * 30_000))
    return folder / "book.db"


@pytest.mark.parametrize("first", [1, 5, 20, 40, 60])
async def test_whoever_meets_a_damaged_page_is_told_the_same_and_nobody_else(
    tmp_path: Path, first: int
) -> None:
    """From this page on nothing can be read."""
    book = await fill(tmp_path)
    with book.open("r+b") as file:
        file.seek(first * PAGE)
        file.write(b"\xa5" * (book.stat().st_size - first * PAGE))
    told = []
    try:
        async with small_book(tmp_path, seed=9) as small:
            for work in WORK:
                try:
                    await work(small)
                except BookUnavailable as problem:
                    told.append(problem.sentence)
    except BookUnavailable as problem:
        told.append(problem.sentence)
    assert set(told) == {f"The book {book} is damaged. Stop the service and restore the last backup."}
