"""Documents to fax pages: `postfax convert` beside Ghostscript, and the converter as the service has it.

    python benchmarks/conversion.py [--rounds 7] [FILE.pdf …]

The files are a few that are made on the spot (`sample_pdfs`), and those that are named.

    process    `postfax convert` as a whole process, its start included
    gs         `gs -sDEVICE=tiffg4` to the same raster, a whole process too; it draws without a sandbox
    service    the converter of a running service, everything loaded: what the document of a mail waits for

The ratios are Ghostscript's time as a multiple of ours: above 1 we are faster.
"""

import argparse
import asyncio
import itertools
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Coroutine, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pypdfium2
from figures import median_ratio, print_heading, print_table, take_turns
from sample_pdfs import make_all

from config.server import ConvertSettings
from convert.converter import Converter
from convert.request import ConversionLimits, ConversionRequest, Sheet, Source
from postfax.logging import silence

_POSTFAX = Path(sys.executable).with_name("postfax")
_GHOSTSCRIPT = (
    "gs", "-q", "-dBATCH", "-dNOPAUSE", "-dSAFER", "-dFIXEDMEDIA", "-dPDFFitPage",
    "-g1728x2156", "-r204x196", "-sDEVICE=tiffg4",
)  # fmt: skip

Await = Callable[[Coroutine[Any, Any, Any]], Any]
"""Runs a coroutine to its end, always in the same event loop."""


def seconds_of(run: Callable[[], object]) -> float:
    """How long it takes."""
    begun = time.perf_counter()
    run()
    return time.perf_counter() - begun


def convert_by_process(pdf: Path, folder: Path) -> None:
    """`postfax convert`."""
    _run(_POSTFAX, "convert", pdf, "-o", folder / "postfax.tif")


def convert_by_ghostscript(pdf: Path, folder: Path) -> None:
    """Ghostscript, to the same raster."""
    _run(*_GHOSTSCRIPT, f"-sOutputFile={folder / 'ghostscript.tif'}", pdf)


def _run(*command: str | Path) -> None:
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def request_of(document: Path, folder: Path) -> ConversionRequest:
    """What the service asks its converter for; `folder` must be new."""
    folder.mkdir()
    return ConversionRequest(
        sources=(Source(name=document.name, path=document),),
        sheets=(Sheet(key="fax"),),
        resolution="fine",
        paper="Letter",
        limits=ConversionLimits(),
        folder=folder,
    )


def measure(pdf: Path, folder: Path, rounds: int, converter: Converter, wait: Await) -> list[str]:
    """One line of the table. The first round warms the disk's cache and does not count."""
    own = _new_folders(folder / pdf.stem)
    times = take_turns(
        rounds + 1,
        {
            "process": lambda: seconds_of(partial(convert_by_process, pdf, folder)),
            "gs": lambda: seconds_of(partial(convert_by_ghostscript, pdf, folder)),
            "service": lambda: seconds_of(lambda: wait(converter.convert(request_of(pdf, next(own))))),
        },
    )
    process, gs, service = (times[name][1:] for name in ("process", "gs", "service"))
    pages = len(pypdfium2.PdfDocument(pdf))
    shown = [f"{statistics.median(seconds) / pages * 1000:.1f}" for seconds in (process, gs, service)]
    return [
        pdf.name,
        str(pages),
        *shown,
        f"{median_ratio(gs, process):.2f}",
        f"{median_ratio(gs, service):.2f}",
    ]


def _new_folders(beginning: Path) -> Iterator[Path]:
    return (beginning.with_name(f"{beginning.name}-{number}") for number in itertools.count())


def measure_all(files: Sequence[Path], folder: Path, rounds: int) -> list[list[str]]:
    """The lines of the table, and last the geometric means of the ratios."""
    converter = Converter(ConvertSettings())
    with asyncio.Runner() as runner:
        runner.run(converter.start())
        try:
            _wait_for_office(folder, converter, runner.run)
            rows = [measure(pdf, folder, rounds, converter, runner.run) for pdf in files]
        finally:
            runner.run(converter.stop())
    means = [f"{statistics.geometric_mean(float(row[column]) for row in rows):.2f}" for column in (-2, -1)]
    return [*rows, ["geometric mean", "", "", "", "", *means]]


def _wait_for_office(folder: Path, converter: Converter, wait: Await) -> None:
    """LibreOffice starts by itself and takes a core for it; a text has to wait for it."""
    text = folder / "text.txt"
    text.write_text("A text to begin with.\n")
    wait(converter.convert(request_of(text, folder / "beginning")))


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the options and measure."""
    parser = argparse.ArgumentParser(
        prog="conversion", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("files", metavar="FILE.pdf", nargs="*", type=Path)
    options = parser.parse_args(arguments)
    silence()
    print_heading(f"Milliseconds a page at fine resolution, medians of {options.rounds} rounds")
    with tempfile.TemporaryDirectory(prefix="postfax-conversion-") as made:
        folder = Path(made)
        files = [*make_all(folder), *options.files]
        print_table(
            ("file", "pages", "process", "gs", "service", "gs/process", "gs/service"),
            measure_all(files, folder, options.rounds),
        )


if __name__ == "__main__":
    main()
