import re
from random import Random

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st
from phonenumbers import PhoneNumberFormat

from config.number_pattern import NoPattern, read_pattern
from submission.allowance import Blocks
from submission.number import FaxNumber, read_number


@pytest.mark.parametrize(
    ("written", "pattern"),
    [
        ("+12065551234", "+12065551234"),
        ("  +1 (206) 555-1234 ", "+12065551234"),
        ("+1.206.555.1234", "+12065551234"),
        ("+1 206 555 1234", "+12065551234"),
        ("+1 206–555—1234", "+12065551234"),
        ("＋１２０６５５５１２３４", "+12065551234"),
        ("+49 (0)30 123456", "+4930123456"),
        ("+49 ( 0 ) 30/123456", "+4930123456"),
        ("+49 0 30 123456", "+4930123456"),
        ("+49 (0)30*", "+4930*"),
        ("+39 (0)6 1234 5678", "+390612345678"),  # Rome keeps its zero
        ("+39 (0)6*", "+3906*"),
        ("+44 (0)20 7946 *", "+44207946*"),
        ("+1 900 *", "+1900*"),
        ("+1*", "+1*"),
        ("+1 (???) 976-*", "+1???976*"),
        ("+1206555????", "+1206555????"),
    ],
)
def test_a_pattern_is_read_as_people_write_it(written: str, pattern: str) -> None:
    assert read_pattern(written) == pattern


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("206-555-1234", "'206-555-1234' does not say whose number it is. Begin with + and the country code"),
        ("0049 30 123456", "'0049 30 123456' begins with 00. Write + in its place: +4930123456."),
        ("011 44 20 7946 0000", "begins with 011. Write + in its place: +442079460000."),
        ("*", "'*' would block every number, or none."),
        ("", "'' would block every number, or none."),
        ("+*", "must go on with the country code"),
        ("+?206*", "must go on with the country code"),
        ("+0301234567", "must go on with the country code"),
        ("+1206*5551234", "its * at the end; ? stands for any one digit."),
        ("+1+206*", "must have its + at the beginning"),
        ("+1206", "'+1206' is too short for a number. For all numbers that begin so, write +1206*."),
        ("+1234567890123456", "has 16 digits; no number has more than 15."),
        ("+1800FLOWERS", "has 'F' in it."),
        ("+1206[0-9]*", "has '[' in it."),
    ],
)
def test_what_is_no_pattern_is_refused_with_a_sentence(written: str, said: str) -> None:
    with pytest.raises(NoPattern, match=re.escape(said)):
        read_pattern(written)


@given(st.text(max_size=20))
def test_whatever_is_read_blocks_something_and_reads_as_itself(written: str) -> None:
    try:
        pattern = read_pattern(written)
    except NoPattern:
        return
    assert read_pattern(pattern) == pattern
    number = pattern.replace("?", "5").replace("*", "5555555")
    assert Blocks([pattern]).blocking(number[:16]) == pattern


@given(st.from_regex(r"\+[1-9][0-9?]{6,13}\*?", fullmatch=True), st.randoms(use_true_random=False))
def test_what_people_put_between_digits_does_not_count(pattern: str, random: Random) -> None:
    dressed = pattern[0] + "".join(f"{mark}{random.choice([' ', '-', '.', '', '/'])}" for mark in pattern[1:])
    assert read_pattern(dressed) == read_pattern(pattern)


@pytest.mark.parametrize("region", ["US", "DE", "IT", "GB", "FR", "AR", "MX", "AU", "CH", "SM", "CI", "BR"])
def test_a_number_is_blocked_in_every_spelling_that_is_called(region: str) -> None:
    number = phonenumbers.example_number(region)
    assert number is not None
    dialled = phonenumbers.format_number(number, PhoneNumberFormat.E164)
    spellings = (
        dialled,
        phonenumbers.format_number(number, PhoneNumberFormat.INTERNATIONAL),
        f"+{number.country_code} (0){phonenumbers.national_significant_number(number).removeprefix('0')}",
    )
    for written in spellings:
        called = read_number(written, region)
        if isinstance(called, FaxNumber):
            assert Blocks([read_pattern(written)]).blocking(called.e164), written
