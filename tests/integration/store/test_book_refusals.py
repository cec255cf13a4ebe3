"""The log of refusals keeps its bounds."""

from datetime import timedelta
from pathlib import Path

from small_book import SmallBook, small_book

from store.mail import Envelope
from store.records.refusals import PURGE_GROUP


async def refuse(small: SmallBook, times: int) -> None:
    for _ in range(times):
        small.clock.set_on(timedelta(seconds=1))
        await small.book.record_refused(
            client_address="192.0.2.1",
            helo="mail.hospital.example",
            envelope=Envelope(return_path="", recipients=("+1@fax.example.com",)),
            header_from="",
            reason="550 5.7.1",
        )


async def test_refusals_are_kept_ninety_days(tmp_path: Path) -> None:
    async with small_book(tmp_path) as small:
        await refuse(small, 3)
        small.clock.set_on(timedelta(days=89))
        await refuse(small, 2)
        assert (await small.book.purge(quarantine_kept=timedelta(days=30))).refusals == 0
        small.clock.set_on(timedelta(days=2))
        assert (await small.book.purge(quarantine_kept=timedelta(days=30))).refusals == 3
        assert len(await small.book.refused()) == 2


async def test_the_newest_are_kept_where_there_are_too_many(tmp_path: Path) -> None:
    async with small_book(tmp_path) as small:
        await refuse(small, PURGE_GROUP + 7)
        newest = (await small.book.refused())[:4]
        before = small.clock() - timedelta(days=90)
        assert await small.book.purge_refused(before, most=4) == PURGE_GROUP + 3
        assert await small.book.refused() == newest
        assert await small.book.purge_refused(before, most=4) == 0
        assert await small.book.purge_refused(before, most=5) == 0
