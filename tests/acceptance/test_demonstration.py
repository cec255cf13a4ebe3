"""`postfax demo` as a newcomer runs it, and what it leaves behind."""

import io
import json
import re
import subprocess
from collections import Counter
from pathlib import Path

import pytest
from PIL import Image
from scene import run_postfax

from postfax.demonstration.identity import differing_pages

pytestmark = pytest.mark.asyncio(loop_scope="module")

COVER_WORDS = """\
Confidential General Hospital Radiology Fax Lakeside Imaging Lee Ana Ruiz Radiographer 206 555 1234 0101
0100 hospital example Referral for Monday Dear colleagues please find our referral for Sample and her chart
the last three days would glad about appointment this week Thank you and kind regards health information
"""
WORD = re.compile(r"[a-z0-9]{3,}")


async def test_a_mail_becomes_a_fax_before_your_eyes(tmp_path: Path) -> None:
    keep = tmp_path / "demo"
    ran = await run_postfax("demo", "--keep", keep, "--clock", "8")
    assert ran.status == 0, ran.err
    assert "4 of 4 pages confirmed; identical to what was sent" in ran.out
    summary = json.loads((keep / "summary.json").read_text())
    [job] = summary["jobs"]
    assert (job["status"], job["pages"], job["pages_confirmed"]) == ("Success", 4, 4)
    [sent], [received] = (keep / "sent").glob("*.tif"), (keep / "received").glob("*.tif")
    assert differing_pages(sent, received) == []
    assert len(list((keep / "notices").glob("*.eml"))) == 2
    assert len(list((keep / "archive-mail").glob("*.eml"))) == 1
    assert sorted(file.suffix for file in (keep / "archive-sftp").rglob("*") if file.is_file()) == [
        ".pdf",
        ".xml",
    ]
    assert recall_of(received) >= 0.98


def recall_of(fax: Path) -> float:
    """The share of the cover page's words that are read on the faxed page."""
    with Image.open(fax) as page:
        across, down = (float(value) for value in page.info["dpi"])
        size = (round(page.width * 1.47), round(page.height * across / down * 1.47))
        png = io.BytesIO()
        page.convert("L").resize(size, Image.Resampling.BICUBIC).save(png, "PNG", dpi=(300, 300))
    read = subprocess.run(
        ["tesseract", "-", "-", "--psm", "3", "--dpi", "300"],
        input=png.getvalue(),
        capture_output=True,
        check=True,
    ).stdout.decode()
    wanted, found = Counter(WORD.findall(COVER_WORDS.lower())), Counter(WORD.findall(read.lower()))
    return sum((wanted & found).values()) / sum(wanted.values())
