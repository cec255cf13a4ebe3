"""Nothing is left of a call that is over: very many calls of all kinds, and what the processes hold then.

    python tests/crash/call_leaks.py [--calls 1000] [--at-once 20] [--clock 20]

Half of the calls are faxes; the others are refused, busy, dropped in the middle of a page, cancelled, or
heard before the answer. After each hundred calls all have ended, and it is read from the kernel what this
process and its engine workers hold: descriptors (each media and SIP port is one), child processes, resident
memory. The first half does not count for the memory: what is loaded once is loaded then, and what is kept of
the latest calls is full.
"""

import argparse
import asyncio
import gc
import os
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path

from hang_ups import write_fax

from config.lines import SipLine as SipLineSettings
from config.values import HostPort
from postfax.logging import silence
from transmit.engine.pool import EnginePool
from transmit.line import CallOrder
from transmit.sip_line import SipLine
from transmit.station.station import Station

_LOOPBACK = HostPort("127.0.0.1", 0)
_KINDS = {
    "01": "fax",
    "02": "busy",
    "03": "fax",
    "04": "early reorder-tone 503",
    "05": "fax",
    "06": "hang-up",
    "07": "passive",
    "08": "early sit",
    "09": "fax",
    "10": "no-answer",
    "11": "fax",
    "12": "drop-at 5",
}
_CANCELLED = "10"
MOST_GROWTH = 0.05
"""Of the memory, between half of the calls and all of them."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Held:
    """What the processes hold while no call is up."""

    calls: int
    """That are over."""
    descriptors: tuple[int, ...]
    """Of this process, and of each child."""
    memory: tuple[int, ...]
    """KiB resident, likewise."""
    agents: int
    """Calls that the user agents still know of."""

    @property
    def processes(self) -> int:
        """This one and its children."""
        return len(self.descriptors)


@dataclass(frozen=True, kw_only=True, slots=True)
class Leaks:
    """What a run came to."""

    statuses: Counter[str]
    held: tuple[Held, ...]

    def faults(self) -> Iterator[str]:
        """What was left behind, in words."""
        first, half, last = self.held[0], self.held[(len(self.held) - 1) // 2], self.held[-1]
        if last.descriptors != first.descriptors:
            yield f"descriptors: {first.descriptors} before, {last.descriptors} after"
        if last.agents:
            yield f"{last.agents} calls are still known"
        for before, after in zip(half.memory, last.memory, strict=False):
            if after > before * (1 + MOST_GROWTH):
                yield f"memory: {before} KiB before, {after} KiB after"


async def place(calls: int, *, at_once: int, clock: int, every: int, folder: Path) -> Leaks:
    """Place so many calls; what they came to, and what was held after each `every` of them."""
    document = folder / "fax.tif"
    write_fax(document, 1)
    callers, receivers = EnginePool(workers=1), EnginePool(workers=1)
    await asyncio.gather(callers.start(), receivers.start())
    station = Station(_LOOPBACK, folder, receivers, behaviours=_KINDS, clock=clock)
    address = await station.start()
    settings = SipLineSettings(sip=f"sip:{address}", listen=_LOOPBACK, media_clock=clock, keep_alive="0 s")
    line = SipLine("main", settings, callers)
    await line.start()
    kinds = cycle(_KINDS)
    statuses: Counter[str] = Counter()
    held: list[Held] = []
    try:
        for done in range(0, calls, every):
            turns = asyncio.Semaphore(at_once)
            numbers = [f"+12065{done + at:05}{kind}" for at, kind in enumerate(islice(kinds, every))]
            statuses.update(await asyncio.gather(*(_call(line, n, document, turns) for n in numbers)))
            held.append(await _held(done + every, line, station))
    finally:
        await line.stop()
        await station.stop()
        await asyncio.gather(callers.stop(), receivers.stop())
    return Leaks(statuses=statuses, held=tuple(held))


async def _call(line: SipLine, number: str, document: Path, turns: asyncio.Semaphore) -> str:
    order = CallOrder(job_id=number, attempt_id=f"{number}#1", number=number, document=document, pages=1)
    async with turns:
        sending = asyncio.create_task(line.send(order, lambda _: None))
        if number.endswith(_CANCELLED):
            await asyncio.sleep(0.2)
            order.hang_up.set()
        return (await sending).status.value


async def _held(calls: int, line: SipLine, station: Station) -> Held:
    while station.active:
        await asyncio.sleep(0.1)
    station.calls.clear()
    await asyncio.sleep(1.0)  # transactions linger for what may still be on its way
    gc.collect()
    processes = [os.getpid(), *_children()]
    agents = [station._agent, *line._trunk._agents.values()]
    return Held(
        calls=calls,
        descriptors=tuple(sum(1 for _ in Path(f"/proc/{pid}/fd").iterdir()) for pid in processes),
        memory=tuple(map(_resident, processes)),
        agents=sum(agent.calls for agent in agents),
    )


def _children() -> list[int]:
    own = Path(f"/proc/self/task/{os.getpid()}/children").read_text()
    return sorted(map(int, own.split()))


def _resident(pid: int) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:"))


def main() -> int:
    """Run it, and print what was held."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--calls", type=int, default=1000)
    parser.add_argument("--at-once", type=int, default=20)
    parser.add_argument("--clock", type=int, default=20)
    options = parser.parse_args()
    silence()
    with tempfile.TemporaryDirectory() as folder:
        leaks = asyncio.run(
            place(
                options.calls,
                at_once=options.at_once,
                clock=options.clock,
                every=min(100, options.calls),
                folder=Path(folder),
            )
        )
    lines = [f"{count:6}  {status}" for status, count in leaks.statuses.most_common()]
    lines += [
        f"{held.calls:6} calls over: descriptors {held.descriptors}, {held.processes} processes, "
        f"KiB {held.memory}, {held.agents} calls known"
        for held in leaks.held
    ]
    faults = list(leaks.faults())
    print("\n".join([*lines, *(faults or ["nothing is left behind"])]))  # noqa: T201 - its report
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
