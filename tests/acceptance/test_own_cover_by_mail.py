"""Own cover pages by a mail through the SMTP port: one that works, one that does not."""

import asyncio
import subprocess
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

import pytest
import sample_documents
from scene import Scene

pytestmark = pytest.mark.asyncio(loop_scope="module")


def words_of(page: Path) -> str:
    """What is read on a received page."""
    read = subprocess.run(["tesseract", page, "-", "--psm", "4"], capture_output=True, check=True, text=True)
    return " ".join(read.stdout.split())


async def test_an_own_cover_page_reaches_the_other_side(scene: Scene) -> None:
    job_id = await scene.mail(
        "Dr_Lee.12065552301",
        sender="own@hospital.example",
        text="#fax from: Jane Doe\nThe scan is attached.",
        attachments=[("page.pdf", sample_documents.pdf())],
        fields={"X-Fax-Resolution": "fine"},
    )
    job = await scene.finished(job_id)
    assert job["status"] == "Success"
    assert [page["origin"] for page in job["document"]["pages"]] == ["cover", "page.pdf"]
    [received] = [call for call in scene.world.station.calls if call.number.endswith("2301")]
    words = words_of(scene.world.folder / "station/received" / received.document)
    for word in ("LETTERHEAD", "Dr Lee", "Jane Doe, 2", "The scan is attached"):
        assert word in words, words
    assert "#fax" not in words


async def test_a_template_that_fails_gives_way_and_an_administrator_is_told_once(scene: Scene) -> None:
    sent = [
        await scene.mail(f"+1206555231{n}", sender="broken@hospital.example", text="Hello") for n in (1, 2)
    ]
    for job_id in sent:
        job = await scene.finished(job_id)
        assert job["status"] == "Success"
        assert [page["origin"] for page in job["document"]["pages"]] == ["cover"]
    async with asyncio.timeout(300):
        while not (alerts := _alerts(scene)):
            await asyncio.sleep(0.1)
    [alert] = alerts
    assert "cover page Broken" in alert["Subject"]
    told = alert.get_body(("plain",))
    assert told is not None
    text = " ".join(told.get_content().split())
    assert "broken.html" in text
    assert "recipient.nmae" in text


def _alerts(scene: Scene) -> list[EmailMessage]:
    mails = [message_from_bytes(file.read_bytes(), policy=default) for file in scene.world.sink.mails]
    return [mail for mail in mails if "admin@hospital.example" in str(mail["To"])]
