from itertools import combinations
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from convert import fax_tiff, header, t6
from convert.fax_tiff import CodedPage
from convert.header import HeaderText
from convert.header_face import header_band
from convert.layout import BAND_ROWS, WIDTH

TEXT = HeaderText(left="2026-11-23 09:14 PST", middle="General Hospital  +1 206 555 0100")
RESOLUTIONS = list(BAND_ROWS)


def page_with_band(seed: int, rows: int, band: int) -> t6.Packed:
    chance = np.random.default_rng(seed)
    page = chance.integers(0, 256, (rows, WIDTH // 8), np.uint8)
    page[chance.random(rows) < 0.7] = 0
    page[: min(band, rows)] = 0
    return page


def stamped(
    folder: Path, pages: list[t6.Packed], resolution: str, text: HeaderText = TEXT
) -> list[t6.Packed]:
    source, target = folder / "fax.tif", folder / "stamped.tif"
    fax_tiff.write(source, [CodedPage(rows=len(p), strip=t6.encode(p)) for p in pages], resolution=resolution)
    told = header.stamp(source, target, text)
    assert told == fax_tiff.read(target)
    return [t6.decode(page.strip, page.rows) for page in told.pages]


@pytest.mark.parametrize("resolution", RESOLUTIONS)
def test_only_the_band_changes(tmp_path: Path, resolution: str) -> None:
    band = BAND_ROWS[resolution]
    pages = [page_with_band(seed, 400, band) for seed in range(3)]
    for page, after in zip(pages, stamped(tmp_path, pages, resolution), strict=True):
        assert np.array_equal(after[band:], page[band:])
        assert after[: band - 1].any()
        assert not after[band - 1].any()


@pytest.mark.parametrize("resolution", RESOLUTIONS)
def test_a_page_without_blank_band_keeps_every_row(tmp_path: Path, resolution: str) -> None:
    band = BAND_ROWS[resolution]
    page = page_with_band(5, 300, band - 1)
    page[band - 1] = 0x81
    (after,) = stamped(tmp_path, [page], resolution)
    assert np.array_equal(after[band:], page)


def test_a_blank_page_gets_its_line(tmp_path: Path) -> None:
    (after,) = stamped(tmp_path, [np.zeros((300, WIDTH // 8), np.uint8)], "fine")
    assert len(after) == 300
    assert after[:24].any()
    assert not after[24:].any()


@given(seed=st.integers(0, 10_000), rows=st.integers(1, 90), blank=st.integers(0, 60))
@settings(max_examples=60, deadline=None)
def test_bits_join_wherever_they_meet(seed: int, rows: int, blank: int) -> None:
    page = page_with_band(seed, rows, blank)
    band = page_with_band(seed + 1, 24, 3)
    band[-1] = 0
    joined = header.with_band(CodedPage(rows=rows, strip=t6.encode(page)), t6.encode(band), 24)
    after = t6.decode(joined.strip, joined.rows)
    assert np.array_equal(after[:24], band)
    inked = np.flatnonzero(page.any(axis=1))
    free = int(inked[0]) if len(inked) else rows
    assert np.array_equal(after[24:], page[24:] if free >= 24 else page)


def test_each_page_says_which_it_is(tmp_path: Path) -> None:
    blank = np.zeros((300, WIDTH // 8), np.uint8)
    first, second = stamped(tmp_path, [blank, blank], "fine")
    half = WIDTH // 16
    assert np.array_equal(first[:, :half], second[:, :half])
    assert not np.array_equal(first[:, half:], second[:, half:])


def test_a_long_name_gives_way_to_the_number() -> None:
    number = "+1 206 555 0100"
    long = header_band(TEXT.left, f"{'A very long name ' * 20}  {number}", "1/1", resolution="fine")
    longer = header_band(TEXT.left, f"{'A very long name ' * 30}  {number}", "1/1", resolution="fine")
    assert np.array_equal(long, longer)
    assert long.shape == (24, WIDTH)


@pytest.mark.parametrize("resolution", RESOLUTIONS)
@pytest.mark.parametrize("long", ["left", "middle", "right"])
def test_a_long_field_is_not_drawn_over_the_others(resolution: str, long: str) -> None:
    texts = {"left": "2026-11-23 09:14", "middle": "Hospital  +1 206 555 0100", "right": "1/12"}
    together = header_band(**{**texts, long: f"{'A long name ' * 20}  4711"}, resolution=resolution)
    nothing = dict.fromkeys(texts, "")
    assert not together[:, :30].any()
    assert not together[:, -30:].any()
    for place in {"left", "right"} - {long}:
        alone = header_band(**{**nothing, place: texts[place]}, resolution=resolution)
        inked = np.flatnonzero(alone.any(axis=0))
        around = slice(inked[0] - 20, inked[-1] + 20)
        assert np.array_equal(together[:, around], alone[:, around])


@pytest.mark.parametrize("resolution", RESOLUTIONS)
def test_no_digit_can_be_taken_for_another(resolution: str) -> None:
    digits = [header_band(digit, "", "", resolution=resolution) for digit in "0123456789"]
    holes = [cv2.connectedComponents((~digit).astype(np.uint8), connectivity=4)[0] - 2 for digit in digits]
    assert holes[1:4] + holes[5:] == [0, 0, 0, 0, 1, 0, 2, 1]
    assert holes[0] >= 1  # a zero may have a dot within
    fewest = min(int((one ^ other).sum()) for one, other in combinations(digits, 2))
    assert fewest >= 4


@pytest.mark.parametrize("resolution", RESOLUTIONS)
def test_letters_are_as_high_on_paper_at_every_resolution(resolution: str) -> None:
    inked = np.flatnonzero(header_band("H", "", "", resolution=resolution).any(axis=1))
    assert np.ptp(inked) + 1 == pytest.approx(14 * BAND_ROWS[resolution] / 24, abs=1)


@pytest.mark.parametrize("name", ["Ärztehaus Süd", "Καρδιολογία", "Больница", "病院", "مستشفى", "☎ 😀"])
def test_no_script_comes_out_as_boxes(name: str) -> None:
    boxes = header_band("", "\U000ffffe" * len(name), "", resolution="fine")
    drawn = header_band("", name, "", resolution="fine")
    assert drawn.any()
    assert not np.array_equal(drawn, boxes)


def test_the_text_for_the_record_has_no_page_count() -> None:
    assert str(TEXT) == "2026-11-23 09:14 PST | General Hospital  +1 206 555 0100"
    assert str(HeaderText(left="09:14", middle="", right="+1206")) == "09:14 | +1206"
