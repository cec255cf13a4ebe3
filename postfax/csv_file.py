"""A CSV file that is there as a whole or not at all, for its owner alone: it holds names and numbers."""

import csv
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from postfax.failures import Failure

WriteRow = Callable[[Sequence[str]], object]


@contextmanager
def csv_file(name: str) -> Iterator[WriteRow]:
    """Gives a function that writes a row (RFC 4180, with plain line ends).

    Args:
        name: Of the file; `-` for standard output.

    Raises:
        Failure: It cannot be written.
    """
    if name == "-":
        yield csv.writer(sys.stdout, lineterminator="\n").writerow
        sys.stdout.flush()
        return
    target = Path(name)
    new = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
            yield csv.writer(file, lineterminator="\n").writerow
        new.replace(target)
    except OSError as problem:
        raise Failure(f"{target} cannot be written: {problem.strerror}.") from problem
    finally:
        with suppress(OSError):
            new.unlink(missing_ok=True)
