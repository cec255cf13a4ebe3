"""A pattern of numbers to block, as people write it: one number, or all that begin or look alike.

A pattern that no number could fall under is none, and one number is kept as it is dialled: a block that is
written otherwise than the numbers that are called would block nothing, and nobody would know.
"""

import re
import unicodedata

import phonenumbers
from phonenumbers import PhoneMetadata

from config.number_text import in_e164

_BESIDE_DIGITS = re.compile(r"[\s()./\u2010-\u2015\u2212-]")
_TRUNK_ZERO = re.compile(r"\(\s*0\s*\)")
_MOST_DIGITS = 15  # E.164 §6.2
_FEWEST_DIGITS = 7
"""A complete number with its country code has no fewer."""


class NoPattern(ValueError):  # noqa: N818 - named as what happened
    """The text is no pattern; the exception's text says why, and what to write."""

    def __init__(self, written: str, problem: str) -> None:
        super().__init__(f"'{written}' {problem}")
        self.problem = problem
        """The same without what was written: "is too short for a number. …"."""


def read_pattern(written: str) -> str:
    """The pattern as it is kept: `+12065551234`, `+1900*`, `+1???976*`.

    Args:
        written: With what people put between digits: `+1 (206) 555-1234`, `+49 (0)30 12 34 *`.

    Raises:
        NoPattern: It is none, or one that no number could fall under.
    """
    text = unicodedata.normalize("NFKC", written).strip()
    with_zero, without_zero = (_BESIDE_DIGITS.sub("", one) for one in (text, _without_trunk_zero(text)))
    bare = without_zero if _has_trunk_zero(text) else with_zero
    if problem := _problem(bare):
        raise NoPattern(written.strip(), problem)
    if re.search(r"[?*]", bare):
        return bare
    return next(filter(None, map(in_e164, (bare, without_zero, with_zero))), bare)


def _without_trunk_zero(text: str) -> str:
    """`+49 (0)30` is +4930: a trunk prefix is not dialled from abroad."""
    return _TRUNK_ZERO.sub("", text, count=1) if text.startswith("+") else text


def _has_trunk_zero(text: str) -> bool:
    """Whether the country is one whose numbers are written with a trunk prefix of 0; in Italy it is none."""
    code = _BESIDE_DIGITS.sub("", _TRUNK_ZERO.split(text, maxsplit=1)[0]).removeprefix("+")
    region = phonenumbers.region_code_for_country_code(int(code)) if re.fullmatch(r"[0-9]{1,3}", code) else ""
    metadata = PhoneMetadata.metadata_for_region(region) if region else None
    return metadata is not None and metadata.national_prefix == "0"


def _problem(bare: str) -> str:
    """What is wrong with a text without the marks between digits; empty if nothing is."""
    if strange := re.search(r"[^0-9?*+]", bare):
        return f"has '{strange[0]}' in it. A pattern has digits, ? for any one digit, and * at its end."
    if not bare.startswith("+"):
        return _without_plus(bare)
    if "*" in bare[:-1] or "+" in bare[1:]:
        return "must have its + at the beginning and its * at the end; ? stands for any one digit."
    if not re.match(r"\+[1-9]", bare):
        return "must go on with the country code behind its +, as +1 or +44."
    return _wrong_length(bare)


def _wrong_length(bare: str) -> str:
    digits = len(re.findall(r"[0-9?]", bare))
    if digits > _MOST_DIGITS:
        return f"has {digits} digits; no number has more than {_MOST_DIGITS}."
    if digits < _FEWEST_DIGITS and not bare.endswith("*"):
        return f"is too short for a number. For all numbers that begin so, write {bare}*."
    return ""


def _without_plus(bare: str) -> str:
    if not bare.strip("*?"):
        return "would block every number, or none. Begin with + and a country code, as +1900*."
    if code := re.match(r"00|011", bare):
        return f"begins with {code[0]}. Write + in its place: +{bare[code.end() :]}."
    return "does not say whose number it is. Begin with + and the country code, as +12065551234."
