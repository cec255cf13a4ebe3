"""A process that fetches mails into a real book, and kills itself at a step: `pickup_process.py STEP`.

The rest is in the environment variable PICKUP: settings, policy and the folder of the book. Without a step
(0) it ends when the mailbox is empty.
"""

import asyncio
import json
import os
import signal
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from config.mail import Pickup
from config.settings import UserPolicy
from mta.imap.connection import ImapConnection
from mta.imap.pickup import MailboxPickup
from mta.imap.taking import Surroundings
from mta.intake import AutomaticMail, RefusedSubmission
from store.book import Book


class Directory:
    """One registered sender."""

    def __init__(self, user: UserPolicy) -> None:
        self._user = user

    def sender(self, address: str) -> UserPolicy | None:
        return self._user if address == self._user.email else None

    user = sender


def kill_at(step: int) -> None:
    """End this process before or after the so-many-th thing that it waits for."""
    count = 0

    def one_more() -> None:
        nonlocal count
        count += 1
        if count == step:
            os.kill(os.getpid(), signal.SIGKILL)

    def counted(owner: Any, name: str) -> None:
        real = getattr(owner, name)

        async def wrapped(*arguments: Any, **named: Any) -> Any:
            one_more()
            result = await real(*arguments, **named)
            one_more()
            return result

        setattr(owner, name, wrapped)

    for name in ("uids", "announced", "message", "move"):
        counted(ImapConnection, name)
    for name in ("pickup_known", "accept_mail"):
        counted(Book, name)


async def main(step: int) -> None:
    given = json.loads(os.environ["PICKUP"])
    folder = Path(given["folder"])
    url = f"sqlite:{folder}/book.db"
    await Book.migrate(url)
    stop = asyncio.Event()
    wait_for_news = ImapConnection.wait_for_news

    async def no_more_news(connection: ImapConnection, *arguments: Any, **named: Any) -> None:
        if not await connection.uids():
            stop.set()
        await wait_for_news(connection, *arguments, **named)

    ImapConnection.wait_for_news = no_more_news  # type: ignore[method-assign,assignment]
    kill_at(step)

    async def no_quarantine(_: AutomaticMail) -> bool:
        return False

    def refused(submission: RefusedSubmission) -> None:
        raise AssertionError(submission)

    async with Book(url, folder / "documents", clock=lambda: datetime.now(UTC)) as book:
        directory = Directory(UserPolicy.model_validate(given["user"]))
        around = Surroundings(
            book=book,
            directory=lambda: directory,
            quarantine=no_quarantine,
            refused=refused,
            clock=lambda: datetime.now(UTC),
            max_size=1 << 20,
        )
        pickup = MailboxPickup(
            Pickup.model_validate(given["settings"]),
            around,
            domain="fax.example.com",
            monotonic=time.monotonic,
        )
        task = asyncio.create_task(pickup.run())
        await stop.wait()
        await pickup.stop()
        await task


asyncio.run(main(int(sys.argv[1])))
