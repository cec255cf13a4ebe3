"""Own cover templates as administrators make them: HTML, Word files of python-docx, and both word formats as
LibreOffice saves them.
"""

import io
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path

import docx

from convert.converter import Converter
from convert.cover_facts import CoverFacts
from convert.request import ConversionLimits, ConversionRequest, ConvertedFax, Sheet

HTML = """\
<!DOCTYPE html>
<html><head><title>~Subject~</title><style>table { width: 100% }</style></head><body>
<h1>~SenderCompany~</h1>
<table>
<tr><td>To<td>~RecipientName~, ~RecipientTitle~, ~RecipientCompany~<td>~FaxNumber~
<tr><td>From<td>{{ sender.name }}, {{ sender.department }}<br>~SenderAddress~<td>~SenderPhone~
<tr><td>Date<td>~DateTime~<td>~TotalPages~ pages in all, ~PagesFollowing~ after this
<tr><td>Re<td>~Subject~<td>~ReferenceId~ ~BillingCode~ ~Custom:Cost Center~ ~JobId~
</table>
~CoverText~
</body></html>
"""


def write_docx(path: Path) -> Path:
    """A template whose tokens are split over runs, with statements in paragraphs and rows of their own."""
    document = docx.Document()
    document.sections[0].header.paragraphs[0].text = "~SenderCompany~ / {{ sender.department }}"
    document.sections[0].footer.paragraphs[0].text = "~TotalPages~ pages in all"
    to = document.add_paragraph("To: ")
    for run in ("{{ recip", "ient.na", "me }} of ~Recipient", "Company~{% if recipient.title %}, {{ rec"):
        to.add_run(run).bold = True
    to.add_run("ipient.title }}{% endif %}")
    document.add_paragraph("{% if reference %}")
    document.add_paragraph("Reference {{ reference }}, cost center {{ custom[“cost center”] }}")
    document.add_paragraph("{% endif %}")
    table = document.add_table(rows=0, cols=2)
    for left, right in (
        ("Date", "~DateTime~"),
        ("{% if billing %}", ""),
        ("Billing", "~BillingCode~"),
        ("{% endif %}", ""),
        ("Address", "~SenderAddress~"),
    ):
        cells = table.add_row().cells
        cells[0].text, cells[1].text = left, right
    message = document.add_paragraph()
    message.add_run("~Cover")
    message.add_run("Text~")
    document.save(str(path))
    return path


def saved_by_libreoffice(document: Path, ending: str) -> Path:
    """The document as LibreOffice saves it."""
    folder = document.parent / f"saved-{ending}"
    command = ["soffice", f"-env:UserInstallation=file://{document.parent}/profile", "--headless"]
    subprocess.run(
        [*command, "--convert-to", ending, "--outdir", str(folder), str(document)],
        check=True, capture_output=True, timeout=120,
    )  # fmt: skip
    return folder / f"{document.stem}.{ending}"


def changed_part(document: Path, name: str, change: Callable[[bytes], bytes]) -> Path:
    """The document with one of its parts changed, or added where there is none; in place."""
    target = io.BytesIO()
    with zipfile.ZipFile(document) as source, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as copy:
        for entry in source.namelist():
            octets = source.read(entry)
            copy.writestr(entry, change(octets) if entry == name else octets)
        if name not in source.namelist():
            copy.writestr(name, change(b""))
    document.write_bytes(target.getvalue())
    return document


async def cover_faxes(
    converter: Converter, folder: Path, *facts: CoverFacts, resolution: str = "fine"
) -> tuple[ConvertedFax, ...]:
    """A fax of each cover alone, all of one mail."""
    work = folder / f"work-{len(list(folder.iterdir()))}"
    work.mkdir()
    request = ConversionRequest(
        sources=(),
        sheets=tuple(Sheet(key=f"fax-{number}", cover=each.to_json()) for number, each in enumerate(facts)),
        resolution=resolution,
        paper=facts[0].paper,
        limits=ConversionLimits(),
        folder=work,
    )
    return await converter.convert(request)
