"""`kill -9` at random moments under load: nothing acknowledged is lost, nobody is told twice.

A long run: `POSTFAX_CRASH_KILLS=100 POSTFAX_CRASH_MAILS=700 ./dev test tests/crash/test_kill_service.py`;
with `POSTFAX_CRASH_DATABASE=postgresql` the book is in PostgreSQL.
"""

import asyncio
import os
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import aiosmtplib
import pytest
from patient_service import PatientService
from postgresql_cluster import a_cluster
from several_nodes import Ledger, a_page, mail_to, until_nothing_is_left

from postfax.demonstration.serve_process import ServeProcess
from postfax.demonstration.world import World
from postfax.opening import open_book
from store.job import Attempt, FaxJob
from store.job_filter import JobFilter
from store.lifecycle import FINAL_STATES
from store.status import Status

KILLS = int(os.environ.get("POSTFAX_CRASH_KILLS", "5"))
MAILS = int(os.environ.get("POSTFAX_CRASH_MAILS", "32"))
DATABASE = os.environ.get("POSTFAX_CRASH_DATABASE", "sqlite")
CLIENTS = 6
TOLD_EVERY = 30.0
SEED = 20261123

POLICY = """\
company: General Hospital
settings:
  fax: {{default_region: US, sender_number: "+12065550100", resolution: standard}}
  coverpage: {{mode: none}}
  retry: {{attempts: 4, interval: 1 s, statuses: {{BUSY: {{interval: 1 s}}}}}}
  archive:
    enabled: true
    sftp:
      host: 127.0.0.1
      port: {sftp_port}
      user: fax
      password_file: sftp.secret
      known_host: {known_host}
    file_name: "{{job_id}}"
    metadata: [json]
users: [{{name: Ana Ruiz, email: {sender}}}]
# {archive_address} gets nothing here
"""


async def client(numbers: Iterator[str], document: bytes, running: "Running", ledger: Ledger) -> None:
    """Send mails one after the other; one that was not acknowledged is sent again until it is.

    They are spread over all kills, or the last of these would find nothing under way.
    """
    for number in numbers:
        while len(ledger.acknowledged) > MAILS * (running.kills + 1) // KILLS:
            await asyncio.sleep(0.1)
        mail = mail_to(number, document)
        while True:
            try:
                await aiosmtplib.send(
                    mail, hostname="127.0.0.1", port=running.service.smtp_port, start_tls=False, timeout=60
                )
            except (aiosmtplib.SMTPException, OSError, StopIteration, RuntimeError):
                ledger.repeated += 1
                await asyncio.sleep(0.5)
            else:
                ledger.acknowledged[str(mail["Message-ID"])] = number
                break
        await asyncio.sleep(0.35)


@dataclass
class Running:
    """The service that runs now, and how often it was killed."""

    service: ServeProcess
    kills: int = 0

    async def kill(self) -> None:
        """End what runs now."""
        await self.service.kill()
        self.kills += 1


class Ended(NamedTuple):
    """What the book says at the end."""

    kills: int
    jobs: tuple[FaxJob, ...]
    attempts: dict[str, tuple[Attempt, ...]]


async def kill_again_and_again(running: Running, world: World, rng: random.Random) -> None:
    """Kill at random moments, some while the service starts."""
    while running.kills < KILLS:
        await asyncio.sleep(rng.uniform(0.2, 3.0))
        await running.kill()
        running.service = PatientService(world.settings_file)
        if rng.random() < 0.15:  # killed again while it starts
            await running.service.launch()
            await asyncio.sleep(rng.uniform(0.1, 1.5))
            await running.kill()
            running.service = PatientService(world.settings_file)
        await running.service.start()


async def keep_telling(
    running: Running, ledger: Ledger, settings_file: str, tell: Callable[[str], None]
) -> None:
    """How far it is, now and then."""
    async with open_book(settings_file) as book:
        while True:
            await asyncio.sleep(TOLD_EVERY)
            counts = await book.counts()
            ended = sum(counts.jobs[state] for state in FINAL_STATES)
            tell(f"{running.kills} kills; {len(ledger.acknowledged)} mails acknowledged, {ended} faxes ended")


@contextmanager
def chosen_database(world: World) -> Iterator[None]:
    """The book where the run wants it."""
    if DATABASE == "sqlite":
        yield
        return
    with a_cluster() as cluster:
        settings = world.settings_file.read_text()
        assert "sqlite:state/book.db" in settings
        world.settings_file.write_text(
            settings.replace("sqlite:state/book.db", f'"{cluster.new_database()}"')
        )
        yield


async def killed_under_load(
    world: World, document: bytes, ledger: Ledger, tell: Callable[[str], None]
) -> Ended:
    """Mails come in while the service is killed; then everything comes to its end."""
    rng = random.Random(SEED)  # noqa: S311 - moments, not secrets
    numbers = iter([f"+1206555{1000 + n}" for n in range(MAILS)])
    running = Running(PatientService(world.settings_file))
    await running.service.start()
    telling = asyncio.create_task(keep_telling(running, ledger, str(world.settings_file), tell))
    killing = asyncio.create_task(kill_again_and_again(running, world, rng))
    clients = [asyncio.create_task(client(numbers, document, running, ledger)) for _ in range(CLIENTS)]
    await asyncio.gather(killing, *clients)
    async with open_book(str(world.settings_file)) as book:
        await until_nothing_is_left(book, MAILS, seconds=1800)
        jobs = await book.jobs(JobFilter(limit=None))
        attempts = {job.id: found.attempts for job in jobs if (found := await book.job(job.id))}
    telling.cancel()
    assert await running.service.stop() == 0
    return Ended(running.kills, jobs, attempts)


async def test_kill_9_at_random_moments(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def tell(line: str) -> None:
        with capsys.disabled():
            print(f"\n{time.strftime('%H:%M:%S')} {line}", end="", flush=True)  # noqa: T201 - the figures that the run is for

    ledger = Ledger()
    async with World(folder=tmp_path, processes=2, clock=10, channels=12, policy=POLICY) as world:
        with chosen_database(world):
            kills, jobs, attempts = await killed_under_load(world, a_page(), ledger, tell)
        assert list((tmp_path / "state" / "work").iterdir()) == []

        received = Counter(
            record.number for record in world.station.calls if record.document and record.pages
        )
        by_number = {job.recipient.number: job for job in jobs}
        interrupted = {
            job_id for job_id, calls in attempts.items() if any(call.interrupted for call in calls)
        }
        twice = [number for number, count in received.items() if count > 1]

        # Every mail that was acknowledged is one job, and one fax or a told failure.
        assert len(ledger.acknowledged) == MAILS
        assert set(by_number) == set(ledger.acknowledged.values())
        assert len(jobs) == len(by_number)
        failed = {job.id for job in jobs if job.status is not Status.SUCCESS}
        assert all(received[job.recipient.number] for job in jobs if job.id not in failed)
        # A page went twice, or is told as failed although it went, only where a kill fell inside its call.
        told_otherwise = {job.id for job in jobs if job.id in failed and received[job.recipient.number]}
        assert {by_number[number].id for number in twice} | told_otherwise <= interrupted

        notices = world.sink.kept()
        initial = {key: count for key, count in notices.items() if "initial" in key}
        delivery = {key: count for key, count in notices.items() if "delivery" in key}
        assert len(initial) == MAILS
        assert len(delivery) == MAILS
        copies = [file for file in world.archive.folder.rglob("*") if file.is_file()]
        assert sorted(file.name for file in copies) == sorted(
            name for job in jobs for name in (f"{job.id}.tif", f"{job.id}.json")
        )
        tell(
            f"{kills} kills, {MAILS} mails acknowledged ({ledger.repeated} tries not acknowledged), "
            f"{MAILS - len(failed)} sent, {len(failed)} told as failed, "
            f"{len(told_otherwise)} of them received all the same; "
            f"{len(interrupted)} jobs with an interrupted call, {len(twice)} of them received twice; "
            f"notices handed over again with the same Message-ID: "
            f"{sum(initial.values()) + sum(delivery.values()) - 2 * MAILS}; copies {len(jobs)}"
        )
