"""Mails taken apart in the sandbox, as the service does it."""

from collections.abc import AsyncIterator
from email.message import EmailMessage
from pathlib import Path

import pytest

import mta.mime.take_apart
from mta.mime.take_apart import MailNotReadable, take_apart
from sandbox import FailureKind, Limits, Nursery, TaskFailed
from store.mail import MailPart


@pytest.fixture
async def nursery() -> AsyncIterator[Nursery]:
    started = Nursery(preload=("mta.mime.task",), processes=2)
    await started.start()
    yield started
    await started.stop()


async def test_a_mail_is_taken_apart(nursery: Nursery, tmp_path: Path) -> None:
    mail = EmailMessage()
    mail["From"] = "Ana <ana@hospital.example>"
    mail["To"] = "John Doe <1@fax.example.com>"
    mail["Subject"] = "Überweisung"
    mail["References"] = "<0@x>"
    mail.set_content("Text\n")
    mail.add_attachment(b"%PDF", "application", "pdf", filename="a.pdf")
    content = await take_apart(nursery, mail.as_bytes(), tmp_path)
    assert content.subject == "Überweisung"
    assert content.references == ("<0@x>",)
    assert content.to_names == {"1@fax.example.com": "John Doe"}
    path = str(tmp_path / "part-0001")
    assert content.attachments == (MailPart(name="a.pdf", media_type="application/pdf", path=path, size=4),)
    assert Path(path).read_bytes() == b"%PDF"


async def test_a_refusal_is_a_sentence(nursery: Nursery, tmp_path: Path) -> None:
    with pytest.raises(MailNotReadable, match=r"This mail is encrypted, so it cannot be read here\."):
        await take_apart(nursery, b"Content-Type: multipart/encrypted; boundary=a\r\n\r\n", tmp_path)


@pytest.mark.parametrize(
    ("text", "explanation", "advice"),
    [
        ("This mail has more than 1000 parts.", "This mail has more than 1000 parts.", ""),
        (
            '"a. Send b.eml" is encrypted (PGP), so it cannot be read here. Attach it without encryption.',
            '"a. Send b.eml" is encrypted (PGP), so it cannot be read here.',
            "Attach it without encryption.",
        ),
        ("It is too long. Attach it in a.pdf, in parts.", "It is too long.", "Attach it in a.pdf, in parts."),
    ],
)
def test_a_refusal_says_what_is_wrong_and_what_to_do_next(text: str, explanation: str, advice: str) -> None:
    refused = MailNotReadable(text)
    assert (refused.explanation, refused.advice) == (explanation, advice)


async def test_a_mail_that_takes_too_long_is_not_readable(
    nursery: Nursery, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    limits = Limits(seconds=0.1, cpu_seconds=5, memory=1 << 30, file_size=1 << 28)
    monkeypatch.setattr(mta.mime.take_apart, "LIMITS", limits)
    slow = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--bx\r\n" * 900_000
    with pytest.raises(MailNotReadable, match="too large or too complicated"):
        await take_apart(nursery, slow, tmp_path)


async def test_a_fault_of_the_host_is_no_fault_of_the_mail(
    nursery: Nursery, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    limits = Limits(seconds=60, cpu_seconds=20, memory=1 << 30, file_size=10)
    monkeypatch.setattr(mta.mime.take_apart, "LIMITS", limits)
    mail = b"Content-Type: application/pdf\r\n\r\n" + b"x" * 100_000
    with pytest.raises(TaskFailed) as failed:
        await take_apart(nursery, mail, tmp_path)
    assert failed.value.kind in {FailureKind.ERROR, FailureKind.CRASHED}
