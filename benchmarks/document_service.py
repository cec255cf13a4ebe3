"""A running service to which documents are mailed, and what comes of each: what `documents` and `soak` share.

`postfax serve` as it is, in a world of its own: each document goes by SMTP to a number that is always busy
and called once, so that the work is in the documents and not in calls. Temporary files have a folder of their
own, so that a file left behind shows.
"""

import asyncio
import contextlib
import itertools
import json
import os
import sqlite3
import time
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from types import TracebackType
from typing import Self

import aiosmtplib
from process_memory import proportional, resident

from postfax.demonstration.serve_process import ServeProcess
from postfax.demonstration.world import DOMAIN, SENDER, World

_FIRST_NUMBER = 12_062_000_000
_START_SECONDS = 300
"""Also where the machine has much else to do."""
_LONGEST = 300
"""Seconds that one document may take, waiting for others included."""
_ALWAYS_BUSY = {str(digit): "busy" for digit in range(10)}
_POLICY = """\
company: General Hospital
settings:
  fax: {{default_region: US, sender_number: "+12065550100"}}
  coverpage: {{mode: none}}
  retry: {{attempts: 1}}
  notifications:
    initial: {{success: false, failure: false}}
    delivery: {{success: false, failure: false}}
users: [{{name: Ana Ruiz, email: {sender}}}]
"""
_CAME_TO = """
SELECT jobs.explanation, documents.pages FROM jobs LEFT JOIN documents ON documents.job_id = jobs.id
WHERE jobs.id = ? AND (documents.job_id IS NOT NULL OR jobs.state = 'failed')
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class CameTo:
    """What the service made of a document."""

    pages: int
    """0 if it was refused."""
    octets: int
    """Of the coded pages."""
    reason: str
    """What the sender is told if it was refused."""
    seconds: float
    """From the mail's 250 to the outcome."""


class DocumentService:
    """Started by `async with`, in an empty folder whose path is short: LibreOffice's socket is in it."""

    def __init__(self, folder: Path) -> None:
        """Nothing is started yet."""
        self._temporary = folder / "tmp"
        self._world = World(
            folder=folder / "world", processes=2, clock=10, policy=_POLICY, behaviours=_ALWAYS_BUSY
        )
        self._numbers = itertools.count(_FIRST_NUMBER)
        self._stack = contextlib.AsyncExitStack()
        self.left_behind: tuple[str, ...] = ()
        """When it has ended: processes and files that it did not take with it."""

    async def __aenter__(self) -> Self:
        """Start the world and the service, and wait for LibreOffice."""
        self._temporary.mkdir()
        os.environ["TMPDIR"] = str(self._temporary)
        self._world.folder.mkdir()
        await self._stack.enter_async_context(self._world)
        self.process = ServeProcess(self._world.settings_file)
        await self.process.launch()
        await self.process.wait_for("service_ready", seconds=_START_SECONDS)
        self._stack.push_async_callback(self._stop)
        await self.process.wait_for("office_started", seconds=_START_SECONDS)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop everything, and look what is left."""
        await self._stack.__aexit__(kind, problem, trace)

    async def _stop(self) -> None:
        processes = list(descendants(self.process.pid))
        status = await self.process.stop()
        await asyncio.sleep(1)
        running = [f"process {pid}: {command(pid)}" for pid in processes if command(pid)]
        work = self._world.folder / "state" / "work"
        files = [str(path) for folder in (self._temporary, work) for path in folder.glob("*")]
        ended = [f"exit status {status}"] if status else []
        self.left_behind = (*ended, *running, *files)

    async def fax(self, name: str, octets: bytes) -> CameTo:
        """Mail one document, and wait for what comes of it."""
        _, reply = await aiosmtplib.send(
            _mail(name, octets, f"+{next(self._numbers)}@{DOMAIN}"),
            hostname="127.0.0.1", port=self.process.smtp_port, start_tls=False, timeout=_LONGEST,
        )  # fmt: skip
        job, begun = reply.rpartition(" ")[2], time.monotonic()
        async with asyncio.timeout(_LONGEST):
            while (found := self._found(job)) is None:  # noqa: ASYNC110 - another process writes the book
                await asyncio.sleep(0.05)
        explanation, pages = found
        made = json.loads(pages) if pages else []
        return CameTo(
            pages=len(made), octets=sum(page["octets"] for page in made),
            reason="" if made else explanation, seconds=time.monotonic() - begun,
        )  # fmt: skip

    def _found(self, job: str) -> tuple[str, str | None] | None:
        if self.process.returncode is not None:
            said = "\n".join(map(str, [*self.process.printed[-5:], *self.process.events[-5:]]))
            raise SystemExit(f"the service ended with status {self.process.returncode}; it said:\n{said}")
        with contextlib.closing(sqlite3.connect(self._world.folder / "state" / "book.db")) as book:
            found: tuple[str, str | None] | None = book.execute(_CAME_TO, (job,)).fetchone()
        return found

    def memory(self) -> dict[str, int]:
        """Octets of `postfax serve` itself, of LibreOffice, and of the service's other processes.

        Resident ones; of the others also what they take together. They are forked from one parent whose pages
        they share, which is resident in each: the sum of what is resident counts it once for each of them.
        """
        below = descendants(self.process.pid)
        office = {pid for pid in below if "soffice.bin" in command(pid)}
        others = [pid for pid in below if pid not in office]
        return {
            "serve": resident(self.process.pid),
            "LibreOffice": sum(map(resident, office)),
            "its processes": sum(map(resident, others)),
            "together": sum(map(proportional, others)),
        }


def _mail(name: str, octets: bytes, recipient: str) -> EmailMessage:
    mail = EmailMessage(policy=SMTP)
    mail["From"], mail["To"], mail["Subject"] = SENDER, recipient, "Referral"
    mail["Message-ID"] = f"<{os.urandom(12).hex()}@hospital.example>"
    mail.set_content("")
    mail.add_attachment(octets, maintype="application", subtype="octet-stream", filename=name)
    return mail


def descendants(pid: int) -> list[int]:
    """The processes below one, as far as they run now."""
    found: list[int] = []
    with contextlib.suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in map(int, (task / "children").read_text(encoding="ascii").split()):
                found += [child, *descendants(child)]
    return found


def command(pid: int) -> str:
    """What a process runs; empty if it is gone or only waits to be counted out."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
    return ""
