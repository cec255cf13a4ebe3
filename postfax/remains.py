"""Whether something that was erased can still be read: files and folders, looked through.

Letters count as the same whether they are capital or not. What is compressed is looked through as it is.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

_PIECE = 1 << 22


@dataclass(frozen=True, kw_only=True, slots=True)
class LookedThrough:
    """What was found."""

    files: int
    octets: int
    found: tuple[tuple[Path, int], ...]
    """Files that have it, and how often."""


def look_through(
    places: list[Path], text: str, tell: Callable[[int], None] = lambda _: None
) -> LookedThrough:
    """Look for a text in files and folders; those that are not there have nothing.

    Args:
        places: files and folders, with all that is in them.
        text: in Latin letters.
        tell: is told how many megabytes were looked through.

    Raises:
        OSError: one cannot be read.
    """
    wanted = text.lower().encode()
    files = octets = 0
    found: list[tuple[Path, int]] = []
    for path in _files(places):
        count = 0
        for size, times in _pieces(path, wanted):
            octets += size
            count += times
            tell(octets // 1_000_000)
        files += 1
        found += [(path, count)] if count else []
    return LookedThrough(files=files, octets=octets, found=tuple(found))


def _files(places: list[Path]) -> Iterator[Path]:
    for place in places:
        if place.is_dir():
            yield from (path for path in sorted(place.rglob("*")) if path.is_file())
        elif place.is_file():
            yield place


def _pieces(path: Path, wanted: bytes) -> Iterator[tuple[int, int]]:
    """Size of each piece of a file, and how often it has what is wanted: none is cut or counted twice."""
    rest = b""
    try:
        file = path.open("rb")
    except FileNotFoundError:  # it was removed meanwhile
        return
    with file:
        while piece := file.read(_PIECE):
            together = rest + piece.lower()
            yield len(piece), together.count(wanted)
            rest = together[max(together.rfind(wanted) + len(wanted), len(together) - len(wanted) + 1) :]
