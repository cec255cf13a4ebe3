"""A word of a document's text where it stands on its fax page: what makes an archived PDF searchable."""

from dataclasses import dataclass

LONGEST_WORD = 200
"""Characters; what is longer is no word that anybody looks for."""
MOST_WORDS = 20_000
"""Of one page."""


@dataclass(frozen=True, slots=True)
class PageWord:
    """A word, and its box in pixels and rows of the page; `right` and `bottom` are the first beyond it."""

    text: str
    left: int
    top: int
    right: int
    bottom: int
    turn: int = 0
    """Quarter turns clockwise of its direction: 0 runs to the right, 1 downwards."""
