"""Parsing and conversion as the service asks for them, without processes of their own.

A mail is taken apart by the service's own code. Its attachment's name says what comes of it: `3 pages.pdf` is
three pages, `broken.pdf` no document, `trouble.pdf` a fault of ours that may be gone at the next try.
"""

import hashlib
import io
import json
import os
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from convert import fax_tiff, t6
from convert.fax_tiff import CodedPage
from convert.layout import WIDTH
from convert.request import (
    ConversionRequest,
    ConvertedFax,
    ConverterUnavailable,
    InvalidDocument,
    MadePage,
    Sheet,
)
from mta.mime.task import take_apart
from sandbox import FailureKind, Limits, TaskFailed

if TYPE_CHECKING:
    from simulation.node import Node

_ROWS = 200
_NUMBER = re.compile(r"(\d+) pages")


class SimulatedNursery:
    """In the place of `sandbox.Nursery`, for what the journey asks of it."""

    def __init__(self, node: "Node") -> None:
        self._node = node

    async def run(self, task: str, arguments: dict[str, Any], *, folder: Path, limits: Limits) -> Any:  # noqa: ARG002 - as the nursery has it
        """Take a mail apart."""
        await self._node.outside(seconds=0.05)
        if task != "mta.mime.task:take_apart":
            raise TaskFailed(FailureKind.ERROR, f"{task} is not simulated")
        before = Path.cwd()
        os.chdir(folder)
        try:
            told: Mapping[str, Any] = json.loads(json.dumps(take_apart(arguments)))
        finally:
            os.chdir(before)
        return dict(told)


class SimulatedConverter:
    """In the place of `convert.converter.Converter`."""

    def __init__(self, node: "Node") -> None:
        self._node = node

    async def convert(self, request: ConversionRequest) -> tuple[ConvertedFax, ...]:
        """Pages as the attachments' names say."""
        await self._node.outside(seconds=0.5)
        pages = sum(self._pages_of(source.name) for source in request.sources)
        made = [_written(sheet, pages, request) for sheet in request.sheets]
        await self._node.outside(seconds=0.1)
        return tuple(made)

    def _pages_of(self, name: str) -> int:
        if name == "broken.pdf":
            raise InvalidDocument(name, "it is damaged")
        if name == "trouble.pdf" and self._node.chance.happens("converter", 0.5):
            raise ConverterUnavailable("LibreOffice is being installed")
        number = _NUMBER.match(name)
        return int(number[1]) if number else 1


def _written(sheet: Sheet, pages: int, request: ConversionRequest) -> ConvertedFax:
    leading = int(sheet.cover is not None or sheet.body is not None)
    count = max(1, leading + pages)
    octets, size = _document(count, str(request.resolution))
    path = request.folder / f"{sheet.key}.tif"
    path.write_bytes(octets)
    return ConvertedFax(
        key=sheet.key,
        path=path,
        made=tuple(MadePage(origin="letter.pdf", rows=_ROWS, octets=size) for _ in range(count)),
        sha256=hashlib.sha256(octets).hexdigest(),
    )


@cache
def _document(pages: int, resolution: str) -> tuple[bytes, int]:
    """A TIFF of short blank pages, and the octets of one of them."""
    rows = np.zeros((_ROWS, WIDTH // 8), np.uint8)
    page = CodedPage(rows=_ROWS, strip=t6.encode(rows))
    file = io.BytesIO()
    fax_tiff.write_pages(file, [page] * pages, resolution=resolution)
    return file.getvalue(), len(page.strip)
