"""Parsing and conversion as the service asks for them, without processes of their own.

A mail is taken apart by the service's own code. Its attachment's name says what comes of it: `3 pages.pdf` is
three pages, `broken.pdf` no document, `trouble.pdf` a fault of ours that may be gone at the next try. On each
page stands whose fax it is, and which page of it, so that a telephone knows what it received.
"""

import hashlib
import io
import json
import os
import re
from collections.abc import Mapping
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
_NAMED_ROW = 150
"""Below the header line."""
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
    octets, sizes = _document(sheet.key, count, str(request.resolution))
    path = request.folder / f"{sheet.key}.tif"
    path.write_bytes(octets)
    return ConvertedFax(
        key=sheet.key,
        path=path,
        made=tuple(MadePage(origin="letter.pdf", rows=_ROWS, octets=each) for each in sizes),
        sha256=hashlib.sha256(octets).hexdigest(),
    )


def _document(key: str, pages: int, resolution: str) -> tuple[bytes, list[int]]:
    """A TIFF of short pages, and the octets of each of them."""
    made = [_page(key, number) for number in range(pages)]
    file = io.BytesIO()
    fax_tiff.write_pages(file, made, resolution=resolution)
    return file.getvalue(), [len(page.strip) for page in made]


def _page(key: str, number: int) -> CodedPage:
    rows = np.zeros((_ROWS, WIDTH // 8), np.uint8)
    name = np.frombuffer(f"{key} {number}".encode(), np.uint8)
    rows[_NAMED_ROW, : len(name)] = name
    return CodedPage(rows=_ROWS, strip=t6.encode(rows))


def named_pages(document: Path) -> list[tuple[str, int]]:
    """Whose pages they are that a document has, and which of each fax."""
    return [_name_on(page) for page in fax_tiff.read(document).pages]


def _name_on(page: CodedPage) -> tuple[str, int]:
    row = t6.decode(page.strip, page.rows)[_NAMED_ROW]
    key, _, number = row.tobytes().rstrip(b"\0").decode().partition(" ")
    return key, int(number)
