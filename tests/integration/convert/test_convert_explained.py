import base64
import json
import subprocess
import sys
from pathlib import Path

import documents_made as made

MAIL = """\
From: Ana Ruiz <ana@hospital.example>
Subject: Referral
Message-ID: <1@hospital.example>
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=b

--b
Content-Type: text/plain

Please see the attached letter.
--b
Content-Type: application/pdf; name=letter.pdf
Content-Transfer-Encoding: base64

{letter}
--b--
"""


def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "postfax.command", "convert", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parents[3],
    )


def postfax_convert(*arguments: str | Path) -> str:
    ran = run(*arguments)
    assert (ran.returncode, ran.stderr) == (0, "")
    return ran.stdout


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


def test_a_mail_is_taken_apart(tmp_path: Path) -> None:
    letter = base64.b64encode(made.pdf(tmp_path / "letter.pdf", ["One", "Two"]).read_bytes()).decode()
    source = tmp_path / "saved"
    source.write_text(MAIL.format(letter=letter))
    told = json.loads(postfax_convert(source, "-o", tmp_path / "out.tif", "--json"))
    assert [page["origin"] for page in told["pages"]] == ["saved", "letter.pdf", "letter.pdf"]


def test_a_mail_that_cannot_be_taken_apart_is_told(tmp_path: Path) -> None:
    damaged = tmp_path / "winmail.dat"
    damaged.write_bytes(b"\x78\x9f\x3e\x22" + b"damaged" * 20)
    ran = run(damaged, "-o", tmp_path / "out.tif")
    assert ran.returncode == 4
    assert '"winmail.dat" cannot be opened' in ran.stderr
    assert not (tmp_path / "out.tif").exists()


def test_a_dash_is_standard_output(tmp_path: Path) -> None:
    letter = made.pdf(tmp_path / "letter.pdf", ["One"])
    command: list[str | Path] = [sys.executable, "-m", "postfax.command", "convert", letter, "-o", "-"]
    ran = subprocess.run(command, capture_output=True, check=True, cwd=Path(__file__).parents[3])
    assert ran.stdout.startswith(b"II*\0")
    assert not (Path(__file__).parents[3] / "-").exists()
    both = run(letter, "-o", "-", "--json")
    assert (both.returncode, both.stdout) == (2, "")
