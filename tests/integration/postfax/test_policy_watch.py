"""A change of the policy's files is noticed however they are replaced."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from postfax import policy_watch
from postfax.policy_watch import policy_changes

LONG = 60.0


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(policy_watch, "LOOK_SECONDS", 0.2)
    monkeypatch.setattr(policy_watch, "SETTLED_SECONDS", 0.05)


@asynccontextmanager
async def watched(path: Path) -> AsyncIterator[Any]:
    """Waits for the next change that is noticed."""
    changes = policy_changes(path)
    noticed = asyncio.Queue[None]()

    async def watch() -> None:
        async for _ in changes:
            noticed.put_nowait(None)

    task = asyncio.create_task(watch())

    async def next_change() -> None:
        async with asyncio.timeout(LONG):
            await noticed.get()

    await next_change()  # the first look
    yield next_change
    task.cancel()
    await asyncio.wait([task])


def write(folder: Path, text: str = "company: General Hospital\n") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "house.yaml").write_text(text, encoding="utf-8")
    return folder


async def test_a_file_of_the_folder_is_written_added_and_removed(tmp_path: Path) -> None:
    folder = write(tmp_path / "policy")
    async with watched(folder) as next_change:
        write(folder, "company: Other Hospital\n")
        await next_change()
        (folder / "more.yaml").write_text("users: []\n", encoding="utf-8")
        await next_change()
        (folder / "more.yaml").unlink()
        await next_change()


async def test_a_single_file_is_replaced_by_a_rename_as_editors_do(tmp_path: Path) -> None:
    file = write(tmp_path / "policy") / "house.yaml"
    async with watched(file) as next_change:
        for number in range(2):
            new = tmp_path / "house.new"
            new.write_text(f"company: Hospital {number}\n", encoding="utf-8")
            new.rename(file)
            await next_change()


async def test_the_folder_is_swapped_by_a_rename(tmp_path: Path) -> None:
    folder = write(tmp_path / "policy")
    async with watched(folder) as next_change:
        write(tmp_path / "policy.new", "company: Other Hospital\n")
        folder.rename(tmp_path / "policy.old")
        (tmp_path / "policy.new").rename(folder)
        await next_change()
        write(folder, "company: Third Hospital\n")
        await next_change()


async def test_the_folder_is_a_link_that_is_swapped(tmp_path: Path) -> None:
    write(tmp_path / "release-1")
    write(tmp_path / "release-2", "company: Other Hospital\n")
    link = tmp_path / "policy"
    link.symlink_to("release-1")
    async with watched(link) as next_change:
        (tmp_path / "policy.tmp").symlink_to("release-2")
        (tmp_path / "policy.tmp").rename(link)
        await next_change()


async def test_the_files_are_links_into_a_folder_that_is_swapped_as_in_kubernetes(tmp_path: Path) -> None:
    folder = tmp_path / "policy"
    write(folder / "..2026_1")
    (folder / "..data").symlink_to("..2026_1")
    (folder / "house.yaml").symlink_to("..data/house.yaml")
    async with watched(folder) as next_change:
        write(folder / "..2026_2", "company: Other Hospital\n")
        (folder / "..data_tmp").symlink_to("..2026_2")
        (folder / "..data_tmp").rename(folder / "..data")
        await next_change()
        shutil.rmtree(folder / "..2026_1")


async def test_the_folder_goes_and_comes_again(tmp_path: Path) -> None:
    folder = write(tmp_path / "policy")
    async with watched(folder) as next_change:
        shutil.rmtree(folder)
        await next_change()
        write(folder, "company: Other Hospital\n")
        await next_change()


async def test_where_nothing_can_be_watched_the_files_are_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_watches_left(*_: Any, **__: Any) -> None:
        raise OSError("OS file watch limit reached")

    monkeypatch.setattr(policy_watch, "awatch", no_watches_left)
    folder = write(tmp_path / "policy")
    async with watched(folder) as next_change:
        write(folder, "company: Other Hospital\n")
        await next_change()


async def test_other_files_beside_it_are_no_change(tmp_path: Path) -> None:
    folder = write(tmp_path / "policy")
    async with watched(folder) as next_change:
        (folder / "notes.txt").write_text("x", encoding="utf-8")
        (folder / ".house.yaml.swp").write_text("x", encoding="utf-8")
        await asyncio.sleep(0.5)
        write(folder, "company: Other Hospital\n")
        await next_change()
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(next_change(), 0.6)
