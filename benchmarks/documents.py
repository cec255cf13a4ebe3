"""Every file of a folder through the service: what becomes of each, and what the service keeps of it.

    python benchmarks/documents.py FOLDER… [--at-once 2] [--folder DIR]

Each file is mailed to `postfax serve` as the one attachment of a mail. The table tells its pages, their T.6
octets and how long it waited, or what its sender is told. Below it stands what was found wrong: a document
without an outcome, a service that ended, processes or files that it left behind when it was stopped. Exit
status 1 if there was any.
"""

import argparse
import asyncio
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from document_service import CameTo, DocumentService
from figures import print_heading, print_table

from postfax.logging import silence


def files_in(folders: Sequence[Path]) -> list[Path]:
    """Every file below the folders."""
    return sorted(path for folder in folders for path in folder.rglob("*") if path.is_file())


async def outcomes(files: Sequence[Path], at_once: int, folder: Path) -> tuple[list[CameTo | str], list[str]]:
    """What came of each file, or why nothing did; and what was left behind."""
    places = asyncio.Semaphore(at_once)
    async with DocumentService(folder) as service:

        async def one(file: Path) -> CameTo | str:
            async with places:
                try:
                    return await service.fax(file.name, await asyncio.to_thread(file.read_bytes))
                except TimeoutError:
                    return "no outcome"

        came_to = await asyncio.gather(*map(one, files))
    return list(came_to), list(service.left_behind)


def _row(file: Path, folders: Sequence[Path], came_to: CameTo | str) -> list[str]:
    base = next(folder for folder in folders if file.is_relative_to(folder))
    name = str(file.relative_to(base))
    if isinstance(came_to, str):
        return [name, "", "", "", came_to]
    pages, octets = (str(came_to.pages), f"{came_to.octets:,}") if came_to.pages else ("", "")
    return [name, pages, octets, f"{came_to.seconds:.2f}", came_to.reason]


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the options, mail, and print."""
    parser = argparse.ArgumentParser(
        prog="documents", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "folders", nargs="*", type=Path, metavar="FOLDER", help="by default the tests' samples"
    )
    parser.add_argument("--at-once", type=int, default=2, help="documents on the way at one time")
    parser.add_argument("--folder", type=Path, help="where the service works; a short path")
    options = parser.parse_args(arguments)
    folders = options.folders or [Path(__file__).parents[1] / "tests" / "data" / "documents"]
    files = files_in(folders)
    if not files:
        parser.error("there is no file to mail")
    silence()
    print_heading(f"{len(files)} documents through the service, {options.at_once} at one time")
    with tempfile.TemporaryDirectory(dir=options.folder, prefix="pfx-") as folder:
        came_to, left = asyncio.run(outcomes(files, options.at_once, Path(folder)))
    rows = [_row(file, folders, one) for file, one in zip(files, came_to, strict=True)]
    width = max(len(row[-1]) for row in rows)
    print_table(
        ("file", "pages", "T.6 octets", "seconds", "what the sender is told".ljust(width)),
        [[*row[:-1], row[-1].ljust(width)] for row in rows],
    )
    without = sum(isinstance(one, str) for one in came_to)
    made = sum(isinstance(one, CameTo) and one.pages > 0 for one in came_to)
    refused = len(files) - made - without
    print(f"\n{made} made into pages, {refused} refused with a reason, {without} without outcome")
    print(f"left behind: {', '.join(left) or 'nothing'}")
    if without or left:
        sys.exit(1)


if __name__ == "__main__":
    main()
