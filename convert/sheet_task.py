"""The task that lays out a sheet of ours as a PDF. Runs confined (`sandbox`), in a folder of its own.

What people wrote stands in the sheet, so it is laid out as carefully as what strangers sent. Nothing is
fetched but the picture of a fax's first page.
"""

from pathlib import Path
from typing import Any

from weasyprint.urls import URLFetcher, URLFetcherResponse

from convert.sheet import PICTURE
from convert.typesetting import typeset

_BASE = "file:///sheet/"


def make_sheet(arguments: dict[str, Any]) -> dict[str, Any]:
    """Lay out a sheet.

    Args:
        arguments: `source`, an HTML file in the working folder, and `target`, the name of the PDF.

    Returns:
        The number of its `pages`.
    """
    html = Path(arguments["source"]).read_text(encoding="utf-8")
    laid_out = typeset(lambda _pages: html, fetcher=_OnePicture(), base_url=_BASE)
    Path(arguments["target"]).write_bytes(laid_out.pdf)
    return {"pages": laid_out.pages}


class _OnePicture(URLFetcher):  # type: ignore[misc] # weasyprint has no types
    def fetch(self, url: str, headers: Any = None) -> URLFetcherResponse:  # noqa: ARG002 - weasyprint's signature
        """The picture; WeasyPrint makes a gap of everything else."""
        if url == f"{_BASE}{PICTURE}" and Path(PICTURE).is_file():
            return URLFetcherResponse(url, Path(PICTURE).read_bytes())
        raise ValueError("a sheet fetches nothing")
