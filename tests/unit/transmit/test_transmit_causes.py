"""Causes to statuses: every row of the table, and the facts that need more than one code."""

from dataclasses import replace

import pytest

from store.status import Status
from transmit.causes import SIGNALS, CallFacts, judge
from transmit.engine.completion import Completion
from transmit.engine.events import EngineResult, Frame, Hearing, Signal


def _session(code: int | None, *, confirmed: int = 0, asked: int = 2, **known: object) -> CallFacts:
    engine = EngineResult(t30_code=code, pages_confirmed=confirmed, **known)  # type: ignore[arg-type]
    return CallFacts(pages_asked=asked, answered=True, engine=engine)


@pytest.mark.parametrize(
    ("code", "status"),
    [
        (486, Status.BUSY),
        (600, Status.BUSY),
        (503, Status.FAST_BUSY),
        (480, Status.NO_ANSWER),
        (408, Status.NO_ANSWER),
        (404, Status.OPERATOR_MESSAGE),
        (410, Status.OPERATOR_MESSAGE),
        (484, Status.OPERATOR_MESSAGE),
        (604, Status.OPERATOR_MESSAGE),
        (488, Status.NEGOTIATION_FAILED),
        (401, Status.GENERAL_ERROR),
        (403, Status.GENERAL_ERROR),
        (407, Status.GENERAL_ERROR),
        (500, Status.GENERAL_ERROR),
        (603, Status.GENERAL_ERROR),
    ],
)
def test_a_sip_refusal_has_its_status(code: int, status: Status) -> None:
    verdict = judge(CallFacts(pages_asked=1, sip_code=code))
    assert verdict.status is status
    assert str(code) in verdict.cause


REGISTERED = (
    *(300, 301, 302, 305, 380),
    *(400, 401, 402, 403, 404, 405, 406, 407, 408, 410, 412, 413, 414, 415, 416, 417, 420, 421, 422, 423),
    *(424, 425, 428, 429, 430, 433, 436, 437, 438, 439, 440, 469, 470, 480, 481, 482, 483, 484, 485, 486),
    *(
        487,
        488,
        489,
        491,
        493,
        494,
        500,
        501,
        502,
        503,
        504,
        505,
        513,
        555,
        580,
        600,
        603,
        604,
        606,
        607,
        608,
    ),
)
"""The final response codes that are registered and say no (IANA, Session Initiation Protocol parameters)."""
OF_THE_TELEPHONE_NETWORK = {
    Status.BUSY: {486, 600},
    Status.FAST_BUSY: {482, 483, 502, 503, 504},
    Status.NO_ANSWER: {408, 480},
    Status.OPERATOR_MESSAGE: {301, 404, 410, 484, 485, 604},
    Status.NEGOTIATION_FAILED: {415, 488, 606},
}


@pytest.mark.parametrize("code", REGISTERED)
def test_every_registered_code_has_the_status_that_it_is_to_have(code: int) -> None:
    special = [status for status, codes in OF_THE_TELEPHONE_NETWORK.items() if code in codes]
    verdict = judge(CallFacts(pages_asked=1, sip_code=code, fault="its own words"))
    assert [verdict.status] == (special or [Status.GENERAL_ERROR])
    assert verdict.cause == f"SIP {code} (its own words)"


@pytest.mark.parametrize("cause", range(128))
def test_every_q850_cause_has_a_status_or_leaves_it_to_the_code(cause: int) -> None:
    expected = {
        **dict.fromkeys((17,), Status.BUSY),
        **dict.fromkeys((2, 3, 25, 27, 34, 38, 41, 42, 44, 47), Status.FAST_BUSY),
        **dict.fromkeys((18, 19, 20), Status.NO_ANSWER),
        **dict.fromkeys((1, 4, 5, 22, 28), Status.OPERATOR_MESSAGE),
        **dict.fromkeys((65, 88), Status.NEGOTIATION_FAILED),
    }
    for code, by_code in ((486, Status.BUSY), (500, Status.GENERAL_ERROR)):
        verdict = judge(CallFacts(pages_asked=1, sip_code=code, q850_cause=cause))
        assert verdict.status is expected.get(cause, by_code)


@pytest.mark.parametrize(
    ("cause", "status"),
    [
        (17, Status.BUSY),
        (34, Status.FAST_BUSY),
        (42, Status.FAST_BUSY),
        (18, Status.NO_ANSWER),
        (19, Status.NO_ANSWER),
        (1, Status.OPERATOR_MESSAGE),
        (22, Status.OPERATOR_MESSAGE),
        (28, Status.OPERATOR_MESSAGE),
    ],
)
def test_a_q850_cause_outweighs_the_code_that_carries_it(cause: int, status: Status) -> None:
    assert judge(CallFacts(pages_asked=1, sip_code=500, q850_cause=cause)).status is status


def test_an_unknown_q850_cause_leaves_it_to_the_code() -> None:
    assert judge(CallFacts(pages_asked=1, sip_code=486, q850_cause=16)).status is Status.BUSY


@pytest.mark.parametrize(
    ("code", "status"),
    [
        (1, Status.NOT_A_FAX_MACHINE),
        (2, Status.NOT_A_FAX_MACHINE),
        (3, Status.NOT_A_FAX_MACHINE),
        (17, Status.NOT_A_FAX_MACHINE),
        (19, Status.NOT_A_FAX_MACHINE),
        *((code, Status.NEGOTIATION_FAILED) for code in (6, 8, 9, 10, 11, 12, 14, 20)),
        *((code, Status.EXCEEDED_ECM_RETRANSMIT) for code in (16, 22)),
        *((code, Status.TRANSMISSION_FAILED) for code in (5, 13, 15, 18, 21)),
        *((code, Status.GENERAL_ERROR) for code in range(41, 48)),
        (49, Status.GENERAL_ERROR),
        (50, Status.GENERAL_ERROR),
    ],
)
def test_a_t30_code_has_its_status(code: int, status: Status) -> None:
    verdict = judge(_session(code))
    assert verdict.status is status
    assert f"T.30 {code}" in verdict.cause


def test_every_completion_code_has_a_status_other_than_success_without_pages() -> None:
    for code in Completion:
        assert judge(_session(code)).status is not Status.SUCCESS


def test_success_needs_every_page_confirmed() -> None:
    assert judge(_session(0, confirmed=2)).status is Status.SUCCESS
    assert judge(_session(0, confirmed=1)).status is Status.TRANSMISSION_FAILED
    assert judge(_session(0, confirmed=3)).status is Status.TRANSMISSION_FAILED


@pytest.mark.parametrize("code", [None, *Completion])
def test_what_comes_after_the_last_confirmation_takes_no_page_back(code: int | None) -> None:
    whole = judge(_session(code, confirmed=2, bit_rate=14400))
    assert whole.status is Status.SUCCESS
    assert ("after them" in whole.cause) == (code not in {None, 0})
    assert judge(_session(code, confirmed=1, bit_rate=14400)).status is not Status.SUCCESS


def test_nothing_sent_is_never_a_success() -> None:
    for code in (None, *Completion):
        assert judge(_session(code, confirmed=0, asked=0)).status is not Status.SUCCESS


def test_pages_that_arrived_before_the_cancellation_took_hold_are_a_success() -> None:
    engine = EngineResult(t30_code=0, pages_confirmed=1)
    facts = CallFacts(pages_asked=1, answered=True, cancelled=True, engine=engine)
    assert judge(facts).status is Status.SUCCESS


def test_a_cancelled_call_is_a_cancelled_job() -> None:
    assert judge(CallFacts(pages_asked=1, cancelled=True)).status is Status.JOB_CANCELLED


def test_a_call_that_rang_out_is_no_answer_whatever_the_487_says() -> None:
    assert judge(CallFacts(pages_asked=1, rang_out=True, sip_code=487)).status is Status.NO_ANSWER


def test_a_trunk_that_never_responds_is_our_trouble_not_the_callees() -> None:
    verdict = judge(CallFacts(pages_asked=1, fault="no response to INVITE"))
    assert verdict.status is Status.GENERAL_ERROR
    assert verdict.cause == "no response to INVITE"


@pytest.mark.parametrize(
    ("heard", "status"),
    [
        (Hearing(speech_seconds=8), Status.VOICE_ANSWER),
        (Hearing(speech_seconds=0.2, silence_seconds=40), Status.NOT_A_FAX_MACHINE),
        (Hearing(silence_seconds=45), Status.NOT_A_FAX_MACHINE),
        (Hearing(tone_seconds=45), Status.NOT_A_FAX_MACHINE),
        (Hearing(speech_seconds=8, ced_seconds=3), Status.NOT_A_FAX_MACHINE),
        (Hearing(speech_seconds=8, v21_heard=True), Status.NEGOTIATION_FAILED),
    ],
)
def test_what_was_heard_decides_where_no_fax_came_about(heard: Hearing, status: Status) -> None:
    verdict = judge(_session(2, heard=heard))
    assert verdict.status is status
    assert "heard" in verdict.cause


def test_a_voice_that_hangs_up_is_a_voice() -> None:
    assert judge(_session(49, heard=Hearing(speech_seconds=4))).status is Status.VOICE_ANSWER


def test_a_dropped_call_is_a_broken_transmission_once_it_was_negotiated() -> None:
    assert judge(_session(49, bit_rate=14400)).status is Status.TRANSMISSION_FAILED
    assert judge(_session(17, bit_rate=14400)).status is Status.TRANSMISSION_FAILED


FAX = Hearing(v21_heard=True)


@pytest.mark.parametrize(
    ("code", "before", "after"),
    [
        # Training failed, or was not answered: the first, or the one after RTN.
        *((code, Status.NEGOTIATION_FAILED, Status.TRANSMISSION_FAILED) for code in (6, 14, 20)),
        # Something else than CFR, or than an answer to a page.
        *((code, Status.NEGOTIATION_FAILED, Status.TRANSMISSION_FAILED) for code in (5, 13, 18, 48)),
        # DCN in answer to MPS or EOM, or to RR.
        *((code, Status.GENERAL_ERROR, Status.TRANSMISSION_FAILED) for code in (38, 39)),
        *((code, Status.EXCEEDED_ECM_RETRANSMIT, Status.EXCEEDED_ECM_RETRANSMIT) for code in (16, 22)),
        *((code, Status.GENERAL_ERROR, Status.GENERAL_ERROR) for code in range(41, 48)),
    ],
)
def test_a_code_means_what_it_means_in_its_phase(code: int, before: Status, after: Status) -> None:
    assert judge(_session(code, heard=FAX)).status is before
    assert judge(_session(code, heard=FAX, bit_rate=9600)).status is after


def test_a_far_end_that_leaves_the_training_is_a_failed_negotiation() -> None:
    asked = (Frame(at=1, received=True, name="DIS"), Frame(at=2, received=False, name="DCS"))
    assert judge(_session(49, heard=FAX, frames=asked)).status is Status.NEGOTIATION_FAILED
    assert judge(_session(49, heard=FAX, frames=asked[:1])).status is Status.GENERAL_ERROR


@pytest.mark.parametrize("code", [13, 15, 18, 49])
def test_a_far_end_that_leaves_a_page_given_up_had_too_much_sent_again(code: int) -> None:
    given_up = (Frame(at=90, received=False, name="EOR"),)
    verdict = judge(_session(code, heard=FAX, bit_rate=9600, ecm=True, frames=given_up))
    assert verdict.status is Status.EXCEEDED_ECM_RETRANSMIT


@pytest.mark.parametrize(
    ("cause", "heard", "status"),
    [
        (17, Hearing(), Status.BUSY),
        (1, Hearing(silence_seconds=2), Status.OPERATOR_MESSAGE),
        (34, Hearing(signals=(Signal.RINGING,)), Status.FAST_BUSY),
        (16, Hearing(), Status.GENERAL_ERROR),
        (17, Hearing(speech_seconds=4), Status.VOICE_ANSWER),
        (41, FAX, Status.GENERAL_ERROR),
    ],
)
def test_a_gateway_that_answered_before_it_knew_says_by_its_cause_what_came_of_the_call(
    cause: int, heard: Hearing, status: Status
) -> None:
    facts = replace(_session(49, heard=heard), q850_cause=cause, fault="the far end hung up: BYE")
    assert judge(facts).status is status


def test_given_up_repetitions_depend_on_ecm() -> None:
    assert judge(_session(48, ecm=True)).status is Status.EXCEEDED_ECM_RETRANSMIT
    assert judge(_session(48, ecm=False)).status is Status.TRANSMISSION_FAILED


def test_a_crashed_engine_is_a_general_error() -> None:
    verdict = judge(_session(None, crashed=True, bit_rate=14400))
    assert verdict.status is Status.GENERAL_ERROR
    assert "crashed" in verdict.cause


def test_no_common_media_is_a_failed_negotiation() -> None:
    facts = CallFacts(pages_asked=1, answered=True, no_common_media=True, fault="T.38 refused (488)")
    assert judge(facts).status is Status.NEGOTIATION_FAILED


def test_the_cause_tells_of_an_unconfirmed_last_page() -> None:
    verdict = judge(_session(49, confirmed=1, bit_rate=14400, last_page_unconfirmed=True))
    assert "1 of 2 pages confirmed" in verdict.cause
    assert "last page unconfirmed" in verdict.cause


def _early(*signals: Signal, **known: object) -> CallFacts:
    return CallFacts(pages_asked=1, heard=Hearing(signals=signals), **known)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("facts", "status"),
    [
        (_early(Signal.BUSY, fault="hung up"), Status.BUSY),
        (_early(Signal.REORDER, fault="hung up"), Status.FAST_BUSY),
        (_early(Signal.REORDER, number="+46812345678"), Status.BUSY),
        (_early(Signal.SIT, fault="hung up"), Status.OPERATOR_MESSAGE),
        (_early(Signal.SIT, rang_out=True), Status.OPERATOR_MESSAGE),
        (_early(Signal.SIT, sip_code=480), Status.OPERATOR_MESSAGE),
        (_early(Signal.SIT, sip_code=500), Status.OPERATOR_MESSAGE),
        (_early(Signal.SIT, sip_code=503), Status.FAST_BUSY),
        (_early(Signal.SIT, sip_code=486), Status.BUSY),
        (_early(Signal.SIT, sip_code=500, q850_cause=34), Status.FAST_BUSY),
        (_early(Signal.BUSY, sip_code=404), Status.OPERATOR_MESSAGE),
        (_early(Signal.BUSY, sip_code=480), Status.BUSY),
        (_early(Signal.SIT_NO_CIRCUIT, sip_code=404), Status.FAST_BUSY),
        (_early(Signal.SIT_REORDER, sip_code=480, q850_cause=1), Status.FAST_BUSY),
        (_early(Signal.SIT_VACANT, sip_code=503), Status.OPERATOR_MESSAGE),
        (_early(Signal.BUSY, Signal.SIT_INTERCEPT), Status.OPERATOR_MESSAGE),
        (_early(Signal.RINGING, rang_out=True), Status.NO_ANSWER),
        (_early(Signal.RINGING, sip_code=486), Status.BUSY),
        (_early(Signal.CNG, sip_code=500), Status.GENERAL_ERROR),
    ],
)
def test_what_was_heard_before_the_answer_fills_in_what_sip_left_open(
    facts: CallFacts, status: Status
) -> None:
    verdict = judge(facts)
    assert verdict.status is status
    assert all(signal in verdict.cause for signal in facts.heard.signals)


@pytest.mark.parametrize(
    ("signals", "speech", "code", "status"),
    [
        ((Signal.BUSY,), 0.0, 49, Status.BUSY),
        ((Signal.BUSY,), 5.0, 2, Status.BUSY),
        ((Signal.REORDER,), 0.0, 49, Status.FAST_BUSY),
        ((Signal.SIT,), 20.0, 49, Status.OPERATOR_MESSAGE),
        ((Signal.SIT_VACANT,), 20.0, 2, Status.OPERATOR_MESSAGE),
        ((Signal.SIT_NO_CIRCUIT,), 20.0, 49, Status.FAST_BUSY),
        ((Signal.RINGING,), 0.3, 2, Status.NO_ANSWER),
        ((Signal.RINGING,), 5.0, 2, Status.VOICE_ANSWER),
        ((Signal.RINGING,), 0.0, 49, Status.NO_ANSWER),
        ((Signal.ANSAM, Signal.MODEM), 0.0, 2, Status.NOT_A_FAX_MACHINE),
        ((Signal.CNG,), 0.0, 2, Status.NOT_A_FAX_MACHINE),
    ],
)
def test_what_answered_with_tones_has_the_status_of_the_tones(
    signals: tuple[Signal, ...], speech: float, code: int, status: Status
) -> None:
    verdict = judge(_session(code, heard=Hearing(speech_seconds=speech, signals=signals)))
    assert verdict.status is status
    assert all(signal in verdict.cause for signal in signals)


def test_a_fax_that_began_is_not_judged_by_tones() -> None:
    heard = Hearing(signals=(Signal.BUSY,), v21_heard=True)
    assert judge(_session(49, heard=heard, bit_rate=14400)).status is Status.TRANSMISSION_FAILED
    assert judge(_session(2, heard=heard)).status is Status.NEGOTIATION_FAILED


def test_every_signal_that_ends_a_call_has_a_status() -> None:
    assert {signal for signal in Signal if signal.name.startswith("SIT")} | {Signal.BUSY, Signal.REORDER} == {
        *SIGNALS
    }
