"""What can be read and seen on the pages of a PDF."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pypdfium2

from config.fax import Paper
from convert.cover_facts import CoverFacts, CoverRecipient, CoverSender

SIZES_PT = {Paper.LETTER: (612, 792), Paper.A4: (595, 842), Paper.LEGAL: (612, 1008)}


def full_cover(**changes: Any) -> CoverFacts:
    """A cover with every fact, some of them changed."""
    facts: dict[str, Any] = {
        "template": "default",
        "paper": Paper.LETTER,
        "recipient": CoverRecipient(
            number="+1 206 555 1234",
            name="Dr. Jonathan Doe",
            company="Lakeside Clinic",
            title="Head of Surgery",
        ),
        "sender": CoverSender(
            name="Ana Ruiz",
            company="General Hospital",
            department="Radiology",
            title="Radiographer",
            phone="+1 206 555 0101",
            fax="+1 206 555 0100",
            email="ana@hospital.example",
            address="1200 Harbor Avenue\nSeattle",
        ),
        "subject": "Referral for Monday",
        "body_text": "Please call back before noon.",
        "date": "11/23/2026",
        "time": "09:14 am",
        "zone": "PST",
        "pages_following": 3,
        "job_id": "K7Q2-M9",
        "reference": "REF-4711",
        "billing": "B-99",
        "custom_fields": {"cost_center": "R-17"},
    }
    return CoverFacts(**{**facts, **changes})


def texts_of(pdf: bytes) -> list[str]:
    """The text of each page: line ends as blanks, invisible places to break taken out."""
    with pypdfium2.PdfDocument(pdf) as document:
        pages = [page.get_textpage().get_text_range() for page in document]
    return [" ".join(text.replace("\u200b", "").replace("\u0002", "").split()) for text in pages]


def sizes_of(pdf: bytes) -> list[tuple[int, int]]:
    """Width and height of each page in points."""
    with pypdfium2.PdfDocument(pdf) as document:
        return [(round(page.get_width()), round(page.get_height())) for page in document]


def grey_pages(pdf: bytes, dpi: int = 204) -> list[npt.NDArray[np.uint8]]:
    """Each page in grey, 0 is black."""
    with pypdfium2.PdfDocument(pdf) as document:
        return [page.render(scale=dpi / 72, grayscale=True).to_numpy().squeeze().copy() for page in document]
