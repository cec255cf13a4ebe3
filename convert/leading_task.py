"""The tasks that make fax pages of a cover and of a mail's body: typeset, then drawn like any PDF."""

from collections.abc import Callable
from typing import Any

from convert.body_task import body_pages
from convert.cover_task import cover_page
from convert.page_task import make_pages

Typesetting = Callable[[dict[str, Any]], dict[str, Any]]


def make_cover(arguments: dict[str, Any]) -> dict[str, Any]:
    """Make fax pages of a cover page.

    Args:
        arguments: `facts` for `cover_page`, and `pages`: the fields of a `PageTask` without its source.

    Returns:
        As `make_pages`; never asks for LibreOffice.

    Raises:
        Refused: The message cannot be laid out.
    """
    return _drawn(cover_page, arguments)


def make_body(arguments: dict[str, Any]) -> dict[str, Any]:
    """Make fax pages of a mail's body; otherwise as `make_cover`."""
    return _drawn(body_pages, arguments)


def _drawn(typesetting: Typesetting, arguments: dict[str, Any]) -> dict[str, Any]:
    source = typesetting(arguments["facts"])["pdf"]
    return make_pages({**arguments["pages"], "source": source})
