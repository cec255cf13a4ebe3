"""Fixtures that several modules share; each set lives beside the tests that it serves."""

from collections.abc import Iterator
from typing import Any

import pytest
import structlog

pytest_plugins = ["book_databases", "converter_fixtures", "scene"]

_configure = structlog.configure


@pytest.fixture(autouse=True)
def log_of_one_test(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What a test configures of the log ends with it: no module keeps a logger that others cannot hear."""

    def configure(**options: Any) -> None:
        _configure(**options | {"cache_logger_on_first_use": False})

    monkeypatch.setattr(structlog, "configure", configure)
    yield
    structlog.reset_defaults()
