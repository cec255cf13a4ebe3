"""PDFs to convert, made on the spot: the kinds of pages that offices fax."""

import base64
import io
import random
from pathlib import Path

import pikepdf
import pypdfium2
from PIL import Image

_SEED = 1
_LETTER_SIZE = (612, 792)
_SCAN_DPI = 200
_SENTENCE = (
    "Mrs Lopez was seen in our clinic on Monday with pain in the left knee that had begun three weeks "
    "before; the joint was warm, flexion was limited to ninety degrees, and there was no fever. "
)
_STYLE = "@page { size: letter; margin: 20mm } body { font: 11pt 'Noto Sans', sans-serif; line-height: 1.4 }"


def make_all(folder: Path) -> list[Path]:
    """One file of each kind: text, much text, a form, a scan, colour."""
    made = {
        "text": letter(pages=3),
        "report": letter(pages=20),
        "form": form(),
        "scan": scan(letter(pages=2)),
        "colour": colour(),
    }
    for name, octets in made.items():
        (folder / f"{name}.pdf").write_bytes(octets)
    return [folder / f"{name}.pdf" for name in made]


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


def form() -> bytes:
    """A page of ruled boxes with small print."""
    cells = "".join(f"<td><small>Field {number}</small><br>{number * 7919}</td>" for number in range(4))
    return _typeset(f"<h3>Request for examination</h3><table>{f'<tr>{cells}</tr>' * 18}</table>", _RULED)


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


def _typeset(body: str, style: str = "") -> bytes:
    import weasyprint  # noqa: PLC0415 - it takes long to load, and a mail needs none of it

    document = weasyprint.HTML(string=f"<style>{_STYLE}{style}</style>{body}")
    return bytes(document.write_pdf())
