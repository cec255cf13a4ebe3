"""The documentation says what the code says, and its links lead somewhere."""

import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ROW = re.compile(r"^\| ([A-Z][0-9.]+) \| (.+?) \| (\w+) \| (.*?) \| (.*?) \|$", re.MULTILINE)
TEST = re.compile(r"\]\(\.\./(tests/[a-z0-9_/]+\.py)\)")
ROWS = {"A": 26, "B": 10, "C": 19, "D": 16, "E": 5, "F": 12, "G": 28, "H": 15, "I": 10, "O": 26, "S": 10}


def test_generated_pages_and_links() -> None:
    ran = subprocess.run(
        [sys.executable, ROOT / "docs" / "build.py", "--check"], capture_output=True, text=True, check=False
    )
    assert (ran.returncode, ran.stderr) == (0, "")


def test_every_feature_that_is_there_is_shown_by_tests() -> None:
    text = (ROOT / "docs" / "features.md").read_text("utf-8")
    rows = ROW.findall(text)
    assert Counter(row[0][0] for row in rows) == ROWS
    assert len({row[0] for row in rows}) == len(rows)
    for number, _, state, _, shown in rows:
        tests = TEST.findall(shown)
        assert state in {"done", "partly", "not"}, number
        assert bool(tests) is (state != "not"), number
        for test in tests:
            assert "def test_" in (ROOT / test).read_text("utf-8"), (number, test)
    states = Counter(row[2] for row in rows)
    told = f"Of {len(rows)}, {states['done']} are done, {states['partly']} partly, {states['not']} not"
    assert told in " ".join(text.split())
