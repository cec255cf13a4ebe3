"""With which settings a number is called after what happened before."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.destination import Destination
from store.job import Outcome
from store.status import Status
from transmit.call_settings import FAX_FAILURES, CallSettings, call_settings, learned

NOW = datetime(2026, 11, 26, tzinfo=UTC)
NUMBER = "+12065551234"
BROKEN = Status.TRANSMISSION_FAILED


def outcome(
    status: Status, transport: str = "T.38", finest: str = "superfine", *, at: datetime = NOW
) -> Outcome:
    return Outcome(status=status, cause="", ended_at=at, transport=transport, remote_finest=finest)


def test_the_first_call_is_placed_as_the_line_does() -> None:
    settings = call_settings(None, (), resolution="fine")
    assert settings == CallSettings(resolution="fine", max_rate=14_400, transport="")


@pytest.mark.parametrize("status", sorted(FAX_FAILURES))
@pytest.mark.parametrize(("first", "other"), [("T.38", "G.711"), ("G.711", "T.38")])
def test_each_failure_of_the_fax_itself_takes_the_next_call_a_rung_down(
    status: Status, first: str, other: str
) -> None:
    calls = [outcome(status, first), outcome(status, first), outcome(status, other)]
    ladder = [call_settings(None, calls[:made], resolution="fine") for made in range(1, 4)]
    assert [(rung.max_rate, rung.transport) for rung in ladder] == [
        (9_600, ""),
        (9_600, other),
        (4_800, other),
    ]


@pytest.mark.parametrize("status", [Status.BUSY, Status.NO_ANSWER, Status.VOICE_ANSWER, Status.GENERAL_ERROR])
def test_what_other_settings_cannot_mend_changes_none(status: Status) -> None:
    assert call_settings(None, [outcome(status, "")], resolution="fine") == CallSettings(resolution="fine")


def test_a_page_finer_than_the_machine_takes_is_made_coarser_and_nothing_else_changes() -> None:
    failed = outcome(Status.NEGOTIATION_FAILED, finest="standard")
    settings = call_settings(None, [failed], resolution="fine")
    assert settings == CallSettings(resolution="standard", max_rate=14_400, transport="")


def test_a_page_that_is_coarse_enough_is_no_reason_and_the_rate_falls() -> None:
    failed = outcome(Status.NEGOTIATION_FAILED, finest="standard")
    assert call_settings(None, [failed], resolution="standard").max_rate == 9_600


def test_without_common_media_the_transport_changes_at_once() -> None:
    refused = outcome(Status.NEGOTIATION_FAILED, transport="", finest="")
    assert call_settings(None, [refused], resolution="fine").transport == "G.711"


@pytest.mark.parametrize("status", [Status.NOT_A_FAX_MACHINE, Status.NEGOTIATION_FAILED])
@pytest.mark.parametrize(
    ("transcript", "other"), [("", "G.711"), ("0.40 > CNG", "G.711"), ("5.02 < CSI", "")]
)
def test_t38_that_nothing_came_by_is_not_tried_again(status: Status, transcript: str, other: str) -> None:
    silent = replace(outcome(status, finest=""), transcript=transcript)
    assert call_settings(None, [silent], resolution="fine").transport == other
    asked_for = Destination(number=NUMBER, transport="T.38", learned_at=NOW)
    assert call_settings(asked_for, [silent], resolution="fine").transport == (other or "T.38")


def test_audio_without_a_fax_machine_is_no_reason_for_other_settings() -> None:
    silent = outcome(Status.NOT_A_FAX_MACHINE, "G.711", "")
    assert call_settings(None, [silent], resolution="fine") == CallSettings(resolution="fine")


def test_what_got_through_is_where_the_next_fax_begins() -> None:
    used = CallSettings(resolution="fine", max_rate=9_600, transport="G.711")
    known = learned(None, NUMBER, used, outcome(Status.SUCCESS, "G.711", "fine"))
    assert known == Destination(
        number=NUMBER, finest="fine", max_rate=9_600, transport="G.711", learned_at=NOW
    )
    settings = call_settings(known, (), resolution="superfine")
    assert settings == CallSettings(resolution="fine", max_rate=9_600, transport="G.711")


def test_a_success_as_the_line_does_it_takes_old_limits_back() -> None:
    limited = Destination(
        number=NUMBER, max_rate=9_600, transport="G.711", learned_at=NOW - timedelta(days=1)
    )
    known = learned(limited, NUMBER, CallSettings(resolution="fine"), outcome(Status.SUCCESS))
    assert known == Destination(number=NUMBER, finest="superfine", learned_at=NOW)


def test_a_failure_teaches_the_resolutions_alone_and_only_if_a_machine_was_there() -> None:
    used = CallSettings(resolution="fine", max_rate=9_600)
    assert learned(None, NUMBER, used, outcome(Status.BUSY, "", "")) is None
    known = learned(None, NUMBER, used, outcome(BROKEN, finest="standard"))
    assert known == Destination(number=NUMBER, finest="standard", learned_at=NOW)


@given(
    st.lists(
        st.builds(
            outcome,
            st.sampled_from(Status),
            st.sampled_from(["", "T.38", "G.711"]),
            st.sampled_from(["", "standard", "fine", "superfine"]),
        ),
        max_size=12,
    ),
    st.sampled_from(["standard", "fine", "superfine"]),
)
def test_settings_only_ever_fall_and_stay_within_what_a_fax_can_do(
    calls: list[Outcome], resolution: str
) -> None:
    fineness = ["standard", "fine", "superfine"]
    before = CallSettings(resolution=resolution)
    for made in range(len(calls) + 1):
        now = call_settings(None, calls[:made], resolution=resolution)
        assert now.max_rate in {14_400, 9_600, 4_800}
        assert now.max_rate <= before.max_rate
        assert fineness.index(now.resolution) <= fineness.index(before.resolution)
        assert now.transport in {"", "T.38", "G.711"}
        before = now
