"""Each department has its turn in the queue."""

from collections import Counter
from pathlib import Path

from small_book import LEASE, SmallBook, header, policy, small_book, wished

from store.job import Priority


async def queue(
    small: SmallBook, department: str, numbers: range, priority: Priority = Priority.NORMAL
) -> None:
    user = policy().model_copy(update={"departments": (department,)})
    jobs = [job for number in numbers for job in wished(f"+1206{number:07d}", priority=priority)]
    mail_id, made = await small.submitted(jobs, user)
    await small.book.record_documents(mail_id, {job.id: small.document() for job in made})


async def departments_called(small: SmallBook, calls: int) -> list[str]:
    called = []
    for _ in range(calls):
        claimed = await small.book.claim_call({"main": 99}, LEASE, header)
        assert claimed is not None
        called.append("".join(claimed[0].user.departments))
    return called


async def test_a_single_fax_does_not_wait_for_another_departments_hundred(tmp_path: Path) -> None:
    async with small_book(tmp_path) as small:
        await queue(small, "Billing", range(100))
        await departments_called(small, 3)
        await queue(small, "Emergency", range(500, 501))
        assert await departments_called(small, 2) == ["Emergency", "Billing"]


async def test_departments_that_have_much_to_send_share_the_channels(tmp_path: Path) -> None:
    async with small_book(tmp_path) as small:
        for place, name in enumerate(("A", "B", "C")):
            await queue(small, name, range(place * 100, place * 100 + 20 * (place + 1)))
        assert Counter(await departments_called(small, 30)) == {"A": 10, "B": 10, "C": 10}


async def test_a_higher_priority_goes_before_every_turn(tmp_path: Path) -> None:
    async with small_book(tmp_path) as small:
        await queue(small, "A", range(5))
        await queue(small, "B", range(100, 105), Priority.HIGH)
        assert await departments_called(small, 6) == ["B"] * 5 + ["A"]
