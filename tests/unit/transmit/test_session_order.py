from pathlib import Path

import pytest

from transmit.engine.order import AnswerWith, Role, SessionOrder


def test_a_role_without_its_file_is_refused() -> None:
    with pytest.raises(ValueError, match="a document to send"):
        SessionOrder(role=Role.CALLER)
    with pytest.raises(ValueError, match="a file to receive to"):
        SessionOrder(role=Role.ANSWERER)


def test_an_answerer_that_is_no_fax_machine_needs_no_file() -> None:
    assert SessionOrder(role=Role.ANSWERER, answer_with=AnswerWith.SILENCE).receive_to is None


def test_time_does_not_run_backwards() -> None:
    with pytest.raises(ValueError, match="real time"):
        SessionOrder(role=Role.CALLER, document=Path("page.tif"), clock=0)
