"""The step that files copies: what an archive gets of a fax, and what becomes of what it cannot file."""

from email.message import EmailMessage
from io import BytesIO
from pathlib import Path

import numpy as np
import pypdfium2 as pdfium
import pytest
from command_line import POLICY
from recorded_faxes import RecordedFaxes, installation

from convert import fax_tiff, t6
from convert.fax_tiff import CodedPage
from convert.text_layer import without_words
from notify.mailer import MailTemporary, Rehearsal
from postfax.journey.file import File
from postfax.opening import now
from store.book import Book
from store.job import FaxJob
from store.outbox import Copy, DeliveryState
from store.page_word import PageWord
from store.status import Status

WORD = PageWord("Glioblastoma", 200, 400, 600, 440)


class Mails:
    """A way out that keeps what it is given."""

    def __init__(self) -> None:
        self.sent: list[EmailMessage] = []
        self.trouble: Exception | None = None

    async def send(self, message: EmailMessage | bytes, recipient: str) -> None:
        assert isinstance(message, EmailMessage)
        assert recipient == "faxes@hospital.example"
        if self.trouble:
            raise self.trouble
        self.sent.append(message)

    async def rehearse(self, recipient: str = "") -> Rehearsal:  # noqa: ARG002 - as the protocol says
        raise AssertionError("nobody rehearses")

    def file(self) -> bytes:
        [message] = self.sent
        [attachment] = message.iter_attachments()
        octets = attachment.get_payload(decode=True)
        assert isinstance(octets, bytes)
        return octets


def faxes(tmp_path: Path, kind: str) -> RecordedFaxes:
    archive = f"  archive: {{enabled: true, email: {{to: faxes@hospital.example}}, document: {kind}}}\n"
    made = installation(tmp_path)
    made.postfax.policy_file.write_text(
        POLICY.replace("settings: {fax:", f"settings:\n{archive}  fax: {{default_region: US}}\n#", 1),
        encoding="utf-8",
    )
    page = CodedPage(rows=2156, strip=t6.encode(np.zeros((2156, 216), np.uint8)), words=(WORD,))
    fax_tiff.write(tmp_path / "page.tif", [page], resolution="fine")
    made.pages = (tmp_path / "page.tif").read_bytes()
    return made


def filed(made: RecordedFaxes, mails: Mails, job: FaxJob) -> Copy:
    async def work(book: Book) -> Copy:
        step = File(book, mails, sender="postfax@fax.example.com", folder=made.folder, clock=now)
        assert await step.step()
        assert not await step.step()
        (copy,) = await book.copies_of(job.id)
        return copy

    copy: Copy = made.postfax.of_book(work)
    return copy


def test_a_pdf_is_found_by_its_words_and_its_header_line(tmp_path: Path) -> None:
    made, mails = faxes(tmp_path, "pdf"), Mails()
    copy = filed(made, mails, made(Status.SUCCESS))
    assert copy.state is DeliveryState.DELIVERED
    with pdfium.PdfDocument(BytesIO(mails.file())) as document:
        said = document[0].get_textpage().get_text_range()
    assert "Glioblastoma" in said
    assert "General Hospital" in said
    assert "1/1" in said


@pytest.mark.parametrize("called", [True, False])
def test_a_tiff_has_pages_and_nothing_behind_them(tmp_path: Path, *, called: bool) -> None:
    made, mails = faxes(tmp_path, "tiff"), Mails()
    job = made(*([Status.SUCCESS] if called else []))
    if not called:
        made.postfax.of_book(lambda book: book.cancel(job.id, "ana"))
    filed(made, mails, job)
    octets = mails.file()
    assert octets == without_words(octets)
    assert (octets == without_words(made.pages)) is not called


def test_a_copy_whose_way_is_blocked_waits(tmp_path: Path) -> None:
    made, mails = faxes(tmp_path, "pdf"), Mails()
    mails.trouble = MailTemporary("the smarthost is away")
    copy = filed(made, mails, made(Status.SUCCESS))
    assert (copy.state, copy.tries, copy.last_error) == (DeliveryState.PENDING, 1, "the smarthost is away")


def test_a_copy_whose_pages_are_gone_is_given_up(tmp_path: Path) -> None:
    made, mails = faxes(tmp_path, "pdf"), Mails()
    made.pages += bytes(100_000)  # large enough for a file of its own
    job = made(Status.SUCCESS)
    for file in (tmp_path / "documents").rglob("*"):
        if file.is_file():
            file.unlink()
    copy = filed(made, mails, job)
    assert copy.state is DeliveryState.GIVEN_UP
    assert "is missing" in copy.last_error
