"""What is removed because it is old goes by a time that has surely come, and the book keeps that."""

import os
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from small_book import Clock, SmallBook, new_mail, small_book

from config.upkeep import RetentionSettings
from store.errors import HostClockDiffers
from store.mail import MailState
from store.owner import this_host
from store.status import Status

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
"""Before the time of any server: what it shows is the later one."""
COMPANY = RetentionSettings(documents=DAY, metadata=2 * DAY)


@dataclass
class Host:
    """Its two clocks: one that is set, and one that goes."""

    clock: Clock = field(default_factory=Clock)
    up: timedelta = HOUR

    def __call__(self) -> timedelta:
        return self.up

    def passes(self, time: timedelta) -> None:
        self.clock.set_on(time)
        self.up += time

    def take(self, small: SmallBook, at: datetime) -> None:
        self.clock = small.clock
        self.clock.time = at


async def a_sent_fax(small: SmallBook) -> str:
    [job] = await small.queued("+12065550100")
    _, attempt = await small.call()
    await small.book.record_outcome(attempt.id, small.outcome(Status.SUCCESS), None)
    while notice := await small.book.claim_notice(HOUR):
        await small.book.notice_delivered(notice.id)
    return job.mail_id


async def documents_removed(small: SmallBook) -> int:
    return (await small.book.purge_faxes(lambda _: COMPANY, COMPANY)).documents


async def test_a_clock_that_is_set_a_day_ahead_removes_nothing_before_its_time(tmp_path: Path) -> None:
    host = Host()
    async with small_book(tmp_path, uptime=host) as small:
        host.take(small, LONG_AGO)
        await small.book.look_at_clock()
        mail_id = await a_sent_fax(small)
        host.clock.set_on(DAY + HOUR)
        assert await documents_removed(small) == 0
        assert await small.book.purged_at(mail_id) is None
        [(name, known)] = (await small.book.known_clocks()).items()
        assert (name, known.time, known.ahead) == (this_host(), LONG_AGO, DAY + HOUR)
        host.passes(DAY - HOUR)
        assert await documents_removed(small) == 0
        host.passes(HOUR)
        assert await documents_removed(small) == 1


async def test_a_mail_that_arrives_while_the_clock_jumps_is_not_swept(tmp_path: Path) -> None:
    host = Host()
    async with small_book(tmp_path, uptime=host) as small:
        host.take(small, LONG_AGO)
        await small.book.look_at_clock()
        arriving = small.book.begin_body()
        [file] = [path for path in (tmp_path / "documents").rglob("*") if path.is_file()]
        os.utime(file, (LONG_AGO.timestamp(), LONG_AGO.timestamp()))
        host.clock.set_on(DAY)
        assert await small.book.sweep_bodies() == ()
        host.passes(2 * HOUR)
        assert await small.book.sweep_bodies() == (f"file:{file.parent.name}/{file.name}",)
        arriving.discard()


async def test_the_clock_is_believed_once_it_is_right_again(tmp_path: Path) -> None:
    host = Host()
    async with small_book(tmp_path, uptime=host) as small:
        host.take(small, LONG_AGO)
        await small.book.look_at_clock()
        host.clock.set_on(99 * DAY)
        assert await small.book.sure_time() == LONG_AGO
        host.clock.set_on(-99 * DAY)
        host.passes(HOUR)
        assert (await small.book.look_at_clock()).believed_at is None
        assert await small.book.sure_time() == LONG_AGO + HOUR


async def test_a_service_that_starts_anew_goes_on_from_what_the_book_says(tmp_path: Path) -> None:
    host = Host()
    async with small_book(tmp_path, uptime=host) as small:
        host.take(small, LONG_AGO)
        await small.book.look_at_clock()
    async with small_book(tmp_path, uptime=host) as small:
        # The service alone was away for two days.
        host.take(small, LONG_AGO)
        host.passes(2 * DAY)
        assert await small.book.sure_time() == LONG_AGO + 2 * DAY
        # The host starts anew, and its clock is two days ahead.
        host.up = timedelta()
        host.clock.set_on(2 * DAY)
        assert await small.book.sure_time() == LONG_AGO + 2 * DAY


async def test_what_is_known_of_other_hosts_is_forgotten_in_time(tmp_path: Path) -> None:
    host = Host()
    async with small_book(tmp_path, owner="old/1/1", uptime=host) as small:
        host.take(small, LONG_AGO)
        await small.book.look_at_clock()
    async with small_book(tmp_path, owner="new/1/1", uptime=host) as small:
        host.take(small, LONG_AGO)
        await small.book.look_at_clock()
        assert set(await small.book.known_clocks()) == {"old", "new"}
        host.passes(8 * DAY)
        await small.book.look_at_clock()
        assert set(await small.book.known_clocks()) == {"new"}


async def test_a_clock_that_is_not_that_of_the_books_server_writes_nothing(
    tmp_path: Path, database: str
) -> None:
    host = Host()
    async with small_book(tmp_path, uptime=host) as small:
        right = datetime.now(UTC)
        host.take(small, right)
        await small.book.accept_mail(new_mail())
        host.take(small, right + DAY)
        if database == "postgresql":
            with pytest.raises(HostClockDiffers):
                await small.book.claim_mail(MailState.RECEIVED, HOUR)
            host.take(small, right)
        assert await small.book.claim_mail(MailState.RECEIVED, HOUR)


@pytest.mark.parametrize("by", [DAY, -DAY])
async def test_what_is_in_hand_stays_in_hand_when_the_clock_is_set(
    tmp_path: Path, database: str, by: timedelta
) -> None:
    host = Host()
    async with (
        small_book(tmp_path, owner="host/1/1", uptime=host) as small,
        small_book(tmp_path, owner="host/2/2", uptime=host) as other,
    ):

        async def nothing_is_due(*, wrong: bool) -> None:
            # Neither to the one that has it in hand, nor to another one on the same host.
            for each in (other, small, other):
                each.clock.time = host.clock.time
                with pytest.raises(HostClockDiffers) if wrong else nullcontext():
                    assert await each.book.claim_notice(HOUR) is None
                with pytest.raises(HostClockDiffers) if wrong else nullcontext():
                    assert await each.book.claim_mail(MailState.RECEIVED, HOUR) is None

        host.take(small, datetime.now(UTC))
        await small.queued("+12065550100")
        await small.book.accept_mail(new_mail(9))
        assert await small.book.claim_notice(HOUR)
        assert await small.book.claim_mail(MailState.RECEIVED, HOUR)
        host.clock.set_on(by)
        await nothing_is_due(wrong=database == "postgresql")
        host.clock.set_on(-by)
        await nothing_is_due(wrong=False)
        if database == "sqlite":  # an hour on, a server would find the clock wrong
            host.passes(HOUR)
            other.clock.time = host.clock.time
            assert await other.book.claim_notice(HOUR)
            assert await other.book.claim_mail(MailState.RECEIVED, HOUR)
