import subprocess
import sys
from pathlib import Path

import documents_made as made
import pytest

from convert import fax_tiff
from convert.one_shot import convert_files
from convert.request import ConversionLimits, InvalidDocument


def test_files_become_one_fax(tmp_path: Path) -> None:
    target = tmp_path / "fax.tif"
    files = [made.pdf(tmp_path / "a.pdf", ["1"] * 8), made.picture(tmp_path / "b.png")]
    fax = convert_files(files, target)
    assert len(fax.made) == len(fax_tiff.read(target).pages) == 9
    assert fax.path == target


def test_libreoffice_comes_and_goes_with_the_document_that_needs_it(tmp_path: Path) -> None:
    fax = convert_files([made.docx_letter(tmp_path / "a.docx")], tmp_path / "fax.tif", paper="A4")
    assert [page.rows for page in fax.made] == [2286]


def test_a_bad_file_is_named(tmp_path: Path) -> None:
    bad = made.pdf(tmp_path / "a.pdf", ["1"], password="word")
    with pytest.raises(InvalidDocument, match=r"a\.pdf cannot be faxed: the PDF is protected"):
        convert_files([bad], tmp_path / "fax.tif")
    assert not (tmp_path / "fax.tif").exists()


def test_a_file_that_takes_too_long_is_given_up(tmp_path: Path) -> None:
    slow = made.pdf(tmp_path / "slow.pdf", ["page"] * 400)
    with pytest.raises(InvalidDocument, match="takes longer than"):
        convert_files([slow], tmp_path / "fax.tif", limits=ConversionLimits(seconds=0.05))


def test_a_pdf_needs_little_of_the_program(tmp_path: Path) -> None:
    path = made.pdf(tmp_path / "a.pdf", ["1"])
    program = (
        "import sys; from pathlib import Path; from convert.one_shot import convert_files;"
        f"convert_files([Path({str(path)!r})], Path({str(tmp_path / 'fax.tif')!r}));"
        "print(*sys.modules)"
    )
    loaded = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[3],
    ).stdout.split()
    assert not {"pydantic", "asyncio", "weasyprint", "structlog", "PIL"} & set(loaded)
