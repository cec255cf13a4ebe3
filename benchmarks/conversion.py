"""Documents to fax pages: the service's converter and `postfax convert` beside Ghostscript.

    ./dev bench convert [--rounds 7] [SET=FILE.pdf …]

The sets are text, forms, scans and colour: files that are made on the spot (`sample_pdfs`), and those that
are named.

    service    the converter of a running service, everything loaded: what the document of a mail waits for
    process    `postfax convert` as a whole process, its start included
    gs         `gs -sDEVICE=tiffg4` to the same raster, a whole process: a service would start one for each
               document. It draws without a sandbox. Beside the service it runs as nicely as our tasks.

The ratios are Ghostscript's time as a multiple of ours: above 1 we are faster. A set's is the geometric mean
of its files', the last line's that of the sets. The ratio of processor time leaves out what two processors
and a busy machine do to the clock. Then office documents of one to three pages, for which there is no peer.
"""

import argparse
import asyncio
import itertools
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Coroutine, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import Any

import pypdfium2
from figures import logs_thrown_away, median_ratio, percentile, print_heading, print_table, take_turns
from sample_office import make_office
from sample_pdfs import make_sets

from config.server import ConvertSettings
from convert.converter import Converter
from convert.request import ConversionLimits, ConversionRequest, Sheet, Source

_POSTFAX = Path(sys.executable).with_name("postfax")
_GHOSTSCRIPT = (
    "gs", "-q", "-dBATCH", "-dNOPAUSE", "-dSAFER", "-dFIXEDMEDIA", "-dPDFFitPage",
    "-g1728x2156", "-r204x196", "-sDEVICE=tiffg4",
)  # fmt: skip
_NICELY = ("nice", "-n", "10")
_TICKS = os.sysconf("SC_CLK_TCK")
_COLUMNS = (
    "file", "pages", "service", "process", "gs", "gs/process", "gs/service", "gs/service, CPU",
)  # fmt: skip
_OFFICE_ROUNDS = 5
"""Times as many as for a PDF, for there is no peer, and quantiles want more."""

Await = Callable[[Coroutine[Any, Any, Any]], Any]
"""Runs a coroutine to its end, always in the same event loop."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What one conversion took, in seconds."""

    wall: float
    processor: float


@dataclass(frozen=True, slots=True)
class Measured:
    """One file's line, and its ratios."""

    shown: tuple[str, ...]
    process: float
    service: float
    processor: float


def timed(run: Callable[[], object]) -> Taken:
    """How long it takes, with all that children of ours do meanwhile."""
    processor, begun = _processor_seconds(), perf_counter()
    run()
    return Taken(perf_counter() - begun, _processor_seconds() - processor)


def _processor_seconds() -> float:
    """Of this process, its children that ended, and its children that live with all of theirs."""
    spent = sum(os.times()[:4])
    for child in Path(f"/proc/self/task/{os.getpid()}/children").read_text().split():
        fields = Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()
        spent += sum(map(int, fields[11:15])) / _TICKS
    return spent


def convert_by_process(pdf: Path, folder: Path) -> None:
    """`postfax convert`."""
    _run(_POSTFAX, "convert", pdf, "-o", folder / "postfax.tif")


def convert_by_ghostscript(pdf: Path, folder: Path, *before: str) -> None:
    """Ghostscript, to the same raster."""
    _run(*before, *_GHOSTSCRIPT, f"-sOutputFile={folder / 'ghostscript.tif'}", pdf)


def _run(*command: str | Path) -> None:
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


class Service:
    """The converter of a service, warm."""

    def __init__(self, converter: Converter, wait: Await, folder: Path) -> None:
        self._converter = converter
        self._wait = wait
        self._folders = (folder / f"service-{number}" for number in itertools.count())

    def convert(self, document: Path) -> int:
        """Make the fax of a document; how many pages it has."""
        folder = next(self._folders)
        folder.mkdir()
        request = ConversionRequest(
            sources=(Source(name=document.name, path=document),),
            sheets=(Sheet(key="fax"),),
            resolution="fine",
            paper="Letter",
            limits=ConversionLimits(),
            folder=folder,
        )
        (fax,) = self._wait(self._converter.convert(request))
        return len(fax.made)


def measure(pdf: Path, folder: Path, rounds: int, service: Service) -> Measured:
    """One file. The first round warms the disk's cache and does not count."""
    times = take_turns(
        rounds + 1,
        {
            "service": lambda: timed(partial(service.convert, pdf)),
            "process": lambda: timed(partial(convert_by_process, pdf, folder)),
            "gs": lambda: timed(partial(convert_by_ghostscript, pdf, folder)),
            "nice gs": lambda: timed(partial(convert_by_ghostscript, pdf, folder, *_NICELY)),
        },
    )
    wall = {name: [each.wall for each in taken[1:]] for name, taken in times.items()}
    spent = {name: sum(each.processor for each in taken[1:]) for name, taken in times.items()}
    pages = len(pypdfium2.PdfDocument(pdf))
    shown = [f"{statistics.median(wall[name]) / pages * 1000:.1f}" for name in ("service", "process", "gs")]
    return Measured(
        shown=(pdf.name, str(pages), *shown),
        process=median_ratio(wall["gs"], wall["process"]),
        service=median_ratio(wall["nice gs"], wall["service"]),
        processor=spent["nice gs"] / max(spent["service"], 1 / _TICKS),
    )


def rows_of(measured: Mapping[str, Sequence[Measured]]) -> list[tuple[str, ...]]:
    """The table: the files of each set, the set's means, and the means of the sets."""
    rows: list[tuple[str, ...]] = []
    for name, files in measured.items():
        rows += [(*each.shown, *_ratios([each])) for each in files]
        rows.append((f"= {name}", "", "", "", "", *_ratios(files)))
    sets = [_means(files) for files in measured.values()]
    overall = (f"{statistics.geometric_mean(column):.2f}" for column in zip(*sets, strict=True))
    return [*rows, ("geometric mean", "", "", "", "", *overall)]


def _ratios(files: Sequence[Measured]) -> tuple[str, ...]:
    return tuple(f"{mean:.2f}" for mean in _means(files))


def _means(files: Sequence[Measured]) -> tuple[float, ...]:
    columns = zip(*((each.process, each.service, each.processor) for each in files), strict=True)
    return tuple(map(statistics.geometric_mean, columns))


def office_rows(files: Iterable[Path], rounds: int, service: Service) -> Iterator[tuple[str, ...]]:
    """Lines of office documents."""
    for file in files:
        pages = service.convert(file)
        taken = [timed(partial(service.convert, file)).wall for _ in range(rounds)]
        yield file.name, str(pages), *(f"{percentile(taken, at) * 1000:.0f}" for at in (50, 90))


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the options and measure."""
    parser = argparse.ArgumentParser(
        prog="convert", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("files", metavar="SET=FILE.pdf", nargs="*", help="one more file of a set")
    options = parser.parse_args(arguments)
    with (
        tempfile.TemporaryDirectory(prefix="postfax-conversion-") as made,
        logs_thrown_away(),
        asyncio.Runner() as runner,
    ):
        folder = Path(made)
        sets = make_sets(folder)
        for named in options.files:
            name, _, file = named.rpartition("=")
            sets.setdefault(name or "named", []).append(Path(file))
        office = make_office(folder)
        converter = Converter(ConvertSettings())
        runner.run(converter.start())
        try:
            _measure_all(sets, office, options.rounds, Service(converter, runner.run, folder), folder)
        finally:
            runner.run(converter.stop())


def _measure_all(
    sets: Mapping[str, Sequence[Path]], office: Sequence[Path], rounds: int, service: Service, folder: Path
) -> None:
    service.convert(office[0])  # LibreOffice starts by itself and takes a core for it
    print_heading(f"Milliseconds a page at fine resolution, medians of {rounds} rounds")
    measured = {
        name: [measure(pdf, folder, rounds, service) for pdf in files] for name, files in sets.items()
    }
    print_table(_COLUMNS, rows_of(measured))
    print_heading("Office documents to the finished TIFF")
    table = list(office_rows(office, rounds * _OFFICE_ROUNDS, service))
    print_table(("document", "pages", "p50 ms", "p90 ms"), table)


if __name__ == "__main__":
    main()
