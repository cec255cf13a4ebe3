import asyncio
from pathlib import Path
from typing import Any

import pytest

from convert import office_pool
from convert.formats import Kind
from convert.office_pool import OfficePool
from convert.office_wear import OfficeWear, worn_by


class FakeOffice:
    """Converts when it is told to."""

    made: list["FakeOffice"] = []  # noqa: RUF012 - emptied for every test
    comes_up = True

    def __init__(self, _: Path | None = None) -> None:
        self.worn = ""
        self.may_finish = asyncio.Event()
        self.may_start = asyncio.Event()
        self.done: list[str] = []
        self.renewed = 0
        self.stopped = False
        FakeOffice.made.append(self)

    def start(self) -> None:
        self.may_start.set()

    async def warm_up(self) -> bool:
        await self.may_start.wait()
        return FakeOffice.comes_up

    async def renew(self) -> None:
        self.renewed += 1
        self.worn = ""

    async def stop(self) -> None:
        self.stopped = True
        self.may_start.set()

    async def to_pdf(self, document: Path, _: Path, **__: Any) -> None:
        await self.may_finish.wait()
        self.done.append(document.name)

    async def take_stock(self) -> None:
        await asyncio.sleep(0)


@pytest.fixture(autouse=True)
def offices(monkeypatch: pytest.MonkeyPatch) -> list[FakeOffice]:
    monkeypatch.setattr(office_pool, "Office", FakeOffice)
    monkeypatch.setattr(FakeOffice, "made", [])
    return FakeOffice.made


def converting(pool: OfficePool, name: str) -> asyncio.Task[None]:
    return asyncio.create_task(
        pool.to_pdf(Path(name), Path("a.pdf"), name=name, kind=Kind.DOCX, pages=1, seconds=1)
    )


async def settle() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


async def test_one_document_needs_one(offices: list[FakeOffice]) -> None:
    pool = OfficePool(most=2)
    for name in ("a", "b"):
        work = converting(pool, name)
        offices[0].may_finish.set()
        await work
    assert [office.done for office in offices] == [["a", "b"]]


async def test_a_document_that_takes_long_does_not_hold_up_the_next(offices: list[FakeOffice]) -> None:
    pool = OfficePool(most=2)
    slow, quick = converting(pool, "slow"), converting(pool, "quick")
    await settle()
    offices[1].may_finish.set()
    offices[1].may_start.set()
    await quick
    assert not slow.done()
    offices[0].may_finish.set()
    await slow
    assert [office.done for office in offices] == [["slow"], ["quick"]]
    await pool.stop()
    assert all(office.stopped for office in offices)


async def test_there_are_no_more_than_may_be(offices: list[FakeOffice]) -> None:
    pool = OfficePool(most=2)
    work = [converting(pool, str(number)) for number in range(5)]
    await settle()
    assert len(offices) == 2
    for office in offices:
        office.may_start.set()
        office.may_finish.set()
    await asyncio.gather(*work)
    assert sorted(name for office in offices for name in office.done) == ["0", "1", "2", "3", "4"]


async def test_systemds_is_the_only_one(offices: list[FakeOffice]) -> None:
    pool = OfficePool(Path("/run/postfax-office/office.sock"), most=4)
    work = [converting(pool, str(number)) for number in range(3)]
    await settle()
    assert len(offices) == 1
    offices[0].may_finish.set()
    await asyncio.gather(*work)


async def test_one_that_does_not_come_up_is_not_waited_for(
    offices: list[FakeOffice], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FakeOffice, "comes_up", False)
    pool = OfficePool(most=2)
    work = [converting(pool, name) for name in ("a", "b")]
    await settle()
    offices[1].may_start.set()
    offices[0].may_finish.set()
    await asyncio.gather(*work)
    assert offices[0].done == ["a", "b"]
    assert len(pool.offices) == 1


async def test_one_that_is_worn_out_is_renewed_unless_documents_wait(offices: list[FakeOffice]) -> None:
    pool = OfficePool(most=1)
    work = [converting(pool, name) for name in ("a", "b")]
    await settle()
    offices[0].worn = "memory"
    offices[0].may_finish.set()
    await work[0]
    assert offices[0].renewed == 0
    await work[1]
    await settle()
    assert offices[0].renewed == 1
    await converting(pool, "c")
    assert offices[0].done == ["a", "b", "c"]


async def test_those_of_a_rush_go_when_it_is_over(
    offices: list[FakeOffice], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(office_pool, "_KEPT_IDLE", 0.0)
    pool = OfficePool(most=3)
    work = [converting(pool, str(number)) for number in range(3)]
    await settle()
    offices[1].may_start.set()
    await settle()
    for office in offices:
        office.may_start.set()
        office.may_finish.set()
    await asyncio.gather(*work)
    while len(pool.offices) > 1:
        await asyncio.sleep(0.01)
    await settle()
    assert [office.stopped for office in offices] == [False, True, True]
    await converting(pool, "later")


@pytest.mark.parametrize(
    ("wear", "cause"),
    [
        (OfficeWear(conversions=1, seconds=60, memory=90 << 20), ""),
        (OfficeWear(conversions=500, seconds=60, memory=90 << 20), "conversions"),
        (OfficeWear(conversions=1, seconds=50_000, memory=90 << 20), "age"),
        (OfficeWear(conversions=1, seconds=60, memory=700 << 20), "memory"),
    ],
)
def test_what_wears_a_libreoffice_out(wear: OfficeWear, cause: str) -> None:
    assert worn_by(wear) == cause
