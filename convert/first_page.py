"""A small picture of a fax's first page, made in a confined process."""

import asyncio
from dataclasses import dataclass
from pathlib import Path

from convert import fax_tiff
from sandbox import Limits, Nursery

TASK = "convert.first_page_task"
"""To be preloaded by the nursery."""
WIDTH = 600
"""Pixels: 300 as shown, sharp on screens with two for each."""

_SOURCE, _TARGET = "fax.tif", "first-page.png"
_LIMITS = Limits(seconds=20.0, cpu_seconds=15, memory=1 << 30, file_size=8 << 20)


@dataclass(frozen=True, kw_only=True, slots=True)
class FirstPagePicture:
    """A PNG and its size in pixels."""

    png: bytes
    width: int
    height: int


async def first_page(nursery: Nursery, fax: Path, folder: Path, *, width: int = WIDTH) -> FirstPagePicture:
    """The first page of a fax TIFF of ours, made in a folder of its own, so many pixels wide.

    Raises:
        TaskRefused: The page cannot be read.
        TaskFailed: The task ended without an answer.
        NotAFaxTiff: It is none of ours.
        OSError: The folder cannot be written.
    """
    await asyncio.to_thread(_leave_first_page, fax, folder)
    arguments = {"source": _SOURCE, "target": _TARGET, "width": width}
    size = await nursery.run(f"{TASK}:make_picture", arguments, folder=folder, limits=_LIMITS)
    return FirstPagePicture(
        png=(folder / _TARGET).read_bytes(), width=int(size["width"]), height=int(size["height"])
    )


def _leave_first_page(fax: Path, folder: Path) -> None:
    known = fax_tiff.read(fax)
    folder.mkdir()
    fax_tiff.write(folder / _SOURCE, known.pages[:1], resolution=known.resolution)
