"""The service is killed and stopped while HylaFAX calls for it: the call goes on, and is the only one."""

import asyncio
import io
from collections.abc import Iterator
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from typing import Any

import aiosmtplib
import pikepdf
import pytest
from hylafax_site import HylafaxSite, hylafax_site
from patient_service import PatientService

from postfax.demonstration.world import DOMAIN, SENDER, World
from postfax.opening import open_book
from store.job import FaxJob
from store.job_filter import JobFilter
from store.status import Status

NUMBER = "+12065551234"
POLICY = """\
company: General Hospital
settings: {{fax: {{default_region: US}}, coverpage: {{mode: none}}}}
users: [{{name: Ana Ruiz, email: {sender}}}]
# {archive_address} {sftp_port} {known_host} have no part in it
"""
PATIENCE = 300.0
"""Seconds: the machine has other things to do."""


@pytest.fixture
def site() -> Iterator[HylafaxSite]:
    with hylafax_site() as running:
        yield running


def mail() -> EmailMessage:
    page = io.BytesIO()
    with pikepdf.new() as document:
        document.add_blank_page(page_size=(595, 842))
        document.pages[0].Contents = document.make_stream(b"100 400 300 300 re f")
        document.save(page)
    written = EmailMessage(policy=SMTP)
    written["From"], written["To"], written["Subject"] = SENDER, f"{NUMBER}@{DOMAIN}", "A page"
    written.add_attachment(page.getvalue(), maintype="application", subtype="pdf", filename="page.pdf")
    return written


async def until_the_end(settings_file: Path) -> FaxJob:
    async with asyncio.timeout(PATIENCE), open_book(str(settings_file)) as book:
        while True:
            for job in await book.jobs(JobFilter(limit=None)):
                if job.state.final and (found := await book.job(job.id)):
                    return found
            await asyncio.sleep(0.2)


async def taken_up(service: PatientService) -> dict[str, Any]:
    await service.wait_for("hylafax_job_found", seconds=PATIENCE)
    return await service.wait_for("call_taken_up", seconds=PATIENCE)


async def test_a_fax_is_called_once_however_often_the_service_goes(tmp_path: Path, site: HylafaxSite) -> None:
    site.plan(NUMBER, exit=2, npages=1, totdials=1, tottries=1, signalrate=14400, until="go")
    async with World(folder=tmp_path, policy=POLICY) as world:
        text = world.settings_file.read_text()
        lines = f"lines:\n  main: {{hylafax: '{site.address}', ask_every: 200 ms}}\n"
        world.settings_file.write_text(text[: text.index("lines:")] + lines)
        service = PatientService(world.settings_file)
        await service.start()
        await aiosmtplib.send(
            mail(), hostname="127.0.0.1", port=service.smtp_port, start_tls=False, timeout=PATIENCE
        )
        await service.wait_for("call_dialling", seconds=PATIENCE)
        await site.call_begun()
        await service.kill()

        killed_and_back = PatientService(world.settings_file)
        await killed_and_back.start()
        found = await taken_up(killed_and_back)
        assert await killed_and_back.stop() == 0  # at once: the call does not need us

        stopped_and_back = PatientService(world.settings_file)
        await stopped_and_back.start()
        assert (await taken_up(stopped_and_back))["attempt"] == found["attempt"]
        site.go("go")
        job = await until_the_end(world.settings_file)
        assert await stopped_and_back.stop() == 0
    assert (job.status, job.tries, job.pages_confirmed) == (Status.SUCCESS, 1, 1)
    assert [(attempt.id, attempt.interrupted) for attempt in job.attempts] == [(found["attempt"], False)]
    assert [call["jobtag"] for call in site.calls()] == [found["attempt"]]
