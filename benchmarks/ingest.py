"""Durable mails a second: `postfax serve` beside Debian's Postfix, under the same load.

    python benchmarks/ingest.py [--rounds 5] [--seconds 4] [--folder DIR]

Three contenders, each started anew with an empty queue for every measurement:

    postfix   Debian's, which puts each mail on hold and does nothing else: see `debian_postfix`
    refused   `postfax serve` with mails to a number that does not exist: each is proven by SPF, stored, taken
              apart and refused by its policy; nothing is converted or called, and no notice is sent
    faxed     `postfax serve` with mails to numbers that exist: while mails come in, earlier ones are already
              converted and called, on the same cores

A 250 of either server means that the mail is on the disk. SPF is on: the name server is the world's own, and
its answer holds for five minutes, so Postfax asks it once and evaluates it for every mail; Postfix checks
nothing. The client (`smtp_load`) runs on the same machine and has its share of the cores, the same for all.
"""

import argparse
import asyncio
import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import smtp_load
from debian_postfix import PeerUnavailable, check_available, debian_postfix
from figures import median_ratio, print_heading, print_table, take_turns
from smtp_load import Load

from postfax.demonstration.dns_stub import Zone
from postfax.demonstration.serve_process import ServeProcess
from postfax.demonstration.world import World
from postfax.logging import silence

_LOADS = ((1, 5_000), (10, 5_000), (50, 5_000), (200, 5_000), (10, 500_000))
"""Connections at one time, and octets of a mail."""
_EXISTS, _DOES_NOT_EXIST = "+1206", "+999"
_SPF_TTL = 300
_OFFICE_SECONDS = 60
_POLICY = """\
company: General Hospital
settings:
  fax: {{default_region: US, sender_number: "+12065550100"}}
  coverpage: {{mode: none}}
  notifications:
    initial: {{success: false, failure: false}}
    delivery: {{success: false, failure: false}}
users: [{{name: Ana Ruiz, email: {sender}}}]
"""

Send = Callable[[int], Load]
"""Sends mails to a port."""


def through_postfix(send: Send, folder: Path) -> Load:
    """Measure a new Postfix."""
    with _folder_of_its_own(folder) as own, debian_postfix(Path(own)) as port:
        return send(port)


def through_postfax(send: Send, folder: Path) -> Load:
    """Measure a new Postfax."""
    with _folder_of_its_own(folder) as own:
        return asyncio.run(_through_postfax(send, Path(own)))


async def _through_postfax(send: Send, folder: Path) -> Load:
    async with World(folder=folder, clock=10, policy=_POLICY, zone=Zone(ttl=_SPF_TTL)) as world:
        service = ServeProcess(world.settings_file)
        await service.start()
        try:
            await service.wait_for("office_started", seconds=_OFFICE_SECONDS)
            return await asyncio.to_thread(send, service.smtp_port)
        finally:
            await service.kill()  # what it has left to do is of no interest


def _folder_of_its_own(folder: Path) -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(dir=folder, prefix="postfax-ingest-", ignore_cleanup_errors=True)


def send_load(port: int, *, connections: int, size: int, seconds: float, number: str) -> Load:
    """Send mails from a process of their own."""
    options = {
        "port": port,
        "connections": connections,
        "seconds": seconds,
        "size": size,
        "number": number,
    }
    arguments = [f"--{name}={value}" for name, value in options.items()]
    sent = subprocess.run(
        [sys.executable, smtp_load.__file__, *arguments], check=True, stdout=subprocess.PIPE
    )
    return Load(**json.loads(sent.stdout))


def measure(options: argparse.Namespace, connections: int, size: int) -> list[str]:
    """One line of the table."""
    send = partial(send_load, connections=connections, size=size, seconds=options.seconds)
    loads = take_turns(
        options.rounds,
        {
            "postfix": partial(through_postfix, partial(send, number=_EXISTS), options.folder),
            "refused": partial(through_postfax, partial(send, number=_DOES_NOT_EXIST), options.folder),
            "faxed": partial(through_postfax, partial(send, number=_EXISTS), options.folder),
        },
    )
    rates = {name: [load.per_second for load in rounds] for name, rounds in loads.items()}
    return [
        _load_name(connections, size),
        *(f"{statistics.median(rates[name]):,.0f}" for name in rates),
        f"{median_ratio(rates['refused'], rates['postfix']):.2f}",
        f"{median_ratio(rates['faxed'], rates['postfix']):.2f}",
        *(f"{statistics.median(load.p99 for load in loads[name]):.0f}" for name in ("postfix", "refused")),
    ]


def _load_name(connections: int, size: int) -> str:
    return f"{connections} × {size // 1000} KB"


def measured_or_not(options: argparse.Namespace, connections: int, size: int) -> list[str]:
    """One line of the table, without figures where a server did not take every mail: it said why before."""
    try:
        return measure(options, connections, size)
    except subprocess.CalledProcessError:
        return [_load_name(connections, size), *["not all"] * 3, *["–"] * 4]


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the options and measure."""
    parser = argparse.ArgumentParser(
        prog="ingest", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=4.0, help="of one measurement, after its warm-up")
    parser.add_argument("--folder", type=Path, help="where the queues are; on the disk that matters")
    options = parser.parse_args(arguments)
    try:
        check_available()
    except PeerUnavailable as problem:
        parser.exit(1, f"ingest: {problem}\n")
    silence()
    print_heading(f"Durable mails/s, medians of {options.rounds} rounds of {options.seconds:g} s")
    print_table(
        ("connections × size", "postfix", "refused", "faxed", "refused/postfix", "faxed/postfix",
         "p99 ms postfix", "p99 ms refused"),
        [measured_or_not(options, *load) for load in _LOADS],
    )  # fmt: skip


if __name__ == "__main__":
    main()
