"""How much of a built-in cover page can be read after it was faxed.

    python benchmarks/cover_legibility.py [--contents full,long] [--keep FOLDER]

Each cover is drawn as the service draws it, made a fax page at its resolution, stretched to square dots and
read by tesseract. What counts is the recall of the words that the PDF says: of all
pages of a cover, and by resolution the mean over the covers. Reading needs Debian's tesseract-ocr.

    covers     both templates, on A4 and Letter, fine (204 × 196) and standard (204 × 98)
    contents   full: every fact; brief: a number and three lines; long: names and companies of many words;
               pages: a message of three pages
"""

import argparse
import collections
import io
import itertools
import os
import re
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pypdfium2
from figures import print_heading, print_table
from PIL import Image, ImageSequence

from config.fax import Paper, Resolution
from convert.cover_facts import CoverFacts, CoverRecipient, CoverSender
from convert.cover_task import draw_cover
from convert.page_task import make_pages
from convert.templates import cover_templates

WANTED = {Resolution.FINE: 0.98, Resolution.STANDARD: 0.95}
"""The recall that is promised, by resolution."""
_LINES_AN_INCH = {Resolution.FINE: 196, Resolution.STANDARD: 98}
_WORD = re.compile(r"[a-z0-9]{3,}")
_READING_SCALE = 1.47
"""204 dots an inch to the 300 for which tesseract was trained."""

_PARAGRAPH = (
    "The patient was seen again on Monday and reports that the pain has become less since the last visit; "
    "the wound is dry and closed, and there is no fever. We ask you to continue the treatment as agreed and "
    "to send us the results of the next blood test, in particular sodium, potassium and creatinine, before "
    "the eleventh of December. The images of the left knee will follow by separate fax this afternoon. "
)
_SENDER = CoverSender(
    name="Ana Ruiz", company="General Hospital", department="Radiology", title="Radiographer",
    phone="+1 206 555 0101", fax="+1 206 555 0100", email="ana@hospital.example",
    address="1200 Harbor Avenue\nSeattle, WA 98101",
)  # fmt: skip
_FULL: dict[str, Any] = {
    "recipient": CoverRecipient(
        number="+1 206 555 1234", name="Dr. Jonathan Doe", company="Lakeside Clinic", title="Head of Surgery"
    ),
    "sender": _SENDER,
    "subject": "Referral for Monday",
    "body_text": (
        "Dear Dr. Doe,\n\nplease find the referral for Mrs. Miller attached. She will come to you on Monday "
        "at nine. The images of the left knee are on pages 2 to 4.\n\nPlease call back before noon if you "
        "need anything else.\n\nBest regards,\nAna Ruiz"
    ),
    "date": "11/23/2026", "time": "09:14 am", "zone": "PST",
    "pages_following": 3, "job_id": "K7Q2-M9", "reference": "REF-4711",
}  # fmt: skip
CONTENTS: dict[str, dict[str, Any]] = {
    "full": _FULL,
    "brief": {
        "recipient": CoverRecipient(number="+1 425 555 0199"),
        "sender": CoverSender(name="Scheduling", email="or-desk@hospital.example"),
        "body_text": "Operating room 3 is free on Thursday from 10:30.\nPlease confirm by return.",
        "date": "23 November 2026", "time": "16:05", "zone": "CET", "job_id": "J1X8-C3",
    },
    "long": {
        **_FULL,
        "recipient": CoverRecipient(
            number="+44 20 7946 0123",
            name="Professor Alexandra Featherstonehaugh-Cholmondeley of Abercrombie",
            company="Northern and Western Counties Foundation Trust for Mental Health and Community Care",
            title="Deputy Director for Quality, Education and International Relations",
        ),
        "subject": "Discharge letter and recommendations for further treatment, stay of 3 to 17 November",
        "reference": "2026/4711 Internal Medicine, second floor",
    },
    "pages": {**_FULL, "body_text": "\n\n".join([_PARAGRAPH * 2] * 9)},
}  # fmt: skip


def words_in(text: str) -> collections.Counter[str]:
    """The words of a text of three letters and more, as often as they occur."""
    return collections.Counter(_WORD.findall(text.lower().replace("\u200b", "").replace("\u0002", "")))


def fax_pages(pdf: bytes, resolution: Resolution, folder: Path) -> list[Image.Image]:
    """A PDF as the receiving side sees its fax, with square dots of 300 an inch."""
    source, target = folder / "cover.pdf", folder / "cover.tif"
    source.write_bytes(pdf)
    make_pages(
        {
            "source": str(source), "target": str(target), "name": "the cover page", "paper": None,
            "resolution": resolution.value, "most_pages": 100, "pages_at_once": 100,
        }
    )  # fmt: skip
    with Image.open(target) as fax:
        return [
            _square(page.convert("L"), _LINES_AN_INCH[resolution]) for page in ImageSequence.Iterator(fax)
        ]


def _square(page: Image.Image, lines_an_inch: int) -> Image.Image:
    height = round(page.height * 204 / lines_an_inch * _READING_SCALE)
    return page.resize((round(page.width * _READING_SCALE), height), Image.Resampling.BICUBIC)


def read(page: Image.Image) -> str:
    """What tesseract reads."""
    png = io.BytesIO()
    page.save(png, "PNG", dpi=(300, 300))
    command = ["tesseract", "-", "-", "--psm", "3", "--dpi", "300"]
    environment = {**os.environ, "OMP_THREAD_LIMIT": "1"}
    return subprocess.run(
        command, input=png.getvalue(), env=environment, capture_output=True, check=True
    ).stdout.decode("utf-8", "replace")


@dataclass(frozen=True, kw_only=True, slots=True)
class FaxedCover:
    """A cover as it was sent and as it arrives."""

    template: str
    paper: Paper
    resolution: Resolution
    content: str
    words: collections.Counter[str]
    pages: list[Image.Image]

    def __str__(self) -> str:
        return f"{self.template}, {self.paper}, {self.resolution}, {self.content}"


def faxed_covers(contents: Sequence[str]) -> Iterator[FaxedCover]:
    """Both templates on both papers in both resolutions, with these contents."""
    templates = [template.name for template in cover_templates()]
    for template, paper, content in itertools.product(templates, (Paper.A4, Paper.LETTER), contents):
        pdf = draw_cover(CoverFacts(template=template, paper=paper, **CONTENTS[content])).pdf
        with pypdfium2.PdfDocument(pdf) as document:
            words = words_in("\n".join(page.get_textpage().get_text_range() for page in document))
        for resolution in WANTED:
            with tempfile.TemporaryDirectory() as folder:
                pages = fax_pages(pdf, resolution, Path(folder))
            yield FaxedCover(
                template=template,
                paper=paper,
                resolution=resolution,
                content=content,
                words=words,
                pages=pages,
            )


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """What was read of one cover."""

    cover: FaxedCover
    found: int
    missed: tuple[str, ...]

    @property
    def recall(self) -> float:
        """The share of the cover's words that were read."""
        return self.found / self.cover.words.total()


def reading_of(cover: FaxedCover) -> Reading:
    """What is read of a cover."""
    got = words_in("\n".join(map(read, cover.pages)))
    return Reading(
        cover=cover, found=(cover.words & got).total(), missed=tuple((cover.words - got).elements())
    )


def main(arguments: Sequence[str]) -> None:
    """Read all covers and print a line for each, then the recall by resolution."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--contents", type=lambda names: names.split(","), default=list(CONTENTS))
    parser.add_argument("--keep", type=Path, help="a folder for the pages that were read")
    options = parser.parse_args(arguments)
    print_heading("Cover pages: words read after faxing")
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        readings = list(pool.map(reading_of, faxed_covers(options.contents)))
    print_table(("cover", "pages", "words", "recall", "missed"), [_row(reading) for reading in readings])
    if options.keep:
        for reading in readings:
            _keep(reading.cover, options.keep)
    print()
    for resolution, wanted in WANTED.items():
        recalls = [one.recall for one in readings if one.cover.resolution is resolution]
        print(
            f"{resolution}: {statistics.mean(recalls):.1%} of the words of {len(recalls)} covers were read, "
            f"of the worst {min(recalls):.1%}; wanted: {wanted:.0%}"
        )


def _row(reading: Reading) -> tuple[str, ...]:
    cover = reading.cover
    missed = " ".join(reading.missed[:5])
    return str(cover), str(len(cover.pages)), str(cover.words.total()), f"{reading.recall:.1%}", missed


def _keep(cover: FaxedCover, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for number, page in enumerate(cover.pages, 1):
        page.save(folder / f"{cover}, {number}.png".replace(", ", "-"))


if __name__ == "__main__":
    main(sys.argv[1:])
