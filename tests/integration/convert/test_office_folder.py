import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from convert.office_folder import OfficeFolder

KILLED_OWNER = """
import os, signal
from convert.office_folder import OfficeFolder
print(OfficeFolder().path, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture(autouse=True)
def temporary(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))


def test_it_goes_with_its_owner() -> None:
    folder = OfficeFolder()
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
    OfficeFolder().remove()
    assert not Path(told).exists()


def test_a_folder_in_use_stays() -> None:
    held = OfficeFolder()
    OfficeFolder().remove()
    assert held.path.is_dir()
    held.remove()
