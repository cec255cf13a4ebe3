"""What commands and the service open before they can work: the settings, the book, the clock."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from config.server import ServerSettings, read_server_settings

if TYPE_CHECKING:
    from store.book import Book

Result = TypeVar("Result")
Clock = Callable[[], datetime]
"""Gives the time, with its zone."""


def now() -> datetime:
    """The time, with its zone."""
    return datetime.now(UTC)


def uptime() -> timedelta:
    """How long this host has been up, the time included in which it stood still. Nobody sets this clock."""
    return timedelta(seconds=time.clock_gettime(time.CLOCK_BOOTTIME))


def settings_in(file: str) -> ServerSettings:
    """The server's settings.

    Raises:
        ConfigError: They have mistakes, or cannot be read.
    """
    return read_server_settings(Path(file))


def documents_folder(settings: ServerSettings) -> Path:
    """Where mails arrive; where large ones and documents are kept, unless an object store has them."""
    return Path(settings.documents.removeprefix("file:"))


def make_book(settings: ServerSettings) -> "Book":
    """The book that the settings name, not opened yet."""
    from store.book import Book
    from store.object_store import ObjectStore

    objects = ObjectStore(settings.object_store) if settings.object_store else None
    folder = documents_folder(settings)
    return Book(settings.store, folder, objects=objects, clock=now, uptime=uptime)


@asynccontextmanager
async def open_book(settings_file: str) -> AsyncIterator["Book"]:
    """The book, open, for one command.

    Raises:
        ConfigError: The settings have mistakes.
        BookVersionError: There is no book yet, or it is of another version.
    """
    async with make_book(settings_in(settings_file)) as book:
        yield book


def run(work: Coroutine[Any, Any, Result]) -> Result:
    """Run a command's asynchronous part."""
    return asyncio.run(work)
