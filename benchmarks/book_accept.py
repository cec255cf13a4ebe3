"""How many mails a second the book accepts, each durable when its call returns.

    python benchmarks/book_accept.py [--mails 6000] [--callers 100] [--size 5000] [--folder DIR]

`--callers` calls are under way at one time, as from so many SMTP sessions. Beside the mails a second it
prints the p50 and p99 of one call, and what one claim of a call costs when the book holds `--backlog` jobs
that are due.
"""

import argparse
import asyncio
import tempfile
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from config.settings import Settings, UserPolicy
from store.book import Book
from store.job import FaxPage, NewJob, Recipient
from store.mail import Envelope, MailState, NewMail, ProofMethod, SenderProof
from store.new_document import NewDocument

LEASE = timedelta(minutes=10)
PROOF = SenderProof(
    method=ProofMethod.SPF,
    client_address="192.0.2.1",
    helo="mail.hospital.example",
    spf_result="pass",
    spf_domain="hospital.example",
    aligned=True,
)


def now() -> datetime:
    """The time."""
    return datetime.now(UTC)


def mail(number: int, size: int) -> NewMail:
    """One of many mails."""
    return NewMail(
        envelope=Envelope(return_path="ana@hospital.example", recipients=("+12065550100@fax.example.com",)),
        header_from="ana@hospital.example",
        user_email="ana@hospital.example",
        proof=PROOF,
        message_id=f"<{number}@hospital.example>",
        dedupe_key=f"{number:064x}",
        body=number.to_bytes(8, "big") * (size // 8),
    )


async def accept(book: Book, mails: Iterator[NewMail], took: list[float]) -> None:
    """One caller: the next mail as soon as the last one is durable."""
    for new in mails:
        begun = time.perf_counter()
        await book.accept_mail(new)
        took.append(time.perf_counter() - begun)


async def measure_accept(book: Book, mails: int, callers: int, size: int) -> None:
    """Print mails a second."""
    waiting = iter([mail(number, size) for number in range(mails)])
    took: list[float] = []
    begun = time.perf_counter()
    await asyncio.gather(*(accept(book, waiting, took) for _ in range(callers)))
    seconds = time.perf_counter() - begun
    took.sort()
    print(
        f"accept: {mails / seconds:,.0f} mails/s of {size} octets, {callers} at a time; "
        f"p50 {took[len(took) // 2] * 1000:.1f} ms, p99 {took[len(took) * 99 // 100] * 1000:.1f} ms"
    )


async def measure_claim(book: Book, folder: Path, backlog: int, *, one_number: bool) -> None:
    """Print what the choice of the next call costs."""
    document = folder / "document.tif"
    document.write_bytes(b"II*\0")
    page = FaxPage(width=1728, height=2200, octets=4, origin="body")
    made = NewDocument(path=document, resolution=Settings().fax.resolution, pages=(page,))
    user = UserPolicy(name="Ana", email="ana@hospital.example", company="Hospital", settings=Settings())
    for _ in range(0, backlog, 1000):
        claim = await book.claim_mail(MailState.RECEIVED, LEASE)
        assert claim
        mail_id = claim.mail.id
        area = "206" if one_number else mail_id.replace("-", "")
        new = [
            NewJob(recipient=Recipient(number=f"+1{area}{0 if one_number else number}"))
            for number in range(1000)
        ]
        jobs = await book.record_submission(
            mail_id, subject="", message_id="", references=(), user=user, jobs=new
        )
        await book.record_documents(mail_id, {job.id: made for job in jobs})
    took = []
    for _ in range(50):
        begun = time.perf_counter()
        await book.claim_call({"main": 8}, LEASE, lambda *_: "")
        took.append(time.perf_counter() - begun)
    took.sort()
    kind = "one number" if one_number else "as many numbers"
    print(f"claim_call: p50 {took[25] * 1000:.1f} ms with {backlog} jobs due to {kind}")


async def run(options: argparse.Namespace) -> None:
    """Measure in a folder that is removed afterwards."""
    with tempfile.TemporaryDirectory(dir=options.folder) as made:
        folder = Path(made)
        url = f"sqlite:{folder / 'book.db'}"
        await Book.migrate(url)
        async with Book(url, folder / "documents", clock=now) as book:
            await measure_accept(book, options.mails, options.callers, options.size)
            if options.backlog:
                await measure_claim(book, folder, options.backlog, one_number=options.one_number)


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the options and measure."""
    parser = argparse.ArgumentParser(
        prog="book_accept", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--mails", type=int, default=6000)
    parser.add_argument("--callers", type=int, default=100)
    parser.add_argument("--size", type=int, default=5000)
    parser.add_argument("--backlog", type=int, default=0)
    parser.add_argument("--one-number", action="store_true", help="the backlog is to one number")
    parser.add_argument("--folder", default=None)
    asyncio.run(run(parser.parse_args(arguments)))


if __name__ == "__main__":
    main()
