"""The document that one call sends: header lines, coarser pages, and the page that says that it goes on."""

from pathlib import Path

import numpy as np
import pytest

from convert import fax_tiff, t6
from convert.attempt_document import AttemptPages, coarser, notice_page, write_attempt
from convert.fax_tiff import CodedPage, FaxTiff
from convert.header import HeaderText
from convert.layout import BAND_ROWS, WIDTH

TEXT = HeaderText(left="2026-11-23 09:14 PST", middle="General Hospital  +1 206 555 0100")
NOTICE = ("CONTINUED FAX", "Page 1 of 3 arrived in an earlier call.")


def fax_of(*blocks: int, resolution: str = "fine", rows: int = 400) -> FaxTiff:
    """Pages with a black row each, at these heights."""
    pages = []
    for at in blocks:
        page = np.zeros((rows, WIDTH // 8), np.uint8)
        page[at] = 0xFF
        pages.append(CodedPage(rows=rows, strip=t6.encode(page)))
    return FaxTiff(resolution=resolution, pages=tuple(pages))


def written(folder: Path, fax: FaxTiff, **how: object) -> list[t6.Packed]:
    source, target = folder / "fax.tif", folder / "attempt.tif"
    fax_tiff.write(source, fax.pages, resolution=fax.resolution)
    sent = AttemptPages(**{"header": TEXT, "resolution": fax.resolution, **how})  # type: ignore[arg-type]  # as the test names them
    count = write_attempt(source, target, sent)
    made = fax_tiff.read(target)
    assert count == len(made.pages)
    return [t6.decode(page.strip, page.rows) for page in made.pages]


def test_a_first_call_sends_all_pages_with_their_header_lines(tmp_path: Path) -> None:
    pages = written(tmp_path, fax_of(100, 200, 300))
    assert [bool(page[: BAND_ROWS["fine"]].any()) for page in pages] == [True] * 3
    assert [int(page[BAND_ROWS["fine"] :].any(axis=1).argmax()) + 24 for page in pages] == [100, 200, 300]


def test_the_page_that_says_so_stands_before_the_first_that_is_still_to_be_sent(tmp_path: Path) -> None:
    before = written(tmp_path, fax_of(100, 200, 300))
    first, notice, second, third = written(tmp_path, fax_of(100, 200, 300), first_page=1, notice=NOTICE)
    for page, same in zip((first, second, third), before, strict=True):
        assert np.array_equal(page, same)
    assert notice[: BAND_ROWS["fine"]].any(), "it has a header line too"
    assert notice[BAND_ROWS["fine"] :].any()
    assert len(notice) == 192 + 3 * 96


@pytest.mark.parametrize(
    ("given", "wanted", "at"),
    [("fine", "standard", 50), ("superfine", "fine", 50), ("superfine", "standard", 25)],
)
def test_coarser_pages_lose_no_stroke(given: str, wanted: str, at: int) -> None:
    made = coarser(fax_of(101, resolution=given), wanted)
    assert made.resolution == wanted
    [page] = (t6.decode(page.strip, page.rows) for page in made.pages)
    assert np.flatnonzero(page.any(axis=1)).tolist() == [at]


@pytest.mark.parametrize("wanted", ["fine", "superfine"])
def test_pages_that_are_coarse_enough_stay_as_they_are(wanted: str) -> None:
    fax = fax_of(100)
    assert coarser(fax, wanted) is fax


@pytest.mark.parametrize("resolution", sorted(BAND_ROWS))
def test_a_short_page_has_room_for_the_notice_all_the_same(resolution: str) -> None:
    page = notice_page(NOTICE * 4, resolution, rows=10)
    rows = t6.decode(page.strip, page.rows)
    assert rows[-BAND_ROWS[resolution] :].any() == np.False_
    assert rows.any()
