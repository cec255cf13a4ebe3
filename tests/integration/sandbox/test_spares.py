import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from sandbox import Limits, Nursery, TaskFailed

LIMITS = Limits(seconds=60, cpu_seconds=1, memory=1 << 30, file_size=10 << 20)
TASKS = ("who_rehearsed", "open_sockets", "write", "sleep")
Starting = Callable[..., Any]


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> Starting:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent))

    @asynccontextmanager
    async def started(rehearsal: str = "rehearse", processes: int = 2) -> AsyncIterator[Nursery]:
        nursery = Nursery(
            preload=("sandbox_tasks",),
            processes=processes,
            rehearsals={
                f"sandbox_tasks:{rehearsal}": [f"sandbox_tasks:{task}" for task in TASKS],
                "sandbox_tasks:fail_to_rehearse": ["sandbox_tasks:add"],
            },
        )
        await nursery.start()
        yield nursery
        await nursery.stop()

    return started


def run(nursery: Nursery, task: str, folder: Path, **arguments: Any) -> Coroutine[Any, Any, Any]:
    return nursery.run(f"sandbox_tasks:{task}", arguments, folder=folder, limits=LIMITS)


async def from_a_spare(nursery: Nursery, folder: Path) -> int:
    """Until a task meets a spare that is ready; the process it ran in."""
    while True:
        rehearsed, process = await run(nursery, "who_rehearsed", folder)
        if rehearsed:
            assert rehearsed == [process]
            return int(process)
        await asyncio.sleep(0.05)


async def test_a_task_meets_a_process_that_has_rehearsed_and_each_another_one(
    started: Starting, tmp_path: Path
) -> None:
    async with started() as nursery:
        processes = [await from_a_spare(nursery, tmp_path) for _ in range(3)]
    assert len(set(processes)) == 3


async def test_tasks_that_are_not_rehearsed_are_forked_as_ever(started: Starting, tmp_path: Path) -> None:
    async with started() as nursery:
        await from_a_spare(nursery, tmp_path)
        assert await run(nursery, "add", tmp_path, a=1, b=2) == 3


async def test_a_spare_is_confined_before_its_task_begins(started: Starting, tmp_path: Path) -> None:
    own, other = tmp_path / "own", tmp_path / "other"
    own.mkdir()
    other.mkdir()
    async with started() as nursery:
        await from_a_spare(nursery, own)
        await from_a_spare(nursery, own)
        with pytest.raises(TaskFailed, match="PermissionError"):
            await run(nursery, "write", own, path=str(other / "new"))
    assert not (other / "new").exists()


async def test_no_child_can_give_a_spare_orders(started: Starting, tmp_path: Path) -> None:
    async with started(processes=3) as nursery:
        for _ in range(3):
            await from_a_spare(nursery, tmp_path)
            assert await run(nursery, "open_sockets", tmp_path) == []


async def test_many_tasks_at_one_time_do_not_wait_for_spares(started: Starting, tmp_path: Path) -> None:
    async with started() as nursery:
        await from_a_spare(nursery, tmp_path)
        answers = await asyncio.gather(*(run(nursery, "who_rehearsed", tmp_path) for _ in range(20)))
    assert len({process for _, process in answers}) == 20


async def test_a_rehearsal_that_fails_costs_no_task(
    started: Starting, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    async with started("fail_to_rehearse") as nursery:
        told = ""
        while "sandbox_tasks:fail_to_rehearse failed" not in told:
            rehearsed, _ = await run(nursery, "who_rehearsed", tmp_path)
            assert rehearsed == []
            await asyncio.sleep(0.05)  # spares are made at rest
            told += capfd.readouterr().err


async def test_what_a_rehearsal_took_is_not_counted_against_the_task(
    started: Starting, tmp_path: Path
) -> None:
    async with started("rehearse_at_length", processes=1) as nursery:
        assert LIMITS.cpu_seconds == 1
        await from_a_spare(nursery, tmp_path)
        while not nursery.processor_seconds:  # told a moment after the answer
            await asyncio.sleep(0.01)
        assert nursery.processor_seconds < 1.3


async def test_spares_end_with_their_parent(started: Starting, tmp_path: Path) -> None:
    async with started() as nursery:
        await from_a_spare(nursery, tmp_path)
        parent = nursery._process.pid
        # The next one is forked in a moment's quiet.
        while not (children := Path(f"/proc/{parent}/task/{parent}/children").read_text().split()):
            await asyncio.sleep(0.02)
    for child in children:
        while Path(f"/proc/{child}").exists() and " Z " not in Path(f"/proc/{child}/stat").read_text():
            await asyncio.sleep(0.02)
