"""Several nodes over one book: started, killed, paused; mails for them; and what must hold of it all.

`three_nodes` puts each into a network of its own, `test_three_nodes` all on loopback. Every node has a name
that stands for a host of its own (`POSTFAX_HOST`), so that nobody sees the others' processes.
"""

import asyncio
import contextlib
import io
import os
import signal
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

import aiosmtplib
import pikepdf
from patient_service import PatientService

from postfax.demonstration.world import DOMAIN, SENDER, World
from store.book import Book
from store.job import Attempt, FaxJob
from store.job_filter import JobFilter
from store.lifecycle import FINAL_STATES
from store.mail import MailState
from store.outbox import DeliveryState
from store.records.schedule import Counts
from store.status import Status

POLICY = """\
company: General Hospital
settings:
  fax: {{default_region: US, sender_number: "+12065550100", resolution: standard}}
  coverpage: {{mode: none}}
  retry: {{attempts: 6, interval: 1 s, statuses: {{BUSY: {{interval: 1 s}}}}}}
  archive:
    enabled: true
    sftp:
      host: {address}
      port: {sftp_port}
      user: fax
      password_file: sftp.secret
      known_host: {known_host}
    file_name: "{{job_id}}"
    metadata: [json]
users: [{{name: Ana Ruiz, email: {sender}}}]
# {archive_address} gets nothing here
"""
_STORE = "store: sqlite:state/book.db"


def settings_of(world: World, url: str, *, lost_after: int) -> None:
    """Have the world's settings be those of all nodes, over the book with this address."""
    settings = world.settings_file.read_text()
    assert _STORE in settings
    settings = settings.replace(_STORE, f'store: "{url}"\nlost_after: {lost_after} s')
    world.settings_file.write_text(settings + "convert: {processes: 1}\n")


@dataclass(eq=False, kw_only=True)
class RunningNode:
    """One node, over all its lives."""

    name: str
    settings_file: Path
    roles: str
    started_by: Sequence[str] = ()
    starts: int = 0
    paused: tuple[int, ...] = ()
    """Its processes that stand still."""

    async def start(self) -> None:
        """Start it, and wait until it is ready."""
        await self.launch()
        await self.service.wait_for("service_ready", seconds=300)

    async def launch(self) -> None:
        """Start it, and do not wait."""
        self.starts += 1
        self.paused = ()
        self.service = PatientService(
            self.settings_file,
            arguments=("--roles", self.roles),
            started_by=(*self.started_by, "env", f"POSTFAX_HOST={self.name}"),
        )
        await self.service.launch()

    async def kill(self) -> None:
        """End it between two of its instructions."""
        await self.service.kill()

    def pause(self, *, whole: bool) -> None:
        """Let it stand still: as a whole, as with its host, or the service alone without its workers."""
        pid = self.service.pid
        self.paused = (pid, *descendants(pid)) if whole else (pid,)
        self._signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """Let it wake up."""
        self._signal(signal.SIGCONT)
        self.paused = ()

    def _signal(self, number: signal.Signals) -> None:
        for pid in self.paused:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)

    def events(self, name: str) -> int:
        """How often its present life has logged this."""
        return sum(event["event"] == name for event in self.service.events)


def descendants(pid: int) -> Iterator[int]:
    """The processes that a process has started, and theirs."""
    with contextlib.suppress(OSError):
        for child in map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split()):
            yield child
            yield from descendants(child)


# --- Mails ------------------------------------------------------------------------------------------------


@dataclass
class Ledger:
    """What the clients know."""

    acknowledged: dict[str, str] = field(default_factory=dict)
    """Message-ID → the number that it went to."""
    repeated: int = 0
    """Tries that were not acknowledged."""


def a_page() -> bytes:
    """A PDF."""
    pdf = pikepdf.new()
    page = pdf.add_blank_page(page_size=(612, 792))
    page.Contents = pdf.make_stream(b"72 72 200 100 re f 72 400 468 2 re f")
    octets = io.BytesIO()
    pdf.save(octets)
    return octets.getvalue()


def mail_to(number: str, document: bytes, name: str = "page.pdf") -> EmailMessage:
    """A mail that makes one fax."""
    mail = EmailMessage(policy=SMTP)
    mail["From"] = SENDER
    mail["To"] = f"{number}@{DOMAIN}"
    mail["Subject"] = f"To {number}"
    mail["Message-ID"] = f"<{number}@hospital.example>"
    mail.add_attachment(document, maintype="application", subtype="octet-stream", filename=name)
    return mail


async def send_surely(mail: EmailMessage, number: str, place: tuple[str, int], ledger: Ledger) -> None:
    """Send a mail again and again until it is acknowledged, as a mail server does."""
    while True:
        try:
            await aiosmtplib.send(mail, hostname=place[0], port=place[1], start_tls=False, timeout=40)
        except (aiosmtplib.SMTPException, OSError, RuntimeError):
            ledger.repeated += 1
            await asyncio.sleep(0.3)
        else:
            ledger.acknowledged[str(mail["Message-ID"])] = number
            return


# --- What must hold ---------------------------------------------------------------------------------------


async def until_nothing_is_left(book: Book, mails: int, *, seconds: float) -> None:
    """Wait until everything has come to its end."""
    try:
        async with asyncio.timeout(seconds):
            while not _is_over(await book.counts(), mails):
                await asyncio.sleep(1)
    except TimeoutError:
        raise AssertionError(f"not everything came to its end: {await book.counts()}") from None


def _is_over(counts: Counts, mails: int) -> bool:
    decided = counts.mails[MailState.RECEIVED] + counts.mails[MailState.SUBMITTED] == 0
    ended = sum(counts.jobs[state] for state in FINAL_STATES)
    owed = counts.notices[DeliveryState.PENDING] + counts.copies[DeliveryState.PENDING]
    return decided and ended == sum(counts.jobs.values()) >= mails and owed == 0


@dataclass(kw_only=True)
class Judgement:
    """What became of everything."""

    broken: list[str]
    """Promises that do not hold."""
    figures: dict[str, int]


async def judge(world: World, book: Book, ledger: Ledger, *, channels: int) -> Judgement:
    """Hold the book, the far ends, the mail server and the archive against what was acknowledged."""
    jobs = await book.jobs(JobFilter(limit=None))
    attempts = {job.id: found.attempts for job in jobs if (found := await book.job(job.id))}
    received = Counter(record.number for record in world.station.calls if record.document and record.pages)
    notices = world.sink.kept()
    broken = [
        *_mails_are_jobs(jobs, ledger),
        *_successes_arrived(jobs, received),
        *_nothing_went_twice(jobs, attempts, received),
        *_everybody_is_told_once(jobs, notices),
        *_copies_are_there(jobs, world.archive.folder),
        *_channels_are_kept(attempts, channels),
    ]
    calls = [attempt for of_job in attempts.values() for attempt in of_job]
    figures = {
        "mails": len(ledger.acknowledged),
        "tries not acknowledged": ledger.repeated,
        "sent": sum(job.status is Status.SUCCESS for job in jobs),
        "told as failed": sum(job.status is not Status.SUCCESS for job in jobs),
        "calls": len(calls),
        "calls cut off": sum(call.interrupted for call in calls),
        "faxes that arrived again after such a call": sum(n > 1 for n in received.values()),
        "notices handed over again under the same Message-ID": sum(notices.values()) - len(notices),
        "most calls at one time": most_at_one_time(calls),
    }
    return Judgement(broken=broken, figures=figures)


def _mails_are_jobs(jobs: Sequence[FaxJob], ledger: Ledger) -> Iterator[str]:
    numbers = Counter(job.recipient.number for job in jobs)
    wanted = Counter(ledger.acknowledged.values())
    for number in numbers.keys() | wanted.keys():
        if numbers[number] != wanted[number]:
            yield f"{number} has {numbers[number]} jobs for {wanted[number]} mails"


def _successes_arrived(jobs: Sequence[FaxJob], received: Counter[str]) -> Iterator[str]:
    for job in jobs:
        if job.status is Status.SUCCESS and not received[job.recipient.number]:
            yield f"{job.id} is called sent and never arrived"


def _nothing_went_twice(
    jobs: Sequence[FaxJob], attempts: dict[str, tuple[Attempt, ...]], received: Counter[str]
) -> Iterator[str]:
    """A fax arrives once more only for each call of which we cannot know that it did."""
    for job in jobs:
        unsure = sum(_is_unsure(call) for call in attempts[job.id])
        if received[job.recipient.number] > 1 + unsure:
            yield f"{job.id} arrived {received[job.recipient.number]} times with {unsure} calls cut off"


def _is_unsure(call: Attempt) -> bool:
    """Whether nobody lived to record a call's end, or its last confirmation did not come through."""
    failed = call.outcome is not None and call.outcome.status is not Status.SUCCESS
    return call.interrupted or (failed and call.outcome is not None and call.outcome.answered_at is not None)


def _everybody_is_told_once(jobs: Sequence[FaxJob], notices: Counter[str]) -> Iterator[str]:
    for kind in ("initial", "delivery"):
        of_kind = [key for key in notices if kind in key]
        if len(of_kind) != len(jobs):
            yield f"{len(of_kind)} {kind} notices for {len(jobs)} faxes"


def _copies_are_there(jobs: Sequence[FaxJob], archive: Path) -> Iterator[str]:
    files = sorted(file.name for file in archive.rglob("*") if file.is_file())
    expected = sorted(name for job in jobs for name in (f"{job.id}.tif", f"{job.id}.json"))
    if files != expected:
        yield f"the archive differs: {sorted(set(files) ^ set(expected))[:10]}"


def _channels_are_kept(attempts: dict[str, tuple[Attempt, ...]], channels: int) -> Iterator[str]:
    most = most_at_one_time(call for of_job in attempts.values() for call in of_job)
    if most > channels:
        yield f"{most} calls at one time on {channels} channels"
    for job_id, calls in attempts.items():
        if most_at_one_time(calls) > 1:
            yield f"{job_id} was in two calls at one time"


def most_at_one_time(calls: Iterable[Attempt]) -> int:
    """The most calls that were open at one time, by the book."""
    steps: list[tuple[float, int]] = []
    for call in calls:
        assert call.outcome is not None
        steps += [(call.started_at.timestamp(), 1), (call.outcome.ended_at.timestamp(), -1)]
    most = open_now = 0
    for _, step in sorted(steps):
        open_now += step
        most = max(most, open_now)
    return most
