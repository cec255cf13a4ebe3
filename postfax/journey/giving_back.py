"""What a step has claimed is given back, also where the book was away at the moment.

Its owner lives, so nobody else gives it back, and without this the work would wait until its lease ends.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta

import structlog

from postfax.lease import Lease
from postfax.loop import PAUSE_AFTER_TROUBLE
from postfax.opening import Clock
from store.book import Book
from store.errors import BookUnavailable
from store.mail import MailState
from store.records.mails import MailClaim

PUT_OFF = timedelta(minutes=1)
"""How long work waits for what could not be read or written: what fails again and again does so slowly."""

log = structlog.get_logger()
GiveBack = Callable[[BookUnavailable], Awaitable[None]]
"""Gives one claim back, and may be told why; repeated, it changes nothing."""


async def work_on_next_mail(
    book: Book,
    state: MailState,
    length: timedelta,
    work: Callable[[MailClaim], Awaitable[None]],
    *,
    clock: Clock,
) -> bool:
    """Claim the next mail in this state for so long, and work on it; False if there is none.

    Raises:
        BookUnavailable: the book was away; the mail waits for as long as `PUT_OFF`, with no try more.
    """
    lease = Lease.from_now(length)
    claim = await book.claim_mail(state, length)
    if claim is None:
        return False
    mail_id = claim.mail.id

    async def give_back(_: BookUnavailable) -> None:
        await book.release_mail(mail_id, clock() + PUT_OFF)

    async with given_back(give_back, mail_id, lease):
        await work(claim)
    return True


@asynccontextmanager
async def given_back(give_back: GiveBack, claimed: str, lease: Lease) -> AsyncIterator[None]:
    """Work on a claim within this: where the book is away it is given back as soon as it is there again.

    Args:
        give_back: of this claim.
        claimed: the id of what was claimed, for the log.
        lease: after its end nothing is given back, for others may have it.

    Raises:
        BookUnavailable: as within.
    """
    try:
        yield
    except BookUnavailable as problem:
        cut_off = problem
        await surely(lambda: give_back(cut_off), claimed, lease)
        raise


class InHand:
    """What the hands of a step have in hand.

    Where the book is away for longer than a lease, one hand may have sent what it cannot write down yet, and
    another one may claim that as soon as the book is there again. It lets it be.
    """

    def __init__(self) -> None:
        self._ids: set[str] = set()

    async def work_on(
        self, claimed: str, lease: Lease, work: Callable[[], Awaitable[None]], give_back: GiveBack
    ) -> None:
        """Work on a claim, unless another hand still does; where the book is away, give it back.

        Args:
            claimed: the id of what was claimed.
            lease: of the claim.
            work: on it.
            give_back: of this claim.

        Raises:
            BookUnavailable: as of the work.
        """
        if claimed in self._ids:
            return
        self._ids.add(claimed)
        try:
            async with given_back(give_back, claimed, lease):
                await work()
        finally:
            self._ids.discard(claimed)


async def surely(write: Callable[[], Awaitable[None]], claimed: str, lease: Lease | None = None) -> None:
    """Write something about a claim, again and again while the book is away, as long as the lease holds.

    Args:
        write: repeated, it changes nothing.
        claimed: the id of what was claimed, for the log.
        lease: after its end nothing is written; None for what is true whoever has the work.
    """
    tries = 0
    while lease is None or lease.holds:
        try:
            await write()
        except BookUnavailable as problem:
            tries += 1
            if tries == 1:
                log.error("claim_waits_for_book", claimed=claimed, cause=problem.cause or str(problem))
            await asyncio.sleep(PAUSE_AFTER_TROUBLE)
        else:
            if tries:
                log.info("claim_settled", claimed=claimed, tries=tries)
            return
    log.error("claim_left_to_others", claimed=claimed)
