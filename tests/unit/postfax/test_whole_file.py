"""Files that commands write: as a whole or not at all, and none in the place of pipes, devices and links."""

import os
import stat
import threading
from pathlib import Path

import pytest

from postfax.csv_file import csv_file
from postfax.failures import Failure
from postfax.whole_file import whole_file


def test_a_file_is_there_as_a_whole_and_for_its_owner_alone(tmp_path: Path) -> None:
    target = tmp_path / "faxes.csv"
    target.write_text("before")
    with whole_file(target) as file:
        file.write(b"after")
        assert target.read_text() == "before"
    assert target.read_text() == "after"
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [target]


def test_what_is_broken_off_leaves_what_was(tmp_path: Path) -> None:
    target = tmp_path / "faxes.csv"
    target.write_text("before")
    with pytest.raises(ZeroDivisionError), whole_file(target) as file:
        file.write(b"half" * (1 // 0))
    assert target.read_text() == "before"
    assert list(tmp_path.iterdir()) == [target]


def test_a_link_stays_one(tmp_path: Path) -> None:
    target, link = tmp_path / "real.csv", tmp_path / "latest.csv"
    link.symlink_to("real.csv")
    with whole_file(link) as file:
        file.write(b"rows")
    assert link.is_symlink()
    assert target.read_text() == "rows"


def test_a_pipe_is_written_into(tmp_path: Path) -> None:
    pipe, read = tmp_path / "pipe", []
    os.mkfifo(pipe)
    reader = threading.Thread(target=lambda: read.append(pipe.read_bytes()))
    reader.start()
    with csv_file(str(pipe)) as write:
        write(["Ümit", "1"])
    reader.join(10)
    assert read == ["Ümit,1\n".encode()]
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_what_the_shell_has_opened_is_not_replaced(tmp_path: Path) -> None:
    with (tmp_path / "all.csv").open("w+b") as opened:
        opened.write(b"before\n")
        opened.flush()
        with csv_file(f"/dev/fd/{opened.fileno()}") as write:
            write(["rows"])
        assert os.fstat(opened.fileno()).st_nlink == 1
        opened.seek(0)
        assert opened.read() == b"before\nrows\n"


def test_a_full_device_is_told() -> None:
    with (
        pytest.raises(Failure, match=r"^/dev/full cannot be written: No space left on device"),
        csv_file("/dev/full") as write,
    ):
        write(["rows"])
    assert stat.S_ISCHR(Path("/dev/full").stat().st_mode)
