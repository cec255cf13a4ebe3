"""`postfax migrate-book`: what it says, and how it ends."""

from pathlib import Path

from click.testing import CliRunner
from moved_bodies import moved_out
from postgresql_cluster import shared_cluster
from small_book import lay_out, small_book

from postfax.commands.migrate_book import command
from postfax.failures import Failure


async def test_a_book_is_copied_and_the_person_told_what_is_next(tmp_path: Path) -> None:
    async with small_book(tmp_path) as small:
        await small.queued("+12065550100")
    await moved_out(tmp_path)
    source, target = f"sqlite:{tmp_path / 'book.db'}", shared_cluster().new_database()
    ran = CliRunner().invoke(command, [source, target])
    assert ran.exit_code == 0, ran.output
    assert f"has all of {tmp_path / 'book.db'}: 1 mail with 1 fax, " in ran.output
    assert "compared row by row.\nNow set `store` in the settings" in ran.output


def test_a_refusal_is_a_sentence(tmp_path: Path) -> None:
    book = lay_out(tmp_path)
    ran = CliRunner().invoke(command, [book, book])
    assert isinstance(ran.exception, Failure)
    assert str(ran.exception) == "both addresses name the same book."


def test_it_answers_programs(tmp_path: Path) -> None:
    target = f"sqlite:{tmp_path / 'copy' / 'book.db'}"
    ran = CliRunner().invoke(command, [lay_out(tmp_path), target, "--json"])
    assert '"before": 0' in ran.output
