"""A fetcher that is cut off anywhere, again and again: every mail is in the book once, and in its folder."""

import asyncio
import contextlib
import json
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from dovecot_server import Dovecot, dovecot
from pickup_house import MailboxHouse, fax_mail, pickup_settings
from smtp_house import user
from waiting import until

from mta.imap.connection import ImapConnection

_POINTS = ("uids", "announced", "message", "move", "pickup_known", "accept_mail")
"""What is awaited on a mail's way; it is cut off before and after each."""


@pytest.fixture
def server() -> Iterator[Dovecot]:
    with dovecot() as running:
        yield running


class CutOff(BaseException):
    """The end of the process, as the code sees it."""


@pytest.mark.parametrize("side", ["before", "after"])
@pytest.mark.parametrize("point", _POINTS)
async def test_cut_off_at_every_step(
    point: str, side: str, server: Dovecot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = MailboxHouse(server, pickup_settings(server, tmp_path))
    for number in range(3):
        server.deliver(fax_mail(number), str(number))
    owner: Any = house.book if hasattr(house.book, point) else ImapConnection
    real = getattr(owner, point)
    calls = 0

    async def cut_off_at_the_second(*arguments: Any, **named: Any) -> Any:
        nonlocal calls
        calls += 1
        if (calls, side) == (2, "before"):
            raise CutOff
        result = await real(*arguments, **named)
        if (calls, side) == (2, "after"):
            raise CutOff
        return result

    monkeypatch.setattr(owner, point, cut_off_at_the_second)
    first = asyncio.create_task(house.pickup().run())
    if point in {"uids", "announced"}:
        await until(lambda: len(house.taken()) == 3)
        server.deliver(fax_mail(3), "3")
    with pytest.raises(CutOff):
        await first
    monkeypatch.setattr(owner, point, real)
    before = {mail.message_id for mail in house.book.mails}
    total = 4 if point in {"uids", "announced"} else 3
    async with house.fetching():
        await until(lambda: len(house.taken()) == total and not server.mails_in())
    assert len(before) < total or side == "after"
    assert sorted(mail.message_id for mail in house.book.mails) == [
        f"<{number}@hospital.example>" for number in range(total)
    ]
    assert house.book.duplicates == 0


def test_killed_again_and_again_with_a_real_book(server: Dovecot, tmp_path: Path) -> None:
    """SIGKILL before and after everything that is awaited on the way of three mails."""
    for number in range(3):
        server.deliver(fax_mail(number), str(number))
    settings = pickup_settings(server, tmp_path).model_dump(mode="json")
    sender = user("ana@hospital.example").model_dump(mode="json")
    given = json.dumps({"folder": str(tmp_path), "settings": settings, "user": sender})
    script = Path(__file__).parent / "pickup_process.py"
    codes = []
    # Of a mail's eight steps two are spent on the two look-ups that all mails have in common.
    for step in (*range(3, 12), 0):
        ended = subprocess.run(
            [sys.executable, str(script), str(step)],
            env={**os.environ, "PICKUP": given, "PYTHONPATH": str(Path(__file__).parents[3])},
            timeout=60,
            check=False,
            capture_output=True,
        )
        codes.append(ended.returncode)
    assert codes.count(-signal.SIGKILL) >= 6
    assert codes[-1] == 0
    with contextlib.closing(sqlite3.connect(tmp_path / "book.db")) as book:
        mails = [row[0] for row in book.execute("SELECT message_id FROM mails ORDER BY message_id")]
        (keys,) = book.execute("SELECT count(*) FROM pickups").fetchone()
    assert mails == [f"<{number}@hospital.example>" for number in range(3)]
    assert keys == 3
    assert len(server.mails_in("Faxed")) == 3
    assert not server.mails_in()
