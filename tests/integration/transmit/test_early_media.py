"""What a session hears before the answer and what of it counts afterwards, in simulated time."""

from pathlib import Path

import pytest
from fax_tiff import make_fax, same_pages
from simulated_call import ANSWERER, CALLER, SimulatedCall, receiving, sending

from transmit.engine.completion import Completion
from transmit.engine.events import SignalHeard
from transmit.engine.order import AnswerWith, Codec, MediaAddress, Role, SessionOrder
from transmit.media import g711, rtp
from transmit.media.sound import Signal
from transmit.media.sounds import rhythm

STRANGER = MediaAddress("203.0.113.1", 5000)


@pytest.fixture(scope="module")
def document(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_fax(tmp_path_factory.mktemp("fax") / "document.tif", rows=600, noise=0.05)


def saying(signal: Signal) -> SessionOrder:
    return SessionOrder(role=Role.ANSWERER, answer_with=AnswerWith.SIGNAL, signal=signal)


def early(document: Path, signal: Signal) -> SimulatedCall:
    call = SimulatedCall(sending(document), saying(signal))
    call.caller.session.listen(ANSWERER, Codec.PCMU)
    call.answerer.session.listen(CALLER, Codec.PCMU)
    return call


def signals(call: SimulatedCall) -> list[Signal]:
    return [event.signal for event in call.caller.events if isinstance(event, SignalHeard)]


@pytest.mark.parametrize("signal", [Signal.BUSY, Signal.REORDER, Signal.SIT, Signal.SIT_NO_CIRCUIT])
def test_a_network_is_heard_before_the_answer(document: Path, signal: Signal) -> None:
    call = early(document, signal).run(5)
    assert signals(call) == [signal]
    result, _ = call.hang_up()
    assert (result.heard.signals, result.t30_code, result.transport) == ((signal,), None, "")


@pytest.mark.parametrize(
    ("signal", "kept"), [(Signal.RINGING, ()), (Signal.SIT_VACANT, (Signal.SIT_VACANT,))]
)
def test_after_the_answer_only_a_special_information_tone_still_counts(
    document: Path, signal: Signal, kept: tuple[Signal, ...]
) -> None:
    call = early(document, signal).run(13)
    assert signals(call) == [signal]
    call.answerer.session.hang_up(0)
    call.caller.session.start_audio(ANSWERER, Codec.PCMU)
    call.run(4)
    result, _ = call.hang_up()
    assert result.heard.signals == kept
    assert result.heard.speech_seconds + result.heard.tone_seconds < 0.5
    assert result.t30_code == Completion.CALLDROPPED


def test_a_fax_comes_about_after_early_media(document: Path, tmp_path: Path) -> None:
    call = SimulatedCall(sending(document), receiving(tmp_path / "received.tif"))
    call.caller.session.listen(ANSWERER, Codec.PCMU)
    call.run(2)
    call.start_audio().run()
    result, _ = call.hang_up()
    assert (result.t30_code, result.pages_confirmed) == (Completion.OK, 1)


def test_strangers_are_not_heard_before_the_answer(document: Path) -> None:
    call = early(document, Signal.RINGING)
    sender = rtp.RtpSender(source=7, sequence=1, timestamp=1)
    busy = rhythm((0.5, 0.5) * 4, 480, 620)
    for at in range(0, len(busy) - rtp.FRAME, rtp.FRAME):
        packet = sender.pack(g711.encode(busy[at : at + rtp.FRAME], Codec.PCMU), Codec.PCMU)
        call.caller.session.receive(packet, STRANGER)
        call.run(0.02)
    assert signals(call) == []
    assert call.caller.session.far_end == ANSWERER


def test_what_is_lost_on_purpose_is_lost_both_ways(document: Path, tmp_path: Path) -> None:
    came: list[bytes] = []

    def noted(datagram: bytes) -> bytes:
        came.append(datagram)
        return datagram

    for loss, heard_of in ((1.0, False), (0.0, True)):
        answerer = receiving(tmp_path / "received.tif", loss=loss, media_timeout=15.0)
        call = SimulatedCall(sending(document), answerer, to_caller=noted).start_t38().run(20)
        assert bool(came) is heard_of
        # With all lost, the caller had nothing to answer to, and vanished for the station.
        assert call.caller.session.far_end == ANSWERER
        assert (call.answerer.ended is None) is heard_of


@pytest.mark.parametrize(("fec", "loss"), [(False, 0.2), (True, 0.05)])
def test_error_recovery_bears_loss(document: Path, tmp_path: Path, *, fec: bool, loss: float) -> None:
    received = tmp_path / "received.tif"
    call = SimulatedCall(sending(document), receiving(received, loss=loss)).start_t38(fec=fec).run()
    result, answer = call.hang_up()
    assert (result.pages_confirmed, answer.pages_received) == (1, 1)
    assert same_pages(document, received)


def test_an_image_that_never_arrives_whole_is_given_up(document: Path, tmp_path: Path) -> None:
    received = tmp_path / "received.tif"
    call = SimulatedCall(sending(document), receiving(received, spoils_image=True)).start_t38().run()
    result, answer = call.hang_up()
    assert (result.t30_code, result.pages_confirmed) == (Completion.RETRYDCN, 0)
    assert result.ecm is True
    assert answer.pages_received == 0
