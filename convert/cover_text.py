"""A mail's message as plain text with its paragraphs, for templates that are no HTML."""

import re
from html.parser import HTMLParser

from convert.message import message_markup
from convert.page_text import printable

_ENDS_PARAGRAPH = frozenset({"p", "ul", "ol", "table", "pre", "h1", "h2", "h3", "h4", "h5", "h6"})
_ENDS_LINE = frozenset({"div", "li", "tr", "caption", "blockquote", "br", "hr"}) | _ENDS_PARAGRAPH
_CELLS = frozenset({"td", "th"})


def message_text(*, text: str, html: str) -> str:
    """The message; empty if the mail says nothing.

    Raises:
        Refused: It is longer than can be laid out, or its HTML cannot be read.
    """
    markup = message_markup(text=text, html=html)
    if text.strip():
        return printable(text).strip("\n")
    plain = _Plain()
    plain.feed(str(markup))
    plain.close()
    return plain.text


class _Plain(HTMLParser):
    """Simplified HTML (`convert.message`) as lines: its line feeds are line ends already."""

    def __init__(self) -> None:
        super().__init__()
        self._lines = [""]
        self._lists: list[int] = []
        """Of each list that is open the last number; -1 for points."""
        self._quotes = 0

    @property
    def text(self) -> str:
        """What was read."""
        lines = "\n".join(line.rstrip(" ") for line in self._lines)
        return re.sub(r"\n{3,}", "\n\n", lines).strip("\n")

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002 - as it is
        if tag in _ENDS_LINE and tag != "br":
            self._end_line()
        match tag:
            case "blockquote":
                self._quotes += 1
            case "ul" | "ol":
                self._lists.append(0 if tag == "ol" else -1)
            case "li":
                self._begin_item()
            case "br":
                self._lines.append("")

    def handle_endtag(self, tag: str) -> None:
        if tag in _CELLS:
            self._write("\t")
        elif tag in _ENDS_LINE:
            self._end_line()
        if tag == "blockquote":
            self._quotes -= 1
        elif tag in {"ul", "ol"} and self._lists:
            self._lists.pop()
        if tag in _ENDS_PARAGRAPH and not self._lists:
            self._lines.append("")

    def handle_data(self, data: str) -> None:
        first, *others = data.split("\n")
        self._write(first)
        for line in others:
            self._lines.append("")
            self._write(line)

    def _begin_item(self) -> None:
        if not self._lists or self._lists[-1] < 0:
            mark = "•"
        else:
            self._lists[-1] += 1
            mark = f"{self._lists[-1]}."
        self._write(f"{'  ' * (len(self._lists) - 1)}{mark} ")

    def _write(self, text: str) -> None:
        if text and not self._lines[-1]:
            self._lines[-1] = "> " * self._quotes
        self._lines[-1] += text

    def _end_line(self) -> None:
        self._lines[-1] = self._lines[-1].rstrip("\t")
        if self._lines[-1].strip():
            self._lines.append("")
