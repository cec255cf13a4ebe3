"""The memory that large mails cost: the accept workers while ten of 30 MB arrive at one time.

    python benchmarks/large_mails.py [--mails 10] [--size 30000000] [--rounds 3] [--folder DIR]

Printed: what the workers' memory is when nothing happens, what it is at most while the mails come in (sampled
every 20 ms: the proportional set size, in which a page that several share counts once), the difference, and
the mails a second. The mails are sent by Postfix's `smtp-source`, each over a connection of its own.
"""

import argparse
import asyncio
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import smtp_source
from figures import logs_thrown_away, print_heading, print_table
from ingest import POLICY
from process_memory import proportional

from config.policy import read_policy
from config.values import HostPort
from postfax.acceptance.workers import AcceptWorkers
from postfax.demonstration.dns_stub import Zone
from postfax.demonstration.world import World
from postfax.logging import silence
from postfax.opening import settings_in
from store.book import Book

_SAMPLE_SECONDS = 0.02
_MIB = 1024 * 1024


def memory(pids: Sequence[int]) -> float:
    """The proportional set size of some processes together, in MiB."""
    return sum(map(proportional, pids)) / _MIB


async def _highest(pids: Sequence[int], sending: asyncio.Future[float]) -> float:
    highest = 0.0
    while not sending.done():
        highest = max(highest, await asyncio.to_thread(memory, pids))
        await asyncio.sleep(_SAMPLE_SECONDS)
    return highest


async def measure(options: argparse.Namespace, folder: Path) -> list[list[str]]:
    """A line for each round."""
    async with World(folder=folder, processes=2, policy=POLICY, zone=Zone(ttl=300)) as world:
        settings = settings_in(str(world.settings_file))
        policy = read_policy(settings.policy)
        await Book.migrate(settings.store)
        workers = AcceptWorkers(settings, lambda: policy, came_in=lambda: None)
        with logs_thrown_away():
            await workers.start()
        try:
            (address,) = workers.addresses
            assert isinstance(address, HostPort)
            return [await _round(options, workers.pids, address.port) for _ in range(options.rounds)]
        finally:
            await workers.stop()


async def _round(options: argparse.Namespace, pids: Sequence[int], port: int) -> list[str]:
    idle = memory(pids)
    begun = time.perf_counter()
    sending = asyncio.ensure_future(
        asyncio.to_thread(smtp_source.send, port, mails=options.mails, size=options.size)
    )
    highest = await _highest(pids, sending)
    await sending
    rate = options.mails / (time.perf_counter() - begun)
    return [f"{idle:.0f}", f"{highest:.0f}", f"{highest - idle:.0f}", f"{rate:.1f}"]


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the options and measure."""
    parser = argparse.ArgumentParser(
        prog="large_mails", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--mails", type=int, default=10, help="at one time")
    parser.add_argument("--size", type=int, default=30_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--folder", type=Path, help="where the book is made; on the disk that matters")
    options = parser.parse_args(arguments)
    silence()
    print_heading(f"{options.mails} mails of {options.size // 10**6} MB at one time")
    with tempfile.TemporaryDirectory(dir=options.folder, prefix="postfax-large-") as folder:
        lines = asyncio.run(measure(options, Path(folder)))
    print_table(("idle MiB", "highest MiB", "more MiB", "mails/s"), lines)


if __name__ == "__main__":
    main()
