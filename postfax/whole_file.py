"""A file that a command writes: there as a whole or not at all, for its owner alone.

What is no file but a way to somebody else - a pipe, a device, `/dev/stdout` - is written into as it is: it
must not be put aside for a file of that name. A link stays one, and what it points to is replaced.
"""

import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

STANDARD_OUTPUT = Path("-")
_OPENED = re.compile(r"/(?:dev|proc/self)/fd/(\d{1,6})")
"""What a shell has opened, such as for `>(gzip)`: to open it anew would begin at its first octet again."""


@contextmanager
def whole_file(target: Path) -> Iterator[BinaryIO]:
    """Gives what is to be written into; `-` is standard output.

    Raises:
        OSError: It cannot be written.
    """
    if target in {STANDARD_OUTPUT, Path("/dev/stdout")}:
        sys.stdout.flush()
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
    elif opened := _OPENED.fullmatch(str(target)):
        with os.fdopen(os.dup(int(opened[1])), "wb") as way:
            yield way
    elif target.exists() and not target.is_file():
        with target.open("wb") as way:
            yield way
    else:
        with _put_in_place(target.resolve()) as file:
            yield file


@contextmanager
def _put_in_place(target: Path) -> Iterator[BinaryIO]:
    new = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        descriptor = os.open(new, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "w+b") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        new.replace(target)
    finally:
        with suppress(OSError):
            new.unlink(missing_ok=True)
