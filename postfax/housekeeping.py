"""Keeps the book small: what is older than it is kept for goes, at the start and every hour.

How old it is says the book's sure time (`store.reckoning`): a clock that was set ahead removes nothing.

What lies outside the book and belongs to nothing in it goes at the start and once a day.
"""

import asyncio
from collections.abc import Callable
from dataclasses import asdict
from datetime import timedelta

import structlog

from config.policy import Policy
from config.upkeep import RetentionSettings
from postfax.opening import Clock
from store.book import Book
from store.errors import BookUnavailable

_EVERY_SECONDS = 3600
_SWEEP_EVERY = timedelta(days=1)
"""An object store is listed for it as a whole."""

log = structlog.get_logger()


async def keep_house(
    book: Book,
    policy: Callable[[], Policy],
    *,
    quarantine_kept: timedelta,
    destinations_kept: timedelta,
    clock: Clock,
) -> None:
    """Purge again and again, until cancelled.

    Args:
        book: to be kept small.
        policy: the one in force; after it was changed, and at the start, every fax is looked at anew.
        quarantine_kept: how long automatic mail is kept.
        destinations_kept: how long it is remembered what calls have taught about a number.
        clock: the time; when to sweep goes by it.
    """
    seen: Policy | None = None
    sweep_at = clock()
    while True:
        in_force = policy()
        if (book.bodies_left_behind or clock() >= sweep_at) and await _sweep(book):
            sweep_at = clock() + _SWEEP_EVERY
        await _forget_destinations(book, destinations_kept)
        if await _keep(book, in_force, everything=in_force is not seen, quarantine_kept=quarantine_kept):
            seen = in_force
        await asyncio.sleep(_EVERY_SECONDS)


async def _sweep(book: Book) -> bool:
    """Remove what a crash, or a store that was away, left of bodies; whether it came to its end."""
    try:
        swept = await book.sweep_bodies()
    except BookUnavailable as problem:
        log.warning("bodies_not_swept", cause=problem.cause or str(problem))
        return False
    if swept:
        log.info("bodies_swept", bodies=len(swept))
    return True


async def _forget_destinations(book: Book, kept: timedelta) -> None:
    try:
        forgotten = await book.forget_destinations_before(await book.sure_time() - kept)
    except BookUnavailable as problem:
        log.warning("destinations_not_forgotten", cause=problem.cause or str(problem))
        return
    if forgotten:
        log.info("destinations_forgotten", numbers=forgotten)


async def _keep(book: Book, policy: Policy, *, everything: bool, quarantine_kept: timedelta) -> bool:
    """Purge once; whether it came to its end."""
    try:
        purged = await book.purge(quarantine_kept=quarantine_kept)
        faxes = await book.purge_faxes(
            lambda email: _retention_of(policy, email), policy.settings.retention, everything=everything
        )
    except BookUnavailable as problem:
        log.warning("book_not_purged", cause=problem.cause or str(problem))
        return False
    except Exception as problem:
        # The next hour's purge must not be lost to whatever this one met.
        log.error("book_not_purged", exc_info=problem)
        return False
    removed = {**asdict(purged), **asdict(faxes)}
    wiped = removed.pop("wiped")
    if any(removed.values()):
        log.info("book_purged", **removed)
    if not wiped:
        log.warning("purged_octets_still_in_log", cause="somebody read the book all the time")
    return True


def _retention_of(policy: Policy, email: str) -> RetentionSettings | None:
    user = policy.user(email)
    return user.settings.retention if user else None
