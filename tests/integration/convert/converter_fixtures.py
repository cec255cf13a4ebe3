"""One converter for all tests of the room: LibreOffice and the typesetting take seconds to start."""

from collections.abc import AsyncIterator, Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest_asyncio

from config.server import ConvertSettings
from convert.converter import Converter
from convert.request import ConversionLimits, ConversionRequest, ConvertedFax, Sheet, Source

Convert = Callable[..., Coroutine[Any, Any, ConvertedFax]]


@pytest_asyncio.fixture(loop_scope="session", scope="session")
async def converter() -> AsyncIterator[Converter]:
    converter = Converter(ConvertSettings())
    await converter.start()
    yield converter
    await converter.stop()


@pytest_asyncio.fixture(loop_scope="session")
async def convert(converter: Converter, tmp_path: Path) -> Convert:
    """Makes the one fax of some files, without anything before them."""

    async def convert(
        *paths: Path,
        resolution: str = "fine",
        paper: str | None = "Letter",
        limits: ConversionLimits | None = None,
        drop_blank_ends: bool = True,
    ) -> ConvertedFax:
        folder = tmp_path / f"work-{len(list(tmp_path.iterdir()))}"
        folder.mkdir()
        request = ConversionRequest(
            sources=tuple(Source(name=path.name, path=path) for path in paths),
            sheets=(Sheet(key="fax"),),
            resolution=resolution,
            paper=paper,
            limits=limits or ConversionLimits(),
            drop_blank_ends=drop_blank_ends,
            folder=folder,
        )
        (fax,) = await converter.convert(request)
        return fax

    return convert
