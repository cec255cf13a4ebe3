"""A PostgreSQL server of the tests' own: on a socket in a folder, without a flush, gone with the tests.

Its programs are those of Debian's packages that `./dev setup` unpacked: nothing of it is installed, and no
other server of this host is touched. PostgreSQL refuses to run as root; then it runs as nobody. It ends with
the process that started it, whatever ends that.
"""

import atexit
import itertools
import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import psycopg
from psycopg.sql import SQL, Identifier

from store.migrations import migrate

_START_SECONDS = 60
_SETTINGS = {
    "fsync": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "jit": "off",
    "shared_buffers": "32MB",
    "max_connections": "60",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "listen_addresses": "",
    "log_min_messages": "warning",
}
_MEMORY = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108 - a folder of its own is made in it


@cache
def programs() -> Path:
    """The folder of PostgreSQL's programs, which whoever runs it may read."""
    found = sorted((Path(sys.prefix) / "debian/usr/lib/postgresql").glob("*/bin"))
    assert found, "PostgreSQL is not unpacked: run ./dev setup"
    if os.geteuid() != 0 or all(folder.stat().st_mode & stat.S_IXOTH for folder in found[-1].parents):
        return found[-1]
    return _copied(found[-1])


def _copied(programs_: Path) -> Path:
    """The same programs with what they need, in a folder that nobody is kept out of."""
    debian = programs_.parents[4]
    folder = Path(tempfile.mkdtemp(prefix="pg-programs-"))
    atexit.register(shutil.rmtree, folder)
    folder.chmod(0o755)
    for part in ("usr/lib/postgresql", "usr/share/postgresql"):
        shutil.copytree(debian / part, folder / part, symlinks=True)
    return folder / programs_.relative_to(debian)


class Cluster:
    """A server; started with `start`, and ended with `stop` or as a crash."""

    def __init__(self, folder: Path, **settings: str) -> None:
        self.folder = folder
        self.data = folder / "data"
        self._settings = {**_SETTINGS, **settings}
        self._process: subprocess.Popen[bytes] | None = None
        self._databases = itertools.count(1)

    def create(self) -> None:
        """Make the files."""
        if os.geteuid() == 0:
            nobody = pwd.getpwnam("nobody")
            os.chown(self.folder, nobody.pw_uid, nobody.pw_gid)
        options = ("-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync")
        subprocess.run(
            [*self._as_user(), programs() / "initdb", "-D", self.data, *options],
            check=True,
            capture_output=True,
            cwd=self.folder,
        )

    def start(self) -> None:
        """Start it, and wait until it answers."""
        settings = {**self._settings, "unix_socket_directories": str(self.folder)}
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [*self._as_user(), programs() / "postgres", "-D", self.data, *options],
                stdout=log,
                stderr=log,
                cwd=self.folder,
            )
        deadline = time.monotonic() + _START_SECONDS
        while True:
            try:
                psycopg.connect(self.url("postgres")).close()
            except psycopg.OperationalError:
                assert self._process.poll() is None, (self.folder / "log").read_text()
                assert time.monotonic() < deadline, (self.folder / "log").read_text()
                time.sleep(0.05)
            else:
                return

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """End it: connections are cut off; with SIGQUIT it is a crash."""
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(_START_SECONDS)
            self._process = None

    def url(self, database: str) -> str:
        """The address of a database."""
        return f"postgresql://postgres@/{database}?host={self.folder}"

    def run(self, statement: str, database: str = "postgres") -> None:
        """Run a statement outside a transaction."""
        with psycopg.connect(self.url(database), autocommit=True) as connection:
            connection.execute(statement.encode())

    def new_database(self, template: str = "template0") -> str:
        """Make a database; its address."""
        name = f"book_{next(self._databases)}"
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            make = SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY")
            connection.execute(make.format(Identifier(name), Identifier(template)))
        return self.url(name)

    def _as_user(self) -> list[str]:
        # The signal is that of a fast end.
        dying = ["setpriv", "--pdeathsig", "INT"]
        if os.geteuid() != 0:
            return dying
        return [*dying, "--reuid", "nobody", "--regid", "nogroup", "--clear-groups"]


@contextmanager
def a_cluster(**settings: str) -> Iterator[Cluster]:
    """A server that runs, with these settings besides."""
    folder = Path(tempfile.mkdtemp(prefix="pg-", dir=_MEMORY))
    cluster = Cluster(folder, **settings)
    try:
        cluster.create()
        cluster.start()
        yield cluster
    finally:
        cluster.stop(signal.SIGQUIT)
        shutil.rmtree(folder)


@cache
def shared_cluster() -> Cluster:
    """The one server for all tests that do no harm to it."""
    held = a_cluster()
    cluster = held.__enter__()
    atexit.register(held.__exit__, None, None, None)
    return cluster


@cache
def _template() -> str:
    """A database with an empty book, copied for each test."""
    cluster = shared_cluster()
    cluster.run("CREATE DATABASE template_book TEMPLATE template0")
    migrate(cluster.url("template_book"))
    return "template_book"


def empty_book_on_server() -> str:
    """The address of a new, empty book."""
    return shared_cluster().new_database(_template())
