"""The built-in covers can be read after they were faxed: few pages here, all of them in the benchmark."""

import re
import subprocess
from collections import Counter
from io import BytesIO
from pathlib import Path

import pytest
from drawn_pages import full_cover, texts_of
from PIL import Image

from config.fax import Paper
from convert.cover_facts import CoverFacts, CoverRecipient
from convert.cover_task import draw_cover
from convert.page_task import make_pages

_LINES_AN_INCH = {"fine": 196, "standard": 98}


def _words(text: str) -> Counter[str]:
    return Counter(re.findall(r"[a-z0-9]{3,}", text.lower()))


def _read_after_fax(pdf: bytes, resolution: str, folder: Path) -> str:
    source, target = folder / "cover.pdf", folder / "cover.tif"
    source.write_bytes(pdf)
    make_pages(
        {
            "source": str(source), "target": str(target), "name": "cover", "resolution": resolution,
            "paper": None, "most_pages": 9, "pages_at_once": 9,
        }
    )  # fmt: skip
    with Image.open(target) as fax:
        height = round(fax.height * 300 / _LINES_AN_INCH[resolution])
        page = fax.convert("L").resize((round(fax.width * 300 / 204), height), Image.Resampling.BICUBIC)
    png = BytesIO()
    page.save(png, "PNG", dpi=(300, 300))
    command = ["tesseract", "-", "-", "--psm", "3", "--dpi", "300"]
    return subprocess.run(command, input=png.getvalue(), capture_output=True, check=True).stdout.decode()


@pytest.mark.parametrize(
    ("template", "paper", "resolution", "recall"),
    [
        ("default", Paper.LETTER, "fine", 0.97),
        ("default", Paper.A4, "standard", 0.94),
        ("healthcare", Paper.A4, "fine", 0.97),
        ("healthcare", Paper.LETTER, "standard", 0.94),
    ],
)
def test_a_faxed_cover_is_read(
    template: str, paper: Paper, resolution: str, recall: float, tmp_path: Path
) -> None:
    """A page has few words, so one more than the promised share may be missed."""
    pdf = draw_cover(full_cover(template=template, paper=paper)).pdf
    wanted = _words(" ".join(texts_of(pdf)))

    got = _words(_read_after_fax(pdf, resolution, tmp_path))

    assert (wanted & got).total() >= recall * wanted.total(), wanted - got


def test_an_address_of_many_lines_leaves_the_first_page_its_facts() -> None:
    sender = full_cover().sender
    address = "\n".join(f"Line {number}" for number in range(40))
    cover = draw_cover(full_cover(sender=type(sender)(name="Ana Ruiz", address=address)))

    text = texts_of(cover.pdf)[0]
    assert all(f"Line {number}" in text for number in range(40))
    assert "with this cover" in text


def test_each_page_of_a_confidential_cover_says_so() -> None:
    facts = CoverFacts(
        template="healthcare", paper=Paper.A4, recipient=CoverRecipient(number="+1"), body_text="line\n" * 90
    )

    assert all("confidential" in text.lower() for text in texts_of(draw_cover(facts).pdf))
