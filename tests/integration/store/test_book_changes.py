"""Waiting for a change, whoever makes it."""

import asyncio
import time
from pathlib import Path

import pytest
from small_book import new_mail, small_book

from store.changes import POLL_SECONDS


@pytest.fixture
def without_polling(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("store.changes.POLL_SECONDS", 3600)


async def test_a_change_of_this_process_is_seen_at_once(tmp_path: Path, without_polling: None) -> None:
    async with small_book(tmp_path) as small:
        waiting = asyncio.ensure_future(small.book.wait_for_change(60))
        await asyncio.sleep(0)
        await small.book.accept_mail(new_mail())
        assert await asyncio.wait_for(waiting, 60) == 1


async def test_a_change_before_waiting_is_not_missed(tmp_path: Path, without_polling: None) -> None:
    async with small_book(tmp_path) as small:
        seen = small.book.generation
        await small.book.accept_mail(new_mail())
        assert await asyncio.wait_for(small.book.wait_for_change(60, since=seen), 60) == seen + 1


async def test_a_claim_that_finds_nothing_is_no_change(tmp_path: Path) -> None:
    async with small_book(tmp_path) as small:
        seen = small.book.generation
        await small.book.claim_call({"main": 1}, small.clock() - small.clock(), lambda *_: "")
        await small.book.check_writable()
        assert await small.book.wait_for_change(0.5, since=seen) == seen


async def test_a_change_of_another_process_is_seen_soon(tmp_path: Path) -> None:
    async with small_book(tmp_path) as small:
        await small.book.accept_mail(new_mail())
        seen = small.book.generation
        while (now := await small.book.wait_for_change(2 * POLL_SECONDS, since=seen)) != seen:
            seen = now
        async with small_book(tmp_path, owner="other", seed=8) as other:
            await other.book.accept_mail(new_mail(2))
            assert await small.book.wait_for_change(60, since=seen) == seen + 1


async def test_waiting_ends_with_its_time(tmp_path: Path) -> None:
    async with small_book(tmp_path) as small:
        begun = time.monotonic()
        await small.book.wait_for_change(0.3)
        assert time.monotonic() - begun > 0.25
