"""Who else uses a book at the moment.

SQLite: whoever has a book open holds a lock on its shared memory (`book.db-shm`), for which the kernel is
asked. PostgreSQL: other connections of a `postfax` are counted.
"""

import fcntl
import os
import struct
from pathlib import Path

_OPEN_BYTE = 128
"""Of the shared memory: who has the book open holds a lock on it (unixShmMap of SQLite's os_unix.c)."""
_FLOCK = "hhqqi4x"
"""struct flock of fcntl(2) on 64-bit Linux: type, whence, start, length, process."""
OTHERS_ON_SERVER = (
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
    " AND pid <> pg_backend_pid() AND application_name = 'postfax'"
)
"""The question to the server."""


def process_with(book: Path) -> int:
    """The process that has a book open; 0 for none.

    Not while this process has it open: to close the file gives up every lock that a process holds on it
    (fcntl(2)), and the database's own with them.
    """
    try:
        descriptor = os.open(f"{book}-shm", os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return 0
    try:
        asked = struct.pack(_FLOCK, fcntl.F_WRLCK, os.SEEK_SET, _OPEN_BYTE, 1, 0)
        kind, _, _, _, process = struct.unpack(_FLOCK, fcntl.fcntl(descriptor, fcntl.F_GETLK, asked))
        return 0 if kind == fcntl.F_UNLCK else int(process)
    finally:
        os.close(descriptor)
