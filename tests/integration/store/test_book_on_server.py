"""A book in PostgreSQL when the server, or the way to it, fails; and what it asks of a server."""

import asyncio
import contextlib
import itertools
import shutil
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path
from random import Random

import psycopg
import pytest
from postgresql_cluster import Cluster, a_cluster, empty_book_on_server, shared_cluster
from postgresql_proxy import Proxy, proxy_to
from small_book import LEASE, Clock, SmallBook, header, new_mail

from store.book import Book
from store.errors import BookAddressError, BookUnavailable, BookVersionError
from store.job import FaxJob
from store.mail import MailState
from store.migrations import migrate
from store.postgresql import connect, parameters, read_address
from store.postgresql_transactions import LOCK


@pytest.fixture(scope="module")
def server() -> Iterator[Cluster]:
    """A server that is stopped and started; the one that other tests share goes on."""
    with a_cluster() as cluster:
        yield cluster


@pytest.fixture
def url(server: Cluster) -> str:
    made = server.new_database()
    migrate(made)
    return made


def book_at(url: str, folder: Path, *, owner: str = "", seed: int = 7) -> Book:
    rng = Random(seed)  # noqa: S311 - the same ids in each run
    return Book(url, folder / "documents", clock=Clock(), owner=owner, rng=rng)


async def received(book: Book) -> int:
    return (await book.counts()).mails[MailState.RECEIVED]


async def test_a_restart_of_the_server_is_not_noticed(server: Cluster, url: str, tmp_path: Path) -> None:
    async with book_at(url, tmp_path) as book:
        first = (await book.accept_mail(new_mail(1))).mail_id
        assert await received(book) == 1
        await looked_up_by_many(book, first)
        server.stop()
        server.start()
        await book.accept_mail(new_mail(2))
        server.stop(signal.SIGQUIT)
        server.start()
        await looked_up_by_many(book, first)
        assert await received(book) == 2


async def looked_up_by_many(book: Book, mail_id: str) -> None:
    """On each connection that the book reads by, and by statements that SQLAlchemy does not run."""
    found = await asyncio.gather(*(book.mail(mail_id) for _ in range(16)))
    assert {mail and mail.id for mail in found} == {mail_id}


async def test_a_server_that_is_away_is_told_and_waited_out(
    server: Cluster, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("store.postgresql_transactions.RECONNECT_SECONDS", 0.1)
    async with book_at(url, tmp_path) as book:
        await book.accept_mail(new_mail(1))
        server.stop()
        for work in (book.accept_mail(new_mail(2)), book.counts(), book.check_writable()):
            with pytest.raises(
                BookUnavailable, match=r"cannot be reached \(No such file or directory\)"
            ) as told:
                await work
            assert url.partition("?")[0] in told.value.sentence
        monkeypatch.setattr("store.postgresql_transactions.RECONNECT_SECONDS", 60)
        waiting = asyncio.ensure_future(book.accept_mail(new_mail(2)))
        await asyncio.sleep(0.5)
        server.start()
        assert not (await waiting).duplicate
        assert await received(book) == 2


async def until_told(book: Book) -> None:
    """Take mails on until it does not go."""
    for number in itertools.count(2):
        await book.accept_mail(new_mail(number))


async def test_a_server_that_may_only_be_read_is_told(server: Cluster, url: str, tmp_path: Path) -> None:
    async with book_at(url, tmp_path) as book:
        await book.accept_mail(new_mail(1))
        server.run("ALTER SYSTEM SET default_transaction_read_only = on")
        server.run("SELECT pg_reload_conf()")
        try:
            with pytest.raises(BookUnavailable, match="is read-only"):
                await until_told(book)  # the server's process reads its settings when it comes to it
            assert await received(book) >= 1
        finally:
            server.run("ALTER SYSTEM RESET default_transaction_read_only")
            server.run("SELECT pg_reload_conf()")


@pytest.fixture
def proxy() -> Iterator[Proxy]:
    folder = Path(tempfile.mkdtemp(prefix="way-"))
    with proxy_to(folder, shared_cluster().folder) as way:
        yield way
    shutil.rmtree(folder)


@pytest.mark.parametrize("delivered", [True, False], ids=["answer lost", "commit lost"])
async def test_a_commit_whose_answer_is_lost_is_known_afterwards(
    tmp_path: Path, proxy: Proxy, *, delivered: bool
) -> None:
    direct = empty_book_on_server()
    url = f"{direct.partition('?')[0]}?host={proxy.folder}"
    async with book_at(url, tmp_path) as book, book_at(direct, tmp_path, seed=8) as other:
        await book.accept_mail(new_mail(1))
        proxy.cut_at(b"; COMMIT", deliver=delivered)
        told = await asyncio.gather(book.accept_mail(new_mail(2)), return_exceptions=True)
        assert proxy.has_cut
        assert isinstance(told[0], BookUnavailable) != delivered
        assert await received(other) == 1 + delivered
        again = await book.accept_mail(new_mail(2))
        assert again.duplicate == delivered


async def test_a_connection_that_breaks_within_a_transaction_has_written_nothing(
    tmp_path: Path, proxy: Proxy
) -> None:
    url = f"{empty_book_on_server().partition('?')[0]}?host={proxy.folder}"
    async with book_at(url, tmp_path) as book:
        await book.accept_mail(new_mail(1))
        proxy.cut_at(b"key-2", deliver=True)
        with pytest.raises(BookUnavailable, match="cannot be reached"):
            await book.accept_mail(new_mail(2))
        assert await received(book) == 1
        assert not (await book.accept_mail(new_mail(2))).duplicate


async def test_nobody_waits_for_ever_for_a_process_that_is_held_up(tmp_path: Path) -> None:
    url = empty_book_on_server()
    with contextlib.closing(connect(read_address(url), write=True)) as held_up:
        held_up.execute("SET idle_in_transaction_session_timeout = '200ms'")
        held_up.execute(f"BEGIN; {LOCK}".encode())
        async with book_at(url, tmp_path) as book:
            await book.accept_mail(new_mail(1))
        with pytest.raises(psycopg.errors.IdleInTransactionSessionTimeout):
            held_up.execute("COMMIT")


async def test_two_hosts_that_claim_at_one_time_never_call_one_number_twice(tmp_path: Path) -> None:
    url = empty_book_on_server()
    numbers = [f"+1206555010{number}" for number in range(6)]
    async with book_at(url, tmp_path, owner="one/1/1") as one, book_at(url, tmp_path, owner="two/1/1") as two:
        small = SmallBook(book=one, clock=Clock(), folder=tmp_path)
        for _ in range(3):
            await small.queued(*numbers)
        claimed = await asyncio.gather(
            *(book.claim_call({"main": 9}, LEASE, header) for _ in range(9) for book in (one, two))
        )
        called: list[FaxJob] = [one[0] for one in claimed if one is not None]
        assert sorted(job.recipient.number for job in called) == numbers


async def test_the_server_says_when_another_has_changed_the_book(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("store.changes.POLL_SECONDS", 0.05)
    monkeypatch.setattr("store.postgresql_changes.LISTENING_POLL_SECONDS", 3600)
    url = empty_book_on_server()
    async with book_at(url, tmp_path) as book, book_at(url, tmp_path, seed=8) as other:
        while not book._access.changes._listening:  # type: ignore[attr-defined]
            await book.wait_for_change(0.05)
        await asyncio.sleep(0.2)  # so that the last look before the hour is over
        seen = book.generation
        await other.accept_mail(new_mail(1))
        assert await asyncio.wait_for(book.wait_for_change(3600, since=seen), 60) == seen + 1


def test_a_commit_is_on_the_disk_whatever_the_server_says_of_others(server: Cluster, url: str) -> None:
    server.run(f"ALTER DATABASE {read_address(url).shown.rpartition('/')[2]} SET synchronous_commit = off")
    with connect(read_address(url), write=True) as connection:
        assert connection.execute("SHOW synchronous_commit").fetchone() == ("on",)
        assert connection.execute("SHOW idle_in_transaction_session_timeout").fetchone() == ("15s",)


@pytest.mark.parametrize("kind", ["ENCODING 'SQL_ASCII' LOCALE 'C'", "ENCODING 'LATIN1' LOCALE 'C'"])
async def test_a_database_of_another_kind_is_refused(server: Cluster, kind: str) -> None:
    name = f"other_{len(kind)}"
    server.run(f"CREATE DATABASE {name} TEMPLATE template0 {kind}")
    with pytest.raises(BookVersionError, match=r"LOCALE 'C\.UTF-8'"):
        await Book.migrate(server.url(name))


async def test_an_empty_database_and_one_that_is_not_there_are_told(server: Cluster, tmp_path: Path) -> None:
    with pytest.raises(BookVersionError, match=r"is empty\. `postfax serve` sets it up"):
        async with book_at(server.new_database(), tmp_path):
            pass
    with pytest.raises(BookUnavailable, match='database "nowhere" does not exist'):
        async with book_at(server.url("nowhere"), tmp_path):
            pass


async def test_two_that_migrate_at_one_time_do_it_once(server: Cluster, tmp_path: Path) -> None:
    url = server.new_database()
    await asyncio.gather(*(Book.migrate(url) for _ in range(3)))
    async with book_at(url, tmp_path) as book:
        assert await received(book) == 0


async def test_a_nul_is_kept_as_a_sign_for_it(tmp_path: Path) -> None:
    async with book_at(empty_book_on_server(), tmp_path) as book:
        await book.block(["+1900*"], by="olga", reason="a\0b")
        assert [block.reason for block in await book.blocks()] == ["a\ufffdb"]


def test_a_password_is_read_from_its_file_and_never_shown(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text("s3cret\n")
    address = read_address(f"postgresql://fax@db.example/book?sslmode=verify-full&password_file={file}")
    assert address.shown == "postgresql://fax@db.example/book"
    assert address.url == "postgresql://fax@db.example/book?sslmode=verify-full"
    assert parameters(address, write=True)["password"] == "s3cret"
    file.unlink()
    with pytest.raises(BookUnavailable, match="cannot be read from"):
        parameters(address, write=True)


@pytest.mark.parametrize(
    "url", ["postgresql://fax:s3cret@db/book", "postgresql://fax@db/book?password=s3cret"]
)
def test_a_password_in_the_address_is_refused_and_not_shown(url: str) -> None:
    with pytest.raises(BookAddressError, match="holds a password") as told:
        read_address(url)
    assert "s3cret" not in str(told.value)


def test_the_table_of_the_writers_stays_small(server: Cluster, url: str) -> None:
    with connect(read_address(url), write=True) as connection:
        connection.execute("INSERT INTO writers VALUES ('old', 1, 0), ('new', 1, 4000000000000000)")
        migrate(url)
        assert connection.execute("SELECT name FROM writers").fetchall() == [("new",)]
