"""Three nodes over one book: one is killed, one stands still in the middle of a call, longer than its lease.

The long run, with networks that are cut: `three_nodes.py`.
"""

import asyncio
from collections.abc import Callable
from pathlib import Path

from postgresql_cluster import empty_book_on_server
from several_nodes import (
    POLICY,
    Ledger,
    RunningNode,
    a_page,
    judge,
    mail_to,
    send_surely,
    settings_of,
    until_nothing_is_left,
)

from postfax.demonstration.world import World
from postfax.opening import open_book
from store.job import FaxJob
from store.job_filter import JobFilter

CHANNELS = 3
LOST_AFTER = 10
SLOW = "+12065550177"
LONG = "".join(
    f"{line} The patient was seen on ward {line % 7}; see the letter of that day.\n" for line in range(150)
)
"""Some pages: twenty seconds at the rate that the slow machine takes."""


async def until(happened: Callable[[], bool]) -> None:
    async with asyncio.timeout(300):
        while not happened():
            await asyncio.sleep(0.05)


async def job_to(settings_file: Path, number: str) -> FaxJob:
    async with open_book(str(settings_file)) as book:
        [job] = await book.jobs(JobFilter(number=number, limit=None))
        found = await book.job(job.id)
        assert found
        return found


async def test_a_fax_is_sent_once_whatever_becomes_of_the_node_that_calls(tmp_path: Path) -> None:
    ledger = Ledger()
    async with World(
        folder=tmp_path, clock=10, channels=CHANNELS, policy=POLICY, behaviours={"0177": "slow"}
    ) as world:
        settings_of(world, empty_book_on_server(), lost_after=LOST_AFTER)
        one = RunningNode(name="one", settings_file=world.settings_file, roles="mta,convert,notify,archive")
        two, three = (
            RunningNode(name=name, settings_file=world.settings_file, roles="transmit")
            for name in ("two", "three")
        )
        await asyncio.gather(one.start(), two.start())
        door = ("127.0.0.1", one.service.smtp_port)
        await send_surely(mail_to(SLOW, LONG.encode(), "letter.txt"), SLOW, door, ledger)

        # The service stands still, and its worker would go on with the call.
        await until(lambda: two.events("call_page_confirmed") > 0)
        two.pause(whole=False)
        await three.start()
        await until(lambda: three.events("call_page_confirmed") > 0)  # its lease was over
        two.go_on()
        await until(lambda: three.events("attempt_ended") > 0)

        # Killed in the middle of calls, and back at once.
        numbers = [f"+12065552{number:03d}" for number in range(6)]
        page = a_page()
        sending = [
            asyncio.create_task(send_surely(mail_to(number, page), number, door, ledger))
            for number in numbers
        ]
        before = three.events("call_answered")
        await until(lambda: three.events("call_answered") > before)
        await three.kill()
        await asyncio.gather(three.start(), *sending)

        async with open_book(str(world.settings_file)) as book:
            await until_nothing_is_left(book, 7, seconds=300)
            judgement = await judge(world, book, ledger, channels=CHANNELS)
            nodes = {node.host for node in await book.nodes()}
        slow = await job_to(world.settings_file, SLOW)
        statuses = [await node.service.stop() for node in (one, two, three)]

    assert judgement.broken == []
    assert judgement.figures["sent"] == 7
    assert [call.interrupted for call in slow.attempts] == [True, False]
    # Its first call ended although nobody was there to end it, and not all pages had gone.
    pages = [record.pages for record in world.station.calls if record.number == SLOW]
    assert [count >= slow.pages for count in pages] == [False, True]
    assert nodes == {"one", "two", "three"}
    assert statuses == [0, 0, 0]
    # Each does what its roles say, and nothing else.
    assert (one.events("engine_worker_started"), one.events("trunk_opened")) == (0, 0)
    assert (two.events("smtp_listening"), two.events("office_started")) == (0, 0)
