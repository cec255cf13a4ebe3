"""An envelope address becomes the number that a fax is for, and what the sender asks for in it.

    address  = head *( "/" option / "^" option ) [ "/" ]
    head     = [ "FAX=" ] number / name "." number
    option   = key "=" value / flag / "T33S=" subaddress

The number stands as people write it (`submission.number`); `FAX=` and `T33S=` are of RFC 3192 §2; the options
of a slash and of a caret are those of other products, with our directives' names (`submission.written`). A
fax contact of Outlook comes from Exchange as `IMCEAFAX-` and `name@number`, encoded. In a name and a value
`_` stands for a space. Case does not count. No part of an address is passed over: what is not understood is
refused with a sentence.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import unquote

from submission.number import FaxNumber, Unreadable, read_number
from submission.written import FLAGS, Place, Written, directive_named

# T.33 subaddresses travel in T.30's SUB frame: 20 positions (T.30 §5.3.6.2.7); RFC 3192 §2 writes digits.
_SUBADDRESS = re.compile(r"[0-9]{1,20}")
_OPTION = re.compile(r"([/^])([^/^]*)")
_WITH_SLASHES = re.compile(r"\+?[0-9 ().-]*[0-9)] */ *[0-9(][0-9 ()./-]*")
_DIGITS = re.compile(r"\+?[0-9(][0-9 ().-]{4,}[0-9]")
"""As many as may be a number."""
_LONGEST_QUOTE = 60
_OF_EXCHANGE = "IMCEAFAX-"


@dataclass(frozen=True, kw_only=True, slots=True)
class Addressee:
    """What an address says."""

    number: FaxNumber
    subaddress: str = ""
    directives: tuple[Written, ...] = ()
    """A name that stands before the number, as `to`, and the options in their order."""


@dataclass(frozen=True, kw_only=True, slots=True)
class UnknownOption:
    """An address with an option that is not understood."""

    number: str
    """The text before the options."""
    quote: str


def local_part_of(address: str) -> str:
    """What stands before the domain, without the quotes of a quoted string (RFC 5321 §4.1.2)."""
    local_part = address.rpartition("@")[0]
    if len(local_part) > 1 and local_part[0] == local_part[-1] == '"':
        return re.sub(r"\\(.)", r"\1", local_part[1:-1])
    return local_part


def read_addressee(local_part: str, region: str) -> Addressee | Unreadable | UnknownOption:
    """Whom an address names, and what it asks for.

    Args:
        local_part: As `local_part_of` gives it.
        region: The sender's default region.
    """
    text = _as_typed(local_part.strip()).removeprefix("/")
    if _WITH_SLASHES.fullmatch(text):
        return _slashes_within(text, region)
    head = re.split(r"[/^]", text, maxsplit=1)[0]
    options = _read_options(head, text[len(head) :])
    if not isinstance(options, _Options):
        return options
    found = _read_head(head, region)
    if isinstance(found, Unreadable):
        return found
    name, number = found
    named = [Written(name="to", value=name, quote=head, place=Place.ADDRESS)] if name else []
    return Addressee(number=number, subaddress=options.subaddress, directives=(*named, *options.directives))


def _as_typed(text: str) -> str:
    """What was typed as `[FAX:name@number]`; Exchange writes `_` for a slash and `+2B` for a plus sign."""
    if text[: len(_OF_EXCHANGE)].upper() != _OF_EXCHANGE:
        return text
    encoded = text[len(_OF_EXCHANGE) :].replace("_", "/").replace("%", "%25")
    name, at, number = unquote(re.sub(r"\+([0-9A-Fa-f]{2})", r"%\1", encoded)).rpartition("@")
    return f"{name}.{number}" if at else number


def _slashes_within(text: str, region: str) -> Unreadable:
    """Of `030/123456`, as numbers are written in some countries."""
    meant = read_number(text.replace("/", "-"), region)
    return Unreadable(
        explanation=f"'{text}' has a slash within the number; behind a slash an option is expected.",
        advice=f"If you mean {meant.e164}, write it so." if isinstance(meant, FaxNumber) else "",
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class _Options:
    subaddress: str
    directives: list[Written]


def _read_options(head: str, text: str) -> _Options | Unreadable | UnknownOption:
    directives: list[Written] = []
    subaddresses: list[str] = []
    for mark, option in _OPTION.findall(text.removesuffix("/")):
        key, equals, value = option.partition("=")
        if key.upper() == "T33S" and equals:
            subaddresses.append(value)
        elif written := _directive(key, value, f"{mark}{option}", flag=not equals):
            directives.append(written)
        else:
            return UnknownOption(number=head, quote=f"{mark}{option}"[:_LONGEST_QUOTE])
    if len(subaddresses) > 1:
        return Unreadable(explanation=f"'{head}{text}' has more than one subaddress.")
    subaddress = subaddresses[0] if subaddresses else ""
    if subaddresses and not _SUBADDRESS.fullmatch(subaddress):
        return Unreadable(
            explanation=f"The subaddress '{subaddress}' in '{head}{text}' is not 1 to 20 digits.",
            advice="Write it as FAX=+12065550100/T33S=6377.",
        )
    return _Options(subaddress=subaddress, directives=directives)


def _directive(key: str, value: str, quote: str, *, flag: bool) -> Written | None:
    name = directive_named(key)
    if flag:
        name, value = FLAGS.get(key.strip().lower(), ("", ""))
    if not name:
        return None
    text = " ".join(value.replace("_", " ").split())
    return Written(name=name, value=text, quote=quote, place=Place.ADDRESS)


def _read_head(head: str, region: str) -> tuple[str, FaxNumber] | Unreadable:
    """The name, which may be empty, and the number."""
    if head[:4].upper() == "FAX=":
        number = read_number(head[4:], region)
        return number if isinstance(number, Unreadable) else ("", number)
    splits = list(_name_and_number(head))
    if not splits:
        number = read_number(head, region)
        return number if isinstance(number, Unreadable) else ("", number)
    read = [(name, read_number(number, region)) for name, number in splits]
    if not any(isinstance(number, FaxNumber) for _, number in read):
        [*_, (name, problem)] = read
        if _number_in(name, region):  # `+12065551234 ext. 5`
            problem = read_number(head, region)
        assert isinstance(problem, Unreadable)  # noqa: S101 - none of them was a number
        return problem
    return _only_number(head, read, region)


def _only_number(
    head: str, read: Sequence[tuple[str, FaxNumber | Unreadable]], region: str
) -> tuple[str, FaxNumber] | Unreadable:
    """What can be read of a name and a number, if it is one number however it is read."""
    found = [(name, number) for name, number in read if isinstance(number, FaxNumber)]
    if second := _number_in(found[0][0], region):
        return Unreadable(
            explanation=f"'{head}' holds two numbers, {second.e164} and {found[0][1].e164}.",
            advice="Write the one that you mean, and the name as /to=Name.",
        )
    if len({number.e164 for _, number in found}) > 1:
        both = " or ".join(dict.fromkeys(number.e164 for _, number in found))
        return Unreadable(
            explanation=f"'{head}' can be read as a name and {both}.",
            advice="Write the number that you mean with its plus sign, and the name as /to=Name.",
        )
    if isinstance(read[0][1], Unreadable):
        # Digits between the name and the number: `Smith.49.2065551234` may be meant for Germany.
        return Unreadable(
            explanation=f"'{head}' has digits before {found[0][1].e164} that may belong to the number.",
            advice="Write the number that you mean with its plus sign, and the name as /to=Name.",
        )
    return found[0]


def _number_in(name: str, region: str) -> FaxNumber | None:
    """A complete number that stands within a name."""
    read = (read_number(digits, region) for digits in _DIGITS.findall(name))
    return next((number for number in read if isinstance(number, FaxNumber)), None)


def _name_and_number(head: str) -> Iterator[tuple[str, str]]:
    """Every way to read a name with a letter in it, a dot, and a number; none for what has no letter."""
    for dot in re.finditer(r"\.", head):
        name, number = head[: dot.start()], head[dot.end() :]
        if re.search(r"[^\W\d_]", name) and re.fullmatch(r"[0-9+ ().-]*[0-9][0-9 ().-]*", number):
            yield " ".join(name.replace("_", " ").split()), number


def display_name(address: str, names: dict[str, str]) -> str:
    """The name that the mail gives an address; empty where that is only the number again.

    Args:
        address: The envelope's.
        names: Display names by address in lower case.
    """
    unquoted = f"{local_part_of(address)}@{address.rpartition('@')[2]}"
    given = names.get(address.lower()) or names.get(unquoted.lower()) or ""
    name = " ".join(given.strip("'\"").split())
    return name if re.search(r"[^\W\d_]", name) and name.lower() != unquoted.lower() else ""
