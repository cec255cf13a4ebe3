"""The T.38 terminal where libspandsp loses itself: the session is over, and the process goes on."""

from pathlib import Path

import pytest
from fax_tiff import make_fax, same_pages
from simulated_call import SimulatedCall, receiving, sending

from transmit.engine import t38_terminal
from transmit.engine.completion import Completion


def test_a_tick_that_would_make_packets_without_end_ends_the_session_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    document, received = make_fax(tmp_path / "document.tif"), tmp_path / "received.tif"
    with monkeypatch.context() as most:
        most.setattr(t38_terminal, "_MOST_PACKETS", 0)
        lost = SimulatedCall(sending(document), receiving(received)).start_t38().run(30)
    result, answer = lost.hang_up()
    assert (result.t30_code, result.pages_confirmed) == (Completion.UNEXPECTED, 0)
    assert answer.t30_code == Completion.UNEXPECTED

    call = SimulatedCall(sending(document), receiving(received)).start_t38().run()
    assert call.hang_up()[0].t30_code == Completion.OK
    assert same_pages(document, received)
