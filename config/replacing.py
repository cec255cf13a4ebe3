"""A file replaced as a whole and for good, by one writer at a time."""

import fcntl
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """One editor at a time; it ends with the process, however that ends."""
    folder = path if path.is_dir() else path.absolute().parent
    lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def put_in_place(target: Path, text: str) -> None:
    """Put a text in a file's place, at once and for good; who owns it and who may read it stays."""
    before = target.stat()
    descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    beside = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as new:
            new.write(text.encode())
            os.fchmod(new.fileno(), before.st_mode & 0o7777)
            if (before.st_uid, before.st_gid) != (os.geteuid(), os.getegid()):
                os.fchown(new.fileno(), before.st_uid, before.st_gid)
            new.flush()
            os.fsync(new.fileno())
        beside.replace(target)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
    folder = os.open(target.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
