"""A document that was just made, as the book takes it over.

It stands apart from `store.job` because it names a file, and the pure rules that use the jobs know no files.
"""

from dataclasses import dataclass
from pathlib import Path

from config.fax import Resolution
from store.job import FaxPage


@dataclass(frozen=True, kw_only=True, slots=True)
class NewDocument:
    """A fax as conversion made it. The book copies the file and leaves it where it is."""

    path: Path
    """The TIFF (T.6 coded, one strip a page)."""
    resolution: Resolution
    pages: tuple[FaxPage, ...]
