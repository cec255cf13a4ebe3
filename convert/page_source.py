"""HTML as WeasyPrint reads it, spared of what a page of ours does not need.

WeasyPrint lays out whatever its `HTML` holds; this one holds the same, sooner. HTML of our own making is XML
as well, which Python's parser in C reads thirty times as fast as HTML's rules are followed. And of the style
sheet that browsers have of their own those rules are left out that give each element six more, for footnotes
and for the marks of lists: nearly no page has any.
"""

import re
from typing import Any
from xml.etree.ElementTree import ParseError, fromstring

import cssselect2  # type: ignore[import-untyped]
from weasyprint import CSS, HTML
from weasyprint.html import UA

_FOR_EVERY_ELEMENT = re.compile(r"^::(?:footnote|note)-\w+ \{.*\}$", re.MULTILINE)
_MARKED = re.compile(r"^::marker ", re.MULTILINE)
_SHORT_RULES = CSS(string=_MARKED.sub("li::marker ", _FOR_EVERY_ELEMENT.sub("", UA)))
_NEEDING_ALL = re.compile(r"footnote|note\(|list-item|marker", re.IGNORECASE)
"""What somebody's page says that has notes, or other lists than those of `li`."""
_UNCLOSED = re.compile(r"<(?:hr|br)>")


class PageSource(HTML):  # type: ignore[misc] # weasyprint has no types
    """A page of HTML, read."""

    def __init__(self, text: str, *, ours: bool, fetcher: Any, base_url: str | None = None) -> None:
        """Read it.

        Args:
            text: The HTML.
            ours: Whether it is of our own making, and XML as well but for `hr` and `br`. What is not, is read
                as HTML.
            fetcher: Gives what it asks for.
            base_url: Where relative addresses begin; without it they are none.
        """
        self._rules = _SHORT_RULES if ours or not _NEEDING_ALL.search(text) else None
        root = _as_xml(text) if ours else None
        if root is None:
            super().__init__(string=text, url_fetcher=fetcher, base_url=base_url)
            return
        self.base_url, self.url_fetcher, self.media_type = base_url, fetcher, "print"
        self.wrapper_element = cssselect2.ElementWrapper.from_html_root(root, content_language=None)
        self.etree_element = self.wrapper_element.etree_element

    def _ua_stylesheets(self, forms: bool = False) -> list[CSS]:  # noqa: FBT001, FBT002 - weasyprint's signature
        return super()._ua_stylesheets(forms) if self._rules is None or forms else [self._rules]


def _as_xml(text: str) -> Any:
    """The page's root; None if it is no XML."""
    try:
        # No DTD of a stranger can be in it: all that people wrote is escaped, or made of our own tags.
        return fromstring(_UNCLOSED.sub(lambda tag: f"{tag[0][:-1]}/>", text))  # noqa: S314
    except ParseError:
        return None
