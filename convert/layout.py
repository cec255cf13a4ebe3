"""The geometry of a fax page: how a document's page is laid on the sheet that the far end prints.

A scan line is 1728 pixels over 215 mm (T.4 §2.1); lines are 3.85, 7.7 or 15.4 to the millimetre (T.4 §2.2
and its options). Pixels are therefore not square, and a page is drawn straight at this raster, never scaled
twice.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:  # pydantic behind it costs a one-shot conversion more time than a page does
    from config.fax import Paper, Resolution

Turn = Literal["wide", "always", "never"]
WIDTH = 1728
"""Pixels of a scan line."""
PIXELS_PER_MM = WIDTH / 215
LINES_PER_MM = {"standard": 3.85, "fine": 7.7, "superfine": 15.4}
PAPER_MM = {"A4": (210.0, 297.0), "Letter": (215.9, 279.4), "Legal": (215.9, 355.6)}
BAND_ROWS = {"standard": 12, "fine": 24, "superfine": 48}
"""Rows at the top of each page that stay blank for the header line: 0.12 inch."""
LONGEST_MM = PAPER_MM["Legal"][1]
MM_PER_POINT = 25.4 / 72
_SHRINKS = 0.97
"""Below this scale a wide page is turned rather than shrunk upright."""
_SAME_SHAPE = 0.04
"""How far the proportions of a scan may differ from those of the paper that was scanned."""
_PHOTO_MARGIN_MM = 5.0
_LONG = 0.5
"""A page that would be shrunk by more than this only because it is long goes over several sheets."""
MOST_SHEETS = 20
"""That one page goes over; a longer one is shrunk to them."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Placement:
    """Where on the raster a page is drawn. Pixels and rows."""

    left: int
    top: int
    width: int
    height: int
    rows: int
    """Of the whole page; more than a sheet has where a long page is to be cut (`convert.long_pages`)."""
    turned: bool
    """Whether the page is drawn turned by 90 degrees clockwise."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Box:
    """A rectangle on the sheet, in pixels and rows; `right` and `bottom` are the first beyond it."""

    left: int
    top: int
    right: int
    bottom: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Size:
    """Of a document's page, in millimetres."""

    width: float
    height: float

    @property
    def turned(self) -> "Size":
        """The same page lying on its side."""
        return Size(width=self.height, height=self.width)


@dataclass(frozen=True, kw_only=True, slots=True)
class SheetGeometry:
    """The raster of one fax: its vertical density and the paper it is laid out for."""

    resolution: "Resolution | str"
    paper: "Paper | str | None" = None
    """None: each page keeps its own length, and fills the scan line."""
    turn: Turn = "wide"
    """Which pages that are wider than high lie on their side: those that do not fit upright, all, none."""

    @property
    def lines_per_mm(self) -> float:
        """Vertical density."""
        return LINES_PER_MM[self.resolution]

    @property
    def band(self) -> int:
        """Rows kept blank for the header line."""
        return BAND_ROWS[self.resolution]

    @property
    def sheet_rows(self) -> int:
        """The most rows of one sheet."""
        return int((PAPER_MM[self.paper][1] if self.paper else LONGEST_MM) * self.lines_per_mm)

    def place_page(self, size: Size, *, below_band: bool) -> Placement:
        """Fit a page that has its own margins: as large as the sheet allows, nothing cut off."""
        free = self._free_area(below_band=below_band)
        if _is_long(size, free):
            return self._placed_long(size, free)
        turned = self._is_turned(size, free)
        upright = size.turned if turned else size
        scale = _scale(upright, free)
        return self._placed(upright, scale, turned=turned, below_band=below_band)

    def place_picture(self, size: Size) -> Placement:
        """Fit a picture below the band: never enlarged, with a margin unless it scans a whole sheet."""
        free = self._free_area(below_band=True)
        if _is_long(size, free):
            return self._placed_long(size, free)
        turned = self._is_turned(size, free)
        upright = size.turned if turned else size
        if not _same_shape(upright, free):
            free = Size(width=free.width - 2 * _PHOTO_MARGIN_MM, height=free.height - 2 * _PHOTO_MARGIN_MM)
        scale = min(1.0, _scale(upright, free))
        return self._placed(upright, scale, turned=turned, below_band=True)

    def _is_turned(self, size: Size, free: Size) -> bool:
        # A wide slip that fits upright stays upright: nobody wants to turn a receipt to read it.
        wanted = self.turn == "always" or (self.turn == "wide" and _scale(size, free) < _SHRINKS)
        return wanted and size.width > size.height

    def _free_area(self, *, below_band: bool) -> Size:
        width, height = PAPER_MM[self.paper] if self.paper else (WIDTH / PIXELS_PER_MM, LONGEST_MM)
        band = self.band / self.lines_per_mm if below_band and self.paper else 0.0
        return Size(width=min(width, WIDTH / PIXELS_PER_MM), height=height - band)

    def _placed(self, size: Size, scale: float, *, turned: bool, below_band: bool) -> Placement:
        width = max(1, min(WIDTH, round(size.width * scale * PIXELS_PER_MM)))
        height = max(1, round(size.height * scale * self.lines_per_mm))
        top = self.band if below_band else 0
        rows = top + height
        if self.paper:
            rows = self.sheet_rows
            height = min(height, rows - top)
        left = (WIDTH - width) // 2
        return Placement(left=left, top=top, width=width, height=height, rows=rows, turned=turned)

    def _placed_long(self, size: Size, free: Size) -> Placement:
        """In its own size if it is not too wide; over as many sheets as it takes."""
        most = MOST_SHEETS * (self.sheet_rows - self.band)
        scale = min(_own_scale(size, free), most / self.lines_per_mm / size.height)
        width = max(1, min(WIDTH, round(size.width * scale * PIXELS_PER_MM)))
        height = round(size.height * scale * self.lines_per_mm)
        left = (WIDTH - width) // 2
        return Placement(
            left=left, top=self.band, width=width, height=height, rows=self.band + height, turned=False
        )


def _scale(size: Size, free: Size) -> float:
    return min(free.width / max(size.width, 0.1), free.height / max(size.height, 0.1))


def _own_scale(size: Size, free: Size) -> float:
    return min(1.0, free.width / max(size.width, 0.1))


def _is_long(size: Size, free: Size) -> bool:
    """Whether it is a receipt, a roll, a screenshot of a whole web page."""
    return free.height / max(size.height, 0.1) < _LONG * _own_scale(size, free)


def _same_shape(size: Size, free: Size) -> bool:
    ratio = (size.width / max(size.height, 0.1)) / (free.width / free.height)
    return abs(ratio - 1) < _SAME_SHAPE
