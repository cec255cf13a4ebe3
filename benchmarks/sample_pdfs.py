"""PDFs to convert, made on the spot: the kinds of pages that offices fax."""

import base64
import io
import random
from pathlib import Path
from typing import Any

import numpy as np
import pikepdf
import pypdfium2
from PIL import Image

from convert import t6

_SEED = 1
_LETTER_SIZE = (612, 792)
_SCAN_DPI = 200
_FAX_SIZE = (1728, 2156)
_BLACK = 160
_SENTENCE = (
    "Mrs Lopez was seen in our clinic on Monday with pain in the left knee that had begun three weeks "
    "before; the joint was warm, flexion was limited to ninety degrees, and there was no fever. "
)
_STYLE = "@page { size: letter; margin: 20mm } body { font: 11pt 'Noto Sans', sans-serif; line-height: 1.4 }"


def make_sets(folder: Path) -> dict[str, list[Path]]:
    """Files of each kind: text, forms, scans, colour; of few pages and of more."""
    made = {
        "text": {"letter": letter(pages=2), "report": letter(pages=20)},
        "form": {"form": form(), "forms": form(pages=6)},
        "scan": {
            "scan": scan(letter(pages=2)),
            "scans": scan(letter(pages=8)),
            "fax-scan": fax_scan(letter(pages=4)),
            "jpeg-scan": jpeg_scan(letter(pages=3)),
        },
        "colour": {"colour": colour(), "photograph": jpeg_scan(colour(), dpi=300)},
    }
    return {name: [_put(folder / f"{file}.pdf", made[name][file]) for file in made[name]] for name in made}


def _put(path: Path, octets: bytes) -> Path:
    path.write_bytes(octets)
    return path


def small_pdf(size: int) -> bytes:
    """A page with one line of text, in a file of about so many octets (1,000 at least)."""
    document = pikepdf.new()
    page = document.add_blank_page(page_size=_LETTER_SIZE)
    font = pikepdf.Dictionary(
        Type=pikepdf.Name.Font, Subtype=pikepdf.Name.Type1, BaseFont=pikepdf.Name.Helvetica
    )
    page.Resources = pikepdf.Dictionary(Font=pikepdf.Dictionary(F1=font))
    page.Contents = document.make_stream(b"BT /F1 14 Tf 72 700 Td (Referral for Monday) Tj ET")
    bare = len(_written(document))
    # What no viewer looks at, and no compression makes smaller.
    filling = random.Random(_SEED).randbytes(max(0, size - bare - 100))  # noqa: S311 - no secret
    document.Root.Filling = document.make_stream(filling)
    return _written(document)


def _written(document: pikepdf.Pdf) -> bytes:
    octets = io.BytesIO()
    document.save(octets, compress_streams=False)
    return octets.getvalue()


def letter(*, pages: int) -> bytes:
    """Pages full of text, with embedded fonts."""
    page = "<h2>Referral</h2>" + f"<p>{_SENTENCE * 3}</p>" * 5
    return _typeset("<hr style='break-after: page; border: 0'>".join([page] * pages))


def form(*, pages: int = 1) -> bytes:
    """Pages of ruled boxes with small print."""
    cells = "".join(f"<td><small>Field {number}</small><br>{number * 7919}</td>" for number in range(4))
    page = f"<h3>Request for examination</h3><table>{f'<tr>{cells}</tr>' * 18}</table>"
    return _typeset("<hr style='break-after: page; border: 0'>".join([page] * pages), _RULED)


def colour() -> bytes:
    """A page with a photograph-like picture and a page with coloured areas."""
    size = (1200, 900)
    bands = (
        Image.linear_gradient("L").resize(size),
        Image.radial_gradient("L").resize(size),
        Image.effect_mandelbrot(size, (-2.0, -1.2, 1.0, 1.2), 60),
    )
    picture = io.BytesIO()
    Image.merge("RGB", bands).save(picture, "JPEG", quality=85)
    source = f"data:image/jpeg;base64,{base64.b64encode(picture.getvalue()).decode()}"
    bars = "".join(f"<p class=bar style='width: {width}%'>{width} %</p>" for width in range(15, 100, 7))
    return _typeset(f"<h2>Findings</h2><img src='{source}'><h2>Quarter</h2>{bars}", _COLOURED)


_RULED = "table { width: 100%; border-collapse: collapse } td { border: 1px solid; font-size: 8pt }"
_COLOURED = """
img { width: 100%; break-after: page }
.bar { color: white; padding: 2mm; background: linear-gradient(90deg, #0b5394, #f1a33c) }
"""


def scan(pdf: bytes) -> bytes:
    """The pages as a scanner would give them: grey pictures, a little askew, with noise."""
    rng = random.Random(_SEED)  # noqa: S311 - no secret
    scanned = []
    for page in pypdfium2.PdfDocument(pdf):
        picture = page.render(scale=_SCAN_DPI / 72).to_pil().convert("L")
        askew = picture.rotate(rng.uniform(-1, 1), fillcolor=255, resample=Image.Resampling.BICUBIC)
        noise = Image.effect_noise(askew.size, 40)
        scanned.append(Image.blend(askew, noise, 0.12))
    octets = io.BytesIO()
    scanned[0].save(octets, "PDF", resolution=_SCAN_DPI, save_all=True, append_images=scanned[1:])
    return octets.getvalue()


def fax_scan(pdf: bytes) -> bytes:
    """The pages as a fax server keeps them: black and white, coded by T.6 at the width of a fax line."""
    document = pikepdf.new()
    for page in pypdfium2.PdfDocument(pdf):
        grey = page.render(scale=_SCAN_DPI / 72).to_pil().convert("L").resize(_FAX_SIZE)
        strip = t6.encode(np.packbits(np.asarray(grey) < _BLACK, axis=1))
        how = pikepdf.Dictionary(K=-1, Columns=grey.width, Rows=grey.height)
        _add_picture(document, strip, pikepdf.Name.CCITTFaxDecode, grey.size, bits=1, DecodeParms=how)
    return _written(document)


def jpeg_scan(pdf: bytes, *, dpi: int = _SCAN_DPI) -> bytes:
    """The pages as a telephone's camera or an office scanner gives them: a colour JPEG each."""
    document = pikepdf.new()
    for page in pypdfium2.PdfDocument(pdf):
        picture = page.render(scale=dpi / 72).to_pil().convert("RGB")
        octets = io.BytesIO()
        picture.save(octets, "JPEG", quality=80)
        _add_picture(document, octets.getvalue(), pikepdf.Name.DCTDecode, picture.size, bits=8)
    return _written(document)


def _add_picture(
    document: pikepdf.Pdf,
    octets: bytes,
    coding: pikepdf.Name,
    size: tuple[int, int],
    *,
    bits: int,
    **more: Any,
) -> None:
    """A page that is nothing but a picture."""
    picture = document.make_stream(octets)
    picture.stream_dict = pikepdf.Dictionary(
        Type=pikepdf.Name.XObject, Subtype=pikepdf.Name.Image, Width=size[0], Height=size[1],
        BitsPerComponent=bits, Filter=coding, **more,
        ColorSpace=pikepdf.Name.DeviceGray if bits == 1 else pikepdf.Name.DeviceRGB,
    )  # fmt: skip
    page = document.add_blank_page(page_size=_LETTER_SIZE)
    page.Resources = pikepdf.Dictionary(XObject=pikepdf.Dictionary(P=picture))
    width, height = _LETTER_SIZE
    page.Contents = document.make_stream(f"q {width} 0 0 {height} 0 0 cm /P Do Q".encode())


def _typeset(body: str, style: str = "") -> bytes:
    import weasyprint  # noqa: PLC0415 - it takes long to load, and a mail needs none of it

    document = weasyprint.HTML(string=f"<style>{_STYLE}{style}</style>{body}")
    return bytes(document.write_pdf())
