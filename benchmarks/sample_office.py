"""Office documents of one to three pages, made on the spot.

A letter by python-docx; a sheet and slides by LibreOffice, of OpenDocument in one file of XML.
"""

import subprocess
from pathlib import Path

import docx

_PARAGRAPH = (
    "Mrs Lopez was seen in our clinic on Monday with pain in the left knee that had begun three weeks "
    "before; the joint was warm, flexion was limited to ninety degrees, and there was no fever. "
)
_ROWS, _COLUMNS = 90, 6
_SLIDES = 3
_SPACES = " ".join(
    f'xmlns:{prefix}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
    for prefix, name in (
        ("office", "office"), ("table", "table"), ("text", "text"), ("draw", "drawing"),
        ("svg", "svg-compatible"),
    )
)  # fmt: skip


def make_office(folder: Path) -> list[Path]:
    """A DOCX, an XLSX and a PPTX."""
    return [_letter(folder / "letter.docx"), _sheet(folder), _slides(folder)]


def _letter(path: Path) -> Path:
    document = docx.Document()
    document.add_heading("Referral", 1)
    for _ in range(12):
        document.add_paragraph(_PARAGRAPH * 2)
    table = document.add_table(rows=0, cols=3)
    for number in range(12):
        values = (f"Value {number}", str(number * 17), "mg")
        for cell, text in zip(table.add_row().cells, values, strict=True):
            cell.text = text
    document.save(str(path))
    return path


def _sheet(folder: Path) -> Path:
    rows = "".join(
        "<table:table-row>"
        + "".join(
            f'<table:table-cell office:value-type="float" office:value="{row * column}"/>'
            for column in range(_COLUMNS)
        )
        + "</table:table-row>"
        for row in range(_ROWS)
    )
    body = f'<office:spreadsheet><table:table table:name="Values">{rows}</table:table></office:spreadsheet>'
    return _converted(folder, "sheet.fods", "spreadsheet", body, "xlsx")


def _slides(folder: Path) -> Path:
    frame = 'svg:x="2cm" svg:y="2cm" svg:width="22cm" svg:height="14cm"'
    slides = "".join(
        f'<draw:page draw:name="slide{number}"><draw:frame {frame}><draw:text-box>'
        f"<text:p>Findings, part {number}</text:p><text:p>{_PARAGRAPH}</text:p>"
        "</draw:text-box></draw:frame></draw:page>"
        for number in range(_SLIDES)
    )
    body = f"<office:presentation>{slides}</office:presentation>"
    return _converted(folder, "slides.fodp", "presentation", body, "pptx")


def _converted(folder: Path, name: str, kind: str, body: str, wanted: str) -> Path:
    source = folder / name
    source.write_text(
        f'<?xml version="1.0" encoding="UTF-8"?><office:document {_SPACES} office:version="1.2" '
        f'office:mimetype="application/vnd.oasis.opendocument.{kind}"><office:body>{body}</office:body>'
        "</office:document>",
        encoding="utf-8",
    )
    profile = f"-env:UserInstallation={(folder / 'profile').as_uri()}"
    subprocess.run(
        ["/usr/bin/soffice", profile, "--headless", "--convert-to", wanted, "--outdir", str(folder),
         str(source)],
        check=True, stdout=subprocess.DEVNULL, timeout=120,
    )  # fmt: skip
    return source.with_suffix(f".{wanted}")
