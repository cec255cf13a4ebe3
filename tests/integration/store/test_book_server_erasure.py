"""A server keeps what was deleted: so no octet of a mail or a document ever comes there.

What is recorded of faxes does. How that leaves the server's files, `docs/admin/postgresql.md` says; it is
done here as it says.
"""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from postgresql_cluster import Cluster, a_cluster
from small_book import LEASE, Clock, SmallBook, new_mail, policy, to

from config.upkeep import RetentionSettings
from store.book import Book
from store.migrations import migrate
from store.upkeep import PurgedFaxes

SECRET = b"Gertrude-Hallmann-1947-glioblastoma"
SUBJECT = "Befund-Hallmann"
TABLES = "mails, jobs, documents, attempts, transitions, notices, copies, bodies, quarantine, refused, audit"


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    """A server that writes its log as one in use does."""
    with a_cluster(wal_level="replica", full_page_writes="on", wal_recycle="off") as server:
        yield server


def _has(cluster: Cluster, secret: bytes) -> list[str]:
    """The files of the server in which it stands."""
    cluster.run("CHECKPOINT")
    files = [path for path in cluster.data.rglob("*") if path.is_file()]
    return [str(path.relative_to(cluster.data)) for path in files if secret in path.read_bytes()]


async def _sent(small: SmallBook, octets: bytes, subject: str = SUBJECT) -> None:
    """A fax that was sent, of which everybody was told."""
    accepted = await small.book.accept_mail(new_mail(small.mails, b"Subject: x\r\n\r\n" + octets))
    small.mails += 1
    [job] = await small.book.record_submission(
        accepted.mail_id,
        subject=subject,
        message_id="",
        references=(),
        user=policy(),
        jobs=to(f"+120655501{small.mails:02}"),
    )
    await small.book.record_documents(accepted.mail_id, {job.id: small.document(octets)})
    _, attempt = await small.call()
    await small.book.record_outcome(attempt.id, small.outcome(), None)
    while notice := await small.book.claim_notice(LEASE):
        await small.book.notice_delivered(notice.id)


async def _purge(book: Book) -> PurgedFaxes:
    return await book.purge_faxes(lambda _: None, RetentionSettings())


async def test_octets_never_come_to_the_server_and_records_leave_it(tmp_path: Path, cluster: Cluster) -> None:
    url = cluster.new_database()
    database = url.partition("?")[0].rpartition("/")[2]
    migrate(url)
    clock = Clock()
    async with Book(url, tmp_path / "documents", clock=clock) as book:
        small = SmallBook(book=book, clock=clock, folder=tmp_path)
        for octets in (SECRET, SECRET * 10_000):
            await _sent(small, octets)
        cluster.run("ANALYZE", database)  # its statistics have what is frequent
        assert _has(cluster, SUBJECT.encode())  # it is looked for where it would be
        assert _has(cluster, SECRET) == []
        clock.set_on(timedelta(days=8))
        assert (await _purge(book)).documents == 2
        assert not [path for path in (tmp_path / "documents").rglob("*") if path.is_file()]
        clock.set_on(timedelta(days=90))
        await _sent(small, b"II*\0 another", "another")
        assert (await _purge(book)).records == 2
    for statement in (f"VACUUM (FULL, ANALYZE) {TABLES}", "VACUUM (FULL) pg_statistic"):
        cluster.run(statement, database)
    cluster.run("SELECT pg_switch_wal()")
    assert _has(cluster, SUBJECT.encode()) == []
    assert _has(cluster, SECRET) == []
