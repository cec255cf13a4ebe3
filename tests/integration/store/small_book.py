"""A book in a folder of its own with a clock that the test sets, and the short ways through it."""

import atexit
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

from postgresql_cluster import empty_book_on_server
from sqlalchemy import Connection, create_engine

from config.archive import ArchiveSettings, EmailTarget
from config.fax import Resolution
from config.notifications import NoticeSwitches, NotificationSettings
from config.object_store import ObjectStoreSettings
from config.retry import RetrySettings
from config.settings import Settings, UserPolicy
from store.book import Book
from store.job import Attempt, FaxJob, FaxPage, NewJob, Outcome, Recipient, Refusal, Wishes
from store.mail import Envelope, MailState, NewMail, ProofMethod, SenderProof
from store.migrations import migrate
from store.new_document import NewDocument
from store.object_store import ObjectStore
from store.sqlite import lock_path
from store.status import Status


@dataclass
class Database:
    """Which one the books of the running test are in."""

    name: str = "sqlite"


database = Database()

LEASE = timedelta(minutes=5)
ARCHIVE = ArchiveSettings(enabled=True, email=EmailTarget(to="archive@hospital.example"))
PROOF = SenderProof(
    method=ProofMethod.SPF,
    client_address="192.0.2.1",
    helo="mail.hospital.example",
    spf_result="pass",
    spf_domain="hospital.example",
    aligned=True,
)


@dataclass
class Clock:
    """A clock that stands still until it is set on."""

    time: datetime = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.time

    def set_on(self, step: timedelta) -> datetime:
        self.time += step
        return self.time


def new_mail(number: int = 1, body: bytes = b"Subject: Referral\r\n\r\nHello\r\n") -> NewMail:
    return NewMail(
        envelope=Envelope(return_path="ana@hospital.example", recipients=("+12065550100@fax.example.com",)),
        header_from="Ana@hospital.example",
        user_email="account@hospital.example",
        proof=PROOF,
        message_id=f"<{number}@hospital.example>",
        dedupe_key=f"key-{number}",
        body=body,
    )


def policy(
    *,
    archives: Sequence[ArchiveSettings] = (),
    initial: NoticeSwitches | None = None,
    delivery: NoticeSwitches | None = None,
    lines: tuple[str, ...] = (),
    attempts: int = 4,
    failures_an_hour: int = 30,
) -> UserPolicy:
    notifications = NotificationSettings(
        initial=initial or NoticeSwitches(),
        delivery=delivery or NoticeSwitches(),
        failures_an_hour=failures_an_hour,
    )
    retry = RetrySettings(attempts=attempts, interval=timedelta(days=30))
    return UserPolicy(
        name="Ana Ruiz",
        email="Account@hospital.example",
        company="General Hospital",
        settings=Settings(notifications=notifications, lines=lines, retry=retry),
        archives=tuple(archives),
    )


def to(*numbers: str) -> list[NewJob]:
    return [NewJob(recipient=Recipient(number=number)) for number in numbers]


def wished(number: str, **wishes: Any) -> list[NewJob]:
    """One job with what its sender asked for."""
    return [NewJob(recipient=Recipient(number=number), wishes=Wishes(**wishes))]


def refused(number: str) -> NewJob:
    refusal = Refusal(
        status=Status.INVALID_FAX_NUMBER, explanation=f"{number} is too short.", advice="Add it."
    )
    return NewJob(recipient=Recipient(number=number), refusal=refusal)


def header(job: FaxJob, line: str, at: datetime) -> str:
    return f"{job.recipient.number} {line} {at:%H:%M}"


@dataclass
class SmallBook:
    """A book, its clock and its folder."""

    book: Book
    clock: Clock
    folder: Path
    mails: int = field(default=0)

    def outcome(self, status: Status = Status.SUCCESS, pages: int = 1) -> Outcome:
        return Outcome(status=status, cause="as told", ended_at=self.clock(), pages_confirmed=pages)

    def document(self, octets: bytes = b"II*\0 a small document") -> NewDocument:
        path = self.folder / "document.tif"
        path.write_bytes(octets)
        page = FaxPage(width=1728, height=2200, octets=len(octets), origin="cover")
        return NewDocument(path=path, resolution=Resolution.FINE, pages=(page,))

    async def submitted(
        self, jobs: Sequence[NewJob], user: UserPolicy | None = None
    ) -> tuple[str, tuple[FaxJob, ...]]:
        """A mail that was decided: its id and its jobs."""
        self.mails += 1
        mail_id = (await self.book.accept_mail(new_mail(self.mails))).mail_id
        recorded = await self.book.record_submission(
            mail_id,
            subject="Referral",
            message_id=f"<{self.mails}@hospital.example>",
            references=("<0@hospital.example>",),
            user=user or policy(),
            jobs=jobs,
        )
        return mail_id, recorded

    async def queued(self, *numbers: str, user: UserPolicy | None = None) -> tuple[FaxJob, ...]:
        """The jobs of a mail to these numbers, ready to be dialled."""
        mail_id, jobs = await self.submitted(to(*numbers), user)
        return await self.book.record_documents(mail_id, {job.id: self.document() for job in jobs})

    async def call(self, channels: int = 9) -> tuple[FaxJob, Attempt]:
        """The next call, which there must be."""
        claimed = await self.book.claim_call({"main": channels}, LEASE, header)
        assert claimed is not None
        return claimed

    async def claimed_mail(self, state: MailState = MailState.RECEIVED) -> str:
        claim = await self.book.claim_mail(state, LEASE)
        assert claim is not None
        return claim.mail.id


@cache
def empty_book() -> Path:
    """A migrated book that is copied for each test: migrating anew would cost each a tenth of a second."""
    folder = Path(tempfile.mkdtemp(prefix="empty-book-"))
    atexit.register(shutil.rmtree, folder)
    path = folder / "book.db"
    migrate(f"sqlite:{path}")
    return path


def lay_out(folder: Path) -> str:
    """Put an empty book into a folder, or into a database that the folder names; its url."""
    if database.name == "postgresql":
        url = empty_book_on_server()
        (folder / "book.url").write_text(url)
        return url
    path = folder / "book.db"
    shutil.copy(empty_book(), path)
    lock_path(path).touch()
    return f"sqlite:{path}"


def url_of(folder: Path) -> str:
    """The url of the book that is in a folder or named there; of a new one if there is none."""
    if (folder / "book.url").exists():
        return (folder / "book.url").read_text()
    return f"sqlite:{folder / 'book.db'}" if (folder / "book.db").exists() else lay_out(folder)


@contextmanager
def directly(folder: Path) -> Iterator[Connection]:
    """Another program's connection to the book, each statement of which is a transaction."""
    engine = create_engine(url_of(folder).replace("sqlite:", "sqlite:///").replace("ql:", "ql+psycopg:"))
    try:
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            yield connection
    finally:
        engine.dispose()


@asynccontextmanager
async def small_book(
    folder: Path,
    *,
    owner: str = "",
    seed: int = 7,
    objects: ObjectStoreSettings | None = None,
    uptime: Callable[[], timedelta] | None = None,
) -> AsyncIterator[SmallBook]:
    """An empty book in this folder, or the one that is there."""
    clock = Clock()
    rng = Random(seed)  # noqa: S311 - the same ids in each run
    documents, store = folder / "documents", ObjectStore(objects) if objects else None
    async with Book(
        url_of(folder), documents, objects=store, clock=clock, uptime=uptime, owner=owner, rng=rng
    ) as book:
        yield SmallBook(book=book, clock=clock, folder=folder)
