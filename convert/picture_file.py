"""A picture file as fax pages: every page of a TIFF, the one picture of any other kind."""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from PIL import Image, ImageSequence

from convert.fax_tiff_pages import fax_page, is_fax_page
from convert.formats import Kind
from convert.image_pages import DAMAGE, open_picture, picture_page, refuse_if_too_large
from convert.layout import SheetGeometry
from convert.page_account import PageAccount, Step
from convert.rasterise import RasterisedPage, coded, rasterise
from convert.wording import too_many
from sandbox.failures import Refused

_NEW_SUBFILE_TYPE, _OLD_SUBFILE_TYPE, _OLD_REDUCED = 254, 255, 2


def picture_pages(path: Path, kind: Kind, geometry: SheetGeometry, *, most: int) -> Iterator[RasterisedPage]:
    """The pages, one after another.

    Raises:
        Refused: The file is damaged, too large, or has more pages than `most`; said for a person.
    """
    with open_picture(path, kind) as picture:
        for frame in _frames(picture, kind, most):
            refuse_if_too_large(frame)
            if kind is Kind.TIFF and is_fax_page(frame):
                rows = fax_page(frame, geometry)
                account = PageAccount(steps=(Step.PASSED,), has_content=False, inked=bool(rows.any()))
                yield RasterisedPage(coded=coded(rows), account=account)
            else:
                yield rasterise(picture_page(frame), geometry)


def _is_smaller_version(frame: Image.Image) -> bool:
    """Whether it shows another page once more, as thumbnails do.

    TIFF 6.0: NewSubfileType, bit 0; SubfileType, which it replaced.
    """
    tags = getattr(frame, "tag_v2", {})
    return bool(int(tags.get(_NEW_SUBFILE_TYPE, 0)) & 1) or tags.get(_OLD_SUBFILE_TYPE) == _OLD_REDUCED


def _frames(picture: Image.Image, kind: Kind, most: int) -> Iterator[Image.Image]:
    if kind is not Kind.TIFF:  # the pictures of an animation are no pages
        yield picture
        return
    try:
        shown = 0
        for frame in islice(ImageSequence.Iterator(picture), most):
            if not _is_smaller_version(frame):
                shown += 1
                yield frame
        if not shown:
            picture.seek(0)
            yield picture
        count = getattr(picture, "n_frames", 1)
    except DAMAGE as problem:
        raise Refused("the TIFF is damaged") from problem
    if count > most:
        raise Refused(too_many(count, most))
