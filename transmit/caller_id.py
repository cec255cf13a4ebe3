"""How a line is told who calls. Pure."""

import re

from config.number_text import in_e164

_NUMBER = re.compile(r"\+?[0-9 .()/-]*[0-9][0-9 .()/-]*")


def told(number: str) -> str:
    """A number without what people put between its digits; what is none, such as an account, as it is.

    The zero in `+49 (0)30 …` is left out, as it is dialled within Germany alone, and that in `+39 (0)6 …` is
    not: a valid number with a country code is told in E.164.
    """
    if not _NUMBER.fullmatch(number):
        return number
    bare = "".join(sign for sign in number if sign == "+" or sign.isdigit())
    return (in_e164(number) or bare) if bare.startswith("+") else bare
