import json
import subprocess
import sys
from pathlib import Path

import documents_made as made


def postfax_convert(*arguments: str | Path) -> str:
    return subprocess.run(
        [sys.executable, "-m", "postfax.command", "convert", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[3],
    ).stdout


def test_explain_tells_of_each_page_how_it_was_made_and_what_it_costs(tmp_path: Path) -> None:
    files = [
        made.pdf(tmp_path / "letter.pdf", ["One", "Two", ""]),
        made.fax_tiff(tmp_path / "fax.tif"),
        made.picture(tmp_path / "photo.png"),
    ]
    told = json.loads(postfax_convert(*files, "-o", tmp_path / "out.tif", "--json"))
    assert [page["origin"] for page in told["pages"]] == ["letter.pdf"] * 2 + ["fax.tif", "photo.png"]
    assert [page["steps"][0] for page in told["pages"]] == ["drawn", "drawn", "passed", "picture"]
    assert told["octets"] == sum(page["octets"] for page in told["pages"])
    assert told["line_seconds"] == told["octets"] * 8 / 14_400
    lines = postfax_convert(*files, "-o", tmp_path / "out.tif", "--explain").splitlines()
    assert lines[0].split() == ["PAGE", "FILE", "ROWS", "SIZE", "LINE", "HOW"]
    assert lines[1].split()[:2] == ["1", "letter.pdf"]
    assert lines[1].endswith("drawn by pdfium")
    assert lines[3].endswith("a fax page already, untouched")
    assert "4 pages" in lines[5]


def test_blank_ends_can_be_kept(tmp_path: Path) -> None:
    source = made.pdf(tmp_path / "letter.pdf", ["One", "Two", ""])
    told = json.loads(postfax_convert(source, "-o", tmp_path / "out.tif", "--keep-blank", "--json"))
    assert len(told["pages"]) == 3
