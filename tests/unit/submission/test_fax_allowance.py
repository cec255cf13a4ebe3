import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.fax import FaxSettings
from store.status import Status
from submission.allowance import blocked_by, refuse_number
from submission.number import FaxNumber

SEATTLE = FaxNumber(e164="+12065551234", region="US", premium=False)
PREMIUM = FaxNumber(e164="+19005551234", region="US", premium=True)


@pytest.mark.parametrize(
    ("blocks", "block"),
    [
        ({"+12065551234"}, "+12065551234"),
        ({"+1206*"}, "+1206*"),
        ({"+*"}, "+*"),
        ({"+12065551234*"}, "+12065551234*"),
        ({"+1206555123"}, ""),
        ({"+12065551234567*"}, ""),
        ({"+1425*", "+49*"}, ""),
        (set(), ""),
    ],
)
def test_a_number_is_blocked_whole_or_by_its_beginning(blocks: set[str], block: str) -> None:
    assert blocked_by("+12065551234", blocks) == block


@settings(deadline=None)
@given(
    st.from_regex(r"\+[1-9][0-9]{6,14}", fullmatch=True), st.from_regex(r"\+[1-9][0-9]{0,14}", fullmatch=True)
)
def test_a_prefix_blocks_what_begins_with_it_and_nothing_else(number: str, prefix: str) -> None:
    assert bool(blocked_by(number, {f"{prefix}*"})) is number.startswith(prefix)


def test_an_allowed_number_is_not_refused() -> None:
    assert refuse_number(SEATTLE, FaxSettings(), ()) is None
    assert refuse_number(SEATTLE, FaxSettings(allowed_countries=("CA", "US")), ()) is None
    assert refuse_number(PREMIUM, FaxSettings(premium_numbers=True), ()) is None


@pytest.mark.parametrize(
    ("number", "settings", "blocks", "explanation"),
    [
        (
            PREMIUM,
            FaxSettings(),
            (),
            "+19005551234 costs extra, and your policy does not allow premium-rate numbers.",
        ),
        (
            SEATTLE,
            FaxSettings(allowed_countries=("CA", "DE")),
            (),
            "+12065551234 is not in a country that your policy allows (CA, DE).",
        ),
        (SEATTLE, FaxSettings(), {"+1206*"}, "Faxes to +12065551234 are blocked."),
    ],
)
def test_a_number_that_may_not_be_faxed_is_blocked_with_its_reason(
    number: FaxNumber, settings: FaxSettings, blocks: set[str], explanation: str
) -> None:
    refusal = refuse_number(number, settings, blocks)
    assert refusal is not None
    assert (refusal.status, refusal.explanation) == (Status.BLOCKED, explanation)
