"""Whether the service's memory stays what it is: some thousand documents of all kinds, one after another.

    python benchmarks/soak.py [--documents 2000] [--minutes 600] [--at-once 2] [--files FOLDER] [--folder DIR]

Twelve of twenty documents need LibreOffice, two cannot be made into pages, the others are PDFs and pictures;
each says something different. With `--files` the files of a folder take the place of one of each twenty.
Memory is read after every document (`DocumentService.memory`). Per quarter of the documents stand its median
and its peak, and beside them how much mean, median and peak of the fourth quarter are above the second's: the
first one still loads what all others find loaded. LibreOffice is ended and started again in between, as ever:
its memory is a saw, of which a median takes one side of a tooth, so mean and peak are what counts.

SIGTERM or SIGINT ends it early, with the table of what it has seen until then; each hundred documents it
prints how many there were and the means of the memory since the last such line.
"""

import argparse
import asyncio
import itertools
import signal
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from document_service import CameTo, DocumentService
from figures import print_heading, print_table

from postfax.logging import silence

sys.path.append(str(Path(__file__).parents[1] / "tests" / "integration" / "convert"))
import documents_made as made

_QUARTERS = 4
_MOST_GROWTH = 0.05
_SAY_EVERY = 100
_ENCRYPTED = Path(__file__).parents[1] / "tests" / "data" / "documents" / "encrypted.docx"

Document = tuple[str, bytes]
"""Name and octets."""


def documents(folder: Path, files: Sequence[Path]) -> Iterator[Document]:
    """Documents without end, each made when it is asked for."""
    others = itertools.cycle(files)
    for number in itertools.count():
        make = _MAKERS[number % len(_MAKERS)]
        path = next(others) if files and number % len(_MAKERS) == 0 else make(folder, number)
        yield path.name, path.read_bytes()


def _pdf(folder: Path, number: int) -> Path:
    return made.pdf(folder / "letter.pdf", [f"Page of {number}"] * (1 + number % 8))


def _photo(folder: Path, number: int) -> Path:
    return made.picture(folder / "photo.jpg", size=(1600 + number % 100, 1200))


def _picture(folder: Path, number: int) -> Path:
    return made.picture(folder / "picture.png", size=(900 + number % 100, 700))


def _fax(folder: Path, number: int) -> Path:
    return made.fax_tiff(folder / "fax.tif", rows=1000 + number % 500)


def _form(folder: Path, _number: int) -> Path:
    return made.form_pdf(folder / "form.pdf")


def _encrypted(_folder: Path, _number: int) -> Path:
    return _ENCRYPTED


def _cut(folder: Path, number: int) -> Path:
    path = made.pdf(folder / "cut.pdf", ["x"] * 3)
    path.write_bytes(path.read_bytes()[: 200 + number % 200])
    return path


def _docx(folder: Path, number: int) -> Path:
    return made.docx_letter(folder / "letter.docx", _text(number))


def _xlsx(folder: Path, number: int) -> Path:
    return made.xlsx(folder / "table.xlsx", rows=5 + number % 200)


def _pptx(folder: Path, number: int) -> Path:
    return made.pptx(folder / "slides.pptx", slides=1 + number % 4)


def _odt(folder: Path, _number: int) -> Path:
    return made.odt(folder / "letter.odt")


def _html(folder: Path, number: int) -> Path:
    path = folder / "page.html"
    path.write_text(f"<html><body><h1>{number}</h1><p>{_text(number)}</p></body></html>", encoding="utf-8")
    return path


def _note(folder: Path, number: int) -> Path:
    path = folder / "note.txt"
    path.write_text(_text(number), encoding="utf-8")
    return path


def _text(number: int) -> str:
    return f"Document {number}. " + "A line of text that is faxed. " * (1 + number % 50)


_MAKERS: tuple[Callable[[Path, int], Path], ...] = (
    _pdf, _docx, _xlsx, _photo, _docx, _odt, _pptx, _cut, _xlsx, _html,
    _pdf, _docx, _note, _fax, _xlsx, _picture, _odt, _encrypted, _pptx, _form,
)  # fmt: skip
"""Twenty kinds, in the order in which they are mailed."""


async def soak(
    options: argparse.Namespace, folder: Path
) -> tuple[list[dict[str, int]], list[CameTo], list[str]]:
    """Memory after each document, what came of each, and what was left behind."""
    memory: list[dict[str, int]] = []
    came_to: list[CameTo] = []
    making = folder / "made"
    making.mkdir()
    files = sorted(path for path in options.files.rglob("*") if path.is_file()) if options.files else []
    source = itertools.islice(documents(making, files), options.documents)
    until = time.monotonic() + 60 * options.minutes
    async with DocumentService(folder) as service:
        asked_to_end = _asked_to_end()

        async def one_after_another() -> None:
            for name, octets in source:
                if asked_to_end.is_set() or time.monotonic() > until:
                    return
                came_to.append(await service.fax(name, octets))
                memory.append(service.memory())
                if len(memory) % _SAY_EVERY == 0:
                    print(f"{len(memory):6}  {_means(memory[-_SAY_EVERY:])}", flush=True)

        await asyncio.gather(*(one_after_another() for _ in range(options.at_once)))
    return memory, came_to, list(service.left_behind)


def _asked_to_end() -> asyncio.Event:
    """Set once this process is asked to end."""
    asked = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, asked.set)
    return asked


def _means(memory: Sequence[dict[str, int]]) -> str:
    means = {name: statistics.mean(one[name] for one in memory) for name in memory[0]}
    return ", ".join(f"{name} {mean / 1e6:.1f} MB" for name, mean in means.items())


def rows_of(memory: Sequence[dict[str, int]]) -> tuple[list[list[str]], list[float]]:
    """A line for each process: median and peak of each quarter, and the growths; the larger one counts."""
    size = len(memory) // _QUARTERS
    rows, growths = [], []
    for name in memory[0]:
        quarters = [[one[name] for one in memory[n * size : (n + 1) * size]] for n in range(_QUARTERS)]
        shown = [f"{statistics.median(each) / 1e6:.1f}/{max(each) / 1e6:.1f}" for each in quarters]
        mean, median, peak = (
            of(quarters[3]) / of(quarters[1]) - 1 for of in (statistics.mean, statistics.median, max)
        )
        growths.append(max(mean, peak))
        rows.append([name, *shown, f"{mean:+.1%} {median:+.1%} {peak:+.1%}"])
    return rows, growths


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the options, mail, and print; exit status 1 if something grew or was left."""
    parser = argparse.ArgumentParser(
        prog="soak", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--documents", type=int, default=2000)
    parser.add_argument("--minutes", type=float, default=600, help="an end before all documents were mailed")
    parser.add_argument("--at-once", type=int, default=2, help="documents on the way at one time")
    parser.add_argument("--files", type=Path, help="a folder of further documents")
    parser.add_argument("--folder", type=Path, help="where the service works; a short path")
    options = parser.parse_args(arguments)
    silence()
    print_heading(f"{options.documents} documents, one after another")
    with tempfile.TemporaryDirectory(dir=options.folder, prefix="pfx-") as folder:
        memory, came_to, left = asyncio.run(soak(options, Path(folder)))
    if len(memory) < _QUARTERS:
        sys.exit(f"{len(memory)} documents are too few to tell")
    rows, growths = rows_of(memory)
    names = [f"quarter {number} (median/peak MB)" for number in range(1, _QUARTERS + 1)]
    print_table(("memory", *names, "4th to 2nd: mean, median, peak"), rows)
    faxed = sum(one.pages > 0 for one in came_to)
    left_text = ", ".join(left) or "nothing"
    print(f"\n{len(came_to)} documents: {faxed} made into pages, others refused; left behind: {left_text}")
    if left or max(growths) > _MOST_GROWTH:
        sys.exit(1)


if __name__ == "__main__":
    main()
