"""A node tells of itself, and does nothing where its clock is so wrong that it would do harm."""

import asyncio
from datetime import timedelta
from typing import cast

import pytest
from structlog.testing import capture_logs

from config.roles import Role
from postfax import presence as presence_module
from postfax.presence import ClockDiffers, Presence
from store.book import Book
from store.errors import BookUnavailable
from store.node import NodeFacts


class Told:
    """As much of a book as is told."""

    def __init__(self, *answers: timedelta | BookUnavailable) -> None:
        self.answers = list(answers)
        self.facts: list[NodeFacts] = []

    async def announce_node(self, facts: NodeFacts) -> timedelta:
        self.facts.append(facts)
        answer = self.answers.pop(0)
        if isinstance(answer, BookUnavailable):
            raise answer
        return answer


def of_node(book: Told) -> Presence:
    roles = {Role.TRANSMIT, Role.MTA}
    return Presence(cast("Book", book), roles, lambda: {"main": "no answer"}, version="1.2")


async def test_it_tells_what_it_does_and_what_it_cannot_reach() -> None:
    book = Told(timedelta(minutes=2))
    await of_node(book).tell()
    assert book.facts == [
        NodeFacts(roles=("mta", "transmit"), version="1.2", lines_down={"main": "no answer"})
    ]


@pytest.mark.parametrize(
    ("ahead", "said"),
    [(timedelta(days=1), "1 day, 0:00:00 h ahead of"), (-timedelta(hours=2), "2:00:00 h behind")],
)
async def test_a_clock_that_is_far_off_is_refused(ahead: timedelta, said: str) -> None:
    with pytest.raises(ClockDiffers, match=f"the clock of this host is {said} that of the book's server"):
        await of_node(Told(ahead)).tell()


async def test_it_goes_on_telling_until_its_clock_is_set_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(presence_module, "EVERY_SECONDS", 0.001)
    stopped: list[ClockDiffers] = []
    book = Told(
        timedelta(), BookUnavailable("The disk is full.", "SQLITE_FULL"), timedelta(), timedelta(hours=1)
    )
    with capture_logs() as logged:
        await asyncio.wait_for(of_node(book).keep_telling(stopped.append), 60)
    assert len(stopped) == 1
    assert [entry["event"] for entry in logged] == ["node_not_announced", "clock_differs"]
