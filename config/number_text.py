"""Telephone numbers as people read them: on cover pages, in notices, on the terminal."""

import re

import phonenumbers

E164 = re.compile(r"\+[1-9]\d{6,14}")
"""A complete number (ITU-T E.164 §6.1)."""


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
