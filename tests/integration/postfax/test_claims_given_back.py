"""What a step had in hand while the book was away is done by the next step, and not when its lease ends."""

import asyncio
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import pytest
from small_book import ARCHIVE, LEASE, SmallBook, new_mail, policy, small_book, to
from structlog.testing import capture_logs

from notify.delivery_status import ReportingMta
from postfax.journey import giving_back
from postfax.journey.decide import Decide
from postfax.journey.file import File
from postfax.journey.giving_back import PUT_OFF, given_back
from postfax.journey.make import Make
from postfax.journey.tell import Tell
from postfax.lease import Lease
from store.errors import BookUnavailable
from store.mail import MailState
from store.outbox import Copy, DeliveryState, Notice

NOBODY = cast("Any", None)
"""A part that a step does not come to."""
AWAY = BookUnavailable("The database of the book does not answer.")


@pytest.fixture(autouse=True)
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(giving_back, "PAUSE_AFTER_TROUBLE", 0)


@dataclass
class Mailer:
    """Takes every mail, and has something happen then."""

    then: Callable[[], None]
    sent: list[str] = field(default_factory=list)

    async def send(self, _: object, address: str) -> None:
        self.sent.append(address)
        self.then()


def away(small: SmallBook, monkeypatch: pytest.MonkeyPatch, tries: int) -> None:
    """The book cannot be read or written so many times from now on."""
    left = [tries]

    def cut_off(method: str) -> None:
        real = getattr(small.book._access, method)

        async def fails(*given: Any, **named: Any) -> Any:
            if left[0]:
                left[0] -= 1
                raise AWAY
            return await real(*given, **named)

        monkeypatch.setattr(small.book._access, method, fails)

    cut_off("read")
    cut_off("write")


def claims(small: SmallBook, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """After its next claim of this kind the book is away three times."""
    real = getattr(small.book, name)

    async def claim(*given: Any) -> Any:
        monkeypatch.setattr(small.book, name, real)
        claimed = await real(*given)
        away(small, monkeypatch, tries=3)
        return claimed

    monkeypatch.setattr(small.book, name, claim)


@pytest.mark.parametrize("state", [MailState.RECEIVED, MailState.SUBMITTED])
async def test_a_mail_comes_back_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, state: MailState
) -> None:
    async with small_book(tmp_path) as small:
        facts: dict[str, Any] = {"domain": "fax.example.com", "lines": {}, "folder": tmp_path}
        decide = Decide(small.book, NOBODY, NOBODY, clock=small.clock, **facts)
        make = Make(small.book, NOBODY, NOBODY, settings=NOBODY, folder=tmp_path, clock=small.clock)
        if state is MailState.RECEIVED:
            await small.book.accept_mail(new_mail())
        else:
            await small.submitted(to("+12065550100"))
        claims(small, "claim_mail", monkeypatch)
        with capture_logs() as logged, pytest.raises(BookUnavailable):
            await (decide if state is MailState.RECEIVED else make).step()
        assert [line["event"] for line in logged] == ["claim_waits_for_book", "claim_settled"]
        assert await small.book.claim_mail(state, LEASE) is None
        small.clock.set_on(PUT_OFF)
        claim = await small.book.claim_mail(state, LEASE)
        assert claim is not None
        assert (claim.tries, claim.last_error) == (0, "")


def tell(small: SmallBook, mailer: Mailer) -> Tell:
    return Tell(
        small.book,
        cast("Any", mailer),
        *(NOBODY, NOBODY),
        welcome=NOBODY,
        sender="fax@example.com",
        mta=ReportingMta(hostname="mx.example.com", domain="example.com"),
        folder=small.folder,
        clock=small.clock,
    )


async def owed(small: SmallBook) -> Callable[[], Any]:
    """An alert that is owed; how to look at it."""
    await small.book.alert("the disk is nearly full", "Free some.", ["admin@hospital.example"])

    async def look() -> Notice | None:
        return await small.book.claim_notice(LEASE)

    return look


async def test_a_notice_that_was_sent_is_not_sent_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with small_book(tmp_path) as small:
        look = await owed(small)
        mailer = Mailer(lambda: away(small, monkeypatch, tries=3))
        assert await tell(small, mailer).step()
        assert mailer.sent == ["admin@hospital.example"]
        small.clock.set_on(2 * LEASE)
        assert await look() is None


@pytest.mark.parametrize("sends", ["notice", "copy"])
async def test_what_one_hand_cannot_write_down_yet_the_other_does_not_send_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sends: str
) -> None:
    async with small_book(tmp_path) as small:
        mailer = Mailer(lambda: None)
        if sends == "notice":
            await owed(small)
            hands: Tell | File = tell(small, mailer)
        else:
            await small.queued("+12065550100", user=policy(archives=[ARCHIVE]))
            _, attempt = await small.call()
            await small.book.record_outcome(attempt.id, small.outcome(), None)
            hands = File(small.book, NOBODY, sender="fax@example.com", folder=tmp_path, clock=small.clock)

            async def deliver(copy: Copy, _: Lease) -> str:
                await mailer.send(copy, copy.id)
                return "archive@hospital.example"

            monkeypatch.setattr(hands, "_deliver", deliver)
        there = asyncio.Event()
        real = getattr(small.book, f"{sends}_delivered")

        async def is_delivered(*facts: str) -> None:
            await asyncio.sleep(0)
            if not there.is_set():
                raise AWAY
            await real(*facts)

        monkeypatch.setattr(small.book, f"{sends}_delivered", is_delivered)
        one = asyncio.create_task(hands.step())
        while not mailer.sent:
            await asyncio.sleep(0)
        small.clock.set_on(9 * LEASE)
        assert await hands.step()
        assert not await hands.step()
        there.set()
        assert await one
        assert len(mailer.sent) == 1
        small.clock.set_on(9 * LEASE)
        assert not await hands.step()


async def test_a_notice_that_could_not_be_sent_comes_back_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuses() -> None:
        away(small, monkeypatch, tries=2)
        raise OSError("the way out is closed")

    async with small_book(tmp_path) as small:
        look = await owed(small)
        with pytest.raises(BookUnavailable):
            await tell(small, Mailer(refuses)).step()
        small.clock.set_on(PUT_OFF)
        notice = await look()
        assert notice is not None
        assert (notice.state, notice.tries) == (DeliveryState.PENDING, 0)


async def test_a_copy_comes_back_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with small_book(tmp_path) as small:
        [job] = await small.queued("+12065550100", user=policy(archives=[ARCHIVE]))
        _, attempt = await small.call()
        await small.book.record_outcome(attempt.id, small.outcome(), None)
        claims(small, "claim_copy", monkeypatch)
        file = File(small.book, NOBODY, sender="fax@example.com", folder=tmp_path, clock=small.clock)
        with pytest.raises(BookUnavailable):
            await file.step()
        [copy] = await small.book.copies_of(job.id)
        assert (copy.state, copy.tries, copy.due_at) == (DeliveryState.PENDING, 0, small.clock() + PUT_OFF)


async def test_what_may_be_in_other_hands_is_left_there() -> None:
    given = []

    async def give_back(problem: BookUnavailable) -> None:
        given.append(problem)

    over, holds = Lease(-math.inf), Lease(asyncio.get_running_loop().time() + 1e9)
    for lease in (over, holds):
        with pytest.raises(BookUnavailable):
            async with given_back(give_back, "M1", lease):
                raise AWAY
    assert given == [AWAY]
