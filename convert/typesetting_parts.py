"""Which Debian packages the typesetting of pages lacks on this host, and what follows from it.

Cheap: imports nothing of the typesetting itself, so `check` and `serve` may ask at every start.
"""

import ctypes
import subprocess
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class MissingPart:
    """A package that is not installed."""

    package: str
    consequence: str
    essential: bool
    """Whether no cover page can be made without it."""

    def __str__(self) -> str:
        return (
            f"{self.package} is not installed: {self.consequence}. Install it: apt-get install {self.package}"
        )


_LIBRARIES = (
    ("libpangoft2-1.0.so.0", MissingPart(
        package="libpangoft2-1.0-0", consequence="cover pages and messages cannot be made", essential=True)),
    ("libharfbuzz-subset.so.0", MissingPart(
        package="libharfbuzz-subset0", consequence="a cover page takes seconds instead of a tenth of one",
        essential=False)),
)  # fmt: skip
_FONTS = (
    ("Noto Sans", MissingPart(
        package="fonts-noto-core", consequence="cover pages look poor, and many scripts cannot be drawn",
        essential=False)),
    ("Noto Sans CJK SC", MissingPart(
        package="fonts-noto-cjk", consequence="Chinese, Japanese and Korean cannot be drawn",
        essential=False)),
    ("Symbola", MissingPart(
        package="fonts-symbola", consequence="emoji are written by their names", essential=False)),
    ("DejaVu Sans Mono", MissingPart(
        package="fonts-dejavu-core", consequence="the columns of plain texts do not stand below one another",
        essential=False)),
    ("Liberation Sans", MissingPart(
        package="fonts-liberation", consequence="documents in Arial, Times New Roman or Courier New break "
        "their lines and pages elsewhere", essential=False)),
    ("Carlito", MissingPart(
        package="fonts-crosextra-carlito", consequence="documents in Calibri, Word's own font, break their "
        "lines and pages elsewhere", essential=False)),
)  # fmt: skip


def has_library(name: str) -> bool:
    """Whether a shared library can be loaded."""
    try:
        ctypes.CDLL(name)
    except OSError:
        return False
    return True


def has_font(family: str) -> bool:
    """Whether fontconfig knows a font family; False too where its tools are missing."""
    try:
        listed = subprocess.run(
            ["fc-list", f":family={family}", "file"],  # noqa: S607 - wherever the host has it
            capture_output=True, timeout=30, check=False,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return False
    return bool(listed.stdout.strip())


def missing_parts(
    *, has_library: Callable[[str], bool] = has_library, has_font: Callable[[str], bool] = has_font
) -> tuple[MissingPart, ...]:
    """What is missing, the essential first. Asks this host unless told whom to ask."""
    missing = [part for library, part in _LIBRARIES if not has_library(library)]
    missing += [part for family, part in _FONTS if not has_font(family)]
    return tuple(missing)
