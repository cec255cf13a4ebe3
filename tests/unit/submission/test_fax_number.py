import re

import phonenumbers
import pytest
from hypothesis import assume, given, reject, settings
from hypothesis import strategies as st

from submission.number import FaxNumber, Unreadable, read_number

REGIONS = sorted(phonenumbers.SUPPORTED_REGIONS)


def e164(text: str, region: str = "US") -> str | None:
    number = read_number(text, region)
    return number.e164 if isinstance(number, FaxNumber) else None


def refused(text: str, region: str = "US") -> Unreadable:
    number = read_number(text, region)
    assert isinstance(number, Unreadable), number
    return number


@pytest.mark.parametrize(
    ("text", "region", "number"),
    [
        ("+12065551234", "US", "+12065551234"),
        ("12065551234", "US", "+12065551234"),
        ("2065551234", "US", "+12065551234"),
        ("206-555-1234", "US", "+12065551234"),
        ("(206)555.1234", "US", "+12065551234"),
        ("(206) 555-1234", "US", "+12065551234"),
        ("1.206.555.1234", "US", "+12065551234"),
        ("+1 (206) 555-1234", "DE", "+12065551234"),
        ("416-555-1234", "US", "+14165551234"),
        # The zero in brackets is for those who call from within the country.
        ("+49 (0)30 123456", "US", "+4930123456"),
        ("+49(0)30123456", "US", "+4930123456"),
        ("+49 030 123456", "US", "+4930123456"),
        ("+44 (0)20 7946 0000", "US", "+442079460000"),
        ("0049 (0)30 123456", "DE", "+4930123456"),
        # In Italy it is part of the number.
        ("+39 (0)6 1234 5678", "US", "+390612345678"),
        ("+39 06 1234 5678", "US", "+390612345678"),
        # Exit codes.
        ("004930123456", "US", "+4930123456"),
        ("0114930123456", "US", "+4930123456"),
        ("0012065551234", "DE", "+12065551234"),
        # As the region writes it.
        ("030 123456", "DE", "+4930123456"),
        ("4930123456", "DE", "+4930123456"),
        ("020 7946 0000", "GB", "+442079460000"),
        ("0114 272 6444", "GB", "+441142726444"),
        ("01 42 68 53 00", "FR", "+33142685300"),
        ("06 1234 5678", "IT", "+390612345678"),
        ("8 495 123-45-67", "RU", "+74951234567"),
        ("011 4031 1138", "IN", "+911140311138"),  # Delhi, not Romania
        ("01 13 52 47 71", "FR", "+33113524771"),
        ("(0-312) 34000", "LT", "+37031234000"),
        ("+800 1234 5678", "US", "+80012345678"),
    ],
)
def test_a_number_is_read_as_people_write_it(text: str, region: str, number: str) -> None:
    assert e164(text, region) == number


@pytest.mark.parametrize(
    ("text", "region"),
    [
        ("4930123456", "US"),  # never Germany
        ("30123456", "DE"),  # somebody's local number, in any city
        ("142685300", "FR"),
        ("4951234567", "RU"),
        ("911", "US"),
        ("411", "US"),
        ("112", "DE"),
        ("5551234", "US"),
        ("+1206555123", "US"),
        ("+120655512345", "US"),  # one digit too many
        ("20655512345", "US"),
        ("206 555 1234 2", "US"),  # and a page count behind it
        ("12065551234 4255550199", "US"),
        ("02065551234", "US"),
        ("+1 1 206 555 1234", "US"),
        ("112065551234", "US"),
        ("+0012065551234", "US"),
        ("0027(0)0101234000", "ZA"),  # one zero too many
        ("0414 1 20 7946 0958", "DE"),  # 16 digits with the country code
        ("0000000000", "US"),
        ("1" * 60, "US"),
    ],
)
def test_what_is_no_complete_number_is_not_completed(text: str, region: str) -> None:
    assert "is not a complete, valid number" in refused(text, region).explanation


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "holds no number"),
        ("+", "holds no number"),
        ("Reception", "holds no number"),
        ("206555CALL", "holds 'CALL', which is no part of a number"),
        ("1-800-FLOWERS1", "holds 'FLOWERS'"),
        ("+12065551234 ext 5", "holds 'ext'"),
        ("+12065551234x5", "holds 'x'"),
        ("tel:+12065551234", "holds 'tel:'"),
        ("2065551234,4255550199", "holds more than one number"),
        ("2065551234;4255550199", "holds more than one number"),
        ("2065551234#6377", "holds '#'"),
        ("206_555_1234", "holds '_'"),
        ("+49 30 1234567 2 Seiten", "holds 'Seiten'"),
        ("٢٠٦٥٥٥١٢٣٤", "holds '٢٠٦٥٥٥١٢٣٤'"),
        ("１２０６５５５１２３４", "holds '１２０６５５５１２３４'"),
        ("206‐555‐1234", "holds '‐'"),
        ("+1+2065551234", "are not those of one number"),
        ("1+2065551234", "are not those of one number"),
        ("++12065551234", "are not those of one number"),
        ("(2065551234", "are not those of one number"),
        ("206)5551234", "are not those of one number"),
        ("((206))5551234", "are not those of one number"),
        ("()2065551234", "are not those of one number"),
        ("206\n5551234", "which is no part of a number"),
    ],
)  # fmt: skip
def test_anything_but_one_number_is_refused_and_quoted(text: str, says: str) -> None:
    problem = refused(text)
    assert says in problem.explanation
    assert f"'{text}'" in problem.explanation


@pytest.mark.parametrize(
    ("text", "region", "readings"),
    [
        ("+4930(0)123456", "US", ("+49 30 0123456", "+49 30 123456")),
        ("3902035518", "IT", ("+39 390 203 5518", "+39 02 035518")),
        ("483054943", "PL", ("+48 48 305 49 43", "+48 30 54 943")),
    ],
)
def test_two_readings_are_both_told(text: str, region: str, readings: tuple[str, str]) -> None:
    assert refused(text, region).explanation == f"'{text}' can be read as {readings[0]} or {readings[1]}."


def test_a_number_that_may_have_been_meant_is_named_and_not_dialled() -> None:
    assert refused("4930123456", "US").advice == "If you mean +4930123456, write it so."
    assert refused("30123456", "DE").advice == "If you mean +4930123456, write it so."


@pytest.mark.parametrize(
    ("text", "premium"),
    [
        ("+1 900 555 1234", True),
        ("+1 206 976 1234", True),
        ("+49 180 5 123456", True),
        ("+49 137 1 234567", True),
        ("+44 909 879 0000", True),
        ("+1 206 555 1234", False),
        ("+1 800 555 1234", False),
    ],
)
def test_numbers_that_cost_extra_are_known(text: str, premium: bool) -> None:  # noqa: FBT001 - a column of the table
    number = read_number(text, "US")
    assert isinstance(number, FaxNumber)
    assert number.premium is premium


@st.composite
def valid_numbers(draw: st.DrawFn) -> tuple[str, str]:
    """A region and a valid number of it: an example of the number plan with its last digits changed."""
    region = draw(st.sampled_from(REGIONS))
    example = phonenumbers.example_number_for_type(region, phonenumbers.PhoneNumberType.FIXED_LINE)
    if example is None:
        reject()
    digits = phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.E164)
    number = digits[:-3] + draw(st.text(alphabet="0123456789", min_size=3, max_size=3))
    assume(phonenumbers.is_valid_number(phonenumbers.parse(number, None)))
    return region, number


def forms(number: str) -> list[str]:
    """A number in the forms that people know, right ones and wrong ones."""
    parsed = phonenumbers.parse(number, None)
    national = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.NATIONAL)
    digits = phonenumbers.national_significant_number(parsed)
    code = str(parsed.country_code)
    right = [number, number[1:], f"00{number[1:]}", f"011{number[1:]}", national]
    return [*right, digits, f"+{code} (0){digits}", f"+{code}0{digits}", f"00{code}(0){digits}"]


@st.composite
def nearly_numbers(draw: st.DrawFn) -> tuple[str, str]:
    """A region, and a number in some form with a few slips of the finger."""
    region, number = draw(valid_numbers())
    text = draw(st.sampled_from(forms(number)))
    for _ in range(draw(st.integers(0, 3))):
        place = draw(st.integers(0, len(text)))
        slip = draw(st.sampled_from(["", *"0123456789+()-. ", "(0)", "00", "011"]))
        text = text[:place] + slip + text[place + draw(st.integers(0, 1)) :]
    return draw(st.sampled_from([region, "US", "DE", "IT"])), text


def reads_in_order(digits: str, text: str) -> bool:
    """Whether the text ends with the digits, with nothing among them but zeros in brackets."""
    written = "".join(character for character in text if character in "0123456789")
    without = "".join(character for character in text.replace("(0)", "", 1) if character in "0123456789")
    return written.endswith(digits) or without.endswith(digits)


@settings(max_examples=400, deadline=None)
@given(nearly_numbers())
def test_no_text_dials_digits_that_nobody_reads_in_it(region_and_text: tuple[str, str]) -> None:
    region, text = region_and_text
    number = read_number(text, region)
    if isinstance(number, FaxNumber):
        parsed = phonenumbers.parse(number.e164, None)
        national = phonenumbers.national_significant_number(parsed)
        assert phonenumbers.is_valid_number(parsed)
        assert reads_in_order(national, text)
        # Before the national digits stand exit code, country code and trunk prefix, and nothing else.
        before = "".join(character for character in text if character.isdigit()).removesuffix(national)
        assert re.fullmatch(rf"(?:(?:00|011)?{parsed.country_code})?0?|[0-9]{{1,2}}", before)


@settings(deadline=None)
@given(st.text(max_size=30), st.sampled_from(REGIONS))
def test_no_text_whatever_raises(text: str, region: str) -> None:
    assert isinstance(read_number(text, region), FaxNumber | Unreadable)


@settings(deadline=None)
@given(valid_numbers())
def test_a_number_in_international_form_is_read_back(region_and_number: tuple[str, str]) -> None:
    _, number = region_and_number
    parsed = phonenumbers.parse(number, None)
    printed = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
    for text in (number, printed.replace("/", "-"), f"00{number[1:]}", f"011{number[1:]}"):
        assert e164(text) == number


@settings(deadline=None)
@given(valid_numbers())
def test_a_number_as_its_region_writes_it_is_read_or_refused_for_two_readings(
    region_and_number: tuple[str, str],
) -> None:
    region, number = region_and_number
    national = phonenumbers.format_number(
        phonenumbers.parse(number, None), phonenumbers.PhoneNumberFormat.NATIONAL
    )
    found = read_number(national.replace("/", "-"), region)
    if isinstance(found, FaxNumber):
        assert found.e164 == number
    else:
        assert "can be read as" in found.explanation


@settings(deadline=None)
@given(valid_numbers(), st.sampled_from(REGIONS))
def test_digits_without_a_plus_never_leave_the_senders_country_code(
    region_and_number: tuple[str, str], region: str
) -> None:
    digits = region_and_number[1][1:]
    assume(not digits.startswith(("00", "011")))
    found = e164(digits, region)
    own_code = phonenumbers.country_code_for_region(region)
    assert found is None or phonenumbers.parse(found, None).country_code == own_code
