"""Session timers: who refreshes, and when it is too late (RFC 4028)."""

import pytest

from transmit.sip.message import request, response
from transmit.sip.session_timer import SessionTimer, agreed, answer_fields, taken

FIELDS = [
    ("Via", "SIP/2.0/UDP h;branch=z9hG4bK1"),
    ("From", "<sip:a@x>;tag=1"),
    ("To", "<sip:b@x>;tag=2"),
    ("Call-ID", "c"),
    ("CSeq", "1 UPDATE"),
]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("1800;refresher=uac", SessionTimer(seconds=1800, is_ours=True)),
        ("1800 ; Refresher=UAS", SessionTimer(seconds=1800, is_ours=False)),
        ("1800", SessionTimer(seconds=1800, is_ours=True)),
        ("5;refresher=uas", SessionTimer(seconds=90, is_ours=False)),
        ("soon", None),
    ],
)
def test_what_an_answer_agrees_to(value: str, expected: SessionTimer | None) -> None:
    answer = response(request("UPDATE", "sip:x", fields=FIELDS), 200, fields=[("Session-Expires", value)])
    assert agreed(answer) == expected


@pytest.mark.parametrize(
    ("value", "supported", "is_ours", "answered"),
    [
        (
            "600;refresher=uac",
            "timer",
            False,
            [("Session-Expires", "600;refresher=uac"), ("Require", "timer")],
        ),
        ("600", "100rel, Timer", False, [("Session-Expires", "600;refresher=uac"), ("Require", "timer")]),
        ("600;refresher=uas", "timer", True, [("Session-Expires", "600;refresher=uas")]),
        ("600", "100rel", True, [("Session-Expires", "600;refresher=uas")]),  # a proxy asked; the peer cannot
    ],
)
def test_what_we_agree_to(value: str, supported: str, is_ours: bool, answered: list[tuple[str, str]]) -> None:  # noqa: FBT001 - a parameter
    asked = request("UPDATE", "sip:x", fields=[*FIELDS, ("Session-Expires", value), ("Supported", supported)])
    assert taken(asked) == SessionTimer(seconds=600, is_ours=is_ours)
    assert answer_fields(asked) == answered


def test_without_a_wish_there_is_no_timer() -> None:
    assert answer_fields(request("UPDATE", "sip:x", fields=FIELDS)) == []


def test_a_refresh_comes_in_time_before_the_end() -> None:
    timer = SessionTimer(seconds=90, is_ours=False)
    assert (timer.refresh_after, timer.gone_after) == (45, 60)
    assert SessionTimer(seconds=1800, is_ours=False).gone_after == 1768
