"""Mail bombs in the sandbox: each is taken apart or refused with a sentence, in little time and memory."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from mail_bombs import BOMBS, MEGABYTE

import mta.mime.take_apart
from mta.mime.take_apart import MailNotReadable, take_apart
from sandbox import Limits, Nursery

READ = {
    "15000-encoded-words", "900-forwarded-messages", "base64-in-short-lines", "parameters", "flowed",
}  # fmt: skip


@pytest.fixture
async def nursery() -> AsyncIterator[Nursery]:
    started = Nursery(preload=("mta.mime.task",), processes=1)
    await started.start()
    yield started
    await started.stop()


@pytest.mark.parametrize("name", BOMBS)
async def test_a_bomb_is_read_or_refused(
    name: str, nursery: Nursery, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    limits = Limits(seconds=60, cpu_seconds=5, memory=500 * MEGABYTE, file_size=1 << 28)
    monkeypatch.setattr(mta.mime.take_apart, "LIMITS", limits)
    mail = BOMBS[name]()
    try:
        await take_apart(nursery, mail, tmp_path)
        read = True
    except MailNotReadable as refusal:
        read = "too large or too complicated" in str(refusal)  # the limits were met: not what we want
    assert read == (name in READ)
