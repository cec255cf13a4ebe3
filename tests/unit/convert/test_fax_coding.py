import hashlib
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from convert import fax_tiff, t6
from convert.fax_tiff import CodedPage, NotAFaxTiff
from convert.fax_tiff_pages import at_density
from convert.layout import WIDTH

OCTETS = WIDTH // 8


def page_of(seed: int, rows: int, *, blank: int = 0) -> t6.Packed:
    """Strokes like a page's: runs of some length, rows that repeat."""
    chance = np.random.default_rng(seed)
    strokes = chance.random((rows, OCTETS // 4)) < 0.2
    page = np.repeat(strokes, 4, axis=1).astype(np.uint8) * chance.integers(1, 256, (rows, OCTETS), np.uint8)
    page[chance.random(rows) < 0.5] = 0
    page[:blank] = 0
    return np.asarray(page, np.uint8)


pages = st.builds(page_of, st.integers(0, 10_000), st.integers(1, 120))


@given(pages)
@settings(max_examples=30, deadline=None)
def test_what_is_coded_is_decoded(page: t6.Packed) -> None:
    assert np.array_equal(t6.decode(t6.encode(page), len(page)), page)


def test_damaged_data_is_decoded_as_far_as_it_goes() -> None:
    page = page_of(1, 100)
    strip = t6.encode(page)
    decoded = t6.decode(strip[: len(strip) // 2], 100)
    assert np.array_equal(decoded[:30], page[:30])
    assert not decoded[-20:].any()


@pytest.mark.parametrize("resolution", ["standard", "fine", "superfine"])
def test_a_file_holds_its_pages(tmp_path: Path, resolution: str) -> None:
    made = [page_of(seed, 50 + seed) for seed in range(5)]
    path = tmp_path / "fax.tif"
    fax_tiff.write(path, [CodedPage(rows=len(p), strip=t6.encode(p)) for p in made], resolution=resolution)
    fax = fax_tiff.read(path)
    assert fax.resolution == resolution
    for page, stored in zip(made, fax.pages, strict=True):
        assert np.array_equal(t6.decode(stored.strip, stored.rows), page)


def test_other_programs_see_the_same_pages(tmp_path: Path) -> None:
    made = [page_of(seed, 64) for seed in range(3)]
    path = tmp_path / "fax.tif"
    fax_tiff.write(path, [CodedPage(rows=64, strip=t6.encode(page)) for page in made], resolution="fine")
    with Image.open(path) as image:
        assert image.info["compression"] == "group4"
        assert image.info["dpi"] == (204.0, 196.0)
        for number, page in enumerate(made):
            image.seek(number)
            assert np.array_equal(np.packbits(~np.asarray(image), axis=1), page)


def test_the_same_pages_make_the_same_file(tmp_path: Path) -> None:
    coded = [CodedPage(rows=64, strip=t6.encode(page_of(7, 64)))]
    digests = set()
    for name in ("a.tif", "b.tif"):
        fax_tiff.write(tmp_path / name, coded, resolution="fine")
        digests.add(hashlib.sha256((tmp_path / name).read_bytes()).digest())
    assert len(digests) == 1


@given(st.binary(max_size=400))
def test_rubbish_is_no_fax(data: bytes) -> None:
    with pytest.raises(NotAFaxTiff):
        list(_pages_of(struct.pack("<2sHI", b"II", 42, 8) + data))


def _pages_of(data: bytes) -> list[CodedPage]:
    import io  # noqa: PLC0415 - for this one place

    return fax_tiff.read_pages(io.BytesIO(data))


def test_a_cut_off_file_is_no_fax(tmp_path: Path) -> None:
    path = tmp_path / "fax.tif"
    fax_tiff.write(path, [CodedPage(rows=64, strip=t6.encode(page_of(1, 64)))], resolution="fine")
    whole = path.read_bytes()
    for length in (4, 8, 50, len(whole) // 2, len(whole) - 60):
        path.write_bytes(whole[:length])
        with pytest.raises(NotAFaxTiff):
            fax_tiff.read(path)


def test_a_ring_of_directories_ends(tmp_path: Path) -> None:
    path = tmp_path / "fax.tif"
    fax_tiff.write(path, [CodedPage(rows=64, strip=t6.encode(page_of(1, 64)))], resolution="fine")
    data = bytearray(path.read_bytes())
    (directory,) = struct.unpack_from("<I", data, 4)
    (entries,) = struct.unpack_from("<H", data, directory)
    struct.pack_into("<I", data, directory + 2 + 12 * entries, directory)
    path.write_bytes(data)
    with pytest.raises(NotAFaxTiff, match="more pages"):
        fax_tiff.read(path)


def test_a_finer_fax_repeats_rows_and_a_coarser_one_joins_them() -> None:
    rows = page_of(3, 31)
    assert np.array_equal(at_density(rows, 3.85, 15.4), rows.repeat(4, axis=0))
    joined = at_density(rows, 7.7, 3.85)
    assert len(joined) == 16
    assert np.array_equal(joined[0], rows[0] | rows[1])
    assert np.array_equal(joined[-1], rows[-1])
    assert np.array_equal(at_density(rows, 7.7, 7.7), rows)
