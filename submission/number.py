"""A fax number as people write it: one E.164 number, or why it is none.

A wrong number sends a patient record to a stranger, so nothing is guessed. `read_number` collects every
reading that a person could have of the text, and takes it only if all of them are the same number. A reading
uses the digits that are written and no others; what may be left out is told by the rule that allows it:

- `+…`, `00…`, `011…`: the country code and the number. A trunk prefix of 0 behind the country code is left
  out, in brackets or not (`+49 (0)30 …`), where that country is called without it from abroad.
- digits alone: a number of the sender's region as it is written within that region, or that region's country
  code and a number.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import phonenumbers
from phonenumbers import PhoneNumber, PhoneNumberFormat, PhoneNumberType

_GROUP = r"[0-9]|\([0-9]+(?:[ .-]+[0-9]+)*\)"
_WRITTEN = re.compile(rf"(\+?)[ .-]*((?:{_GROUP})(?:[ .-]*(?:{_GROUP}))*)[ .-]*")
_EXIT_CODES = ("00", "011")
_MOST_DIGITS = 15  # E.164 §6.2, with the country code; libphonenumber takes longer ones in some countries

# Numbers that cost extra without being of libphonenumber's premium-rate type: German mass-traffic and service
# numbers, and the 976 exchange of North America.
_ALSO_PREMIUM = re.compile(r"\+49(?:137|180)|\+1[0-9]{3}976")


@dataclass(frozen=True, kw_only=True, slots=True)
class FaxNumber:
    """A complete number that can be dialled."""

    e164: str
    """With its plus sign: `+12065551234`."""
    region: str
    """Two letters of ISO 3166; `001` for a number of no country."""
    premium: bool
    """Whether a call to it costs extra."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Unreadable:
    """Why a text is not taken for a number."""

    explanation: str
    advice: str = ""
    """What to write instead, where it is more than the general advice."""


def read_number(text: str, region: str) -> FaxNumber | Unreadable:
    """The one number that the text can be.

    Args:
        text: As it was written, for example `(206) 555-1234`.
        region: The region that a number without country code belongs to (ISO 3166, two letters).
    """
    written = _WRITTEN.fullmatch(text)
    if not written:
        return _not_a_number(text)
    found = {_e164(number): number for number in _readings(written[1], written[2], region)}
    match list(found.values()):
        case [number]:
            return _fax_number(number)
        case []:
            return _incomplete(text, written[2], region)
        case numbers:
            both = " or ".join(map(_spelled, numbers))
            explanation = f"'{text}' can be read as {both}."
            return Unreadable(
                explanation=explanation, advice="Write the one that you mean, with its plus sign."
            )


def _readings(plus: str, rest: str, region: str) -> Iterator[PhoneNumber]:
    """Every number that a person could read in the text."""
    whole = list(_readings_of_digits(plus, _digits(rest), region))
    yield from whole
    before, zero, behind = rest.partition("(0)")
    without = _readings_of_digits(plus, _digits(before + behind), region, trunk_zero=False) if zero else ()
    for number in without:
        code = str(number.country_code)
        # Elsewhere than behind the country code a zero in brackets makes a doubt, and no number by itself.
        if whole or _digits(before) in {code, *(f"{exit_code}{code}" for exit_code in _EXIT_CODES)}:
            yield number


def _readings_of_digits(
    plus: str, digits: str, region: str, *, trunk_zero: bool = True
) -> Iterator[PhoneNumber]:
    if plus:
        yield from _international(digits, trunk_zero=trunk_zero)
        return
    national = list(_national(digits, region))
    yield from national
    yield from _with_country_code(digits, region)
    for exit_code in _EXIT_CODES:
        # 011 begins every number of Delhi, and nobody there takes it for the exit code of North America.
        if digits.startswith(exit_code) and (not national or _is_exit_code(exit_code, region)):
            yield from _international(digits.removeprefix(exit_code), trunk_zero=trunk_zero)


def _international(digits: str, *, trunk_zero: bool) -> Iterator[PhoneNumber]:
    """Country code and number, with at most one trunk zero between them."""
    number = _parsed(f"+{digits}", None)
    if number is None:
        return
    spellings = {_e164(number)[1:]}
    if trunk_zero:
        spellings.add(f"{number.country_code}0{_national_digits(number)}")
    if digits in spellings:
        yield number


def _is_exit_code(digits: str, region: str) -> bool:
    """Whether a call from the region to another country begins with the digits."""
    metadata = phonenumbers.PhoneMetadata.metadata_for_region(region)
    return bool(metadata and re.fullmatch(metadata.international_prefix or "", digits))


def _with_country_code(digits: str, region: str) -> Iterator[PhoneNumber]:
    number = _parsed(f"+{digits}", None)
    own_code = phonenumbers.country_code_for_region(region)
    if number and number.country_code == own_code and digits == _e164(number)[1:]:
        yield number


def _national(digits: str, region: str) -> Iterator[PhoneNumber]:
    """A number of the region, with the trunk prefix where the region writes one.

    `30 123456` is somebody's local number in every German city; only `030 123456` is a number of Berlin.
    """
    number = _parsed(digits, region)
    if number is None or not digits.endswith(_national_digits(number)):
        return  # not what is dialled from abroad: Argentine mobile numbers change in the middle
    if digits == _digits(phonenumbers.format_number(number, PhoneNumberFormat.NATIONAL)):
        yield number


def _parsed(text: str, region: str | None) -> PhoneNumber | None:
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return None
    can_be_dialled = len(_digits(_e164(number))) <= _MOST_DIGITS
    return number if can_be_dialled and phonenumbers.is_valid_number(number) else None


def _fax_number(number: PhoneNumber) -> FaxNumber:
    e164 = _e164(number)
    kind = phonenumbers.number_type(number)
    return FaxNumber(
        e164=e164,
        region=phonenumbers.region_code_for_number(number) or "",
        premium=kind == PhoneNumberType.PREMIUM_RATE or bool(_ALSO_PREMIUM.match(e164)),
    )


def _incomplete(text: str, rest: str, region: str) -> Unreadable:
    """No reading: a number that may have been meant is named, and not dialled."""
    digits = _digits(rest)
    near = (_parsed(f"+{digits}", None), _parsed(digits, region))
    meant = [_e164(number) for number in near if number]
    where = "" if text.startswith("+") else f" of the region {region}"
    return Unreadable(
        explanation=f"'{text}' is not a complete, valid number{where}.",
        advice=f"If you mean {' or '.join(dict.fromkeys(meant))}, write it so." if meant else "",
    )


def _not_a_number(text: str) -> Unreadable:
    if not re.search(r"\d", text):
        return Unreadable(explanation=f"'{text}' holds no number.")
    stray = re.search(r"[^0-9 .()+-]+", text)
    if stray is None:
        return Unreadable(explanation=f"The signs in '{text}' are not those of one number.")
    if stray[0] in {",", ";"}:
        return Unreadable(
            explanation=f"'{text}' holds more than one number.",
            advice="Write to each number as a recipient of its own.",
        )
    return Unreadable(
        explanation=f"'{text}' holds '{stray[0]}', which is no part of a number.",
        advice="Write digits alone, with the country code: +12065550100.",
    )


def _digits(text: str) -> str:
    return re.sub(r"[^0-9]", "", text)


def _e164(number: PhoneNumber) -> str:
    return str(phonenumbers.format_number(number, PhoneNumberFormat.E164))


def _national_digits(number: PhoneNumber) -> str:
    return str(phonenumbers.national_significant_number(number))


def _spelled(number: PhoneNumber) -> str:
    return str(phonenumbers.format_number(number, PhoneNumberFormat.INTERNATIONAL))
