import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.fax import FaxSettings
from store.status import Status
from submission.allowance import NO_BLOCKS, Blocks, policy_blocks, refuse_number
from submission.number import FaxNumber, read_number

SEATTLE = FaxNumber(e164="+12065551234", region="US", premium=False)
PREMIUM = FaxNumber(e164="+19005551234", region="US", premium=True)


@pytest.mark.parametrize(
    ("patterns", "block"),
    [
        ({"+12065551234"}, "+12065551234"),
        ({"+1206*"}, "+1206*"),
        ({"+*"}, "+*"),
        ({"+12065551234*"}, "+12065551234*"),
        ({"+1206555123"}, ""),
        ({"+12065551234567*"}, ""),
        ({"+1425*", "+49*"}, ""),
        ({"+1206555????"}, "+1206555????"),
        ({"+1206555???"}, ""),
        ({"+1206555?????"}, ""),
        ({"+1???555*"}, "+1???555*"),
        ({"+1???556*"}, ""),
        ({"+120655512??*"}, "+120655512??*"),
        (set(), ""),
    ],
)
def test_a_number_is_blocked_whole_or_with_gaps_or_by_its_beginning(patterns: set[str], block: str) -> None:
    assert Blocks(patterns).blocking("+12065551234") == block


def test_the_most_exact_pattern_is_told() -> None:
    from_loose_to_exact = ["+1*", "+1206*", "+1???5551*", "+1206555????", "+12065551234"]
    for count in range(1, len(from_loose_to_exact) + 1):
        assert Blocks(from_loose_to_exact[:count]).blocking("+12065551234") == from_loose_to_exact[count - 1]


@pytest.mark.parametrize(
    ("number", "countries", "allowed"),
    [
        ("+18003569377", ["CA"], True),  # toll-free numbers are of all of North America
        ("+18003569377", ["MX"], False),
        ("+12065551234", ["CA"], False),
        ("+14165551234", ["CA"], True),
        ("+390669812345", ["VA"], True),
        ("+447911123456", ["JE"], False),
    ],
)
def test_a_number_of_several_countries_is_in_each_of_them(
    number: str, countries: list[str], *, allowed: bool
) -> None:
    found = read_number(number, "US")
    assert isinstance(found, FaxNumber)
    refusal = refuse_number(found, FaxSettings.model_validate({"allowed_countries": countries}), NO_BLOCKS)
    assert (refusal is None) is allowed


NUMBERS = st.from_regex(r"\+[1-9][0-9]{6,14}", fullmatch=True)
PATTERNS = st.from_regex(r"\+[12?][02?]{0,7}\*?", fullmatch=True)


@settings(deadline=None)
@given(NUMBERS, st.from_regex(r"\+[1-9][0-9]{0,14}", fullmatch=True))
def test_a_prefix_blocks_what_begins_with_it_and_nothing_else(number: str, prefix: str) -> None:
    assert bool(Blocks({f"{prefix}*"}).blocking(number)) is number.startswith(prefix)


@settings(deadline=None)
@given(st.from_regex(r"\+[12][02]{6,7}", fullmatch=True), st.lists(PATTERNS, max_size=6))
def test_a_number_is_blocked_as_each_pattern_reads(number: str, patterns: list[str]) -> None:
    def meant(pattern: str) -> str:
        return re.escape(pattern).replace(r"\?", "[0-9]").replace(r"\*", ".*")

    matching = {pattern for pattern in patterns if re.fullmatch(meant(pattern), number)}
    found = Blocks(patterns).blocking(number)
    assert found in matching if matching else not found


def test_two_lists_count_as_one() -> None:
    both = policy_blocks(("+1206*",)).beside(Blocks(["+49*", "+4930*"]))
    assert [both.blocking(number) for number in ("+12065551234", "+4930123456", "+33123456789")] == [
        "+1206*",
        "+4930*",
        "",
    ]
    assert len(both) == 3


def test_an_allowed_number_is_not_refused() -> None:
    assert refuse_number(SEATTLE, FaxSettings(), NO_BLOCKS) is None
    assert refuse_number(SEATTLE, FaxSettings(allowed_countries=("CA", "US")), NO_BLOCKS) is None
    assert refuse_number(PREMIUM, FaxSettings(premium_numbers=True), NO_BLOCKS) is None


@pytest.mark.parametrize(
    ("number", "settings", "blocks", "explanation"),
    [
        (
            PREMIUM,
            FaxSettings(),
            NO_BLOCKS,
            "+19005551234 costs extra, and your policy does not allow premium-rate numbers.",
        ),
        (
            SEATTLE,
            FaxSettings(allowed_countries=("CA", "DE")),
            NO_BLOCKS,
            "+12065551234 is not in a country that your policy allows (CA, DE).",
        ),
        (SEATTLE, FaxSettings(), Blocks({"+1206*"}), "Faxes to +12065551234 are blocked."),
    ],
)
def test_a_number_that_may_not_be_faxed_is_blocked_with_its_reason(
    number: FaxNumber, settings: FaxSettings, blocks: Blocks, explanation: str
) -> None:
    refusal = refuse_number(number, settings, blocks)
    assert refusal is not None
    assert (refusal.status, refusal.explanation) == (Status.BLOCKED, explanation)
