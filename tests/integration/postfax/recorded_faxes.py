"""Faxes in the book of an installation, brought as far as a test wants them."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from command_line import CommandLine

from config.fax import Resolution
from postfax.live_policy import read_with_digest
from store.book import Book
from store.job import FaxJob, FaxPage, NewJob, Outcome, Recipient, Refusal, Wishes
from store.mail import Envelope, NewMail, ProofMethod, SenderProof
from store.new_document import NewDocument
from store.status import Status

ANA = "ana@hospital.example"
DAY = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
_PROOF = SenderProof(
    method=ProofMethod.LOCAL, client_address="", helo="", spf_result="", spf_domain="", aligned=True
)
_LEASE = timedelta(minutes=5)


@dataclass
class RecordedFaxes:
    """Writes faxes into the book of an installation."""

    postfax: CommandLine
    folder: Path
    pages: bytes = b"II*\0 no real pages"
    mails: int = 0

    def __call__(
        self,
        *ends: Status | None,
        number: str = "+13105550100",
        sender: str = ANA,
        pages: int = 1,
        refusal: Refusal | None = None,
        **facts: Any,
    ) -> FaxJob:
        """A fax with a call for each of these ends; without any it waits for its first."""
        user = read_with_digest(self.postfax.policy_file.parent, ("main",)).policy.user(sender)
        self.mails += 1
        job: FaxJob = self.postfax.of_book(
            lambda book: self._record(book, ends, number, user, pages, refusal, facts)
        )
        return job

    async def _record(
        self,
        book: Book,
        ends: tuple[Status | None, ...],
        number: str,
        user: Any,
        pages: int,
        refusal: Refusal | None,
        facts: dict[str, Any],
    ) -> FaxJob:
        envelope = Envelope(return_path=user.email, recipients=(f"{number}@fax.example.com",))
        mail = NewMail(
            envelope=envelope,
            header_from=user.email,
            user_email=user.email,
            proof=_PROOF,
            message_id=f"<{self.mails}@hospital.example>",
            dedupe_key=str(self.mails),
            body=b"Subject: Referral\r\n\r\nHello\r\n",
        )
        mail_id = (await book.accept_mail(mail)).mail_id
        new = NewJob(
            recipient=Recipient(number=number, name=facts.pop("name", "")),
            addresses=envelope.recipients,
            refusal=refusal,
            wishes=facts.pop("wishes", Wishes()),
            **facts,
        )
        recorded = await book.record_submission(
            mail_id,
            subject=f"Referral {self.mails}",
            message_id=mail.message_id,
            references=(),
            user=user,
            jobs=[new],
        )
        if not refusal:
            recorded = await book.record_documents(mail_id, {recorded[0].id: self._document(pages)})
        for place, status in enumerate(ends):
            await self._call(book, status, pages, last=place == len(ends) - 1)
        job = await book.job(recorded[0].id)
        assert job is not None
        return job

    def _document(self, pages: int) -> NewDocument:
        path = self.folder / "document.tif"
        path.write_bytes(self.pages)
        page = FaxPage(width=1728, height=2200, octets=100, origin="body")
        return NewDocument(path=path, resolution=Resolution.FINE, pages=(page,) * pages)

    async def _call(self, book: Book, status: Status | None, pages: int, *, last: bool) -> None:
        claimed = await book.claim_call({"main": 9}, _LEASE, lambda _, line, at: f"{line} {at:%H:%M}")
        assert claimed is not None
        if status is None:  # it goes on
            return
        now = datetime.now(UTC)
        outcome = Outcome(
            status=status,
            cause="as told",
            ended_at=now,
            answered_at=now,
            pages_confirmed=pages if status is Status.SUCCESS else 0,
            transport="T.38",
            remote_csid="CLINIC",
            bit_rate=14400,
        )
        final = last or status is Status.SUCCESS
        await book.record_outcome(claimed[1].id, outcome, None if final else now)


def installation(tmp_path: Path, ask: Callable[[Path], CommandLine] = CommandLine) -> RecordedFaxes:
    return RecordedFaxes(postfax=ask(tmp_path), folder=tmp_path)
