"""Setting a book up, bringing it forward, and opening one of another version."""

import os
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory
from small_book import Clock, lay_out
from sqlalchemy import create_engine

import store.migrations
from store.book import Book
from store.errors import BookAddressError, BookUnavailable, BookVersionError
from store.tables import metadata
from store.version import KNOWN


def _schema(path: Path) -> dict[str, str]:
    with closing(sqlite3.connect(path)) as connection:
        rows = connection.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL")
        return {name: _plain(sql) for name, sql in rows if not name.startswith(("alembic", "sqlite"))}


def _plain(sql: str) -> str:
    """The statement with one space between words, and a table's parts in order of the alphabet."""
    head, _, parts = " ".join(sql.replace("\n", " ").split()).partition("(")
    if head.startswith("CREATE TABLE"):
        parts = ",".join(sorted(part.strip() for part in parts.rstrip().removesuffix(")").split(",")))
    return f"{head}({parts}"


async def test_a_migrated_book_has_the_tables_of_this_program(tmp_path: Path) -> None:
    await Book.migrate(f"sqlite:{tmp_path / 'migrated.db'}")
    engine = create_engine(f"sqlite:///{tmp_path / 'made.db'}")
    metadata.create_all(engine)
    engine.dispose()
    migrated, made = _schema(tmp_path / "migrated.db"), _schema(tmp_path / "made.db")
    assert migrated == made
    assert len(made) > 20


def test_the_known_versions_are_those_of_the_revisions() -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(store.migrations.__file__).parent))
    config.set_main_option("path_separator", "os")
    revisions = ScriptDirectory.from_config(config).walk_revisions()
    assert tuple(revision.revision for revision in revisions)[::-1] == KNOWN


async def test_migrating_twice_keeps_what_is_there(tmp_path: Path) -> None:
    url = f"sqlite:{tmp_path / 'book.db'}"
    await Book.migrate(url)
    with closing(sqlite3.connect(tmp_path / "book.db")) as connection:
        connection.execute("INSERT INTO policies VALUES ('digest', 'text')")
        connection.commit()
    await Book.migrate(url)
    with closing(sqlite3.connect(tmp_path / "book.db")) as connection:
        assert connection.execute("SELECT count(*) FROM policies").fetchone() == (1,)


async def test_the_book_is_for_the_service_alone(tmp_path: Path) -> None:
    await Book.migrate(f"sqlite:{tmp_path / 'book.db'}")
    for name in ("book.db", "book.lock"):
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("UPDATE alembic_version SET version_num = '9999'", "newer Postfax"),
        ("DELETE FROM alembic_version", "is empty"),
        ("DROP TABLE alembic_version", "is empty"),
    ],
)
async def test_a_book_of_another_version_is_not_opened(tmp_path: Path, statement: str, said: str) -> None:
    url = lay_out(tmp_path)
    with closing(sqlite3.connect(tmp_path / "book.db")) as connection:
        connection.execute(statement)
        connection.commit()
    with pytest.raises(BookVersionError, match=said):
        async with Book(url, tmp_path / "documents", clock=Clock()):
            pass


async def test_an_older_book_asks_for_the_service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("store.version.KNOWN", (*KNOWN, "9999"))
    with pytest.raises(BookVersionError, match="brings it forward"):
        async with Book(lay_out(tmp_path), tmp_path / "documents", clock=Clock()):
            pass


async def test_a_newer_book_is_not_migrated(tmp_path: Path) -> None:
    url = lay_out(tmp_path)
    with closing(sqlite3.connect(tmp_path / "book.db")) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.commit()
    with pytest.raises(BookVersionError, match="newer Postfax"):
        await Book.migrate(url)


async def test_a_missing_book_is_not_made_by_opening_it(tmp_path: Path) -> None:
    with pytest.raises(BookVersionError, match="there is no book"):
        async with Book(f"sqlite:{tmp_path / 'book.db'}", tmp_path / "documents", clock=Clock()):
            pass
    assert list(tmp_path.iterdir()) == []


async def test_a_missing_folder_is_made_for_the_service_alone(tmp_path: Path) -> None:
    await Book.migrate(f"sqlite:{tmp_path / 'state' / 'postfax' / 'book.db'}")
    assert (tmp_path / "state" / "postfax").stat().st_mode & 0o777 == 0o700


async def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    with pytest.raises(BookUnavailable, match=r"Not a directory|File exists"):
        await Book.migrate(f"sqlite:{tmp_path / 'file' / 'state' / 'book.db'}")


async def test_a_file_that_is_no_book_is_told(tmp_path: Path) -> None:
    path = tmp_path / "book.db"
    path.write_bytes(os.urandom(8192))
    with pytest.raises(BookUnavailable, match="something else than a book"):
        await Book.migrate(f"sqlite:{path}")


@pytest.mark.parametrize("url", ["", "sqlite:", "sqlite:///book.db", "mysql://host/book", "/book.db"])
def test_another_kind_of_address_is_told(url: str) -> None:
    with pytest.raises(BookAddressError, match=r"sqlite:/PATH/book\.db was expected"):
        Book(url, Path("documents"), clock=Clock())


def test_opening_a_book_loads_no_alembic() -> None:
    loaded = subprocess.run(
        [sys.executable, "-c", "import sys, store.book; print('alembic' in sys.modules)"],
        capture_output=True,
        check=True,
        text=True,
    )
    assert loaded.stdout.strip() == "False"
