import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from sandbox.temporary_folder import TemporaryFolder

KILLED_OWNER = """
import os, signal
from sandbox.temporary_folder import TemporaryFolder
print(TemporaryFolder("test").path, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture(autouse=True)
def temporary(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))


def test_it_goes_with_its_owner() -> None:
    folder = TemporaryFolder("test")
    assert folder.path.is_dir()
    folder.remove()
    assert not folder.path.exists()


def test_a_killed_owners_folder_goes_with_the_next_one(tmp_path: Path) -> None:
    told = subprocess.run(
        [sys.executable, "-c", KILLED_OWNER],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parents[3],
        env={**os.environ, "TMPDIR": str(tmp_path)},
    ).stdout.strip()
    assert Path(told).is_dir()
    TemporaryFolder("test").remove()
    assert not Path(told).exists()


def test_a_folder_in_use_stays() -> None:
    held = TemporaryFolder("test")
    TemporaryFolder("test").remove()
    assert held.path.is_dir()
    held.remove()


def test_what_is_not_ours_stays(tmp_path: Path) -> None:
    (tmp_path / "postfax-view-1").mkdir()
    with TemporaryFolder("test") as folder:
        assert folder.name.startswith("postfax-test-")
    assert [path.name for path in tmp_path.iterdir()] == ["postfax-view-1"]
