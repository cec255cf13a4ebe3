"""A mail's message as plain text with its paragraphs, for templates that are no HTML."""

import re

from markupsafe import Markup

from convert.message import message_markup
from convert.page_text import printable

_ENDS_LINE = re.compile(r"<br\b[^>]*>|</(?:p|div|li|tr|h[1-6]|pre|caption)>|<hr\b[^>]*>", re.IGNORECASE)
_BEGINS = re.compile(r"<li\b[^>]*>", re.IGNORECASE)
_BETWEEN_CELLS = re.compile(r"</t[dh]>\s*(?=<t[dh])", re.IGNORECASE)
_TAG = re.compile(r"<[^>]*>")


def message_text(*, text: str, html: str) -> str:
    """The message; empty if the mail says nothing.

    Raises:
        Refused: It is longer than can be laid out, or its HTML cannot be read.
    """
    markup = message_markup(text=text, html=html)
    return printable(text).strip("\n") if text.strip() else _plain(markup)


def _plain(markup: Markup) -> str:
    source = " ".join(str(markup).split())
    source = _BEGINS.sub("• ", _BETWEEN_CELLS.sub("\t", source))
    lines = Markup(_TAG.sub("", _ENDS_LINE.sub("\n", source))).unescape().split("\n")  # noqa: S704 - no tag is left
    return "\n".join(line.strip(" ") for line in lines).strip("\n")
