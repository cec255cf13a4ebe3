"""Small documents, made on the spot."""

import io

import docx
import pikepdf
from PIL import Image, ImageDraw


def pdf(pages: int = 1, *, password: str = "", blank: int = 0) -> bytes:
    made = pikepdf.new()
    for number in range(pages):
        page = made.add_blank_page(page_size=(612, 792))
        page.Contents = made.make_stream(b"72 %d 200 100 re f 72 400 468 2 re f" % (100 + 40 * number))
    for _ in range(blank):
        made.add_blank_page(page_size=(612, 792))
    octets = io.BytesIO()
    if password:
        made.save(octets, encryption=pikepdf.Encryption(user=password, owner=password))
    else:
        made.save(octets)
    return octets.getvalue()


def word(text: str = "A letter that was written in a word processor.") -> bytes:
    document = docx.Document()
    document.add_paragraph(text)
    octets = io.BytesIO()
    document.save(octets)
    return octets.getvalue()


def picture(kind: str) -> bytes:
    image = Image.new("RGB", (800, 600), "white")
    ImageDraw.Draw(image).rectangle((100, 100, 700, 500), outline="black", width=12)
    octets = io.BytesIO()
    image.save(octets, kind)
    return octets.getvalue()
