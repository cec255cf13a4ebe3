"""New books to measure, in either database; the server of PostgreSQL is the tests' own."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1] / "tests" / "integration" / "store"))

from postgresql_cluster import Cluster

# As its own default is, with its log flushed.
_SERVER = {"fsync": "on", "full_page_writes": "on", "autovacuum": "on", "shared_buffers": "256MB"}


class BookPlace:
    """A book that is measured: where it is, and what its database takes."""

    def __init__(self, url: str, folder: Path, server: Cluster | None) -> None:
        self.url = url
        self.folder = folder
        self._server = server

    def octets(self) -> int:
        """What the database takes on the disk."""
        files = self.folder.glob("book.db*") if self._server is None else self._server.data.rglob("*")
        return sum(file.stat().st_size for file in files if file.is_file() and "pg_wal" not in file.parts)

    def server_cpu(self) -> float:
        """Processor seconds of the database's own processes since their start."""
        if self._server is None:
            return 0.0
        first = (self._server.data / "postmaster.pid").read_text(encoding="utf-8").split()[0]
        ticks = sum(used for process, parent, used in _processes() if first in {process, parent})
        return ticks / os.sysconf("SC_CLK_TCK")


def _processes() -> Iterator[tuple[str, str, int]]:
    """Each process, its parent, and the ticks that it and those of its children that ended used (proc(5))."""
    for file in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # it has just ended
            fields = file.read_text(encoding="utf-8").rpartition(")")[2].split()
            yield file.parent.name, fields[1], sum(map(int, fields[11:15]))


@contextmanager
def book_places(database: str, folder: Path) -> Iterator[Iterator[BookPlace]]:
    """New, empty places for books in a database of this kind."""
    if database == "sqlite":
        yield (_sqlite_place(folder / f"book-{number}") for number in range(sys.maxsize))
        return
    server_folder = folder / "server"
    server_folder.mkdir()
    folder.chmod(0o711)
    server = Cluster(server_folder, **_SERVER)
    server.create()
    server.start()
    try:
        yield (
            BookPlace(server.new_database(), _made(folder / f"book-{number}"), server)
            for number in range(sys.maxsize)
        )
    finally:
        server.stop()


def _sqlite_place(folder: Path) -> BookPlace:
    return BookPlace(f"sqlite:{_made(folder) / 'book.db'}", folder, None)


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder
