"""What many ask for and one looks up; the live list and the locks through it."""

import asyncio
from dataclasses import dataclass, field

import pytest

from postfax.live_blocks import LiveBlocks
from postfax.live_locks import LiveLocks
from postfax.remembered import FRESH_SECONDS, Remembered
from store.block import LivePatterns


@dataclass
class LookUp:
    """Counts how often it is done; a value for each time."""

    count: int = 0
    fault: Exception | None = None
    time: float = 0.0

    async def __call__(self) -> int:
        await asyncio.sleep(0)
        if self.fault:
            raise self.fault
        self.count += 1
        return self.count

    def monotonic(self) -> float:
        return self.time


async def test_a_value_is_looked_up_again_when_it_is_too_old() -> None:
    look_up = LookUp()
    remembered = Remembered(look_up, monotonic=look_up.monotonic)
    assert [await remembered.get(), await remembered.get()] == [1, 1]
    look_up.time = FRESH_SECONDS - 0.01
    assert await remembered.get() == 1
    look_up.time = FRESH_SECONDS
    assert await remembered.get() == 2


async def test_many_who_ask_at_one_time_cost_one_look_up() -> None:
    look_up = LookUp()
    remembered = Remembered(look_up, monotonic=look_up.monotonic)
    assert set(await asyncio.gather(*(remembered.get() for _ in range(50)))) == {1}
    look_up.time = 5.0
    assert set(await asyncio.gather(*(remembered.get() for _ in range(50)))) == {2}


async def test_where_the_look_up_fails_no_old_value_is_given() -> None:
    look_up = LookUp()
    remembered = Remembered(look_up, monotonic=look_up.monotonic)
    await remembered.get()
    look_up.time, look_up.fault = 2.0, OSError("gone")
    with pytest.raises(OSError, match="gone"):
        await remembered.get()
    look_up.fault = None
    assert await remembered.get() == 2


@dataclass
class Facts:
    """A live list and locks, and how often each was read."""

    patterns: tuple[str, ...] = ()
    version: int = 0
    accounts: frozenset[str] = frozenset()
    read: list[str] = field(default_factory=list)

    async def live_patterns(self, known: tuple[int, int] | None = None) -> LivePatterns | None:
        if known == (self.version, 0):
            return None
        self.read.append("patterns")
        return LivePatterns(patterns=self.patterns, version=(self.version, 0))

    async def locked_accounts(self) -> frozenset[str]:
        self.read.append("locks")
        return self.accounts


async def test_the_live_list_is_read_again_only_after_a_change(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("postfax.remembered.FRESH_SECONDS", 0.0)
    facts = Facts()
    live = LiveBlocks(facts)
    assert (await live.current()).blocking("+19005551234") == ""
    facts.patterns, facts.version = ("+1900*",), 1
    assert (await live.current()).blocking("+19005551234") == "+1900*"
    assert (await live.current()).blocking("+19005551234") == "+1900*"
    assert facts.read == ["patterns", "patterns"]


async def test_an_account_is_locked_in_any_spelling() -> None:
    facts = Facts(accounts=frozenset({"ana@hospital.example", "ana@bücher.example"}))
    live = LiveLocks(facts)
    assert await live.locked("Ana@Hospital.example")
    assert await live.locked("Ana@Bücher.example")
    assert not await live.locked("ben@hospital.example")
    assert facts.read == ["locks"]
