"""Very many fax calls at one time: do all succeed, what do they cost, and does any media tick come late?

    python benchmarks/calls.py [--calls 200] [--pages 1] [--over 20] [--engines 2] [--stations 2]

The calls begin spread over some seconds, from `sip` lines to stations in processes of their own, by T.38 in
real time, and are all up together for a while. Printed: how many succeeded and how many were up at one time,
the CPU seconds and the memory of our engines for a call, and the latest tick of any call. The stations are on
the same cores: half of what the machine does is theirs.
"""

import argparse
import asyncio
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import numpy as np
from figures import percentile, print_heading, print_table
from PIL import Image
from process_memory import proportional

from config.lines import SipLine as SipLineSettings
from config.values import HostPort
from postfax.logging import silence
from store.job import Outcome
from transmit.causes import CallFacts
from transmit.engine.pool import EnginePool
from transmit.line import CallOrder, CallProgress, ProgressKind
from transmit.sip_line import SipLine

_LOOPBACK = HostPort("127.0.0.1", 0)
_TICKS = 100.0
"""Of the kernel's clock, a second (USER_HZ)."""


class WatchedLine(SipLine):
    """A line that keeps how late its calls' ticks came."""

    def __init__(self, *arguments: object, **more: object) -> None:
        super().__init__(*arguments, **more)  # type: ignore[arg-type]  # as its base takes them
        self.latest_ticks: list[float] = []

    def _outcome(self, order: CallOrder, facts: CallFacts, answered_at: datetime | None) -> Outcome:
        if facts.engine is not None:
            self.latest_ticks.append(facts.engine.latest_tick)
        return super()._outcome(order, facts, answered_at)


class Crowd:
    """How many calls are up."""

    def __init__(self) -> None:
        self._up: set[str] = set()
        self.most = 0

    def report(self, progress: CallProgress) -> None:
        """A step of a call."""
        if progress.kind is ProgressKind.ANSWERED:
            self._up.add(progress.attempt_id)
            self.most = max(self.most, len(self._up))

    def over(self, attempt: str) -> None:
        """A call has ended."""
        self._up.discard(attempt)


def write_fax(path: Path, pages: int) -> None:
    """Pages of text-like rows, each about a minute at 14,400 bit/s."""
    chance = np.random.default_rng(7)
    images = []
    for _ in range(pages):
        page = np.full((2200, 1728), 255, np.uint8)
        for top in range(100, 2100, 40):
            words = chance.random(216) < 0.45
            page[top : top + 22] = np.where(np.kron(words, np.ones(8, bool)), 0, 255)
            page[top : top + 22 : 3] = 255
        images.append(Image.fromarray(page).convert("1"))
    images[0].save(
        path, format="TIFF", save_all=True, append_images=images[1:], compression="group4", dpi=(204, 196)
    )


def start_station(folder: Path) -> tuple[subprocess.Popen[str], str]:
    """A station of its own process; its address."""
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "postfax.command", "station"),
            *("--listen", "127.0.0.1:0", "--keep", str(folder)),
        ],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    for line in process.stdout or ():
        if found := re.search(r"127\.0\.0\.1:\d+", line):
            return process, found[0]
    raise SystemExit("calls: the station did not start")


def cpu_seconds(processes: Sequence[int]) -> float:
    """CPU that processes have used."""
    used = 0.0
    for process in processes:
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
        used += (int(fields[11]) + int(fields[12])) / _TICKS
    return used


def memory_of(processes: Sequence[int]) -> int:
    """What they hold together, in KiB; a page that several share counts once."""
    return sum(map(proportional, processes)) // 1024


def engine_processes() -> list[int]:
    """The engines of this process."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            of_ours = f"PPid:\t{os.getpid()}\n" in (folder / "status").read_text()
            is_engine = b"transmit.engine.worker" in (folder / "cmdline").read_bytes()
        except OSError:
            continue  # it has just ended
        if of_ours and is_engine:
            found.append(int(folder.name))
    return found


async def place_calls(
    options: argparse.Namespace, addresses: Sequence[str], document: Path
) -> list[list[str]]:
    """All calls; the rows of the table."""
    pool = EnginePool(workers=options.engines)
    await pool.start()
    lines = [
        WatchedLine(
            f"to-{number}", SipLineSettings(sip=f"sip:{address}", listen=_LOOPBACK, channels=500), pool
        )
        for number, address in enumerate(addresses)
    ]
    for line in lines:
        await line.start()
    engines, crowd = engine_processes(), Crowd()
    idle = memory_of(engines)
    used, begun = cpu_seconds(engines), time.perf_counter()
    memory = [idle]

    async def call(number: int) -> Outcome:
        await asyncio.sleep(options.over * number / options.calls)
        name = f"C{number}"
        order = CallOrder(
            job_id=name, attempt_id=f"{name}#1", number=f"+1206{number:07d}", document=document,
            pages=options.pages,
        )  # fmt: skip
        try:
            return await lines[number % len(lines)].send(order, crowd.report)
        finally:
            memory.append(memory_of(engines))
            crowd.over(order.attempt_id)

    outcomes = await asyncio.gather(*map(call, range(options.calls)))
    took, used = time.perf_counter() - begun, cpu_seconds(engines) - used
    for line in lines:
        await line.stop()
    await pool.stop()
    ticks = [1000 * tick for line in lines for tick in line.latest_ticks]
    statuses = Counter(outcome.status.value for outcome in outcomes)
    return [
        ["succeeded", f"{statuses['Success']} of {options.calls}"],
        [
            "otherwise",
            ", ".join(f"{count} {name}" for name, count in statuses.items() if name != "Success") or "–",
        ],
        ["up at one time, most", str(crowd.most)],
        ["seconds in all", f"{took:.0f}"],
        ["engines' CPU for a call, s", f"{used / options.calls:.2f}"],
        ["engines' memory for a call, KiB", f"{(max(memory) - idle) / max(1, crowd.most):.0f}"],
        ["latest tick of a call, p50 ms", f"{statistics.median(ticks):.0f}"],
        ["latest tick of a call, p99 ms", f"{percentile(ticks, 99):.0f}"],
        ["latest tick of all, ms", f"{max(ticks):.0f}"],
    ]


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        prog="calls", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--calls", type=int, default=200)
    parser.add_argument("--pages", type=int, default=1)
    parser.add_argument("--over", type=float, default=20.0, help="seconds over which they begin")
    parser.add_argument("--engines", type=int, default=2, help="processes of ours")
    parser.add_argument("--stations", type=int, default=2, help="processes that receive")
    options = parser.parse_args(arguments)
    silence()
    print_heading(f"calls: {options.calls} by T.38 in real time, {options.pages} page(s) each")
    with tempfile.TemporaryDirectory() as folder:
        document = Path(folder) / "fax.tif"
        write_fax(document, options.pages)
        stations = [start_station(Path(folder) / f"station-{number}") for number in range(options.stations)]
        try:
            rows = asyncio.run(place_calls(options, [address for _, address in stations], document))
        finally:
            for process, _ in stations:
                process.terminate()
                process.wait()
    print_table(["what", "figure"], rows)


if __name__ == "__main__":
    main()
