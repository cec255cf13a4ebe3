"""Durable mails a second: Postfax beside Debian's Postfix, under the same load.

    python benchmarks/ingest.py [--rounds 5] [--seconds 4] [--workers 2] [--folder DIR]

Four contenders, each started anew with an empty queue for every measurement:

    postfix   Debian's, which puts each mail on hold and does nothing else: see `debian_postfix`
    accepted  Postfax's accept workers, which put each mail into the book, and nobody works on it
    refused   `postfax serve` with mails to a number that does not exist: while mails come in, earlier ones
              are already taken apart and refused by their policy
    faxed     `postfax serve` with mails to numbers that exist: while mails come in, earlier ones are already
              converted and called, on the same cores

A 250 of either server means that the mail is on the disk, and of `accepted` every mail is counted in the book
afterwards. Sender checks are on for Postfax: the name server is the world's own, and its answers hold for
five minutes, so each is asked once and SPF and alignment are evaluated for every mail; Postfix checks
nothing. The client is Postfix's own `smtp-source`, on the same machine.
"""

import argparse
import asyncio
import sqlite3
import statistics
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path

import smtp_source
from debian_postfix import PeerUnavailable, check_available, debian_postfix
from figures import logs_thrown_away, median_ratio, print_heading, print_table, take_turns

from config.policy import read_policy
from config.server import ServerSettings
from config.values import HostPort
from postfax.acceptance.workers import AcceptWorkers
from postfax.demonstration.dns_stub import Zone
from postfax.demonstration.serve_process import ServeProcess
from postfax.demonstration.world import World
from postfax.logging import silence
from postfax.opening import settings_in
from store.book import Book
from store.sqlite import book_path

_LOADS = ((1, 5_000), (10, 5_000), (50, 5_000), (200, 5_000), (10, 500_000))
"""Connections at one time, and octets of a mail."""
_EXISTS, _DOES_NOT_EXIST = "+12065551234", "+9990000000"
_SPF_TTL = 300
_OFFICE_SECONDS = 60
POLICY = """\
company: General Hospital
settings:
  fax: {{default_region: US, sender_number: "+12065550100"}}
  coverpage: {{mode: none}}
  notifications:
    initial: {{success: false, failure: false}}
    delivery: {{success: false, failure: false}}
users: [{{name: Ana Ruiz, email: {sender}}}]
"""

Send = Callable[[int], tuple[float, int]]
"""Sends mails to a port; mails a second, and how many in all."""


def through_postfix(send: Send, folder: Path) -> float:
    """Measure a new Postfix."""
    with _folder_of_its_own(folder) as own, debian_postfix(Path(own)) as port:
        return send(port)[0]


def through_workers(send: Send, folder: Path, workers: int) -> float:
    """Measure the accept workers of a new Postfax."""
    with _folder_of_its_own(folder) as own:
        return asyncio.run(_through_workers(send, Path(own), workers))


async def _through_workers(send: Send, folder: Path, workers: int) -> float:
    async with World(folder=folder, policy=POLICY, zone=Zone(ttl=_SPF_TTL)) as world:
        settings = _with_workers(settings_in(str(world.settings_file)), workers)
        policy = read_policy(settings.policy)
        await Book.migrate(settings.store)
        taking = AcceptWorkers(settings, lambda: policy, came_in=lambda: None)
        with logs_thrown_away():
            await taking.start()
        try:
            (address,) = taking.addresses
            assert isinstance(address, HostPort)
            rate, sent = await asyncio.to_thread(send, address.port)
        finally:
            await taking.stop()
        with closing(sqlite3.connect(book_path(settings.store))) as book:
            (kept,) = book.execute("SELECT count(*) FROM mails").fetchone()
        if kept != sent:
            raise SystemExit(f"ingest: {sent} mails were accepted, and {kept} are in the book")
        return rate


def _with_workers(settings: ServerSettings, workers: int) -> ServerSettings:
    return settings.model_copy(update={"mail": settings.mail.model_copy(update={"workers": workers})})


def through_service(send: Send, folder: Path) -> float:
    """Measure a new Postfax that works on what comes in."""
    with _folder_of_its_own(folder) as own:
        return asyncio.run(_through_service(send, Path(own)))


async def _through_service(send: Send, folder: Path) -> float:
    async with World(folder=folder, processes=2, clock=10, policy=POLICY, zone=Zone(ttl=_SPF_TTL)) as world:
        service = ServeProcess(world.settings_file)
        await service.start()
        try:
            await service.wait_for("office_started", seconds=_OFFICE_SECONDS)
            return (await asyncio.to_thread(send, service.smtp_port))[0]
        finally:
            await service.kill()  # what it has left to do is of no interest


def _folder_of_its_own(folder: Path) -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(dir=folder, prefix="postfax-ingest-", ignore_cleanup_errors=True)


def measure(options: argparse.Namespace, connections: int, size: int) -> list[str]:
    """One line of the table."""
    send = partial(smtp_source.rate, connections=connections, size=size, seconds=options.seconds)
    there, not_there = partial(send, number=_EXISTS), partial(send, number=_DOES_NOT_EXIST)
    rates = take_turns(
        options.rounds,
        {
            "postfix": partial(through_postfix, there, options.folder),
            "accepted": partial(through_workers, there, options.folder, options.workers),
            "refused": partial(through_service, not_there, options.folder),
            "faxed": partial(through_service, there, options.folder),
        },
    )
    return [
        _load_name(connections, size),
        *(f"{statistics.median(of):,.0f}" for of in rates.values()),
        *(f"{median_ratio(rates[name], rates['postfix']):.2f}" for name in ("accepted", "refused", "faxed")),
    ]


def _load_name(connections: int, size: int) -> str:
    return f"{connections} × {size // 1000} KB"


def measured_or_not(options: argparse.Namespace, connections: int, size: int) -> list[str]:
    """One line of the table, without figures where a server did not take every mail: it said why before."""
    try:
        return measure(options, connections, size)
    except subprocess.CalledProcessError:
        return [_load_name(connections, size), *["not all"] * 4, *["–"] * 3]


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the options and measure."""
    parser = argparse.ArgumentParser(
        prog="ingest", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=4.0, help="of one measurement, after its warm-up")
    parser.add_argument("--workers", type=int, default=2, help="accept workers of the contender `accepted`")
    parser.add_argument("--folder", type=Path, help="where the queues are; on the disk that matters")
    options = parser.parse_args(arguments)
    try:
        check_available()
    except PeerUnavailable as problem:
        parser.exit(1, f"ingest: {problem}\n")
    silence()
    print_heading(f"Durable mails/s, medians of {options.rounds} rounds of {options.seconds:g} s")
    print_table(
        ("connections × size", "postfix", "accepted", "refused", "faxed",
         "accepted/postfix", "refused/postfix", "faxed/postfix"),
        [measured_or_not(options, *load) for load in _LOADS],
    )  # fmt: skip


if __name__ == "__main__":
    main()
