"""HTML that came by mail, made into a few plain elements that are safe to lay out.

Only listed elements pass, almost without attributes; everything active, remote, or hidden from the reader is
dropped, and nothing is ever fetched: pictures are dropped, links show their address as text. Tables that only
arrange a mail's parts become those parts, one below the other; tables with data stay tables.
"""

import re
from collections.abc import Iterator

from lxml import etree
from lxml.html import HTMLParser
from markupsafe import Markup, escape

from convert.page_text import direction_or_none, printable
from sandbox import Refused

_LONGEST = 2_000_000
"""Characters, not counting pictures that are part of the HTML."""
_DEEPEST = 100
"""Elements within one another that are kept; the text of deeper ones is kept without them."""
_MOST_COLUMNS = 10
"""A table of more has no room for words in its cells."""
_LONGEST_CELL = 300
"""Characters in a cell of a table with data."""
_HEAD = 300
"""Characters of an element that are looked at for its direction."""
_LONGEST_EMOJI = 16
"""Characters of the text that stands for a picture of an emoji."""

_BLOCKS = frozenset({"p", "div", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "pre", "ul", "ol", "li"})
_INLINE = frozenset({"b", "strong", "i", "em", "u", "s", "sub", "sup"})
_VOID = frozenset({"hr"})
_CELLS = frozenset({"td", "th", "caption"})
_ROWS = frozenset({"thead", "tbody", "tfoot", "tr"})
_AS_ANOTHER = {
    "article": "div", "section": "div", "header": "div", "footer": "div", "main": "div", "aside": "div",
    "nav": "div", "address": "div", "center": "div", "figure": "div", "figcaption": "div", "fieldset": "div",
    "legend": "div", "form": "div", "dl": "div", "dt": "div", "dd": "blockquote", "details": "div",
    "summary": "div", "del": "s", "strike": "s", "ins": "u", "listing": "pre", "xmp": "pre", "menu": "ul",
    "dir": "ul",
}  # fmt: skip
_DROPPED = frozenset({
    "head", "title", "style", "script", "template", "object", "embed", "applet", "iframe", "frameset",
    "audio", "video", "canvas", "svg", "math", "map", "select", "datalist", "input", "textarea",
    "colgroup",
})  # fmt: skip
_PREFORMATTED = frozenset({"pre", "listing", "xmp"})
_SHOWN_SCHEMES = ("http:", "https:", "ftp:", "mailto:", "tel:")

_DATA_URI = re.compile(r"(?<=[\"'(=])data:[\w.+-]+/[\w.+-]+;base64,[A-Za-z0-9+/=\s%]*")
_HIDDEN = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*(?:hidden|collapse)|mso-hide\s*:\s*all"
    r"|(?:^|;)\s*(?:font-size|opacity|max-height)\s*:\s*0(?:\.0+)?\s*(?:[a-z%]+\s*)?(?:!important\s*)?(?:;|$)",
    re.IGNORECASE,
)
_KEEPS_LINES = re.compile(r"white-space\s*:\s*(?:pre|break-spaces)", re.IGNORECASE)
_STRUCK = re.compile(r"text-decoration(?:-line)?\s*:[^;]*line-through", re.IGNORECASE)
_BOLD = re.compile(r"font-weight\s*:\s*(?:bold|[6-9]00)", re.IGNORECASE)
_BLANKS = re.compile(r"[ \t\n\r\f]+")
_WORD_CHARACTER = re.compile(r"\w")
_ADDRESS_START = re.compile(r"^(?:(?:https?|ftp)://(?:www\.)?|mailto:|tel:)", re.IGNORECASE)

_NOTHING = Markup("")


def simplified_html(html: str) -> Markup:
    """The HTML's content in elements of our list; empty if there is nothing to read.

    Raises:
        Refused: It is longer than 2 million characters without its pictures, or nested beyond reading.
    """
    html = _DATA_URI.sub("", html)
    if len(html) > _LONGEST:
        raise Refused("its HTML is longer than 2 million characters, too long for a fax")
    parser = HTMLParser(
        encoding="utf-8", huge_tree=True, no_network=True, remove_comments=True, remove_pis=True
    )
    root = etree.fromstring(html.encode("utf-8", "replace"), parser)
    if any(problem.type_name == "ERR_RESOURCE_LIMIT" for problem in parser.error_log):
        raise Refused("its HTML is nested too deeply to be read")
    if root is None:
        return _NOTHING
    simplifier = _Simplifier()
    content = _NOTHING.join(simplifier.pieces(root))
    return content if simplifier.found_text else _NOTHING


class _Simplifier:
    """One walk over a tree, in document order and without recursion: trees may be very deep."""

    def __init__(self) -> None:
        self.found_text = False
        self._depth = 0
        self._preformatted = 0
        """How many elements around the walk's place keep their line ends."""
        self._tables: list[bool] = []
        """For each table around the walk's place, whether it holds data."""

    def pieces(self, root: etree._Element) -> Iterator[Markup]:
        """The elements and texts that are kept."""
        walk = etree.iterwalk(root, events=("start", "end"))
        kept: list[str | None] = []  # per open element: its name on the page; None for a hidden one
        for event, element in walk:
            if event == "start" and _is_hidden(element):
                walk.skip_subtree()
                kept.append(None)
            elif event == "start":
                name = self._enter(element)
                kept.append(name)
                yield _opening(element, name)
                yield self._text(element.text)
            else:
                left = kept.pop()
                if left is not None:
                    yield self._leave(element, left)
                yield self._text(element.tail)

    def _enter(self, element: etree._Element) -> str:
        """The name under which an element stands on the page; empty if only its content does."""
        if element.tag == "table":
            self._tables.append(_holds_data(element))
        self._preformatted += _keeps_lines(element)
        name = self._name(element)
        if name and name not in _VOID:
            if self._depth >= _DEEPEST:
                return ""
            self._depth += 1
        return name

    def _name(self, element: etree._Element) -> str:
        tag = str(element.tag)
        if tag in _BLOCKS or tag in _INLINE or tag in _VOID:
            return tag
        if tag == "table" or tag in _CELLS or tag in _ROWS:
            if self._tables and self._tables[-1]:
                return tag
            return "" if tag in _ROWS else "div"
        if tag in ("span", "font"):
            style = element.get("style", "")
            return "s" if _STRUCK.search(style) else "b" if _BOLD.search(style) else ""
        return _AS_ANOTHER.get(tag, "")

    def _leave(self, element: etree._Element, name: str) -> Markup:
        if element.tag == "table":
            self._tables.pop()
        self._preformatted -= _keeps_lines(element)
        if element.tag == "a":
            return escape(_address_beside(element))
        if not name or name in _VOID:
            return _NOTHING
        self._depth -= 1
        return Markup("</{}>").format(name)

    def _text(self, text: str | None) -> Markup:
        if not text:
            return _NOTHING
        self.found_text = self.found_text or not text.isspace()
        return escape(printable(text if self._preformatted else _BLANKS.sub(" ", text)))


def _is_hidden(element: etree._Element) -> bool:
    if not isinstance(element.tag, str) or element.tag in _DROPPED or element.get("hidden") is not None:
        return True
    style = element.get("style")
    return bool(style and _HIDDEN.search(style))


def _keeps_lines(element: etree._Element) -> bool:
    return element.tag in _PREFORMATTED or bool(_KEEPS_LINES.search(element.get("style", "")))


def _opening(element: etree._Element, name: str) -> Markup:
    if element.tag == "img":
        return escape(_emoji_of(element))
    if element.tag == "br":
        return Markup("\n")  # far cheaper to lay out than an element a line; the style sheet keeps line ends
    if not name:
        return _NOTHING
    attributes = _NOTHING
    if name in _BLOCKS or name in _CELLS:
        attributes += _direction_attribute(element)
        if _keeps_lines(element):
            attributes += Markup(' class="lines"')
    if name in _CELLS:
        attributes += _numbers(element, Markup(' {}="{}"'), "colspan", "rowspan")
    elif name == "ol":
        attributes += _numbers(element, Markup(' style="counter-reset: list-item calc({1} - 1)"'), "start")
    return Markup("<{}{}>").format(name, attributes)


def _numbers(element: etree._Element, form: Markup, *attributes: str) -> Markup:
    given = ((name, element.get(name, "").strip()) for name in attributes)
    small = ((name, value) for name, value in given if re.fullmatch(r"[0-9]{1,2}", value))
    return _NOTHING.join(form.format(name, value) for name, value in small)


def _direction_attribute(element: etree._Element) -> Markup:
    given = element.get("dir", "").strip().lower()
    way = given if given in ("ltr", "rtl") else direction_or_none(_head_of(element, _HEAD))
    return Markup(' dir="{}"').format(way) if way else _NOTHING


def _head_of(element: etree._Element, length: int) -> str:
    """The first characters of an element's text."""
    head = ""
    for text in element.itertext():
        head += text[: length - len(head)]
        if len(head) >= length:
            break
    return head


def _emoji_of(picture: etree._Element) -> str:
    """What a picture of an emoji stands for: mail programs send emoji as pictures with themselves as text."""
    alternative = picture.get("alt", "")
    is_emoji = len(alternative) <= _LONGEST_EMOJI and not _WORD_CHARACTER.search(alternative)
    return printable(alternative) if is_emoji else ""


def _address_beside(link: etree._Element) -> str:
    """A link's address in brackets, if paper would not tell it otherwise."""
    address = link.get("href", "").strip()
    words = "".join(link.itertext()).strip()
    if not words or not address.lower().startswith(_SHOWN_SCHEMES):
        return ""
    if _bare(address) == _bare(words):
        return ""
    shown = address.split(":", 1)[1] if address.lower().startswith(("mailto:", "tel:")) else address
    return f" ({printable(shown)})"


def _bare(address: str) -> str:
    return _ADDRESS_START.sub("", address.strip()).rstrip("/").lower()


def _holds_data(table: etree._Element) -> bool:
    """Whether a table has columns and rows to be read across, rather than arranging a mail's parts."""
    if (
        table.get("role") in ("presentation", "none")
        or next(table.iterdescendants("table"), None) is not None
    ):
        return False
    rows = [[cell for cell in row if cell.tag in ("td", "th")] for row in table.iterdescendants("tr")]
    if not rows or max(map(len, rows)) > _MOST_COLUMNS:
        return False
    lengths = [[len(_head_of(cell, _LONGEST_CELL + 1).strip()) for cell in row] for row in rows]
    filled = [sum(length > 0 for length in row) for row in lengths]
    return max(map(max, filter(None, lengths)), default=0) <= _LONGEST_CELL and sum(n > 1 for n in filled) > 1
