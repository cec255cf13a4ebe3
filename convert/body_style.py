"""What the style of an element of a mail says of its text: whether it is seen, and how it stands. Pure.

Only the `style` attribute is read, not style sheets: what those hide, mostly from small screens, is printed.
"""

import re

from lxml import etree

_DROPPED = frozenset({
    "head", "title", "style", "script", "template", "object", "embed", "applet", "iframe", "frameset",
    "audio", "video", "canvas", "svg", "map", "select", "datalist", "colgroup", "xml", "annotation",
})  # fmt: skip
_PREFORMATTED = frozenset({"pre", "listing", "xmp", "textarea"})
_HIDDEN = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*(?:hidden|collapse)|mso-hide\s*:\s*all"
    r"|(?:^|;)\s*opacity\s*:\s*0(?:\.0+)?\s*(?:!important\s*)?(?:;|$)",
    re.IGNORECASE,
)
_FOLDED = re.compile(r"(?:^|;)\s*(?:max-)?height\s*:\s*0(?:px)?\s*(?:!important\s*)?(?:;|$)", re.IGNORECASE)
_CUT_OFF = re.compile(r"overflow\s*:\s*hidden", re.IGNORECASE)
_FONT_SIZE = re.compile(
    r"font(?:-size)?\s*:[^;]*?(?<![\w.])(\d*\.?\d+)\s*(?:px|pt|em|rem|%|\s|;|$|!)", re.IGNORECASE
)
_KEEPS_LINES = re.compile(r"white-space\s*:\s*(?:pre|break-spaces)", re.IGNORECASE)
_STRUCK = re.compile(r"text-decoration(?:-line)?\s*:[^;]*line-through", re.IGNORECASE)
_BOLD = re.compile(r"font-weight\s*:\s*(?:bold|[6-9]00)", re.IGNORECASE)
_RULED = re.compile(r"border-top\s*:\s*(?=[^;]*solid)(?!\s*(?:none|0))", re.IGNORECASE)
_TIGHT = re.compile(
    r"margin-bottom\s*:\s*\.?0(?:\.0+)?(?![\d.])|margin\s*:\s*0\w*\s*(?:;|$|!|0\w*\s*(?:;|$)|\w+\s+0\w*\b)",
    re.IGNORECASE,
)
_RIGHT = re.compile(r"text-align\s*:\s*(?:right|end)", re.IGNORECASE)


def is_hidden(element: etree._Element) -> bool:
    """Whether the reader of the mail does not see an element: white on white counts as seen."""
    if not isinstance(element.tag, str) or element.tag in _DROPPED or element.get("hidden") is not None:
        return True
    style = element.get("style")
    if not style:
        return False
    return bool(_HIDDEN.search(style) or (_FOLDED.search(style) and _CUT_OFF.search(style)))


def is_sizeless(style: str, *, around: bool) -> bool:
    """Whether an element's own text has no size; `around` tells it of the element around it."""
    size = _FONT_SIZE.search(style) if "font" in style else None
    return float(size[1]) == 0 if size else around


def keeps_lines(element: etree._Element) -> bool:
    """Whether line ends and blanks are kept as they are."""
    return element.tag in _PREFORMATTED or bool(_KEEPS_LINES.search(element.get("style", "")))


def is_ruled(style: str) -> bool:
    """Whether there is a line above, as Outlook draws it above the mail that is answered."""
    return bool(_RULED.search(style))


def is_tight(style: str) -> bool:
    """Whether there is no room below."""
    return bool(_TIGHT.search(style))


def is_right(style: str) -> bool:
    """Whether the text stands at the right, as figures do."""
    return bool(_RIGHT.search(style))


def emphasis(style: str) -> str:
    """The element that does what the style does: `s`, `b`, or none."""
    return "s" if _STRUCK.search(style) else "b" if _BOLD.search(style) else ""
