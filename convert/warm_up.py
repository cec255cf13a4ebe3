"""What every task would look up anew, looked up once in the parent of all tasks: its children inherit it.

Imported for that effect, by the service alone: a program that converts one PDF has no use for most of it.
"""

from pathlib import Path

import numpy as np
from PIL import Image, TiffImagePlugin, WebPImagePlugin

from config.fax import Paper
from convert import heif, picture_file, t6
from convert.binarise import binarise
from convert.cover_export import exported
from convert.cover_facts import CoverFacts, CoverRecipient, CoverSender
from convert.cover_html import draw_html_cover, html_source
from convert.cover_task import draw_cover
from convert.layout import WIDTH

__all__ = ["TiffImagePlugin", "WebPImagePlugin", "heif", "picture_file"]

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
draw_cover(_COVER)
draw_html_cover(html_source(exported("default").encode()), _COVER, Path("/nonexistent"))
