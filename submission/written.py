"""What a sender asks for, as it is written: the four places, and the words that are understood in them.

The places, the one that goes before the others first: an option in the address, a header field, a `#fax` line
at the top of the body, a tag in the subject. In all of them a directive has the same name. Case does not
count in names, `_` is as good as `-`, and other products' names are understood beside ours (`ALIASES`).
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum

from config.fax_values import DIRECTIVES
from store.job import Refusal
from store.status import Status


class Place(IntEnum):
    """Where a directive is written; of two places the lower one counts."""

    ADDRESS = 0
    HEADER = 1
    BODY = 2
    SUBJECT = 3


@dataclass(frozen=True, kw_only=True, slots=True)
class Written:
    """One directive as it is written."""

    name: str
    """One of `config.fax_values.DIRECTIVES`."""
    value: str
    """Without space at its ends; may be empty."""
    quote: str
    """The whole of it, as its writer will recognise it: `X-Fax-Cover: none`, `/cover=none`."""
    place: Place


ALIASES = {
    **{name: name for name in DIRECTIVES},
    "cp": "cover",
    "template": "cover",
    "recipient": "to",
    "co": "company",
    "fr": "from",
    "ref": "reference",
    "schedule": "at",
    "expires": "expire",
    "prio": "priority",
    "res": "resolution",
    "retryinterval": "retry-interval",
    "gateway": "line",
}
"""Names that are understood everywhere, by the directive that each stands for."""

HYLAFAX = {
    "autocoverpage": "cover",
    "cover-template": "cover",
    "cover-company": "company",
    "jobtag": "reference",
    "sendtime": "at",
    "killtime": "expire",
    "vres": "resolution",
    "maxdials": "retries",
    "maxtries": "retries",
    "retrytime": "retry-interval",
    "pagesize": "paper",
}
"""Parameters that HylaFAX's faxmail takes from `X-FAX-…` header fields, understood there alone."""

_QUOTED = re.compile(r"""["“”„](?P<inner>[^"“”„]*)["“”]""")

FLAGS = {
    "nocover": ("cover", "none"),
    "standard": ("resolution", "standard"),
    "fine": ("resolution", "fine"),
    "superfine": ("resolution", "superfine"),
    "a4": ("paper", "A4"),
    "letter": ("paper", "Letter"),
    "legal": ("paper", "Legal"),
}
"""Options of an address that need no value."""


def directive_named(name: str, *, header: bool = False) -> str:
    """The directive that a name stands for; empty if it is none."""
    bare = name.strip().casefold().replace("_", "-")
    return ALIASES.get(bare) or (HYLAFAX.get(bare, "") if header else "")


def unquoted(value: str) -> str:
    """A value without the quotation marks around the whole of it, straight ones or those of typesetters."""
    quoted = _QUOTED.fullmatch(value)
    return quoted["inner"].strip() if quoted else value


def header_directives(fields: dict[str, str]) -> tuple[list[Written], list[str]]:
    """What the `X-Fax-…` header fields say, and quotations of those that are not understood.

    Args:
        fields: By name in lower case; a line for each time that it is written.
    """
    found: list[Written] = []
    unknown: list[str] = []
    for field, text in ((field, line) for field, lines in fields.items() for line in lines.split("\n")):
        value = " ".join(text.split())
        quote = f"{field.title()}: {value}"
        parameter = field.removeprefix("x-fax-")
        name = directive_named(parameter, header=True)
        if name:
            value = _meaning_in_hylafax(parameter, unquoted(value))
            found.append(Written(name=name, value=value, quote=quote, place=Place.HEADER))
        else:
            unknown.append(quote)
    return found, unknown


def _meaning_in_hylafax(parameter: str, value: str) -> str:
    """Our word for the value of a parameter that counts or says differently there."""
    match parameter:
        case "autocoverpage":
            return "yes" if value.lower() in {"yes", "true", "1"} else "none"
        case "maxdials" | "maxtries" if value.isascii() and value.isdecimal():
            return str(max(0, int(value[:9]) - 1))  # calls in all; ours are those after the first
        case "retrytime" if value.isascii() and value.isdecimal():
            return f"{value} s"
    return value


def refuse_unknown(quotes: Sequence[str], allowed: Iterable[str]) -> Refusal:
    """The refusal of what is not understood, with what would be."""
    quoted = " and ".join(f"'{quote}'" for quote in quotes)
    return refuse_directive(
        f"{quoted} {'is' if len(quotes) == 1 else 'are'} not understood.", f"{_listed(allowed)} {_AGAIN}"
    )


def refuse_forbidden(written: Sequence[Written], allowed: Iterable[str]) -> Refusal:
    """The refusal of what the policy does not let a sender ask for."""
    quoted = " and ".join(f"'{one.quote}'" for one in written)
    return refuse_directive(
        f"{quoted} {'asks' if len(written) == 1 else 'ask'} for what your policy does not allow.",
        f"{_listed(allowed)} {_AGAIN}",
    )


def refuse_unquoted(names: Iterable[str], allowed: Iterable[str]) -> Refusal:
    """The refusal of directives where nothing of the mail may be said: by their names, which are ours."""
    named = ", ".join(dict.fromkeys(names))
    return Refusal(
        status=Status.GENERAL_ERROR,
        explanation="The mail asks for something that is not understood or not allowed"
        f"{f' ({named})' if named else ''}.",
        advice=f"{_listed(allowed)} Look at what you wrote, and send the mail again.",
        quotes_nothing=True,
    )


def refuse_directive(explanation: str, advice: str) -> Refusal:
    """The refusal of a mail for what its sender asks for."""
    return Refusal(status=Status.GENERAL_ERROR, explanation=explanation, advice=advice)


_AGAIN = "Take the other away and send the mail again."


def _listed(allowed: Iterable[str]) -> str:
    names = ", ".join(allowed)
    return f"You may use {names}." if names else "Your policy allows no directives."
