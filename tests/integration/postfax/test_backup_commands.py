"""`postfax backup` and `postfax restore`: what they say, and how they end."""

import re
import shutil
from pathlib import Path

import pytest
from command_line import CommandLine
from small_book import new_mail

from store.lifecycle import JobState


@pytest.fixture
def postfax(tmp_path: Path) -> CommandLine:
    made = CommandLine(tmp_path)
    made.of_book(lambda book: book.accept_mail(new_mail(1, bytes(100_000))))
    return made


def move_away(folder: Path) -> None:
    for path in folder.glob("book.*"):
        path.unlink()
    shutil.rmtree(folder / "documents")


def test_a_backup_says_what_it_has_and_the_way_back_what_waits(postfax: CommandLine, tmp_path: Path) -> None:
    said = postfax("backup", tmp_path / "backup")
    assert said.code == 0
    assert re.fullmatch(
        rf"{tmp_path}/backup has the book of \d{{4}}-\d\d-\d\d \d\d:\d\d:\d\d, with 1 mail, 0 fax jobs and "
        r"1 document \(100 kB\)\.\n",
        said.out,
    )
    move_away(tmp_path)
    said = postfax("restore", tmp_path / "backup")
    assert said.code == 0
    assert "again, with 1 mail, 0 fax jobs and 1 document. What came later is not in it.\n" in said.out
    assert (
        "Kept back, because it may have been sent after the backup was made: 0 faxes, 1 mail to be "
        in said.out
    )
    assert f"{tmp_path}/backup is as it was. Start the service: systemctl start postfax\n" in said.out
    assert postfax("restore", "--let-go").out == (
        "0 faxes, 1 mail to be decided, 0 notices, 0 copies go on.\n"
    )
    assert postfax("restore", "--let-go").out == "nothing was kept back.\n"


def test_programs_get_the_same(postfax: CommandLine, tmp_path: Path) -> None:
    made = postfax("backup", tmp_path / "backup", "--json").json
    assert (made["mails"], made["files"], made["octets"], made["missing"]) == (1, 1, 100_000, [])
    move_away(tmp_path)
    back = postfax("restore", tmp_path / "backup", "--json").json
    assert back["kept_back"] == {"faxes": 0, "mails": 1, "notices": 0, "copies": 0}


def test_what_was_lost_before_makes_the_backup_one_in_part(postfax: CommandLine, tmp_path: Path) -> None:
    [lost] = (tmp_path / "documents").rglob("*.eml")
    lost.unlink()
    said = postfax("backup", tmp_path / "backup")
    assert said.code == 1
    assert said.out.endswith(
        f"Not there any more, though the book names them:\n  file:{lost.parent.name}/{lost.name}\n"
    )


def test_a_refusal_is_a_sentence(postfax: CommandLine, tmp_path: Path) -> None:
    assert postfax("restore", tmp_path / "documents").failure.endswith(
        "documents is no backup, or one that was broken off: it has no backup.json. Name another one."
    )
    assert "holds something already" in postfax("backup", tmp_path).failure
    assert postfax("restore").failure == "give the FOLDER of a backup, or --keep-back, or --let-go."


def test_a_book_on_a_server_is_backed_up_by_its_own_means(postfax: CommandLine, tmp_path: Path) -> None:
    postfax.settings_file.write_text(
        postfax.settings_file.read_text().replace("sqlite:book.db", "postgresql://postfax@db.invalid/postfax")
    )
    assert "`pg_dump -Fc` copies it while it is in use" in postfax("backup", tmp_path / "backup").failure
    assert "postfax restore --keep-back TIME" in postfax("restore", tmp_path / "documents").failure


def test_after_pg_restore_what_was_on_its_way_is_kept_back(postfax: CommandLine) -> None:
    said = postfax("restore", "--keep-back", "2026-11-27 05:00:00")
    assert said.code == 0
    assert "1 mail to be decided" in said.out
    counts = postfax.of_book(lambda book: book.counts())
    assert counts.jobs[JobState.HELD] == 0
