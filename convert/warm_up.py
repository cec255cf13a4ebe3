"""What every task would look up anew, looked up once in the parent of all tasks: its children inherit it.

Imported for that effect, by the service alone: a program that converts one PDF has no use for most of it.
"""

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image, TiffImagePlugin, WebPImagePlugin

from config.fax import Paper
from convert import csv_text, fax_scan, heif, picture_file, plain_text, t6, text_pages, web_page
from convert.binarise import binarise
from convert.cover_facts import CoverFacts, CoverRecipient, CoverSender
from convert.cover_html import draw_html_cover, html_source
from convert.cover_task import draw_cover
from convert.layout import WIDTH, SheetGeometry
from convert.pdf_pages import PdfDocument
from convert.rasterise import rasterise

__all__ = [
    "TiffImagePlugin", "WebPImagePlugin", "csv_text", "fax_scan", "heif", "picture_file", "plain_text",
    "text_pages", "web_page",
]  # fmt: skip

Image.preinit()
t6.decode(t6.encode(binarise(np.full((64, WIDTH), 128, np.uint8))), 64)


_COVER = CoverFacts(
    template="healthcare",
    paper=Paper.LETTER,
    recipient=CoverRecipient(number="+1 206 555 1234", name="Zoë Ångström", company="Ωμέγα"),
    sender=CoverSender(name="Анна", company="Company", phone="1", email="a@b.example"),
    subject="Subject",
    body_text="Text\n\n> שלום مرحبا नमस्ते 中文 ไทย ☎ 😀",
)
"""With the common scripts: the fonts of each are looked up when it is first laid out."""
_PLAIN_COVER = replace(_COVER, body_text="Dear Sir,\n\nplease find a text attached.")
_OWN_TEMPLATE = b"""\
{% macro line(label, value) %}
  {% if value %}<p class="line"><b>{{ label }}</b> {{ value }}</p>{% endif %}
{% endmacro %}
<html><head><style>
@page { margin: 1in }
.line { font-size: 12pt; border-bottom: 1pt solid #000 }
.line b { display: inline-block }
</style></head><body>
{{ line("To", recipient.name) }}
{% for part in [subject, date] %}<p>{{ part }}</p>{% endfor %}
<h1>~Subject~</h1>
{{ message }}
</body></html>
"""
"""With a little of all that own templates are made of."""
_GEOMETRY = SheetGeometry(resolution="fine", paper=Paper.LETTER)
_PDF = draw_cover(_COVER).pdf
draw_html_cover(html_source(_OWN_TEMPLATE), _COVER, Path("/nonexistent"))


def rehearse() -> None:
    """Make cover pages as a task would, for nobody (`sandbox.spares`).

    Two covers stand for all kinds, and take a third less than one of each: `healthcare` goes through all that
    `default` does, and a small own template leads through the same code as a large one.
    """
    _make_pages(draw_cover(_PLAIN_COVER).pdf)
    draw_html_cover(html_source(_OWN_TEMPLATE), _PLAIN_COVER, Path("/nonexistent"))


def rehearse_pages() -> None:
    """Make a PDF's pages as a task would, for nobody."""
    _make_pages(_PDF)


def _make_pages(pdf: bytes) -> None:
    with os.fdopen(os.memfd_create("cover", os.MFD_CLOEXEC), "w+b", buffering=0) as file:
        file.write(pdf)
        with PdfDocument(Path(f"/proc/self/fd/{file.fileno()}")) as document:
            for page in document.pages(range(document.page_count)):
                rasterise(page, _GEOMETRY)
