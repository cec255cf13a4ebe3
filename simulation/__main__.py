"""Simulates the service: ./dev simulate [--seed N] [--seeds COUNT] [--mails M] [--mutation NAME].

Lives through seeds from N on, each a world of its own, and says of each that broke a promise which one and
how; the same number lives through the same again. Ends with 1 if any did.
"""

import argparse
import asyncio
import gc
import logging
import os
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

import structlog

from simulation.mutations import MUTATIONS
from simulation.office import office_settings
from simulation.virtual_time import Stalled, VirtualLoop
from simulation.world import World

_TOLD_EVERY = 60.0
"""Seconds after which a long run tells its sum so far, so that one that is ended early keeps its figures."""


_COLLECTED_AFTER = 30_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Life:
    """What became of one seed."""

    seed: int
    violations: tuple[str, ...]
    mails: int
    faxes: int
    calls: int
    shared: int
    """Calls of several faxes."""
    kills: int
    stops: int
    seconds: float
    """Of the processor."""


def live(seed: int, mails: int, mutation: str = "") -> Life:
    """Live through one seed."""
    begun = time.process_time()
    world = World(seed, mails=mails)
    with MUTATIONS[mutation]():
        found = _lived(world)
    return Life(
        seed=seed,
        violations=tuple(found),
        mails=len(world.sent),
        faxes=sum(len(mail.recipients) for mail in world.sent),
        calls=len(world.telephones.calls),
        shared=sum(len(call.faxes) > 1 for call in world.telephones.calls),
        kills=world.kills,
        stops=world.stops,
        seconds=time.process_time() - begun,
    )


def _lived(world: World) -> list[str]:
    loop = VirtualLoop()
    loop.set_exception_handler(lambda *_: None)  # of tasks that died with their process nothing is to be said
    asyncio.set_event_loop(loop)
    try:
        loop.run_until_complete(world.live())
    except Stalled:
        return ["everybody waits for somebody else"]
    else:
        return world.violations
    finally:
        loop.run_until_complete(world.end())
        asyncio.set_event_loop(None)
        loop.close()


def lives(seeds: Sequence[int], mails: int, *, processes: int, mutation: str = "") -> Iterator[Life]:
    """Live through many, side by side."""
    if processes == 1:
        yield from (live(seed, mails, mutation) for seed in seeds)
        return
    office_settings()  # here, so that all have the same files, which go with this process
    with ProcessPoolExecutor(processes, initializer=_begin) as pool:
        count = len(seeds)
        yield from pool.map(live, seeds, [mails] * count, [mutation] * count, chunksize=4)


def quiet() -> None:
    """Log nothing."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))


def _begin() -> None:
    """A process of several."""
    quiet()
    gc.freeze()  # what is loaded stays, and need not be looked through for every world
    gc.set_threshold(_COLLECTED_AFTER)


def main() -> int:
    """Read the options, and live."""
    parser = argparse.ArgumentParser(
        prog="./dev simulate", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seed", type=int, default=1, help="the first")
    parser.add_argument("--seeds", type=int, default=100, help="how many")
    parser.add_argument("--mails", type=int, default=40, help="in each")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="side by side")
    parser.add_argument("--mutation", choices=sorted(MUTATIONS), default="", help="break the service first")
    parser.add_argument("--log", action="store_true", help="tell what the service logs; for one seed")
    options = parser.parse_args()
    if os.environ.get("PYTHONHASHSEED") != "0":  # the order of sets is part of what happens
        again = [sys.executable, "-m", "simulation", *sys.argv[1:]]
        os.execve(sys.executable, again, os.environ | {"PYTHONHASHSEED": "0"})  # noqa: S606 - ourselves
    if not options.log:
        quiet()
    total: Counter[str] = Counter()
    told_at = time.monotonic()
    seeds = range(options.seed, options.seed + options.seeds)
    for life in lives(seeds, options.mails, processes=options.jobs, mutation=options.mutation):
        for breach in life.violations:
            print(f"seed {life.seed}: {breach}", flush=True)
        total += Counter(
            seeds=1, mails=life.mails, faxes=life.faxes, calls=life.calls, shared=life.shared,
            kills=life.kills, stops=life.stops, broken=bool(life.violations),
            milliseconds=round(1000 * life.seconds),
        )  # fmt: skip
        if time.monotonic() >= told_at + _TOLD_EVERY:
            told_at = time.monotonic()
            print(f"seeds {options.seed} to {life.seed}: {_sum_of(total)}", flush=True)
    print(_sum_of(total))
    return 1 if total["broken"] else 0


def _sum_of(total: Counter[str]) -> str:
    return (
        f"{total['seeds']} seeds, {total['mails']} mails, {total['faxes']} faxes, {total['calls']} calls, "
        f"{total['shared']} of them of several faxes, {total['kills']} kills, {total['stops']} stops; "
        f"{total['broken']} seeds with a broken promise; "
        f"{total['milliseconds'] / max(1, total['faxes']):.1f} ms of the processor a fax"
    )


if __name__ == "__main__":
    sys.exit(main())
