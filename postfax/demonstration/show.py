"""The demonstration: a mail with two documents goes all the way, and every step is told as it happens.

What is kept in the folder:
    sent/JOB.tif         the fax as it was sent, header lines and all
    received/JOB.tif     the fax as the other machine received it, and JOB.png to look at
    notices/*.eml        what the sender was told
    archive-sftp/…       the copy on the SFTP server
    archive-mail/*.eml   the copy in the archive's mailbox
    summary.json         seconds of each step, status, pages, attempts
"""

import asyncio
import json
import shutil
import tempfile
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from importlib.resources import files
from pathlib import Path
from typing import Any

import aiosmtplib

from config.number_text import international
from postfax.demonstration.identity import differing_pages, picture_of
from postfax.demonstration.narration import line_of
from postfax.demonstration.serve_process import Event, ServeProcess
from postfax.demonstration.world import ARCHIVE_ADDRESS, DOMAIN, SENDER, World
from postfax.journey.file import as_sent
from postfax.opening import open_book
from postfax.submitting import mail_of_documents
from store.book import Book
from store.job import FaxJob
from store.outbox import Copy, DeliveryState, Notice
from store.status import Status

NUMBER = "+12065551234"
_TEXT = """\
Dear colleagues,

please find our referral for Ms Sample and her chart of the last three
days. We would be glad about an appointment this week.

Thank you and kind regards
Ana Ruiz
"""
_DOCUMENTS = ("referral.docx", "chart.pdf")
_LONGEST = 300
"""Seconds after which the demonstration gives up."""

Say = Callable[[float, str, str], None]
"""Takes a line: seconds since the mail was sent, a word, what happened."""


class Trouble(Exception):  # noqa: N818 - named as what happened
    """What the service says does not work here."""


@dataclass(kw_only=True)
class Story:
    """What has happened so far."""

    say: Say
    begun: float = field(default_factory=time.monotonic)
    steps: dict[str, float] = field(default_factory=dict)
    """Seconds since the beginning at which each step was first seen."""
    trouble: asyncio.Queue[str] = field(default_factory=asyncio.Queue)
    """What the service logged as an error: the demonstration ends with it instead of waiting."""

    @property
    def seconds(self) -> float:
        """Since the beginning."""
        return time.monotonic() - self.begun

    def begin(self) -> None:
        """The mail is sent now."""
        self.begun = time.monotonic()
        self.steps.clear()

    def tell(self, step: str, what: str) -> None:
        """Say a line and remember when."""
        self.steps.setdefault(step, round(self.seconds, 3))
        self.say(self.seconds, step, what)

    def hear(self, event: Event) -> None:
        """Tell what the service logged, if people want to know it."""
        if event["level"] == "error":
            self.trouble.put_nowait(str(event.get("cause") or event["event"]))
        if line := line_of(event):
            self.tell(*line)


async def demonstrate(folder: Path, say: Say, *, clock: int = 1) -> dict[str, Any]:
    """Run the demonstration and leave its results in `folder`, which is emptied before.

    Returns:
        What `summary.json` says.

    Raises:
        Trouble: Something of Postfax does not work on this machine.
        ServiceEnded: Postfax ended by itself.
        TimeoutError: The fax did not come to an end.
        OSError: The folder cannot be written.
    """
    _make_room(folder)
    story = Story(say=say)
    async with World(folder=folder / "world", clock=clock) as world:
        service = ServeProcess(world.settings_file, on_event=story.hear)
        try:
            await service.start()
            job = await _unless_trouble(story, _send_and_follow(story, world, service))
        finally:
            await service.stop()
        return await _keep_results(folder, story, world, job)


async def _unless_trouble(story: Story, following: Coroutine[Any, Any, FaxJob]) -> FaxJob:
    """The job in the end; the first error that the service logs ends the wait."""
    follower = asyncio.create_task(following)
    trouble = asyncio.create_task(story.trouble.get())
    done, _ = await asyncio.wait({follower, trouble}, timeout=_LONGEST, return_when=asyncio.FIRST_COMPLETED)
    for task in (follower, trouble):
        task.cancel()
    await asyncio.gather(follower, trouble, return_exceptions=True)
    if follower in done:
        return follower.result()
    if trouble in done:
        raise Trouble(trouble.result())
    raise TimeoutError


def _make_room(folder: Path) -> None:
    """Empty the folder of an earlier demonstration; a folder of anything else is left alone."""
    if folder.exists() and any(folder.iterdir()) and not (folder / "world").exists():
        raise FileExistsError(f"{folder} holds something else; choose another folder")
    shutil.rmtree(folder, ignore_errors=True)
    for name in ("sent", "received", "notices", "archive-mail"):
        (folder / name).mkdir(parents=True)


async def _send_and_follow(story: Story, world: World, service: ServeProcess) -> FaxJob:
    story.begin()
    listed = ", ".join(_DOCUMENTS)
    story.tell("mail", f"{SENDER} → {international(NUMBER)}   2 attachments ({listed})")
    reply = await _mail(service.smtp_port)
    story.tell("received", f"250 {reply}")
    async with open_book(str(world.settings_file)) as book:
        mail_id = reply.rpartition(" ")[2]
        mail = await book.mail(mail_id)
        if mail is None:
            raise LookupError(f"{mail_id} was accepted and is not in the book")
        user = "Ana Ruiz, General Hospital › Radiology"
        story.tell("proven", f"SPF {mail.proof.spf_result} (aligned with {mail.proof.spf_domain}): {user}")
        while True:
            generation = book.generation
            job = await book.job(mail_id)
            if job and job.state.final and await _all_told(book, job):
                return job
            await book.wait_for_change(1.0, since=generation)


async def _mail(port: int) -> str:
    documents = files("postfax.demonstration") / "documents"
    message = mail_of_documents(
        [Path(str(documents / name)) for name in _DOCUMENTS],
        sender=f"Ana Ruiz <{SENDER}>",
        recipients=[f'"Lakeside Imaging, Dr Lee" <{NUMBER}@{DOMAIN}>'],
        subject="Referral for Monday",
        text=_TEXT,
    )
    _, reply = await aiosmtplib.send(
        message,
        sender=SENDER,
        recipients=[f"{NUMBER}@{DOMAIN}"],
        hostname="127.0.0.1",
        port=port,
        start_tls=False,
    )
    return reply


async def _all_told(book: Book, job: FaxJob) -> bool:
    """Whether nothing is owed any more."""
    owed: list[Notice | Copy] = [*await book.notices_of(job.mail_id), *await book.copies_of(job.id)]
    return all(one.state is not DeliveryState.PENDING for one in owed)


async def _keep_results(folder: Path, story: Story, world: World, job: FaxJob) -> dict[str, Any]:
    """Put what came of it where a person finds it, and say how it ended."""
    sent = await _keep_sent(folder, world, job)
    received = _keep_received(folder, world, job)
    _sort_mails(folder, world)
    shutil.copytree(world.archive.folder, folder / "archive-sftp", dirs_exist_ok=True)
    different = differing_pages(sent, received) if sent and received else []
    identical = sent is not None and received is not None and not different
    if job.status is Status.SUCCESS:
        sameness = (
            "identical to what was sent" if identical else f"pages {different} are not as they were sent"
        )
        story.tell("result", f"{job.pages_confirmed} of {job.pages} pages confirmed; {sameness}")
    else:
        story.tell("result", f"{job.status}: {job.status.explanation if job.status else ''}")
    summary = _summary(story, job, identical=identical)
    (folder / "summary.json").write_text(json.dumps(summary, indent=2) + "\n")
    return summary


async def _keep_sent(folder: Path, world: World, job: FaxJob) -> Path | None:
    with tempfile.TemporaryDirectory() as temporary:
        async with open_book(str(world.settings_file)) as book:
            document = await as_sent(book, job, Path(temporary))
        return Path(shutil.copyfile(document, folder / "sent" / f"{job.id}.tif")) if document else None


def _keep_received(folder: Path, world: World, job: FaxJob) -> Path | None:
    complete = [record for record in world.station.calls if record.document and record.pages == job.pages]
    if not complete:
        return None
    target = folder / "received" / f"{job.id}.tif"
    shutil.copyfile(world.folder / "station" / "received" / complete[-1].document, target)
    picture_of(target, target.with_suffix(".png"))
    return target


def _sort_mails(folder: Path, world: World) -> None:
    for file in world.sink.mails:
        mail: EmailMessage = message_from_bytes(file.read_bytes(), policy=default)
        filed = ARCHIVE_ADDRESS in str(mail["To"])
        shutil.copyfile(file, folder / ("archive-mail" if filed else "notices") / file.name)


def _summary(story: Story, job: FaxJob, *, identical: bool) -> dict[str, Any]:
    return {
        "seconds": story.steps,
        "jobs": [
            {
                "id": job.id,
                "number": job.recipient.number,
                "status": job.status,
                "pages": job.pages,
                "pages_confirmed": job.pages_confirmed,
                "identical": identical,
                "attempts": [
                    {
                        "number": attempt.number,
                        "line": attempt.line,
                        "header": attempt.header,
                        "started_at": attempt.started_at.isoformat(),
                        "status": attempt.outcome.status if attempt.outcome else None,
                        "pages_confirmed": attempt.outcome.pages_confirmed if attempt.outcome else 0,
                        "transport": attempt.outcome.transport if attempt.outcome else "",
                        "bit_rate": attempt.outcome.bit_rate if attempt.outcome else None,
                    }
                    for attempt in job.attempts
                ],
            }
        ],
    }
