"""An audit of what a 250 is worth: kills at random moments, and every acknowledged mail counted afterwards.

    export PYTHONPATH=tests/acceptance
    python tests/crash/accept_audit.py [--kills 30] [--mails 50000] [--connections 10] [--seed 1]

Clients send mails with their own Message-IDs over connections that they keep. Now the service as a whole is
killed (SIGKILL) and started again, now one of its accept workers. A client that loses its connection before
the reply sends the same mail again until it has a 250, as mail servers do. In the end the book must have each
acknowledged mail, and each once. The mails are to a number that does not exist, so that nothing is dialled.
"""

import argparse
import asyncio
import itertools
import os
import random
import signal
import sqlite3
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import uvloop
from patient_service import PatientService

from postfax.demonstration.dns_stub import Zone
from postfax.demonstration.serve_process import ServeProcess
from postfax.demonstration.world import DOMAIN, SENDER, World
from postfax.logging import silence
from postfax.opening import settings_in
from store.sqlite import book_path

POLICY = """\
company: General Hospital
settings:
  fax: {{default_region: US, sender_number: "+12065550100"}}
  notifications: {{initial: {{success: false, failure: false}}}}
users: [{{name: Ana Ruiz, email: {sender}}}]
# {archive_address} {sftp_port} {known_host} have no part in it
"""
_UP_SECONDS = (0.2, 1.5)
"""How long the service is left alone between two kills."""
_RETRY_SECONDS = 0.05


@dataclass
class Findings:
    """What the audit saw."""

    kills: int = 0
    workers_killed: int = 0
    acknowledged: set[str] = field(default_factory=set)
    sent_again: int = 0
    """Mails whose first reply never came."""
    refused: list[str] = field(default_factory=list)
    """Permanent refusals; there is no reason for one."""
    kept: Counter[str] = field(default_factory=Counter)
    """How often each Message-ID is in the book."""
    jobs: Counter[str] = field(default_factory=Counter)
    """How many jobs each Message-ID has; only of mails that were decided."""

    @property
    def lost(self) -> set[str]:
        """Acknowledged, and not in the book."""
        return self.acknowledged - set(self.kept)

    @property
    def doubled(self) -> set[str]:
        """In the book more than once, or with more than one job."""
        return {name for name, count in (self.kept + self.jobs).items() if count > 1 and self._twice(name)}

    def _twice(self, name: str) -> bool:
        return self.kept[name] > 1 or self.jobs[name] > 1

    def __str__(self) -> str:
        return (
            f"{self.kills} kills of the service, {self.workers_killed} of a worker; "
            f"{len(self.acknowledged):,} acknowledged, {len(self.lost)} lost, "
            f"{self.sent_again} sent again, {len(self.doubled)} doubled, {len(self.refused)} refused; "
            f"{len(self.jobs):,} decided so far"
        )


class Audit:
    """One run."""

    def __init__(self, world: World, *, kills: int, mails: int, seed: int) -> None:
        self._world = world
        self._kills = kills
        self._mails = mails
        self._rng = random.Random(seed)  # noqa: S311 - to be repeated with the same seed
        self._numbers: Iterator[int] = itertools.count(1)
        self._port: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self.findings = Findings()

    async def run(self, connections: int) -> Findings:
        """Send and kill until both are enough; then count."""
        service = await self._start()
        clients = [asyncio.create_task(self._client()) for _ in range(connections)]
        try:
            while not self._enough():
                await asyncio.sleep(self._rng.uniform(*_UP_SECONDS))
                if self.findings.kills + self.findings.workers_killed < self._kills:
                    service = await self._kill(service)
            await asyncio.gather(*clients)
        finally:
            for client in clients:
                client.cancel()
            await service.stop()
        self._count()
        return self.findings

    def _enough(self) -> bool:
        killed = self.findings.kills + self.findings.workers_killed >= self._kills
        return killed and len(self.findings.acknowledged) >= self._mails

    async def _start(self) -> ServeProcess:
        service = PatientService(self._world.settings_file)
        await service.start()
        self._port.set_result(service.smtp_port)
        return service

    async def _kill(self, service: ServeProcess) -> ServeProcess:
        if self._rng.random() < 1 / 3 and (workers := service.accept_worker_pids()):
            os.kill(self._rng.choice(workers), signal.SIGKILL)
            self.findings.workers_killed += 1
            return service
        self._port = asyncio.get_running_loop().create_future()
        await service.kill()
        self.findings.kills += 1
        return await self._start()

    async def _client(self) -> None:
        """One connection after the other, mail after mail, each until it has its 250."""
        again: str | None = None
        while again or not self._enough():
            again = await self._talk(again)
            await asyncio.sleep(_RETRY_SECONDS)

    async def _talk(self, message_id: str | None) -> str | None:
        """Send mails until the connection breaks; the mail that has no reply yet."""
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", await self._port)
        except OSError:
            return message_id
        try:
            await _say(reader, writer, "", "220")
            await _say(reader, writer, "EHLO client.example\r\n", "250")
            while message_id or not self._enough():
                repeated = message_id is not None
                message_id = message_id or f"<{next(self._numbers)}@hospital.example>"
                self.findings.sent_again += repeated
                await self._deliver(reader, writer, message_id)
                message_id = None
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()
        return message_id

    async def _deliver(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, message_id: str
    ) -> None:
        await _say(reader, writer, f"MAIL FROM:<{SENDER}>\r\n", "250")
        await _say(reader, writer, f"RCPT TO:<+9990000000@{DOMAIN}>\r\n", "250")
        await _say(reader, writer, "DATA\r\n", "354")
        reply = await _say(reader, writer, _mail(message_id), "")
        if reply.startswith("250"):
            self.findings.acknowledged.add(message_id)
        elif reply.startswith("4"):
            raise ConnectionError(reply)  # to be sent again
        else:
            self.findings.refused.append(reply)

    def _count(self) -> None:
        path = book_path(settings_in(str(self._world.settings_file)).store)
        with closing(sqlite3.connect(path)) as book:
            self.findings.kept.update(name for (name,) in book.execute("SELECT message_id FROM mails"))
            query = "SELECT message_id FROM jobs JOIN mails ON mails.id = jobs.mail_id"
            self.findings.jobs.update(name for (name,) in book.execute(query))


def _mail(message_id: str) -> str:
    return (
        f"From: Ana Ruiz <{SENDER}>\r\nTo: <+9990000000@{DOMAIN}>\r\nMessage-ID: {message_id}\r\n"
        f"Date: Mon, 23 Nov 2026 09:00:00 +0000\r\nSubject: Audit\r\n\r\nPlease see attached.\r\n.\r\n"
    )


async def _say(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, text: str, expected: str) -> str:
    """Send a command, or nothing for the greeting; the last line of the reply.

    Raises:
        ConnectionError: it is another reply than the one expected.
        asyncio.IncompleteReadError: the connection ended.
    """
    writer.write(text.encode())
    while True:
        line = (await reader.readuntil(b"\n")).decode()
        if line[3:4] != "-":
            break
    if not line.startswith(expected):
        raise ConnectionError(line)
    return line


async def audit(*, kills: int, mails: int, connections: int, seed: int, folder: Path) -> Findings:
    """Run one audit in an empty folder."""
    async with World(folder=folder, processes=2, policy=POLICY, zone=Zone(ttl=300)) as world:
        return await Audit(world, kills=kills, mails=mails, seed=seed).run(connections)


def main(arguments: Sequence[str] | None = None) -> int:
    """Read the options, run, print; 1 if anything was lost or doubled."""
    parser = argparse.ArgumentParser(
        prog="accept_audit", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    for name, default in (("kills", 30), ("mails", 50_000), ("connections", 10), ("seed", 1)):
        parser.add_argument(f"--{name}", type=int, default=default)
    options = parser.parse_args(arguments)
    silence()
    with tempfile.TemporaryDirectory(prefix="postfax-audit-") as folder:
        findings = uvloop.run(audit(**vars(options), folder=Path(folder)))
    print(findings)  # noqa: T201 - its report
    return 1 if findings.lost or findings.doubled or findings.refused else 0


if __name__ == "__main__":
    sys.exit(main())
