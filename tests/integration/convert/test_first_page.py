"""The picture of a fax's first page, made in a confined process as the service does."""

from collections.abc import AsyncIterator
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
import pytest_asyncio
from PIL import Image

from convert import fax_tiff, t6
from convert.fax_tiff import CodedPage, NotAFaxTiff
from convert.first_page import TASK, WIDTH, first_page
from sandbox import Nursery, TaskRefused

WIDTH_OF_FAX = 1728
FINE_ROWS = 2156
ROWS = {"standard": FINE_ROWS // 2, "fine": FINE_ROWS, "superfine": FINE_ROWS * 2}


@pytest_asyncio.fixture(loop_scope="session", scope="session")
async def nursery() -> AsyncIterator[Nursery]:
    started = Nursery(preload=("mta.mime.task", TASK), processes=1)
    await started.start()
    yield started
    await started.stop()


def fax(folder: Path, resolution: str, *, rows: int | None = None, said: int | None = None) -> Path:
    """A fax of a page whose left half is black in every other row, and a blank page; rows as `said`."""
    height = rows or ROWS[resolution]
    dots = np.zeros((height, WIDTH_OF_FAX), np.uint8)
    dots[::2, : WIDTH_OF_FAX // 2] = 1
    first = t6.encode(np.packbits(dots, axis=1))
    blank = t6.encode(np.zeros((100, WIDTH_OF_FAX // 8), np.uint8))
    path = folder / "fax.tif"
    pages = [CodedPage(rows=said or height, strip=first), CodedPage(rows=100, strip=blank)]
    fax_tiff.write(path, pages, resolution=resolution)
    return path


@pytest.mark.parametrize("resolution", ["standard", "fine", "superfine"])
@pytest.mark.asyncio(loop_scope="session")
async def test_it_has_the_shape_of_the_paper_and_shades_of_grey(
    nursery: Nursery, tmp_path: Path, resolution: str
) -> None:
    made = await first_page(nursery, fax(tmp_path, resolution), tmp_path / "task")
    with Image.open(BytesIO(made.png)) as picture:
        assert picture.format == "PNG"
        assert picture.size == (made.width, made.height)
        grey = picture.convert("L")
    assert made.width == WIDTH
    assert abs(made.height / made.width - 11 / 8.5) < 0.02
    shades = np.asarray(grey)
    assert abs(float(shades[:, 10 : WIDTH // 2 - 10].mean()) - 127.5) < 10
    assert shades[:, WIDTH // 2 + 10 :].min() == 255


@pytest.mark.asyncio(loop_scope="session")
async def test_of_a_very_long_page_it_shows_the_beginning(nursery: Nursery, tmp_path: Path) -> None:
    made = await first_page(nursery, fax(tmp_path, "fine", rows=9000), tmp_path / "task")
    assert made.height == round(WIDTH * 1.8)


@pytest.mark.asyncio(loop_scope="session")
async def test_a_page_that_claims_to_be_huge_is_refused(nursery: Nursery, tmp_path: Path) -> None:
    (tmp_path / "huge").mkdir()
    with pytest.raises(TaskRefused, match="cannot be read"):
        await first_page(nursery, fax(tmp_path / "huge", "fine", said=1 << 27), tmp_path / "task")
    assert (await first_page(nursery, fax(tmp_path, "fine"), tmp_path / "next")).png


@pytest.mark.asyncio(loop_scope="session")
async def test_what_is_no_fax_is_not_given_to_the_task(nursery: Nursery, tmp_path: Path) -> None:
    (tmp_path / "other.tif").write_bytes(b"II*\0 no fax")
    with pytest.raises(NotAFaxTiff):
        await first_page(nursery, tmp_path / "other.tif", tmp_path / "task")
