"""The station's behaviours: how they are written, and which one a call gets."""

import pytest

from config.fax import Resolution
from transmit.engine.order import AnswerWith
from transmit.media.sound import Signal
from transmit.station.behaviour import Answer, Behaviour, Behaviours


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("fax", Behaviour(answer=Answer.FAX)),
        ("passive", Behaviour(answer=Answer.PASSIVE)),
        ("refuse-t38", Behaviour(answer=Answer.REFUSE_T38)),
        ("busy", Behaviour(answer=Answer.BUSY, sip_code=486, q850_cause=17)),
        ("busy 2", Behaviour(answer=Answer.BUSY, calls=2, sip_code=486, q850_cause=17)),
        ("no-answer", Behaviour(answer=Answer.NO_ANSWER)),
        ("fail 404", Behaviour(answer=Answer.FAIL, sip_code=404)),
        ("fail 503 34", Behaviour(answer=Answer.FAIL, sip_code=503, q850_cause=34)),
        (" hang-up ", Behaviour(answer=Answer.HANG_UP)),
        ("fail 503 34 for 2", Behaviour(answer=Answer.FAIL, sip_code=503, q850_cause=34, calls=2)),
        ("standard-only", Behaviour(answer=Answer.STANDARD_ONLY, finest=Resolution.STANDARD)),
        ("no-ecm for 1", Behaviour(answer=Answer.NO_ECM, ecm=False, calls=1)),
        ("slow", Behaviour(answer=Answer.SLOW, max_rate=4_800)),
        ("drop-after 2", Behaviour(answer=Answer.DROP_AFTER, pages=2)),
        ("drop-at 7.25", Behaviour(answer=Answer.DROP_AT, seconds=7.25)),
        ("drop-after 12 for 1", Behaviour(answer=Answer.DROP_AFTER, pages=12, calls=1)),
        ("silence for 3", Behaviour(answer=Answer.SOUND, sound="silence", calls=3)),
        ("sit-vacant", Behaviour(answer=Answer.SOUND, sound="sit-vacant")),
        ("early sit", Behaviour(answer=Answer.EARLY, sound="sit")),
        ("early sit-intercept 404", Behaviour(answer=Answer.EARLY, sound="sit-intercept", sip_code=404)),
        (
            "early busy-tone 486 17 for 2",
            Behaviour(answer=Answer.EARLY, sound="busy-tone", sip_code=486, q850_cause=17, calls=2),
        ),
        ("glare", Behaviour(answer=Answer.GLARE)),
        ("garbled", Behaviour(answer=Answer.GARBLED)),
        ("lossy 5", Behaviour(answer=Answer.LOSSY, loss=0.05)),
    ],
)
def test_behaviours_are_read(text: str, expected: Behaviour) -> None:
    assert Behaviour.parse(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        *("", "engaged", "busy two", "busy 0", "fail", "fail 200", "drop-after", "slow for", "fax for 0"),
        *("early", "early fax", "early sit 2000", "lossy"),
    ],
)
def test_anything_else_is_refused_with_what_was_expected(text: str) -> None:
    with pytest.raises(ValueError, match="is not one of fax"):
        Behaviour.parse(text)


@pytest.mark.parametrize(
    ("text", "answer_with", "signal", "name"),
    [
        ("fax", AnswerWith.FAX, None, "fax"),
        ("voice", AnswerWith.VOICE, None, "voice"),
        ("early silence", AnswerWith.SILENCE, None, "early"),
        ("busy-tone", AnswerWith.SIGNAL, Signal.BUSY, "busy-tone"),
        ("early sit-no-circuit 503", AnswerWith.SIGNAL, Signal.SIT_NO_CIRCUIT, "early"),
    ],
)
def test_a_sound_is_made_by_what_sits_at_our_end(
    text: str, answer_with: AnswerWith, signal: Signal | None, name: str
) -> None:
    behaviour = Behaviour.parse(text)
    assert (behaviour.answer_with, behaviour.signal, behaviour.name) == (answer_with, signal, name)


def test_the_longest_matching_suffix_decides() -> None:
    behaviours = Behaviours({"99": Behaviour.parse("voice"), "0199": Behaviour.parse("fail 404")})
    assert behaviours.next("+12065550199").answer is Answer.FAIL
    assert behaviours.next("+12065550299").sound == "voice"
    assert behaviours.next("+12065550123").answer is Answer.FAX


def test_busy_twice_then_fax_counted_for_each_number() -> None:
    behaviours = Behaviours({"01": Behaviour.parse("busy 2")})
    assert [behaviours.next("+1201").answer for _ in range(3)] == [Answer.BUSY, Answer.BUSY, Answer.FAX]
    assert behaviours.next("+1301").answer is Answer.BUSY
