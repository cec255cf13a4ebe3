"""`kill -9` of the service and of single accept workers under load: a 250 is a promise that is kept once."""

import asyncio
from pathlib import Path

import accept_audit


async def test_what_was_acknowledged_is_in_the_book_once(tmp_path: Path) -> None:
    async with asyncio.timeout(600):
        findings = await accept_audit.audit(kills=4, mails=1000, connections=10, seed=7, folder=tmp_path)
    assert findings.kills + findings.workers_killed == 4
    assert len(findings.acknowledged) >= 1000
    assert not findings.lost
    assert not findings.doubled
    assert not findings.refused
