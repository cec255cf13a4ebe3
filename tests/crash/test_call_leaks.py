"""A few calls of each kind leave nothing behind; `call_leaks.py` places a thousand."""

from pathlib import Path

from call_leaks import place


async def test_calls_leave_no_descriptor_no_process_and_no_memory(tmp_path: Path) -> None:
    leaks = await place(24, at_once=12, clock=20, every=12, folder=tmp_path)
    assert leaks.held[1].descriptors == leaks.held[0].descriptors
    assert [held.agents for held in leaks.held] == [0, 0]
    assert leaks.statuses["Job Cancelled"] == 2
    assert leaks.statuses["BUSY"] == 2
    assert leaks.statuses.total() == 24
