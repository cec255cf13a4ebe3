"""The live list of blocked numbers: who added what, and what it blocks."""

import re
from datetime import timedelta
from pathlib import Path
from random import Random

from small_book import small_book

from store.audit_entry import AuditAction, AuditFilter
from store.block import Block, BlockChange


async def test_a_number_is_blocked_once_with_its_first_reason_and_person(tmp_path: Path) -> None:
    async with small_book(tmp_path) as small:
        first = small.clock()
        added = await small.book.block(["+1900*", "+12065551234", "+1900*"], reason="costs", by="olga")
        assert added == BlockChange(changed=("+1900*", "+12065551234"), unchanged=())
        small.clock.set_on(timedelta(days=1))
        again = await small.book.block(["+1900*", "+49???"], reason="other", by="ben")
        assert again == BlockChange(changed=("+49???",), unchanged=("+1900*",))
        assert await small.book.blocks() == (
            Block(pattern="+12065551234", reason="costs", at=first, by="olga"),
            Block(pattern="+1900*", reason="costs", at=first, by="olga"),
            Block(pattern="+49???", reason="other", at=small.clock(), by="ben"),
        )


async def test_what_is_taken_off_the_list_is_not_blocked_any_more(tmp_path: Path) -> None:
    async with small_book(tmp_path) as small:
        await small.book.block(["+1900*"], by="olga")
        assert await small.book.blocking("+19005551234") == "+1900*"
        removed = await small.book.unblock(["+19005551234", "+1900*"], reason="agreed", by="ben")
        assert removed == BlockChange(changed=("+1900*",), unchanged=("+19005551234",))
        assert await small.book.blocking("+19005551234") == ""
        assert await small.book.blocks() == ()


async def test_each_change_is_told_with_who_and_when(tmp_path: Path) -> None:
    async with small_book(tmp_path) as small:
        await small.book.block(["+1900*"], reason="costs", by="olga")
        await small.book.block(["+1900*"], reason="again", by="ben")
        small.clock.set_on(timedelta(hours=1))
        await small.book.unblock(["+1900*", "+1*"], by="ben")
        told = await small.book.audit(AuditFilter(subject="+1900*"))
        assert [(entry.at, entry.by, entry.action, entry.detail) for entry in told] == [
            (small.clock(), "ben", AuditAction.UNBLOCK, ""),
            (small.clock() - timedelta(hours=1), "olga", AuditAction.BLOCK, "costs"),
        ]
        assert await small.book.audit(AuditFilter(subject="+1*")) == ()


async def test_the_most_exact_pattern_is_found_for_a_number(tmp_path: Path) -> None:
    async with small_book(tmp_path) as small:
        patterns = ["+1*", "+1206*", "+12065551234", "+1???999*", "+44?0*", "+44?0123"]
        await small.book.block(patterns, by="olga")
        found = {
            number: await small.book.blocking(number)
            for number in ("+12065551234", "+12065551235", "+14259990000", "+4420123", "+447", "+49")
        }
        assert found == {
            "+12065551234": "+12065551234",
            "+12065551235": "+1206*",
            "+14259990000": "+1*",
            "+4420123": "+44?0123",
            "+447": "",
            "+49": "",
        }


async def test_the_book_blocks_what_the_patterns_say(tmp_path: Path) -> None:
    rng = Random(5)  # noqa: S311 - the same patterns in each run
    patterns = {
        "+1" + "".join(rng.choices("12?", k=rng.randint(1, 4))) + rng.choice(["", "*"]) for _ in range(30)
    }
    async with small_book(tmp_path) as small:
        await small.book.block(sorted(patterns), by="olga")
        for _ in range(60):
            number = "+1" + "".join(rng.choices("12", k=rng.randint(1, 4)))
            matching = {
                pattern
                for pattern in patterns
                if re.fullmatch(re.escape(pattern).replace(r"\?", ".").replace(r"\*", ".*"), number)
            }
            found = await small.book.blocking(number)
            assert found in matching if matching else not found


async def test_thousands_are_added_and_removed_in_one_go(tmp_path: Path) -> None:
    patterns = [f"+1206{number:07}" for number in range(3000)]
    async with small_book(tmp_path) as small:
        assert len((await small.book.block(patterns, by="olga")).changed) == 3000
        assert (await small.book.block(patterns, by="olga")).changed == ()
        assert len((await small.book.unblock(patterns[1:], by="olga")).changed) == 2999
        assert [block.pattern for block in await small.book.blocks()] == patterns[:1]


async def test_patterns_are_read_again_only_after_a_change(tmp_path: Path) -> None:
    async with small_book(tmp_path) as small:
        empty = await small.book.live_patterns()
        assert empty is not None
        assert empty.patterns == ()
        assert await small.book.live_patterns(empty.version) is None
        versions = {empty.version}
        for change, expected in ((small.book.block, {"+1900*"}), (small.book.unblock, set())):
            await change(["+1900*"], by="olga")
            current = await small.book.live_patterns(empty.version)
            assert current is not None
            assert set(current.patterns) == expected
            assert await small.book.live_patterns(current.version) is None
            versions.add(current.version)
        assert len(versions) == 3


async def test_other_deeds_do_not_count_as_a_change_of_the_list(tmp_path: Path) -> None:
    async with small_book(tmp_path) as small:
        await small.book.block(["+1900*"], by="olga")
        known = await small.book.live_patterns()
        assert known is not None
        await small.book.lock("ana@hospital.example", by="olga")
        assert await small.book.live_patterns(known.version) is None
