"""Computed styles that begin with what holds where nothing was said.

WeasyPrint works out each property of each element when it is first asked for, step by step: some hundred
steps an element, a sixth of a cover's work, and nearly all of them end at the property's initial value (CSS
Cascading and Inheritance §7.1) or at that of the parent (§7.2). Importing this module has its styles begin
with these values; what the cascade says, and what follows from other properties, is worked out as ever.
"""

from typing import Any

from weasyprint import css
from weasyprint.css.computed_values import PHYSICAL_FUNCTIONS
from weasyprint.css.properties import INHERITED, INITIAL_NOT_COMPUTED, INITIAL_VALUES

_DEPENDENT = ("page", "position", "float", "display")
"""What WeasyPrint computes with an eye on other properties, or on ancestors, even where nothing was said."""


def _begins_plain(name: str) -> bool:
    return name not in _DEPENDENT and not name.startswith("text_decoration_")


_INITIAL = {
    name: value
    for name, value in INITIAL_VALUES.items()
    if _begins_plain(name) and name not in INHERITED and name not in INITIAL_NOT_COMPUTED
}
_LINED = ("border", "outline", "column_rule")
_WITHOUT_LINES = {
    **dict.fromkeys((f"border_{side}_width" for side in ("top", "right", "bottom", "left")), 0),
    "outline_width": 0,
    "column_rule_width": 0,
}
"""Where no line has a style none has a width (CSS Backgrounds and Borders §3.3)."""
_OF_PARENT = tuple(name for name in INITIAL_VALUES if _begins_plain(name) and name in INHERITED)


def _physical_of_logical() -> dict[str, tuple[str, ...]]:
    """By a logical property those physical ones that it may stand for (CSS Logical Properties §4)."""
    names: dict[str, tuple[str, ...]] = {}
    for physical, logical in PHYSICAL_FUNCTIONS.items():
        for direction in ("ltr", "rtl"):
            name = logical(block="ttb", inline=direction)
            names[name] = (*names.get(name, ()), physical)
    return names


PHYSICAL = _physical_of_logical()
"""Those of each logical property."""


class _ElementStyle(css.ComputedStyle):  # type: ignore[misc] # weasyprint has no types
    """The style of an element, a pseudo-element, or a page."""

    def __init__(self, parent_style: Any, cascaded: dict[str, Any], *more: Any) -> None:
        super().__init__(parent_style, cascaded, *more)
        self.update(_INITIAL)
        if not any(name.startswith(_LINED) for name in cascaded):
            self.update(_WITHOUT_LINES)
        for name in cascaded:
            self.pop(name, None)
            for physical in PHYSICAL.get(name, ()):
                self.pop(physical, None)
        if parent_style is not None:
            self.update({name: parent_style[name] for name in _OF_PARENT if name not in cascaded})


class _AnonymousStyle(css.AnonymousStyle):  # type: ignore[misc]
    """The style of a box that stands for no element."""

    def __init__(self, parent_style: Any) -> None:
        self.update(_INITIAL)
        self.update({name: parent_style[name] for name in _OF_PARENT})
        super().__init__(parent_style)  # last: what it says of borders holds


css.ComputedStyle = _ElementStyle
css.AnonymousStyle = _AnonymousStyle
