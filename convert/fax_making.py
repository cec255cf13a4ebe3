"""The order of work of a conversion, whoever runs its tasks.

The attachments first, as the cover tells how many pages follow; then each fax's cover or body; then the
files. What is untrusted is opened in tasks only; here nothing but our own TIFF files is read
(`convert.fax_tiff`).
"""

import hashlib
from collections.abc import Sequence

from convert import fax_tiff
from convert.attachments import attached_pages
from convert.request import ConversionRequest, ConvertedFax, InvalidDocument, Sheet
from convert.runner import FinishedPages, Runner
from convert.wording import too_many


async def make_faxes(request: ConversionRequest, runner: Runner) -> tuple[ConvertedFax, ...]:
    """Make the fax of every sheet.

    Raises:
        InvalidDocument: A document cannot be made into pages, or a fax would have too many or none.
        ConverterUnavailable: A part of ours is missing or broken.
        OSError: The folder cannot be written.
    """
    shared = await attached_pages(request, runner)
    following = sum(len(made.pages) for made in shared)
    _check_number(request, following)
    if not any(sheet.cover or sheet.body for sheet in request.sheets):
        return tuple(_finished(request, sheet, shared, "") for sheet in request.sheets)
    # Loaded only here: a one-shot conversion has none.
    from convert.leading_pages import leading_pages  # noqa: PLC0415

    leading = await leading_pages(request, runner, following=following)
    return tuple(
        _finished(request, sheet, [*before.parts, *shared], before.cover_trouble)
        for sheet, before in zip(request.sheets, leading, strict=True)
    )


def _check_number(request: ConversionRequest, count: int) -> None:
    if count > request.limits.pages:
        raise InvalidDocument("", too_many(count, request.limits.pages))


def _finished(
    request: ConversionRequest, sheet: Sheet, parts: Sequence[FinishedPages], cover_trouble: str
) -> ConvertedFax:
    """Write the file of one fax."""
    pages = [page for part in parts for page in part.pages]
    _check_number(request, len(pages))
    if not pages:
        raise InvalidDocument("", "it has no pages")
    path = request.folder / f"{sheet.key}.tif"
    fax_tiff.write(path, pages, resolution=request.resolution)
    return ConvertedFax(
        key=sheet.key,
        path=path,
        made=tuple(page for part in parts for page in part.made),
        sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
        cover_trouble=cover_trouble,
    )
