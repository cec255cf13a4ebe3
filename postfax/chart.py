"""A report as a picture: bars in an SVG, and the same as a PNG.

Bars stand side by side for periods and lie below one another for names. The colours differ in lightness too,
so that they can be told apart in print and without colour vision.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from math import ceil, log10
from xml.sax.saxutils import escape

_WIDTH, _HEIGHT = 960, 420
_LEFT, _RIGHT, _TOP, _BOTTOM = 70, 40, 84, 40
_EDGE, _ROW, _NAMES = 20, 22, 190
_INK, _GRID, _BAR = "#1f2933", "#d5dae0", "#2f6f9f"
_FONT = 'font-family="DejaVu Sans, Liberation Sans, sans-serif"'
_MOST_LABELS = 12
_GRID_LINES = 4
_SIZE = re.compile(r'width="(\d+)" height="(\d+)"')
_SHARP, _CSS_INCH, _PDF_INCH = 2, 96, 72


@dataclass(frozen=True, kw_only=True, slots=True)
class Chart:
    """What is drawn."""

    title: str
    below: str
    """What and when, in small letters."""
    unit: str
    names: tuple[str, ...]
    values: tuple[float, ...]
    lying: bool = False
    """Whether bars lie: for names instead of periods."""


def as_svg(chart: Chart) -> str:
    """The chart as an SVG 1.1 document."""
    height = _TOP + _BOTTOM + max(1, len(chart.names)) * _ROW if chart.lying else _HEIGHT
    drawn = _lying(chart) if chart.lying else _standing(chart)
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{height}" '
        f'viewBox="0 0 {_WIDTH} {height}">'
    )
    parts = [
        head,
        f'<rect width="{_WIDTH}" height="{height}" fill="#ffffff"/>',
        _text(_EDGE, 28, chart.title, size=18, weight="bold"),
        _text(_EDGE, 46, chart.below, size=12),
        *drawn,
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _standing(chart: Chart) -> Iterator[str]:
    floor, room = _HEIGHT - _BOTTOM, _HEIGHT - _TOP - _BOTTOM
    top = _round_up(max(chart.values, default=0))
    for line in range(_GRID_LINES + 1):
        y = floor - room * line / _GRID_LINES
        yield f'<line x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}" stroke="{_GRID}"/>'
        yield _text(_LEFT - 8, y + 4, _number(top * line / _GRID_LINES), size=11, anchor="end")
    yield _text(_LEFT - 8, _TOP - 12, chart.unit, size=11, anchor="end")
    step = (_WIDTH - _LEFT - _RIGHT) / max(1, len(chart.values))
    every = max(1, ceil(len(chart.values) / _MOST_LABELS))
    for place, (name, value) in enumerate(zip(chart.names, chart.values, strict=True)):
        x, tall = _LEFT + place * step, room * value / top
        yield _bar(x + step * 0.1, floor - tall, step * 0.8, tall, f"{name}: {_number(value)}")
        if not place % every:
            yield _text(x + step / 2, floor + 18, name, size=11, anchor="middle")


def _lying(chart: Chart) -> Iterator[str]:
    most = max(chart.values, default=0) or 1
    room = _WIDTH - _NAMES - _RIGHT - _LEFT
    for place, (name, value) in enumerate(zip(chart.names, chart.values, strict=True)):
        y, long = _TOP + place * _ROW, room * value / most
        yield _text(_NAMES - 8, y + 15, name, size=12, anchor="end")
        yield _bar(_NAMES, y + 3, long, _ROW - 6, f"{name}: {_number(value)}")
        yield _text(_NAMES + long + 6, y + 15, _number(value), size=11)


def _bar(x: float, y: float, width: float, height: float, said: str) -> str:
    size = f'x="{x:.2f}" y="{y:.2f}" width="{max(width, 0.5):.2f}" height="{max(height, 0):.2f}"'
    return f'<rect {size} fill="{_BAR}"><title>{escape(said)}</title></rect>'


def _text(x: float, y: float, text: str, *, size: int, anchor: str = "start", weight: str = "normal") -> str:
    look = f'{_FONT} font-size="{size}" font-weight="{weight}" text-anchor="{anchor}" fill="{_INK}"'
    return f'<text x="{x:.1f}" y="{y:.1f}" {look}>{escape(text)}</text>'


def _round_up(value: float) -> float:
    """The next number that four lines divide well."""
    if value <= 0:
        return 1
    power = 10 ** int(log10(value)) if value >= 1 else 1
    return next(power * step for step in (1, 2, 4, 6, 8, 10, 20) if power * step >= value)


def _number(value: float) -> str:
    return f"{value:,.0f}" if value == int(value) else f"{value:,.1f}"


def as_png(svg: str) -> bytes:
    """The picture as pixels, two for each unit of the SVG."""
    import pypdfium2
    from weasyprint import HTML

    size = _SIZE.search(svg)
    if size is None:
        raise ValueError("no SVG of ours")
    style = f"@page {{margin: 0; size: {size[1]}px {size[2]}px}} body {{margin: 0}} svg {{display: block}}"
    pdf = HTML(string=f"<style>{style}</style>{svg}").write_pdf()
    out = BytesIO()
    picture = pypdfium2.PdfDocument(pdf)[0].render(scale=_SHARP * _CSS_INCH / _PDF_INCH).to_pil()
    picture.save(out, "PNG", optimize=True)
    return out.getvalue()
