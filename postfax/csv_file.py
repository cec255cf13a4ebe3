"""A CSV file that is there as a whole or not at all, for its owner alone: it holds names and numbers."""

import csv
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from postfax.failures import Failure
from postfax.whole_file import whole_file

WriteRow = Callable[[Sequence[str]], object]


class _InUtf8:
    """What a CSV writer writes into; it keeps nothing back, and does not close the file."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def write(self, text: str) -> int:
        return self._file.write(text.encode())


@contextmanager
def csv_file(name: str) -> Iterator[WriteRow]:
    """Gives a function that writes a row (RFC 4180, with plain line ends).

    Args:
        name: Of the file; `-` for standard output.

    Raises:
        Failure: It cannot be written.
    """
    try:
        with whole_file(Path(name)) as file:
            yield csv.writer(_InUtf8(file), lineterminator="\n").writerow
    except BrokenPipeError:
        raise
    except OSError as problem:
        raise Failure(f"{name} cannot be written: {problem.strerror}.") from problem
