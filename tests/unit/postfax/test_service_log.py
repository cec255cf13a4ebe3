"""The log tells where a fault was, and never what the program held in its hands."""

import json
from typing import Literal

import pytest
import structlog

from postfax.logging import configure


def _fail(body: str) -> None:
    raise ValueError(f"{len(body)} characters")


@pytest.mark.parametrize("style", ["json", "console"])
def test_a_traceback_holds_no_values(
    style: Literal["json", "console"], capsys: pytest.CaptureFixture[str]
) -> None:
    configure(style)
    try:
        _fail(" ".join(["diagnosis"] * 3))
    except ValueError as problem:
        structlog.get_logger().error("step_failed", exc_info=problem)
    told = capsys.readouterr().err
    assert "29 characters" in told
    assert "_fail" in told
    assert "diagnosis diagnosis" not in told


def test_each_event_is_one_line_of_json(capsys: pytest.CaptureFixture[str]) -> None:
    configure("json")
    structlog.get_logger().info("mail_accepted", mail="K7Q2-M9")
    (line,) = capsys.readouterr().err.splitlines()
    assert json.loads(line)["mail"] == "K7Q2-M9"


def test_what_one_encoder_refuses_the_other_writes(capsys: pytest.CaptureFixture[str]) -> None:
    configure("json")
    structlog.get_logger().info("file_found", name=b"\xff.pdf".decode(errors="surrogateescape"), octets=2**70)
    (line,) = capsys.readouterr().err.splitlines()
    told = json.loads(line)
    assert told["name"].endswith(".pdf")
    assert told["octets"] == 2**70
