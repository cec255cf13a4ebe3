"""The settings of notices and of pages a day, with the running service: what comes to people's mailboxes."""

from collections.abc import AsyncIterator
from email.message import EmailMessage
from io import BytesIO
from typing import Any

import pikepdf
import pytest
import pytest_asyncio
import sample_documents
from patient_service import PatientService
from PIL import Image
from scene import BEHAVIOURS, POLICY, Scene

from postfax.demonstration.world import World

pytestmark = pytest.mark.asyncio(loop_scope="module")

SETTINGS = """
      notifications:
        {{attach: pdf, thumbnail: true, report: true, extra_recipients: [desk@hospital.example]}}
      fax: {{pages_per_day: 4}}
"""
OF_ANA = POLICY.replace("  Radiology:\n    settings:\n", f"  Radiology:\n    settings:{SETTINGS}")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def told(tmp_path_factory: Any) -> AsyncIterator[Scene]:
    world = World(
        folder=tmp_path_factory.mktemp("world"), clock=10, channels=2, behaviours=BEHAVIOURS, policy=OF_ANA
    )
    async with world:
        service = PatientService(world.settings_file)
        await service.start()
        yield Scene(world=world, service=service)
        assert await service.stop() == 0


def parts(mail: EmailMessage) -> dict[str, EmailMessage]:
    return {part.get_content_type(): part for part in mail.walk()}


async def test_the_sender_gets_the_pages_and_the_desk_a_mail_of_its_own(told: Scene) -> None:
    job_id = await told.mail("+12065551234", attachments=[("chart.pdf", sample_documents.pdf(3))])
    job = await told.finished(job_id)
    to_sender, to_desk = sorted(told.notices(job_id, "delivery"), key=lambda mail: "desk" in mail["To"])
    seen = parts(to_sender)
    files = {part.get_filename(): part for part in to_sender.walk() if part.get_filename()}
    with pikepdf.open(BytesIO(files[f"fax-{job_id}.pdf"].get_content())) as pdf:
        assert len(pdf.pages) == len(job["document"]["pages"]) == 3
    with pikepdf.open(BytesIO(files[f"fax-{job_id}-report.pdf"].get_content())) as report:
        assert str(report.docinfo["/Title"]) == "Transmission report"
    with Image.open(BytesIO(seen["image/png"].get_content())) as picture:
        assert picture.width == 600
    assert parts(to_desk).keys() == {"multipart/alternative", "text/plain", "text/html"}
    assert "The fax from Ana Ruiz to" in parts(to_desk)["text/plain"].get_content()
    assert [notice["address"] for notice in job["notices"]][-1] == "desk@hospital.example"


async def test_a_mail_over_the_pages_of_the_day_is_refused_with_the_numbers(told: Scene) -> None:
    job_id = await told.mail("+12065551235", attachments=[("chart.pdf", sample_documents.pdf(5))])
    job = await told.finished(job_id)
    assert (job["state"], job["status"], job["document"]) == ("failed", "Blocked", None)
    [notice] = told.notices(job["mail"]["id"], "initial")
    said = parts(notice)["text/html"].get_content()
    assert "was not sent: this mail makes 5 fax pages, and you may fax 4 in a day." in said.replace("\n", " ")
    assert "Send it in parts on several days, or ask your administrator for more." in said
