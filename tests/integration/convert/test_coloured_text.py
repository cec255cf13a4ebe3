"""Text in a colour that is as bright as its ground can be read; what is meant to be hidden cannot."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pikepdf
import pytest
from pikepdf import Dictionary, Name

from convert.layout import SheetGeometry
from convert.pdf_pages import PdfDocument
from convert.rasterise import rasterise
from convert.t6 import decode

GEOMETRY = SheetGeometry(resolution="fine", paper="Letter")
WHITE, BLACK = (1, 1, 1), (0, 0, 0)
YELLOW, ORANGE = (1, 1, 0), (1, 0.75, 0)
RED, GREEN = (0.784, 0, 0), (0, 0.4, 0)
Colour = tuple[float, float, float]


def fax_of(
    path: Path, text: Colour, ground: Colour, *, in_form: bool = False, word: str = "coloured"
) -> npt.NDArray[np.uint8]:
    """A page with a word on a bar of its ground, and a black word on the paper below."""
    pdf = pikepdf.new()
    page = pdf.add_blank_page(page_size=(612, 792))
    resources = Dictionary(
        Font=Dictionary(F=Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica))
    )
    drawn = "BT {} {} {} rg /F 14 Tf 0 0 Td ({}) Tj ET".format(*text, word).encode()
    if in_form:
        form = pdf.make_stream(
            drawn, Type=Name.XObject, Subtype=Name.Form, BBox=[0, -9, 200, 30], Resources=resources
        )
        resources.XObject = Dictionary(X=form)
        drawn = b"/X Do"
    bar = "{} {} {} rg 80 590 300 30 re f".format(*ground).encode()
    below = b"BT 0 g /F 14 Tf 100 400 Td (black) Tj ET"
    page.Resources = resources
    page.Contents = pdf.make_stream(b"%b q 1 0 0 1 100 600 cm %b Q %b" % (bar, drawn, below))
    pdf.save(path)
    with PdfDocument(path) as document:
        [coded] = [rasterise(each, GEOMETRY).coded for each in document.pages([0])]
    return decode(coded.strip, coded.rows)


@pytest.mark.parametrize("in_form", [False, True])
@pytest.mark.parametrize(
    ("text", "ground", "drawn_as"),
    [
        (YELLOW, WHITE, BLACK), (ORANGE, (0.75, 0.75, 0.75), BLACK),
        (RED, GREEN, WHITE), ((0, 0, 1), (0.12, 0.12, 0.12), WHITE),
    ],
)  # fmt: skip
def test_text_that_only_its_hue_tells_from_its_ground_is_read(
    tmp_path: Path, text: Colour, ground: Colour, drawn_as: Colour, *, in_form: bool
) -> None:
    fax = fax_of(tmp_path / "a.pdf", text, ground, in_form=in_form)
    assert np.array_equal(fax, fax_of(tmp_path / "b.pdf", drawn_as, ground, in_form=in_form))
    assert not np.array_equal(fax, fax_of(tmp_path / "c.pdf", ground, ground, in_form=in_form))


@pytest.mark.parametrize(("text", "ground"), [((1, 1, 0.9), WHITE), ((0, 0.45, 0), GREEN), (GREEN, GREEN)])
def test_what_nobody_sees_stays_hidden(tmp_path: Path, text: Colour, ground: Colour) -> None:
    hidden, none = (fax_of(tmp_path / f"{name}.pdf", text, ground, word=name) for name in ("coloured", ""))
    assert np.array_equal(hidden, none)
    assert none.any()
