"""Pages arrive pixel for pixel by every medium and every modem; `pixel_matrix` tries all combinations."""

from pathlib import Path

import pytest
from pixel_matrix import Case, reduced, try_out


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("matrix")


@pytest.mark.parametrize("case", list(reduced()), ids=str)
def test_pages_arrive_as_they_were(case: Case, folder: Path) -> None:
    verdict = try_out(case, folder)
    assert (verdict.identical, verdict.told) == (True, "")
