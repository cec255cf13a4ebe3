"""What a killed service was working on does not outlive the next one's start."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from postfax.work_folder import make_work_folder

KILLED = """
import os, signal, sys
from pathlib import Path
from postfax.work_folder import make_work_folder
from sandbox.temporary_folder import TemporaryFolder
for folder in (make_work_folder(Path(sys.argv[1])), TemporaryFolder("office").path):
    (folder / "patient.pdf").write_text("record")
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_the_folders_of_a_killed_service_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    work, temporary = tmp_path / "work", tmp_path / "tmp"
    temporary.mkdir()
    subprocess.run(
        [sys.executable, "-c", KILLED, str(work)],
        check=False,
        cwd=Path(__file__).parents[3],
        env={**os.environ, "TMPDIR": str(temporary)},
    )
    assert len(list(tmp_path.rglob("patient.pdf"))) == 2
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    folder = make_work_folder(work)
    assert list(tmp_path.rglob("patient.pdf")) == []
    assert list(work.iterdir()) == [folder]
