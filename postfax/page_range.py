"""Which pages somebody means: `3`, `1-2,5`, `4-`. Pure."""

import re

_PART = re.compile(r"(\d{1,5})?\s*(-)?\s*(\d{1,5})?")


class NoPages(ValueError):  # noqa: N818 - named as what happened
    """The text names no pages, or pages that there are not."""


def read_pages(text: str, count: int) -> tuple[int, ...]:
    """The 0-based numbers of the pages, in the order in which they are named, each once.

    Args:
        text: `1-2,5`, from 1 on; empty for all.
        count: The pages that there are.

    Raises:
        NoPages: It is no such text, or one of them is not there.
    """
    if not text.strip():
        return tuple(range(count))
    pages: dict[int, None] = {}
    for part in text.split(","):
        first, last = _ends(part.strip(), count)
        if not 1 <= first <= last:
            raise NoPages(f"'{text}' names no pages: 3, 1-2,5 or 4- would.")
        if last > count:
            there = "1 page" if count == 1 else f"{count} pages"
            raise NoPages(f"there is no page {last}: the fax has {there}.")
        pages.update(dict.fromkeys(range(first - 1, last)))
    return tuple(pages)


def _ends(part: str, count: int) -> tuple[int, int]:
    found = _PART.fullmatch(part)
    if found is None or not (found[1] or found[3]):
        return 0, 0
    if not found[2]:
        return (0, 0) if found[3] else (int(found[1]), int(found[1]))
    first = int(found[1] or 1)
    return first, int(found[3]) if found[3] else max(first, count)
