"""What programs that watch the service are answered, and when administrators are told."""

import asyncio
import urllib.error
import urllib.request
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import pytest_asyncio
from structlog.testing import capture_logs

from config.monitoring import MonitoringSettings
from config.policy import Policy, read_policy
from config.values import HostPort
from postfax.watching import metrics
from postfax.watching.condition import LineCondition
from postfax.watching.http_door import DoorNotOpened, HttpDoor
from postfax.watching.watch import TOLD_AGAIN, Watch
from store.book import Book
from store.node import NodeFacts
from store.outbox import NoticeKind

LOOPBACK = HostPort("127.0.0.1", 0)
CONTACT = "admin@hospital.example"
POLICY = f"company: X\nsettings: {{alerts: {{contacts: [{CONTACT}]}}}}\nusers: []\n"


@dataclass
class Trunks:
    """The lines."""

    line: LineCondition = field(
        default_factory=lambda: LineCondition(name="main", channels=4, calls=2, held=False, down="")
    )

    async def conditions(self) -> tuple[LineCondition, ...]:
        return (self.line,)


@dataclass
class House:
    """A service that is watched."""

    book: Book
    watch: Watch
    lines: Trunks
    time: datetime = field(default_factory=lambda: datetime.now(UTC))

    async def alerts(self) -> list[str]:
        owed = []
        while claimed := await self.book.claim_notice(timedelta(days=30)):
            assert claimed.kind is NoticeKind.ALERT
            # One that nobody takes away is overdue in its turn.
            owed += (
                [claimed.topic]
                if claimed.topic.startswith(("line", "a host", "the object", "the clock"))
                else []
            )
        return owed


@pytest_asyncio.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    file = tmp_path / "policy.yaml"
    file.write_text(POLICY, encoding="utf-8")
    policy: Policy = read_policy(file)
    await Book.migrate(f"sqlite:{tmp_path / 'book.db'}")
    lines = Trunks()
    async with Book(
        f"sqlite:{tmp_path / 'book.db'}", tmp_path / "documents", clock=lambda: made.time
    ) as book:
        watch = Watch(
            book,
            lines,
            lambda: policy,
            MonitoringSettings(),
            folders=(tmp_path,),
            certificate=None,
            lost_after=timedelta(minutes=10),
            clock=lambda: made.time,
        )
        made = House(book=book, watch=watch, lines=lines)
        yield made


def ask(address: HostPort, path: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(f"http://{address}{path}", timeout=60) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as refused:
        return refused.code, refused.read().decode()


async def test_programs_are_answered_as_the_service_is(house: House) -> None:
    door = HttpDoor(LOOPBACK, metrics.REGISTRY, healthy=house.watch.hung, ready=house.watch.not_ready)
    address = door.open()
    try:
        assert await asyncio.to_thread(ask, address, "/healthz") == (200, "ok\n")
        assert await asyncio.to_thread(ask, address, "/readyz") == (503, "the service is starting\n")
        await house.watch._look()
        assert await asyncio.to_thread(ask, address, "/readyz") == (200, "ok\n")
        status, text = await asyncio.to_thread(ask, address, "/metrics")
        assert status == 200
        for shown in (
            'postfax_line_calls{line="main"} 2.0',
            'postfax_line_up{line="main"} 1.0',
            'postfax_jobs{state="queued"} 0.0',
            "postfax_due_oldest_seconds 0.0",
            'postfax_outbox{kind="copy"} 0.0',
        ):
            assert shown in text
        assert (await asyncio.to_thread(ask, address, "/"))[0] == 404
    finally:
        door.close()


async def test_a_service_that_does_not_move_is_neither_healthy_nor_ready(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    await house.watch._look()
    monkeypatch.setattr("postfax.watching.watch.time.monotonic", lambda: house.watch._turned_at + 61)
    assert house.watch.hung() == "nothing has moved for 61 seconds"
    assert house.watch.not_ready() == house.watch.hung()


async def test_an_address_that_is_taken_is_told_with_the_setting_to_change() -> None:
    first = HttpDoor(LOOPBACK, metrics.REGISTRY, healthy=str, ready=str)
    address = first.open()
    try:
        with pytest.raises(DoorNotOpened, match=r"cannot be opened for monitoring: .*monitoring\.listen"):
            HttpDoor(address, metrics.REGISTRY, healthy=str, ready=str).open()
    finally:
        first.close()


async def test_administrators_are_told_when_it_begins_and_again_while_it_lasts(house: House) -> None:
    await house.watch._look()
    assert await house.alerts() == []
    house.lines.line = replace(house.lines.line, down="OPTIONS not answered")
    for _ in range(3):
        await house.watch._look()
    assert await house.alerts() == ["line main is down"]
    house.time += TOLD_AGAIN
    await house.watch._look()
    assert await house.alerts() == ["line main is down"]
    house.lines.line = replace(house.lines.line, down="")
    await house.watch._look()
    house.time += timedelta(hours=2)
    house.lines.line = replace(house.lines.line, down="OPTIONS not answered")
    await house.watch._look()
    assert await house.alerts() == ["line main is down"]


def test_every_metric_is_in_the_administrators_guide() -> None:
    guide = (Path(__file__).parents[3] / "docs/admin/monitoring.md").read_text(encoding="utf-8")
    names = {
        f"{family.name}_total" if family.type == "counter" else family.name
        for family in metrics.REGISTRY.collect()
    }
    assert len(names) > 10
    assert {name for name in names if f"`{name}" not in guide} == set()


async def test_a_host_that_is_heard_no_more_is_lost_until_it_comes_back(house: House, tmp_path: Path) -> None:
    facts = NodeFacts(roles=("mta",), version="1", lines_down={})
    async with Book(
        f"sqlite:{tmp_path / 'book.db'}",
        tmp_path / "documents",
        clock=lambda: house.time,
        owner="fax2.hospital.example/7/0",
    ) as other:
        await other.announce_node(facts)
        await house.watch._look()
        assert await house.alerts() == []
        house.time += timedelta(minutes=11)
        await house.watch._look()
        assert await house.alerts() == ["a host is lost"]
        await other.announce_node(facts)
        await house.watch._look()
        house.time += timedelta(hours=1, minutes=1)
        await house.watch._look()
        assert await house.alerts() == ["a host is lost"]


async def test_while_the_object_store_is_away_no_mail_is_wanted(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = "The object store s3://faxes cannot be used now (no connection)."
    away = [said, ""]

    async def bodies_away() -> str:
        return away.pop(0)

    monkeypatch.setattr(house.book, "bodies_away", bodies_away)
    await house.watch._look()
    assert house.watch.not_ready() == said
    assert await house.alerts() == ["the object store is away"]
    await house.watch._look()
    assert house.watch.not_ready() == ""


async def test_a_clock_that_is_set_ahead_is_said_once_and_so_is_its_end(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    up = [timedelta(hours=9)]
    monkeypatch.setattr(house.book, "_uptime", lambda: up[0])
    await house.watch._look()
    house.time += timedelta(days=1)
    with capture_logs() as logged:
        for _ in range(3):
            await house.watch._look()
    said = [line for line in logged if line["event"] == "clock_doubted"]
    assert len(said) == 1
    assert "nothing is removed before its time" in said[0]["cause"]
    assert await house.alerts() == ["the clock is ahead"]
    house.time -= timedelta(days=1)
    with capture_logs() as logged:
        await house.watch._look()
    assert [line["event"] for line in logged] == ["clock_believed", "alarm_over"]
