"""Telephone numbers as people read them (cover pages, notices, the terminal), and as they are dialled."""

import re

import phonenumbers

E164 = re.compile(r"\+[1-9]\d{6,14}")
"""A complete number (ITU-T E.164 §6.1)."""


def in_e164(number: str) -> str:
    """A number with its plus sign as it is dialled: `+39 (0)6 …` keeps its zero. Empty for no valid one."""
    try:
        parsed = phonenumbers.parse(number, None)
    except phonenumbers.NumberParseException:
        return ""
    valid = phonenumbers.is_valid_number(parsed)
    return str(phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)) if valid else ""


def international(number: str) -> str:
    """An E.164 number in its country's international grouping: `+1 206 555 1234`. Other texts stay."""
    if not E164.fullmatch(number):
        return number
    try:
        parsed = phonenumbers.parse(number, None)
    except phonenumbers.NumberParseException:
        return number
    grouped = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
    return grouped.replace("-", " ")
