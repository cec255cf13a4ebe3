"""Whole fax calls between two sessions of libspandsp, the network between them simulated."""

from dataclasses import replace
from pathlib import Path

import pytest
from fax_tiff import make_fax, same_pages
from simulated_call import ANSWERER, CALLER, SimulatedCall, losing, receiving, sending

from config.fax import Resolution
from store.status import Status
from transmit._spandsp import lib
from transmit.causes import CallFacts, judge
from transmit.engine.completion import Completion
from transmit.engine.events import Ended, Heard, Negotiated, PageConfirmed, PageReceived, Sound
from transmit.engine.order import AnswerWith, Codec, Compression, MediaAddress, Role, SessionOrder


@pytest.fixture(scope="module")
def document(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_fax(tmp_path_factory.mktemp("fax") / "document.tif", pages=3)


@pytest.fixture
def received(tmp_path: Path) -> Path:
    return tmp_path / "received.tif"


def test_the_completion_codes_are_those_of_the_library() -> None:
    assert {code.name: code.value for code in Completion} == {
        name.removeprefix("T30_ERR_"): getattr(lib, name) for name in dir(lib) if name.startswith("T30_ERR_")
    }


@pytest.mark.parametrize("audio", [False, True], ids=["T.38", "G.711"])
@pytest.mark.parametrize(
    ("ecm", "compressions", "agreed"),
    [
        (True, tuple(Compression), Compression.MMR),
        (True, (Compression.MH, Compression.MR), Compression.MR),
        (True, (Compression.MH,), Compression.MH),
        (False, tuple(Compression), Compression.MR),
        (False, (Compression.MH,), Compression.MH),
    ],
)
def test_pages_arrive_pixel_for_pixel(
    document: Path,
    received: Path,
    *,
    audio: bool,
    ecm: bool,
    compressions: tuple[Compression, ...],
    agreed: Compression,
) -> None:
    call = SimulatedCall(
        sending(document, ecm=ecm, compressions=compressions),
        receiving(received, ecm=ecm, compressions=compressions),
    )

    (call.start_audio() if audio else call.start_t38()).run()
    result, answer = call.hang_up()

    assert same_pages(document, received)
    assert result.t30_code == answer.t30_code == Completion.OK
    assert result.t30_result == "OK"
    assert (result.pages_confirmed, answer.pages_received) == (3, 3)
    assert result.transport == answer.transport == ("G.711" if audio else "T.38")
    assert (result.ecm, result.compression, result.bit_rate) == (ecm, agreed, 14400)
    assert (result.width, result.resolution) == (1728, Resolution.FINE)
    assert (result.remote_csid, answer.remote_csid) == ("+12065551234", "+12065550100")
    assert not result.last_page_unconfirmed
    assert not result.crashed


def test_the_events_tell_the_call_as_it_goes(document: Path, received: Path) -> None:
    call = SimulatedCall(sending(document), receiving(received)).start_t38().run()

    fax, agreed, *pages, ended = call.caller.events
    assert isinstance(fax, Heard)
    assert fax.sound is Sound.V21
    assert isinstance(agreed, Negotiated)
    assert (agreed.bit_rate, agreed.compression, agreed.remote_csid) == (
        14400,
        Compression.MMR,
        "+12065551234",
    )
    assert [page.pages for page in pages if isinstance(page, PageConfirmed)] == [1, 2, 3]
    assert isinstance(ended, Ended)
    taken = [event.pages for event in call.answerer.events if isinstance(event, PageReceived)]
    assert taken == [1, 2, 3]
    moments = [event.at for event in call.caller.events]
    assert moments == sorted(moments)


def test_the_frames_of_the_call_are_kept(document: Path, received: Path) -> None:
    call = SimulatedCall(sending(document), receiving(received)).start_t38().run()

    frames = call.hang_up()[0].frames
    assert [("<" if frame.received else ">") + frame.name for frame in frames] == [
        "<CSI", "<DIS", ">TSI", ">DCS", "<CFR", ">PPS", "<MCF", ">PPS", "<MCF", ">PPS", "<MCF", ">DCN",
    ]  # fmt: skip


def test_a_page_of_many_partial_pages_is_confirmed_once(tmp_path: Path, received: Path) -> None:
    # Coded it is over 64 kB, the most that ECM puts into one partial page (T.4 annex A).
    noisy = make_fax(tmp_path / "noisy.tif", rows=700, noise=0.06)

    call = SimulatedCall(sending(noisy), receiving(received)).start_t38().run()
    result, answer = call.hang_up()

    assert [frame.name for frame in result.frames].count("MCF") > 1
    assert (result.pages_confirmed, answer.pages_received) == (1, 1)
    assert same_pages(noisy, received)


@pytest.mark.parametrize(("max_rate", "agreed"), [(9600, 9600), (4800, 4800)])
def test_a_slower_modem_is_used_when_asked(
    document: Path, received: Path, max_rate: int, agreed: int
) -> None:
    call = SimulatedCall(sending(document, max_rate=max_rate), receiving(received)).start_audio().run()

    assert call.hang_up()[0].bit_rate == agreed
    assert same_pages(document, received)


@pytest.mark.parametrize(
    ("dpi", "resolution"), [((204, 98), Resolution.STANDARD), ((204, 391), Resolution.SUPERFINE)]
)
def test_other_resolutions_are_negotiated(
    tmp_path: Path, received: Path, dpi: tuple[int, int], resolution: Resolution
) -> None:
    page = make_fax(tmp_path / "page.tif", dpi=dpi)

    call = SimulatedCall(sending(page), receiving(received)).start_t38().run()

    assert call.hang_up()[0].resolution is resolution
    assert same_pages(page, received)


def test_a_fax_is_taken_up_at_a_later_page(document: Path, received: Path) -> None:
    call = SimulatedCall(sending(document, first_page=1), receiving(received)).start_t38().run()

    assert call.hang_up()[0].pages_confirmed == 2
    assert same_pages(document, received, pages=[1, 2])


def test_a_subaddress_does_not_disturb_a_machine_that_knows_none(document: Path, received: Path) -> None:
    call = SimulatedCall(sending(document, subaddress="6377"), receiving(received)).start_t38().run()

    result = call.hang_up()[0]
    assert result.t30_code == Completion.OK
    assert result.remote is not None
    assert not result.remote.subaddress


def test_an_identification_is_cut_to_what_t30_carries(document: Path, received: Path) -> None:
    order = replace(sending(document), station_id="Zürich General Hospital Radiology")

    call = SimulatedCall(order, receiving(received)).start_t38().run()

    assert call.hang_up()[1].remote_csid == "Z?rich General Hospi"


def test_what_a_far_end_calls_itself_can_be_shown_anywhere(document: Path, received: Path) -> None:
    order = replace(receiving(received), station_id="\x1b[31m+1 206\n\x01  7\u00fc")

    call = SimulatedCall(sending(document), order).start_t38().run()

    assert call.hang_up()[0].remote_csid == "[31m+1 206 7?"


def test_a_call_moves_from_audio_to_t38(document: Path, received: Path) -> None:
    call = SimulatedCall(sending(document), receiving(received)).start_audio().run(3)

    result = call.start_t38().run().hang_up()[0]

    assert (result.t30_code, result.transport, result.pages_confirmed) == (Completion.OK, "T.38", 3)
    assert result.heard.ced_heard
    assert same_pages(document, received)


def test_audio_that_is_late_after_the_switch_is_dropped(document: Path, received: Path) -> None:
    # One end switches half a second after the other: until then its RTP meets UDPTL.
    call = SimulatedCall(sending(document), receiving(received)).start_audio().run(3)
    call.caller.session.switch_to_t38(ANSWERER, max_datagram=400)
    call.run(0.5)
    call.answerer.session.switch_to_t38(CALLER, max_datagram=400)

    assert call.run().hang_up()[0].t30_code == Completion.OK
    assert same_pages(document, received)


@pytest.mark.parametrize(("announced", "agreed"), [(9600, 9600), (4800, 4800), (12000, 9600), (14400, 14400)])
def test_no_modem_is_faster_than_the_far_ends_t38_carries(
    document: Path, received: Path, announced: int, agreed: int
) -> None:
    call = SimulatedCall(sending(document), receiving(received)).start_audio().run(3)
    call.caller.session.switch_to_t38(ANSWERER, max_datagram=400, max_rate=announced)
    call.answerer.session.switch_to_t38(CALLER, max_datagram=400)

    result = call.run().hang_up()[0]

    assert (result.t30_code, result.bit_rate) == (Completion.OK, agreed)
    assert same_pages(document, received)


def test_audio_by_the_other_law_is_understood(document: Path, received: Path) -> None:
    call = SimulatedCall(sending(document), receiving(received))
    call.caller.session.start_audio(ANSWERER, Codec.PCMU)
    call.answerer.session.start_audio(CALLER, Codec.PCMA)

    assert call.run().hang_up()[0].t30_code == Completion.OK
    assert same_pages(document, received)


class SilenceSuppressed:
    """A far end that sends nothing while it is silent: packets are numbered on, and their times show it."""

    def __init__(self) -> None:
        self._sequence = 0

    def __call__(self, datagram: bytes) -> bytes | None:
        if not datagram[12:].strip(b"\xff\x7f"):  # zero, in µ-law
            return None
        self._sequence += 1
        return datagram[:2] + self._sequence.to_bytes(2, "big") + datagram[4:]


def test_a_far_end_that_suppresses_silence_gets_its_fax(document: Path, received: Path) -> None:
    call = SimulatedCall(sending(document), receiving(received), to_caller=SilenceSuppressed()).start_audio()

    assert call.run().hang_up()[0].t30_code == Completion.OK
    assert same_pages(document, received)


def test_audio_that_is_late_does_not_tell_the_port_of_t38(document: Path, received: Path) -> None:
    # Behind a port translator T.38 comes from a port that no SDP knows, and audio is still on its way.
    call = SimulatedCall(sending(document), receiving(received)).start_audio().run(3)
    behind = MediaAddress(ANSWERER.host, 7001)
    call.caller.session.switch_to_t38(MediaAddress(ANSWERER.host, 6000), max_datagram=400)
    call.caller.session.receive(bytes.fromhex("8000") + bytes(170), ANSWERER)
    call.answerer.session.switch_to_t38(CALLER, max_datagram=400)
    call.answerer.address = behind

    assert call.run().hang_up()[0].t30_code == Completion.OK
    assert call.caller.session.far_end == behind
    assert same_pages(document, received)


@pytest.mark.parametrize("first", [1, 40_000, 0x8000, 0xFFF0])
def test_a_far_end_may_number_its_packets_from_anywhere(document: Path, received: Path, first: int) -> None:
    def renumbered(datagram: bytes) -> bytes:
        number = (int.from_bytes(datagram[:2], "big") + first) % 0x10000
        return number.to_bytes(2, "big") + datagram[2:]

    call = SimulatedCall(sending(document), receiving(received), to_caller=renumbered).start_t38().run()

    assert call.hang_up()[0].t30_code == Completion.OK
    assert same_pages(document, received)


def test_a_return_to_audio_after_the_fax_changes_nothing(document: Path, received: Path) -> None:
    call = SimulatedCall(sending(document), receiving(received)).start_audio().run(2).start_t38().run()
    for end, remote in ((call.caller, ANSWERER), (call.answerer, CALLER)):
        end.session.back_to_audio(remote, Codec.PCMU)
    call.run(1, until=lambda: False)

    result = call.hang_up()[0]

    assert (result.t30_code, result.transport, result.pages_confirmed) == (Completion.OK, "T.38", 3)


def test_a_return_to_audio_before_negotiation_begins_anew(document: Path, received: Path) -> None:
    call = SimulatedCall(sending(document), receiving(received)).start_audio().run(2).start_t38().run(1)
    for end, remote in ((call.caller, ANSWERER), (call.answerer, CALLER)):
        end.session.back_to_audio(remote, Codec.PCMA)

    result = call.run().hang_up()[0]

    assert (result.t30_code, result.transport, result.pages_confirmed) == (Completion.OK, "G.711", 3)
    assert same_pages(document, received)


def test_a_return_to_audio_before_our_goodbye_is_a_success_all_the_same(
    document: Path, received: Path
) -> None:
    call = SimulatedCall(sending(document), receiving(received)).start_t38()
    call.run(until=lambda: len(_confirmed(call)) == 3)
    call.caller.session.back_to_audio(ANSWERER, Codec.PCMU)

    result = call.hang_up()[0]

    assert result.pages_confirmed == 3
    assert judge(CallFacts(pages_asked=3, answered=True, engine=result)).status is Status.SUCCESS


def test_a_return_to_audio_in_the_middle_of_a_page_ends_the_session(document: Path, received: Path) -> None:
    call = SimulatedCall(sending(document), receiving(received)).start_t38()
    call.run(until=lambda: any(isinstance(event, PageConfirmed) for event in call.caller.events))
    call.caller.session.back_to_audio(ANSWERER, Codec.PCMU)

    result = call.hang_up()[0]

    assert (result.t30_code, result.pages_confirmed) == (Completion.CALLDROPPED, 1)
    assert result.transport == "T.38"


@pytest.mark.parametrize("limit", [72, 180, 1400])
def test_datagrams_stay_within_what_the_far_end_takes(document: Path, received: Path, limit: int) -> None:
    lengths: list[int] = []

    def measure(datagram: bytes) -> bytes:
        lengths.append(len(datagram))
        return datagram

    call = SimulatedCall(sending(document), receiving(received), to_answerer=measure)

    assert call.start_t38(max_datagram=limit).run().hang_up()[0].t30_code == Completion.OK
    assert max(lengths) <= limit
    assert same_pages(document, received)


@pytest.mark.parametrize("share", [0.05, 0.15])
def test_redundancy_bears_the_loss_of_packets(document: Path, received: Path, share: float) -> None:
    call = SimulatedCall(
        sending(document), receiving(received),
        to_answerer=losing(share, seed=1), to_caller=losing(share, seed=2),
    )  # fmt: skip

    result = call.start_t38(redundancy=3).run().hang_up()[0]

    assert (result.t30_code, result.pages_confirmed) == (Completion.OK, 3)
    assert same_pages(document, received)


def test_lost_audio_is_sent_again_with_error_correction(document: Path, received: Path) -> None:
    lossy = losing(0.001, seed=5)
    call = SimulatedCall(sending(document), receiving(received), to_answerer=lossy).start_audio().run()

    result, answer = call.hang_up()

    assert (result.t30_code, result.pages_confirmed) == (Completion.OK, 3)
    assert result.retransmissions + answer.retransmissions > 0
    assert same_pages(document, received)


@pytest.mark.parametrize("spoilt", [1, 2, 3])
def test_what_is_sent_again_is_counted_for_each_page(document: Path, received: Path, spoilt: int) -> None:
    def sent_again(share: float) -> int:
        spoiling = losing(share, seed=7)
        call: SimulatedCall
        lost: list[bytes] = []

        def spoil(datagram: bytes) -> bytes | None:
            trained = any(isinstance(event, Negotiated) for event in call.caller.events)
            image = trained and len(datagram) > 30 and len(_confirmed(call)) == spoilt - 1
            if image and len(lost) < 5 and spoiling(datagram) is None:
                lost.append(datagram)
                return None
            return datagram

        call = SimulatedCall(sending(document), receiving(received), to_answerer=spoil)
        result = call.start_t38(redundancy=0).run().hang_up()[0]
        assert (result.t30_code, result.pages_confirmed) == (Completion.OK, 3)
        return result.retransmissions

    assert sent_again(0.2) > 0
    assert sent_again(0.0) == 0


def answering(datagram: bytes, answer: int) -> bytes:
    """The datagram with MCF replaced: T.38 carries no checksum of a frame, and octets lowest bit first."""
    control_field = bytes.fromhex("c001800000")
    mcf, other = (control_field + bytes([int(f"{octet:08b}"[::-1], 2)]) for octet in (0x8C, answer))
    return datagram.replace(mcf, other)


@pytest.mark.parametrize(("answer", "name", "ecm"), [(0xCC, "RTP", False), (0xAC, "PIP", True)])
def test_other_confirmations_than_mcf_count(
    document: Path, received: Path, answer: int, name: str, *, ecm: bool
) -> None:
    call = SimulatedCall(
        sending(document, ecm=ecm),
        receiving(received),
        to_caller=lambda datagram: answering(datagram, answer),
    )

    result = call.start_t38().run().hang_up()[0]

    assert (result.t30_code, result.pages_confirmed) == (Completion.OK, 3)
    assert [frame.name for frame in result.frames].count(name) == 3
    assert same_pages(document, received)


def test_a_page_that_the_far_end_calls_bad_does_not_count(document: Path, received: Path) -> None:
    call = SimulatedCall(
        sending(document, ecm=False),
        receiving(received),
        to_caller=lambda datagram: answering(datagram, 0x4C),
    )

    result = call.start_t38().run().hang_up()[0]

    assert (result.t30_code, result.pages_confirmed) == (Completion.CANNOT_TRAIN, 0)
    assert "RTN" in [frame.name for frame in result.frames]


def test_strangers_are_not_heard(document: Path, received: Path) -> None:
    call = SimulatedCall(sending(document), receiving(received)).start_t38()
    stranger = MediaAddress("203.0.113.1", 5000)
    datagram = bytes.fromhex("0000 01 06 00 00")

    def disturb(original: bytes) -> bytes:
        call.caller.session.receive(datagram, stranger)
        return original

    call.caller.alter = disturb

    assert call.run().hang_up()[0].t30_code == Completion.OK


def test_a_voice_answers_and_no_fax(document: Path) -> None:
    voice = SessionOrder(role=Role.ANSWERER, answer_with=AnswerWith.VOICE)
    call = SimulatedCall(sending(document, no_fax_timeout=20), voice).start_audio()

    call.run(until=lambda: call.caller.ended is not None)

    result = call.hang_up()[0]
    assert result.t30_code == Completion.T0_EXPIRED
    assert result.heard.speech_seconds > 10
    assert not result.heard.v21_heard
    assert any(isinstance(event, Heard) and event.sound is Sound.SPEECH for event in call.caller.events)
    assert isinstance(call.caller.events[-1], Ended)
    assert call.caller.events[-1].at == pytest.approx(20, abs=0.1)


@pytest.mark.parametrize("answers", [True, False], ids=["silent answerer", "no RTP at all"])
def test_silence_answers(document: Path, *, answers: bool) -> None:
    silence = SessionOrder(role=Role.ANSWERER, answer_with=AnswerWith.SILENCE)
    call = SimulatedCall(sending(document, no_fax_timeout=10), silence)
    call.caller.session.start_audio(ANSWERER, Codec.PCMU)
    if answers:
        call.answerer.session.start_audio(CALLER, Codec.PCMU)

    call.run(until=lambda: call.caller.ended is not None)

    result, answer = call.hang_up()
    assert result.t30_code == Completion.T0_EXPIRED
    assert result.heard.silence_seconds == pytest.approx(10, abs=0.3)
    assert result.heard.speech_seconds == 0
    assert (answer.t30_code, answer.crashed) == (None, False)


def test_a_document_that_is_missing_or_no_fax_is_told_as_such(tmp_path: Path, received: Path) -> None:
    broken = tmp_path / "broken.tif"
    broken.write_bytes(b"no TIFF at all")

    for unreadable in (broken, tmp_path / "missing.tif"):
        call = SimulatedCall(sending(unreadable), receiving(received)).start_t38().run(60)

        assert call.hang_up()[0].t30_code == Completion.FILEERROR


def test_a_page_too_fine_for_the_far_end_is_told_with_what_it_takes(tmp_path: Path, received: Path) -> None:
    page = make_fax(tmp_path / "fine.tif", dpi=(204, 196))
    call = SimulatedCall(sending(page), receiving(received, finest=Resolution.STANDARD)).start_t38().run()

    result = call.hang_up()[0]

    assert result.t30_code == Completion.NORESSUPPORT
    assert result.remote is not None
    assert result.remote.resolutions == (Resolution.STANDARD,)


def test_a_call_that_drops_in_the_middle_counts_its_confirmed_pages(document: Path, received: Path) -> None:
    call = SimulatedCall(sending(document), receiving(received)).start_t38()
    call.run(until=lambda: call.answerer.ended is not None or len(_confirmed(call)) == 2)

    result = call.hang_up()[0]

    assert (result.t30_code, result.pages_confirmed) == (Completion.CALLDROPPED, 2)
    assert not result.last_page_unconfirmed


def test_a_confirmation_on_its_way_is_waited_for(document: Path, received: Path) -> None:
    for drain, confirmed in ((0.0, 2), (4.0, 3)):
        call = SimulatedCall(sending(document), receiving(received)).start_t38()
        call.run(until=lambda call=call: _sent(call, "PPS") == 3)  # type: ignore[misc]
        call.run(0.5)

        call.caller.session.hang_up(drain)
        call.run(drain + 1, until=lambda call=call: call.caller.session.released is not None)  # type: ignore[misc]

        result = call.caller.session.released
        assert result is not None
        assert result.pages_confirmed == confirmed
        assert result.last_page_unconfirmed == (confirmed == 2)


def test_a_far_end_that_vanishes_is_noticed(document: Path, received: Path) -> None:
    gone = False
    call = SimulatedCall(
        sending(document), receiving(received), to_caller=lambda datagram: None if gone else datagram
    ).start_t38()
    call.run(until=lambda: len(_confirmed(call)) == 1)
    gone = True

    call.run(until=lambda: call.caller.ended is not None)

    result = call.hang_up()[0]
    assert (result.t30_code, result.pages_confirmed) == (Completion.TX_PHDDEAD, 1)
    assert result.last_page_unconfirmed


def test_a_receiver_gives_up_a_caller_that_says_nothing_more(document: Path, received: Path) -> None:
    gone = False
    call = SimulatedCall(
        sending(document),
        receiving(received, media_timeout=20),
        to_answerer=lambda datagram: None if gone else datagram,
    ).start_t38()
    call.run(until=lambda: len(_confirmed(call)) == 1)
    gone, vanished_at = True, call.time

    call.run(until=lambda: call.answerer.ended is not None)

    assert call.time - vanished_at == pytest.approx(20, abs=1)
    answer = call.hang_up()[1]
    assert (answer.t30_code, answer.pages_received) == (Completion.CALLDROPPED, 1)


def test_a_call_without_media_comes_to_nothing(document: Path, received: Path) -> None:
    result, answer = SimulatedCall(sending(document), receiving(received)).hang_up()

    assert (result.t30_code, result.transport, result.frames) == (None, "", ())
    assert answer.t30_code is None


def _confirmed(call: SimulatedCall) -> list[PageConfirmed]:
    return [event for event in call.caller.events if isinstance(event, PageConfirmed)]


def _sent(call: SimulatedCall, name: str) -> int:
    t30 = call.caller.session._t30
    return 0 if t30 is None else [frame.name for frame in t30._frames if not frame.received].count(name)
