"""What the confined targets run in a confined process: the tasks of the service, on many inputs in turn."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from convert.page_task import make_pages
from mta.mime.task import take_apart
from sandbox import Refused


def make_pages_of_each(arguments: dict[str, Any]) -> dict[str, int]:
    """`make_pages` of the files 0, 1, 2, …; how often it came to what."""
    page_task = arguments["page_task"]

    def one(file: str) -> None:
        make_pages({**page_task, "source": file, "target": f"{file}.tif"})

    return _each(arguments["count"], one)


def take_apart_each(arguments: dict[str, Any]) -> dict[str, int]:
    """`take_apart` of the files 0, 1, 2, …"""
    return _each(arguments["count"], lambda file: take_apart({"mail": file}))


def _each(count: int, one: Callable[[str], object]) -> dict[str, int]:
    came_to: Counter[str] = Counter()
    for file in map(str, range(count)):
        try:
            one(file)
        except Refused:
            came_to["refused"] += 1
        else:
            came_to["done"] += 1
        for left in Path().glob("[!0-9]*"):
            left.unlink()
    return came_to
