"""HTML that came by mail, made into a few plain elements that are safe to lay out.

Only listed elements pass, almost without attributes; everything active, remote, or hidden from the reader is
dropped, and nothing is ever fetched: pictures are their alternative texts, links show their address as text.
Tables that only arrange a mail's parts become those parts, one below the other; tables with data stay tables,
or become records if they have no room. Colours go: what is white on white for a screen is read on paper.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import escape

from lxml import etree
from lxml.html import HTMLParser
from markupsafe import Markup

from convert.body_blanks import without_needless_blanks
from convert.body_links import address_beside, alternative
from convert.body_pictographs import MARKER, as_pictures, marker, picture_font
from convert.body_style import emphasis, is_hidden, is_right, is_ruled, is_sizeless, is_tight, keeps_lines
from convert.body_tables import Form, fits_one_line, form_of, head_of, headings_of, text_of
from convert.page_text import breakable_in_cell, direction_or_none, printable
from sandbox import Refused

_LONGEST = 8_000_000
"""Characters, not counting pictures that are part of the HTML: Word writes ten for each that is read."""
_DEEPEST = 100
"""Elements within one another that are kept; the text of deeper ones is kept without them."""
_HEAD = 300
"""Characters of an element that are looked at for its direction."""

_BLOCKS = frozenset({"p", "div", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "pre", "ul", "ol", "li"})
_INLINE = frozenset({"b", "strong", "i", "em", "u", "s", "sub", "sup", "code"})
_VOID = frozenset({"hr"})
_CELLS = frozenset({"td", "th", "caption"})
_ROWS = frozenset({"thead", "tbody", "tfoot", "tr"})
_AS_ANOTHER = {
    "article": "div", "section": "div", "header": "div", "footer": "div", "main": "div", "aside": "div",
    "nav": "div", "address": "div", "center": "div", "figure": "div", "figcaption": "div", "fieldset": "div",
    "legend": "div", "form": "div", "dl": "div", "dt": "div", "dd": "div", "details": "div",
    "summary": "div", "del": "s", "strike": "s", "ins": "u", "listing": "pre", "xmp": "pre", "menu": "ul",
    "dir": "ul", "textarea": "pre", "tt": "code", "kbd": "code", "samp": "code",
}  # fmt: skip
_NUMBERINGS = {
    "a": "lower-alpha", "A": "upper-alpha", "i": "lower-roman", "I": "upper-roman", "1": "decimal",
}  # fmt: skip

_DATA_URI = re.compile(r"(?<=[\"'(=])data:[\w.+-]+/[\w.+-]+;base64,[A-Za-z0-9+/=\s%]*")
_BLANKS = re.compile(r"[ \t\n\r\f]+")
# Newsletters fill the first line that a mailbox shows with blanks that have no width.
_FILLER = re.compile("[\u00a0\u00ad\u034f\u2007\u200b-\u200f\ufeff ]{6,}")

_NOTHING = ""


class TooDeep(Refused):
    """The HTML is nested beyond what its parser reads."""


@dataclass(kw_only=True, slots=True)
class _Frame:
    """An open element around the walk's place."""

    name: str = ""
    """Under which it stands on the page; empty if only its content does."""
    after: str = _NOTHING
    keeps_lines: bool = False
    font: str | None = None
    """The font of pictures that is set here."""
    sizeless: bool = False
    """Whether its own text has no size, as in the cells that arrange a mail's parts."""
    skipped: bool = False


@dataclass(kw_only=True, slots=True)
class _Table:
    """An open table around the walk's place."""

    form: Form
    headings: list[str] = field(default_factory=list)
    rows: int = 0
    column: int = 0
    beside: bool = False
    """Whether the cells of the row stand on one line."""

    @property
    def stays(self) -> bool:
        return self.form in (Form.TABLE, Form.SMALL)


def simplified_html(html: str) -> Markup:
    """The HTML's content in elements of our list; empty if there is nothing to read.

    Raises:
        TooDeep: It is nested beyond reading.
        Refused: It is longer than 8 million characters without its pictures.
    """
    html = _DATA_URI.sub("", html)
    if len(html) > _LONGEST:
        raise Refused("its HTML is longer than 8 million characters, too long for a fax")
    parser = HTMLParser(
        encoding="utf-8", huge_tree=True, no_network=True, remove_comments=True, remove_pis=True
    )
    root = etree.fromstring(html.encode("utf-8", "replace"), parser)
    if any(problem.type_name == "ERR_RESOURCE_LIMIT" for problem in parser.error_log):
        raise TooDeep("its HTML is nested too deeply to be read")
    if root is None:
        return Markup()
    simplifier = _Simplifier()
    content = without_needless_blanks("".join(simplifier.pieces(root)))
    return Markup(content) if simplifier.found_text else Markup()  # noqa: S704 - our own tags and escaped text


class _Simplifier:
    """One walk over a tree, in document order and without recursion: trees may be very deep."""

    def __init__(self) -> None:
        self.found_text = False
        self._depth = 0
        self._frames = [_Frame()]
        self._tables = [_Table(form=Form.PARTS)]
        """Those around the walk's place; the first stands for cells without a table."""

    def pieces(self, root: etree._Element) -> Iterator[str]:
        """The elements and texts that are kept."""
        walk = etree.iterwalk(root, events=("start", "end"))
        for event, element in walk:
            if event == "end":
                yield self._leave(element)
                yield self._text(element.tail)
            elif is_hidden(element) or self._is_heading_row(element):
                walk.skip_subtree()
                self._frames.append(_Frame(skipped=True))
            elif mark := _list_mark(element):
                walk.skip_subtree()
                self._frames.append(_Frame(skipped=True))
                self.found_text = True
                yield mark
            else:
                yield self._enter(element)
                yield self._text(element.text)

    def _enter(self, element: etree._Element) -> str:
        around = self._frames[-1]
        style = element.get("style", "")
        with_lines = keeps_lines(element)
        frame = _Frame(
            keeps_lines=around.keeps_lines or with_lines,
            font=picture_font(style, element.get("face", "")) or (None if "font" in style else around.font),
            sizeless=is_sizeless(style, around=around.sizeless),
        )
        self._frames.append(frame)
        if element.tag in _VOID or element.tag in ("br", "img", "input"):
            return _of_void(element)
        before = self._place(element, frame)
        frame.after = frame.after or _after(element)
        if not frame.name:
            return before
        if self._depth >= _DEEPEST:
            frame.name = ""
            return before
        self._depth += 1
        return before + self._opening(element, frame.name, with_lines=with_lines)

    def _place(self, element: etree._Element, frame: _Frame) -> str:
        """Find the element's name on the page; what stands before it."""
        tag = str(element.tag)
        if tag == "table":
            form = form_of(element)
            headings = headings_of(element) if form is Form.RECORDS else []
            self._tables.append(_Table(form=form, headings=headings))
            frame.name = "table" if self._tables[-1].stays else "div"
            return _NOTHING
        if tag in _CELLS or tag in _ROWS:
            return self._place_in_table(element, frame)
        frame.name = _name(element)
        if frame.name == "div" and is_ruled(element.get("style", "")):
            return "<hr>"
        return "“" if tag == "q" else _NOTHING

    def _place_in_table(self, element: etree._Element, frame: _Frame) -> str:
        tag = str(element.tag)
        table = self._tables[-1]
        if tag == "tr":
            table.rows += 1
            table.column = 0
            table.beside = not table.stays and not table.headings and (
                table.form is Form.RECORDS or fits_one_line(element)
            )  # fmt: skip
            frame.name = "tr" if table.stays else "div" if table.beside or table.headings else ""
        elif tag in _ROWS:
            frame.name = tag if table.stays else ""
        elif table.stays or tag == "caption":
            frame.name = tag if table.stays else "div"
        else:
            return self._place_cell(element, frame, table)
        return _NOTHING

    def _place_cell(self, element: etree._Element, frame: _Frame, table: _Table) -> str:
        """A cell without its table."""
        column = table.column
        table.column += 1
        if table.headings or not table.beside:
            frame.name = "div"
            return _NOTHING
        between = " | " if table.form is Form.RECORDS else "\u2003"
        return between if column and _shows_something(element) else _NOTHING

    def _opening(self, element: etree._Element, name: str, *, with_lines: bool) -> str:
        attributes = _NOTHING
        classes = list(_classes(element, name))
        if name in _BLOCKS or name in _CELLS:
            attributes += _direction_attribute(element)
            if with_lines:
                classes.append("lines")
        if name == "table" and self._tables[-1].form is Form.SMALL:
            classes.append("small")
        if element.tag == "tr" and name == "div" and self._tables[-1].headings:
            classes.append("record")
        if classes:
            attributes += ' class="' + " ".join(classes) + '"'
        return f"<{name}{attributes}{_counting(element, name)}>{self._heading(element, name)}"

    def _heading(self, element: etree._Element, name: str) -> str:
        """What a record's line begins with: the name of the column."""
        table = self._tables[-1]
        if element.tag not in ("td", "th") or name != "div" or not table.headings:
            return _NOTHING
        column = table.column - 1
        heading = table.headings[column] if column < len(table.headings) else ""
        return f"<b>{escape(printable(heading))}:</b> " if heading else _NOTHING

    def _is_heading_row(self, element: etree._Element) -> bool:
        """Whether this is the row whose words each record repeats."""
        table = self._tables[-1]
        if element.tag != "tr" or not table.headings or table.rows:
            return False
        table.rows += 1
        return True

    def _leave(self, element: etree._Element) -> str:
        frame = self._frames.pop()
        if frame.skipped:
            return _NOTHING
        if element.tag == "table":
            self._tables.pop()
        if not frame.name:
            return frame.after
        self._depth -= 1
        return f"{frame.after}</{frame.name}>"

    def _text(self, text: str | None) -> str:
        frame = self._frames[-1]
        if not text or (frame.sizeless and not frame.keeps_lines):
            return _NOTHING
        if frame.font:
            text = as_pictures(text, frame.font)
        if not frame.keeps_lines:
            text = _FILLER.sub(_unfilled, _BLANKS.sub(" ", text))
        self.found_text = self.found_text or not text.isspace()
        shown = printable(text)
        return escape(breakable_in_cell(shown) if self._tables[-1].stays else shown)


def _unfilled(filler: re.Match[str]) -> str:
    return filler[0] if set(filler[0]) <= {" ", "\u00a0"} else " "


def _shows_something(cell: etree._Element) -> bool:
    return bool(text_of(cell, 1)) or any(map(alternative, cell.iterdescendants("img")))


def _list_mark(element: etree._Element) -> str | None:
    """The mark of an item of Word's lists, which are paragraphs to all others."""
    style = element.get("style", "")
    if "mso-list" not in style or not MARKER.search(style):
        return None
    return escape(printable(marker("".join(element.itertext()))))


def _name(element: etree._Element) -> str:
    tag = str(element.tag)
    if tag in _BLOCKS or tag in _INLINE:
        return tag
    if tag in ("span", "font"):
        return emphasis(element.get("style", ""))
    return _AS_ANOTHER.get(tag, "")


def _of_void(element: etree._Element) -> str:
    """What an element without content puts on the page."""
    if element.tag == "br":
        return "\n"  # far cheaper to lay out than an element a line; the style sheet keeps line ends
    if element.tag == "img":
        return escape(printable(alternative(element)))
    if element.tag == "input":
        return escape(printable(_entered(element)))
    return "<hr>"


def _entered(field: etree._Element) -> str:
    kind = field.get("type", "text").lower()
    if kind in ("checkbox", "radio"):
        marks = "☑☐" if kind == "checkbox" else "◉○"
        return marks[field.get("checked") is None] + " "
    return (
        field.get("value", "")
        if kind in ("text", "email", "tel", "number", "date", "submit", "button")
        else ""
    )


def _after(element: etree._Element) -> str:
    if element.tag == "a":
        return escape(printable(address_beside(element)))
    return "”" if element.tag == "q" else _NOTHING


def _classes(element: etree._Element, name: str) -> Iterator[str]:
    style = element.get("style", "")
    if name == "p" and (element.get("class", "").startswith("Mso") or is_tight(style)):
        yield "tight"
    if name == "div" and element.tag in ("td", "th", "caption"):
        yield "part"
    if name == "div" and element.tag == "dd":
        yield "indented"
    if name in ("td", "th") and (element.get("align", "").lower() == "right" or is_right(style)):
        yield "figures"


def _counting(element: etree._Element, name: str) -> str:
    """The numbers of lists, and how many columns and rows a cell has."""
    if name in _CELLS:
        return _numbers(element, ' {}="{}"', "colspan", "rowspan")
    numbering = _NUMBERINGS.get(element.get("type", ""), "") if name == "ol" else ""
    styles = [f"list-style-type: {numbering}"] if numbering else []
    if name in ("ol", "li"):
        form = "counter-reset: list-item calc({1} - 1)"
        styles.append(_numbers(element, form, "start" if name == "ol" else "value", digits=4))
    style = "; ".join(filter(None, styles))
    return f' style="{style}"' if style else _NOTHING


def _numbers(element: etree._Element, form: str, *attributes: str, digits: int = 2) -> str:
    given = ((name, element.get(name, "").strip()) for name in attributes)
    small = ((name, value) for name, value in given if re.fullmatch(rf"[0-9]{{1,{digits}}}", value))
    return _NOTHING.join(form.format(name, value) for name, value in small)


def _direction_attribute(element: etree._Element) -> str:
    given = element.get("dir", "").strip().lower()
    way = given if given in ("ltr", "rtl") else direction_or_none(head_of(element, _HEAD))
    return f' dir="{way}"' if way else _NOTHING
