"""Books with faxes that wait: as many as a benchmark wants, in either database, made in seconds."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

from book_accept import mail
from sqlalchemy import Connection, Table, create_engine, text

from config.fax import Resolution
from config.settings import Settings, UserPolicy
from store.book import Book
from store.job import FaxPage, NewJob, Recipient
from store.new_document import NewDocument
from store.tables import documents, jobs

USER = UserPolicy(name="Ana Ruiz", email="ana@hospital.example", company="Hospital", settings=Settings())
DOCUMENT = b"II*\0"
# Every fax is a copy of the first but for what tells them apart.
_MULTIPLY = """
WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < :more)
INSERT INTO {table} ({columns}) SELECT {values} FROM {table}, numbers WHERE {table}.{key} = :first
"""


def now() -> datetime:
    """The time."""
    return datetime.now(UTC)


def fax_document(folder: Path) -> NewDocument:
    """A document of one page, in a file of this folder."""
    path = folder / "document.tif"
    path.write_bytes(DOCUMENT)
    page = FaxPage(width=1728, height=2200, octets=len(DOCUMENT), origin="letter.pdf")
    return NewDocument(path=path, resolution=Resolution.FINE, pages=(page,))


async def fill(url: str, folder: Path, waiting: int, departments: int) -> None:
    """Make a book in which so many faxes are due, to as many numbers, of several departments."""
    await Book.migrate(url)
    async with Book(url, folder / "documents", clock=now) as book:
        mail_id = (await book.accept_mail(mail(1, 1000))).mail_id
        (job,) = await book.record_submission(
            mail_id, subject="", message_id="", references=(), user=USER,
            jobs=[NewJob(recipient=Recipient(number="+12065550000"))],
        )  # fmt: skip
        await book.record_documents(mail_id, {job.id: fax_document(folder)})
    await asyncio.to_thread(_copy_the_first, url, job.id, waiting - 1, departments)


def _copy_the_first(url: str, first: str, more: int, departments: int) -> None:
    engine = create_engine(url.replace("sqlite:", "sqlite:///").replace("ql:", "ql+psycopg:"))
    unlike = {
        "id": "'J' || n",
        "position": "n",
        "number": "'+1206' || (5550000 + n)",
        "due_at": "due_at + n",
        "department": f"'Department ' || (n % {departments})",
    }
    try:
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            if more:
                _multiply(connection, jobs, "id", unlike, first, more)
                _multiply(connection, documents, "job_id", {"job_id": "'J' || n"}, first, more)
            connection.execute(text("ANALYZE"))
    finally:
        engine.dispose()


def _multiply(
    book: Connection, table: Table, key: str, unlike: dict[str, str], first: str, more: int
) -> None:
    columns = list(table.columns.keys())
    values = ", ".join(unlike.get(column, f"{table.name}.{column}") for column in columns)
    statement = _MULTIPLY.format(table=table.name, key=key, columns=", ".join(columns), values=values)
    book.execute(text(statement), {"more": more, "first": first})
