"""No fax is called sent that did not arrive: many calls, each hung up by the far end at a moment of chance.

    python tests/crash/hang_ups.py [--calls 500] [--pages 3] [--at-once 20] [--seed 1]

Every call goes from the `sip` line to a station of its own process pool, which hangs up at a random moment
between the answer and a little after the end of the fax. What the line says of each call is held against the
station's own record of it: a success needs every page there, pixel for pixel, and no call may have more pages
confirmed than the station has received.
"""

import argparse
import asyncio
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import numpy as np
from PIL import Image

from config.lines import SipLine as SipLineSettings
from config.values import HostPort
from postfax.logging import silence
from store.job import Outcome
from store.status import Status
from transmit.engine.pool import EnginePool
from transmit.line import CallOrder
from transmit.sip_line import SipLine
from transmit.station.record import CallRecord
from transmit.station.station import Station

_LOOPBACK = HostPort("127.0.0.1", 0)
_CLOCK = 20
_LONGEST = 75.0
"""Seconds of media after the answer: three short pages are over before."""


@dataclass
class Tally:
    """What the calls came to."""

    statuses: Counter[str] = field(default_factory=Counter)
    false_successes: list[str] = field(default_factory=list)
    """Numbers whose fax was called sent and is not there as a whole."""
    overcounted: list[str] = field(default_factory=list)
    """Numbers for which more pages were called confirmed than arrived."""


def write_fax(path: Path, pages: int) -> list[bytes]:
    """A fax of short pages that all differ; the pixels of each."""
    images = []
    for number in range(pages):
        page = np.full((400, 1728), 255, np.uint8)
        page[40 + 60 * number : 80 + 60 * number, 100:900] = 0
        page[300:360:2, 50 : 800 + 100 * number] = 0
        images.append(Image.fromarray(page).convert("1"))
    images[0].save(
        path, format="TIFF", save_all=True, append_images=images[1:], compression="group4", dpi=(204, 196)
    )
    return [image.tobytes() for image in images]


async def hang_up_on(calls: int, *, pages: int, at_once: int, seed: int, folder: Path) -> Tally:
    """Place the calls; what they came to."""
    random = Random(seed)  # noqa: S311 - moments, no secrets
    moments = {f"{number:05d}": f"drop-at {random.uniform(0, _LONGEST):.3f}" for number in range(calls)}
    document = folder / "fax.tif"
    sent = write_fax(document, pages)
    callers, receivers = EnginePool(workers=1), EnginePool(workers=1)
    await asyncio.gather(callers.start(), receivers.start())
    station = Station(_LOOPBACK, folder, receivers, behaviours=moments, clock=_CLOCK)
    address = await station.start()
    line = SipLine(
        "main",
        SipLineSettings(sip=f"sip:{address}", listen=_LOOPBACK, media_clock=_CLOCK, keep_alive="0 s"),
        callers,
    )
    await line.start()
    try:
        outcomes = await _call_all(line, list(moments), document, pages, at_once)
        while station.active:  # the far end may still be hanging up
            await asyncio.sleep(0.1)
    finally:
        await line.stop()
        await station.stop()
        await asyncio.gather(callers.stop(), receivers.stop())
    return _held_against(outcomes, {call.number: call for call in station.calls}, sent, folder / "received")


async def _call_all(
    line: SipLine, suffixes: Sequence[str], document: Path, pages: int, at_once: int
) -> dict[str, Outcome]:
    turns = asyncio.Semaphore(at_once)

    async def call(suffix: str) -> tuple[str, Outcome]:
        number = f"+120655{suffix}"
        order = CallOrder(
            job_id=suffix, attempt_id=f"{suffix}#1", number=number, document=document, pages=pages
        )
        async with turns:
            return number, await line.send(order, lambda _: None)

    return dict(await asyncio.gather(*map(call, suffixes)))


def _held_against(
    outcomes: dict[str, Outcome], records: dict[str, CallRecord], sent: list[bytes], received: Path
) -> Tally:
    tally = Tally()
    for number, outcome in outcomes.items():
        record = records.get(number)
        arrived = _pages_of(received / record.document) if record and record.document else []
        tally.statuses[outcome.status.value] += 1
        if outcome.status is Status.SUCCESS and arrived != sent:
            tally.false_successes.append(number)
        if outcome.pages_confirmed > len(arrived):
            tally.overcounted.append(number)
    return tally


def _pages_of(document: Path) -> list[bytes]:
    with Image.open(document) as file:
        pages = []
        for number in range(getattr(file, "n_frames", 1)):
            file.seek(number)
            pages.append(file.convert("1").tobytes())
        return pages


def main() -> int:
    """Run it, and print the tally."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--calls", type=int, default=500)
    parser.add_argument("--pages", type=int, default=3)
    parser.add_argument("--at-once", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    silence()
    with tempfile.TemporaryDirectory() as folder:
        tally = asyncio.run(
            hang_up_on(
                options.calls,
                pages=options.pages,
                at_once=options.at_once,
                seed=options.seed,
                folder=Path(folder),
            )
        )
    lines = [f"{count:6}  {status}" for status, count in tally.statuses.most_common()]
    lines.append(f"{len(tally.false_successes):6}  false successes {tally.false_successes}")
    lines.append(f"{len(tally.overcounted):6}  with more pages confirmed than received {tally.overcounted}")
    print("\n".join(lines))  # noqa: T201 - its report
    return 1 if tally.false_successes or tally.overcounted else 0


if __name__ == "__main__":
    sys.exit(main())
