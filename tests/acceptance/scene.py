"""The installed program in a world of its own, driven from outside: by SMTP and by its own commands."""

import asyncio
import contextlib
import json
import sqlite3
import sys
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP, default
from pathlib import Path
from typing import Any

import aiosmtplib
import pytest_asyncio
from patient_service import PatientService

from postfax.commands.show import show_json
from postfax.demonstration.serve_process import ServeProcess
from postfax.demonstration.world import DOMAIN, SENDER, World

POSTFAX = Path(sys.executable).with_name("postfax")
_FINAL = ("sent", "failed", "cancelled")
_FINISHED = f"""
SELECT id FROM jobs WHERE id = :job AND state IN {_FINAL}
AND NOT EXISTS (SELECT * FROM notices WHERE job_id = :job AND state != 'delivered')
AND NOT EXISTS (SELECT * FROM copies WHERE job_id = :job AND state != 'delivered')
"""  # noqa: S608 - constants of ours


@dataclass(frozen=True, kw_only=True, slots=True)
class Ran:
    """What a command came to."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


async def run_postfax(*arguments: str | Path, typed: str | None = None) -> Ran:
    """The installed `postfax` command, with what is written to its standard input."""
    process = await asyncio.create_subprocess_exec(
        POSTFAX,
        *arguments,
        stdin=asyncio.subprocess.DEVNULL if typed is None else asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await asyncio.wait_for(process.communicate(None if typed is None else typed.encode()), 300)
    return Ran(status=process.returncode or 0, out=out.decode(), err=err.decode())


@dataclass(kw_only=True)
class Scene:
    """A world with a running service."""

    world: World
    service: ServeProcess

    async def postfax(self, *arguments: str | Path) -> Ran:
        return await run_postfax("--config", self.world.settings_file, *arguments)

    async def mail(
        self,
        *recipients: str,
        sender: str = SENDER,
        subject: str = "Referral",
        text: str = "",
        attachments: Sequence[tuple[str, bytes]] = (),
        fields: dict[str, str] | None = None,
        envelope_from: str | None = None,
    ) -> str:
        """Send a mail by SMTP; the job's or group's id."""
        message = compose(recipients, sender, subject, text, attachments, fields or {})
        addresses = [f"{recipient}@{DOMAIN}" for recipient in recipients]
        _, reply = await aiosmtplib.send(
            message,
            sender=sender if envelope_from is None else envelope_from,
            recipients=addresses,
            hostname="127.0.0.1",
            port=self.service.smtp_port,
            start_tls=False,
            timeout=300,
        )
        return reply.rpartition(" ")[2]

    async def job(self, job_id: str) -> Any:
        """What `postfax show --json` prints, without the second that the command takes to start."""
        return json.loads(await show_json(str(self.world.settings_file), job_id))

    async def finished(self, job_id: str, *, seconds: float = 300) -> Any:
        """The job once it is in a final state and everything owed is delivered."""
        async with asyncio.timeout(seconds):
            while True:
                while not self._seems_finished(job_id):
                    await asyncio.sleep(0.1)
                job = await self.job(job_id)
                owed = [*job["notices"], *job["copies"]]
                if job["state"] in _FINAL and all(one["state"] == "delivered" for one in owed):
                    return job
                await asyncio.sleep(0.3)

    def _seems_finished(self, job_id: str) -> bool:
        """What is in the book, for a command costs much more than a look."""
        with contextlib.closing(sqlite3.connect(self.world.folder / "state/book.db")) as book:
            try:
                return book.execute(_FINISHED, {"job": job_id}).fetchone() is not None
            except sqlite3.OperationalError:
                return False  # it is being made, or locked

    def notices(self, job_id: str, kind: str) -> list[EmailMessage]:
        """The notices that arrived at the sender's mail server."""
        mails = [message_from_bytes(file.read_bytes(), policy=default) for file in self.world.sink.mails]
        return [mail for mail in mails if f"{kind}.{job_id}." in str(mail["Message-ID"])]


def compose(
    recipients: Sequence[str],
    sender: str,
    subject: str,
    text: str,
    attachments: Sequence[tuple[str, bytes]],
    fields: dict[str, str],
) -> EmailMessage:
    message = EmailMessage(policy=SMTP)
    message["From"] = sender
    message["To"] = ", ".join(f"<{recipient}@{DOMAIN}>" for recipient in recipients)
    message["Subject"] = subject
    for name, value in fields.items():
        message[name] = value
    message.set_content(text)
    for name, octets in attachments:
        message.add_attachment(octets, maintype="application", subtype="octet-stream", filename=name)
    return message


BEHAVIOURS = {
    "0101": "busy 2",
    "0102": "busy",
    "0103": "voice",
    "0104": "no-answer",
    "0105": "fail 404",
    "0106": "silence",
    "0107": "refuse-t38",
    "0108": "fail 503",
    "0109": "drop-after 1 for 1",
    "0119": "drop-after 1 for 1",
    "0113": "drop-after 4 for 1",
    "0114": "refuse-t38",
    "0110": "standard-only",
    "0111": "slow",
    "0112": "no-ecm",
}

OWN_COVERS = """\
  Covers:
    settings:
      alerts: {{contacts: [admin@hospital.example]}}
      coverpage: {{mode: automatic, templates: {{Letter Head: letter.html, Broken: broken.html}}}}
    users:
      - {{name: Own, email: own@hospital.example, settings: {{coverpage: {{template: Letter Head}}}}}}
      - {{name: Broken, email: broken@hospital.example, settings: {{coverpage: {{template: Broken}}}}}}
"""
OWN_TEMPLATES = {
    "letter.html": "<h1>LETTERHEAD {{ recipient.name }}</h1>~SenderName~, {{ pages_total }}{{ message }}",
    "broken.html": "<p>{{ recipient.nmae }}</p>{{ message }}",
}

POLICY = """\
company: General Hospital
settings:
  fax: {{default_region: US, sender_number: "+12065550100", resolution: standard}}
  coverpage: {{template: healthcare, mode: on_demand}}
  datetime: {{time_zone: America/Los_Angeles, date_format: MM/DD/YYYY, time_format: hh:mm a}}
  retry:
    interval: 1 s
    statuses: {{BUSY: {{interval: 1 s}}}}
  archive: {{enabled: true, email: {{to: {archive_address}}}, document: pdf, metadata: [json]}}
departments:
  Radiology:
    settings:
      archive:
        enabled: true
        sftp:
          host: 127.0.0.1
          port: {sftp_port}
          user: fax
          password_file: sftp.secret
          known_host: {known_host}
        metadata: [xml]
    users: [{{name: Ana Ruiz, email: {sender}}}]
  Batched:
    settings: {{fax: {{batch_pages: 20}}, retry: {{attempts: 9}}}}
    users: [{{name: Bat Ched, email: batched@hospital.example}}]
  Continued:
    settings: {{retry: {{resume: cover}}}}
    users: [{{name: Con Tinued, email: continued@hospital.example}}]
  Modes:
    users:
      - {{name: M1, email: automatic@hospital.example, settings: {{coverpage: {{mode: automatic}}}}}}
      - {{name: M2, email: none@hospital.example, settings: {{coverpage: {{mode: none}}}}}}
      - {{name: M3, email: on_demand@hospital.example, settings: {{coverpage: {{mode: on_demand}}}}}}
      - name: M4
        email: with_body_text@hospital.example
        settings: {{coverpage: {{mode: with_body_text}}}}
      - name: M5
        email: on_demand_requires_attachment@hospital.example
        settings: {{coverpage: {{mode: on_demand_requires_attachment}}}}
      - name: M6
        email: with_body_text_requires_attachment@hospital.example
        settings: {{coverpage: {{mode: with_body_text_requires_attachment}}}}
      - name: M7
        email: automatic_requires_attachment@hospital.example
        settings: {{coverpage: {{mode: automatic_requires_attachment}}}}
"""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def scene(tmp_path_factory: Any) -> AsyncIterator[Scene]:
    """One service for the tests of a module; the fax line ten times faster than real time."""
    folder = tmp_path_factory.mktemp("world")
    for name, template in OWN_TEMPLATES.items():
        (folder / name).write_text(template, encoding="utf-8")
    world = World(
        folder=folder,
        clock=10,
        channels=12,
        behaviours=BEHAVIOURS,
        policy=POLICY + OWN_COVERS,
        line="    answer_timeout: 15 s\n",
    )
    async with world:
        service = PatientService(world.settings_file)
        await service.start()
        yield Scene(world=world, service=service)
        assert await service.stop() == 0
