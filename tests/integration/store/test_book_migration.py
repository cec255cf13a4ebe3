"""Books of older versions with mails in them: brought forward, nothing lost, nothing misread."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from small_book import LEASE, PROOF, Clock, new_mail
from sqlalchemy import create_engine

import store.migrations
from store.book import Book
from store.mail import Envelope, MailState, ReceivedMail
from store.sqlite import create_book_file
from store.version import KNOWN

MAIL = """
INSERT INTO mails (id, state, received_at, return_path, recipients, header_from, user_email, proof,
    message_id, subject, thread, size, body, dedupe_key, due_at, owner, tries, last_error)
VALUES (?, 'received', 1795424400000000, 'ana@hospital.example', '["+12065550100@fax.example.com"]',
    'ana@hospital.example', 'ana@hospital.example',
    '{"method": "spf", "client_address": "192.0.2.1", "helo": "mail.hospital.example", "spf_result": "pass",
      "spf_domain": "hospital.example", "aligned": true, "detail": ""}',
    '<1@hospital.example>', 'Referral', '[]', 5, ?, ?, 1795424400000000, '', 0, '')
"""


def set_up_version_0001(path: Path) -> None:
    """A book as the first version made it, with three mails."""
    create_book_file(path)
    config = Config()
    config.set_main_option("script_location", str(Path(store.migrations.__file__).parent))
    config.set_main_option("path_separator", "os")
    engine = create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
    engine.dispose()
    with closing(sqlite3.connect(path)) as book:
        for number, mail_id in enumerate(("K7Q2-M9", "R4WX-3C", "T8HJ-7P")):
            book.execute("INSERT INTO bodies VALUES (?, 5, ?)", (f"row:{mail_id}.eml", b"Hello"))
            book.execute(MAIL, (mail_id, f"row:{mail_id}.eml", f"key-{number}"))
        book.commit()


@pytest.fixture
async def url(tmp_path: Path) -> str:
    """A book of version 0001 that was brought forward."""
    path = tmp_path / "book.db"
    set_up_version_0001(path)
    await Book.migrate(f"sqlite:{path}")
    return f"sqlite:{path}"


async def test_a_mail_of_version_0001_is_read_as_it_was(url: str, tmp_path: Path) -> None:
    async with Book(url, tmp_path / "documents", clock=Clock()) as book:
        found = await book.mail("K7Q2-M9")
        assert isinstance(found, ReceivedMail)
        assert found.envelope == Envelope(
            return_path="ana@hospital.example", recipients=("+12065550100@fax.example.com",)
        )
        assert found.proof == PROOF
        assert found.proof.results == ""
        assert await book.beginning_of_mail("K7Q2-M9", -1) == b"Hello"


async def test_work_goes_on_with_the_mails_of_version_0001(url: str, tmp_path: Path) -> None:
    clock = Clock()
    clock.time = clock.time.replace(year=2027)
    async with Book(url, tmp_path / "documents", clock=clock) as book:
        again = await book.accept_mail(new_mail(0))
        another = await book.accept_mail(new_mail(7))
        assert (again.mail_id, again.duplicate) == ("K7Q2-M9", True)
        assert not another.duplicate
        claimed = {(await book.claim_mail(MailState.RECEIVED, LEASE)).mail.id for _ in range(4)}  # type: ignore[union-attr]  # there are four
        assert claimed == {"K7Q2-M9", "R4WX-3C", "T8HJ-7P", another.mail_id}


async def test_a_migration_that_cannot_end_leaves_the_book_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "book.db"
    set_up_version_0001(path)
    with closing(sqlite3.connect(path)) as book:
        book.execute("CREATE TABLE pickups (what TEXT)")
        before = list(book.iterdump())
    with pytest.raises(Exception, match="table pickups already exists"):
        await Book.migrate(f"sqlite:{path}")
    with closing(sqlite3.connect(path)) as book:
        assert list(book.iterdump()) == before
        assert book.execute("SELECT version_num FROM alembic_version").fetchone() == (KNOWN[0],)


async def test_the_first_version_can_be_gone_back_to(url: str, tmp_path: Path) -> None:
    path = tmp_path / "book.db"
    config = Config()
    config.set_main_option("script_location", str(Path(store.migrations.__file__).parent))
    config.set_main_option("path_separator", "os")
    with closing(sqlite3.connect(path)) as book, book:
        book.execute("UPDATE mails SET state = 'purged' WHERE id = 'R4WX-3C'")
    engine = create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "0001")
    engine.dispose()
    with closing(sqlite3.connect(path)) as book:
        assert book.execute("SELECT count(*) FROM mails").fetchone() == (3,)
        assert book.execute("SELECT count(*) FROM mails WHERE state = 'purged'").fetchone() == (0,)
    await Book.migrate(url)
    async with Book(url, tmp_path / "documents", clock=Clock()) as again:
        assert await again.mail("R4WX-3C") is not None
