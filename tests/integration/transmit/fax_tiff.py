"""Fax pages made for tests, and how received ones are compared with them."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

WIDTH = 1728


def make_fax(
    path: Path,
    *,
    pages: int = 1,
    rows: int = 300,
    dpi: tuple[int, int] = (204, 196),
    noise: float = 0.01,
    width: int = WIDTH,
) -> Path:
    """Write a T.6 coded TIFF of pages that all differ; more noise makes them longer to send."""
    images = [_page(number, rows, width, noise) for number in range(pages)]
    images[0].save(
        path, format="TIFF", save_all=True, append_images=images[1:], compression="group4", dpi=dpi,
        tiffinfo={262: 0},
    )  # fmt: skip
    return path


def read_pages(path: Path) -> list[bytes]:
    """The pages of a TIFF, each as its pixels, in a form that can be compared."""
    with Image.open(path) as image:
        return [_pixels(image, number) for number in range(getattr(image, "n_frames", 1))]


def same_pages(one: Path, other: Path, *, pages: Sequence[int] | None = None) -> bool:
    """Whether `other` holds the pages of `one` (or those of them that are listed), pixel for pixel."""
    expected = read_pages(one)
    return read_pages(other) == [
        expected[number] for number in (range(len(expected)) if pages is None else pages)
    ]


def _page(number: int, rows: int, width: int, noise: float) -> Image.Image:
    chance = np.random.default_rng(number)
    black = chance.random((rows, width)) < noise
    black[20 : 20 + 8 * (number + 1) : 4, 100 : width - 100] = True
    return Image.fromarray(~black)


def _pixels(image: Image.Image, number: int) -> bytes:
    image.seek(number)
    return repr(image.size).encode() + image.convert("1").tobytes()
