"""A report as a picture: well-formed, with every bar in its place and in proportion."""

from io import BytesIO
from xml.etree import ElementTree as ET

import pytest
from PIL import Image

from postfax.chart import Chart, as_png, as_svg

SVG = "{http://www.w3.org/2000/svg}"


def chart(*values: float, lying: bool = False) -> Chart:
    names = tuple(f"<{place}>" for place in range(len(values)))
    return Chart(title="A & B", below="when", unit="faxes", names=names, values=values, lying=lying)


def bars(svg: str) -> list[ET.Element]:
    return [each for each in ET.fromstring(svg).iter(f"{SVG}rect") if each.find(f"{SVG}title") is not None]  # noqa: S314 - ours


@pytest.mark.parametrize(("lying", "size"), [(False, "height"), (True, "width")])
def test_bars_are_as_long_as_their_values(lying: bool, size: str) -> None:  # noqa: FBT001 - a parameter
    drawn = [float(bar.get(size, "")) for bar in bars(as_svg(chart(10, 20, 5, lying=lying)))]
    assert drawn[0] * 2 == pytest.approx(drawn[1], rel=0.01)
    assert drawn[0] == pytest.approx(drawn[2] * 2, rel=0.01)


@pytest.mark.parametrize("values", [(), (0,), (0, 0), (0.4,), (3_000_000, 1)])
def test_any_values_are_drawn(values: tuple[float, ...]) -> None:
    for lying in (False, True):
        svg = as_svg(chart(*values, lying=lying))
        assert len(bars(svg)) == len(values)
        assert "A &amp; B" in svg
        assert all(float(bar.get("y", "")) >= 0 for bar in bars(svg))


def test_many_periods_do_not_write_over_one_another() -> None:
    texts = [each.text for each in ET.fromstring(as_svg(chart(*range(90)))).iter(f"{SVG}text")]  # noqa: S314 - ours
    assert sum(str(text).startswith("<") for text in texts) <= 12


def test_the_png_has_what_the_svg_has() -> None:
    with Image.open(BytesIO(as_png(as_svg(chart(1, 2))))) as picture:
        assert picture.size == (1920, 840)
        colours = {colour for _, colour in picture.convert("RGB").getcolors(1 << 20) or ()}
    assert {(255, 255, 255), (0x2F, 0x6F, 0x9F)} <= colours
