"""How a line is told who calls. Pure."""

import re

_NUMBER = re.compile(r"\+?[0-9 .()/-]*[0-9][0-9 .()/-]*")
_TRUNK_PREFIX = re.compile(r"(?<=[0-9])[ .-]*\(0\)")


def told(number: str) -> str:
    """A number without what people put between its digits; what is none, such as an account, as it is.

    The zero in `+49 (0)30 …` is dialled within the country alone (ITU-T E.123 §7.1).
    """
    if not _NUMBER.fullmatch(number):
        return number
    if number.startswith("+"):
        number = _TRUNK_PREFIX.sub("", number, count=1)
    return "".join(sign for sign in number if sign == "+" or sign.isdigit())
