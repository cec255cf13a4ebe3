"""Whether two faxes are the same, pixel by pixel."""

from pathlib import Path

from PIL import Image, ImageSequence


def pages_of(fax: Path) -> list[Image.Image]:
    """The pages as bilevel images."""
    with Image.open(fax) as file:
        return [page.convert("1") for page in ImageSequence.Iterator(file)]


def differing_pages(sent: Path, received: Path) -> list[int]:
    """Numbers of the pages, from 1, that are not the same in both, or not there."""
    ours, theirs = pages_of(sent), pages_of(received)
    longest = max(len(ours), len(theirs))
    return [
        number + 1
        for number in range(longest)
        if not _same(ours[number : number + 1], theirs[number : number + 1])
    ]


def _same(ours: list[Image.Image], theirs: list[Image.Image]) -> bool:
    return (
        bool(ours and theirs) and ours[0].size == theirs[0].size and ours[0].tobytes() == theirs[0].tobytes()
    )


def picture_of(fax: Path, target: Path, *, width: int = 620) -> None:
    """Write the pages side by side as one PNG, with square pixels, as a person sees the paper."""
    with Image.open(fax) as file:
        sheets = []
        for page in ImageSequence.Iterator(file):
            across, down = (float(value) for value in page.info.get("dpi", (204, 196)))
            height = round(width * (page.height / down) / (page.width / across))
            sheets.append(page.convert("L").resize((width, height), Image.Resampling.BOX))
    gap = 12
    sheet = Image.new("L", (len(sheets) * (width + gap) + gap, max(s.height for s in sheets) + 2 * gap), 150)
    for place, page in enumerate(sheets):
        sheet.paste(page, (gap + place * (width + gap), gap))
    sheet.save(target)
