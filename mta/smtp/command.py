"""The arguments of MAIL and RCPT (RFC 5321 §4.1.1.2, §4.1.1.3): a path and its ESMTP parameters.

Case is kept. Source routes are dropped (§4.1.1.3: "SHOULD NOT be used"). More is understood than the grammar
has, where real clients and fax addresses need it: a path without angle brackets, a blank after the colon,
dots anywhere in a local part, and parentheses in it, as in `(206)555.1234@fax.example.com`. Everything else
that is not a path raises `SyntaxRefused` with the reply that says so.
"""

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass

from mta.reply import Reply

PATH_LIMIT = 1000
"""Octets. RFC 5321 §4.5.3.1.3 has 256 as the least that must be possible; fax addresses have options."""
DOMAIN_LIMIT = 255
"""Octets (RFC 5321 §4.5.3.1.2)."""


class SyntaxRefused(Exception):  # noqa: N818 - named as what happened
    """The argument cannot be understood; `reply` says why."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(str(reply))
        self.reply = reply


@dataclass(frozen=True, kw_only=True, slots=True)
class Mailbox:
    """A mailbox (RFC 5321 §4.1.2) as it was written."""

    local_part: str
    """With its quotes, if it has them."""
    domain: str
    """A domain name, or an address literal with its square brackets; empty in `<postmaster>` alone."""

    def __str__(self) -> str:
        return f"{self.local_part}@{self.domain}" if self.domain else self.local_part


@dataclass(frozen=True, kw_only=True, slots=True)
class PathArgument:
    """What follows `MAIL FROM:` or `RCPT TO:`."""

    mailbox: Mailbox | None
    """None is the null path."""
    parameters: Mapping[str, str | None]
    """Keywords in upper case, values as they were written; None where there is no value."""


_BAD_RETURN_PATH = Reply(501, "5.1.7", "this is not a return path; write MAIL FROM:<name@example.org>")
_BAD_RECIPIENT = Reply(501, "5.1.3", "this is not an address; write RCPT TO:<number@domain>")
_BAD_PARAMETER = Reply(501, "5.5.4", "an ESMTP parameter is malformed or given twice")

# RFC 6531 §3.3 lets atoms, quoted texts and domain labels hold any character beyond ASCII. Those that cannot
# be seen are refused all the same (`_mailbox`): they serve nothing but to make two addresses look like one.
# So each class says which ASCII characters it lacks; one that lists all others takes long to compile.
_ATOM = r'[^\x00- ",:;<>@\[\\\]\x7f]+'
_QUOTED = r'"(?:[^\x00-\x1f"\\\x7f]|\\[ -~])*"'
_LETTER = r"[^\x00-/:-@\[-^`{-\x7f]"
_LABEL = rf"{_LETTER}(?:[^\x00-,./:-@\[-^`{{-\x7f]{{0,61}}{_LETTER})?"
_DOMAIN = rf"{_LABEL}(?:\.{_LABEL})*\.?"
_LITERAL = r"\[[0-9A-Za-z:.\-]{1,64}\]"
_MAILBOX_TEXT = rf"(?P<local>{_QUOTED}|{_ATOM})@(?P<domain>{_DOMAIN}|{_LITERAL})"
_ROUTE = rf"@{_DOMAIN}(?:,@{_DOMAIN})*:"
_PARAMETERS = r"(?P<parameters>(?: .*)?)"

_MAILBOX = re.compile(_MAILBOX_TEXT)
_IN_BRACKETS = re.compile(rf" *<(?:(?:{_ROUTE})?{_MAILBOX_TEXT})?>{_PARAMETERS}")
_BARE = re.compile(rf" *{_MAILBOX_TEXT}{_PARAMETERS}")
_POSTMASTER = re.compile(rf" *<(?P<local>postmaster)>{_PARAMETERS}", re.IGNORECASE)
_PARAMETER = re.compile(r"(?P<keyword>[A-Za-z0-9][A-Za-z0-9\-]*)(?:=(?P<value>[^\x00- =\x7f]+))?")


def parse_mailbox(text: str) -> Mailbox | None:
    """The mailbox that the whole text is, or None if it is none."""
    found = _MAILBOX.fullmatch(text)
    return _mailbox(*found.group("local", "domain")) if found else None


def parse_mail_argument(argument: str) -> PathArgument:
    """What follows the verb MAIL.

    Raises:
        SyntaxRefused: it is no return path, or a parameter is malformed.
    """
    return _parse(argument, keyword="FROM:", bad_path=_BAD_RETURN_PATH)


def parse_rcpt_argument(argument: str) -> PathArgument:
    """What follows the verb RCPT. `<postmaster>` needs no domain (RFC 5321 §4.1.1.3).

    Raises:
        SyntaxRefused: it is no forward path, or a parameter is malformed. The null path is none.
    """
    if argument[:3].upper() == "TO:" and (found := _POSTMASTER.fullmatch(argument, 3)):
        mailbox = Mailbox(local_part=found["local"], domain="")
        return PathArgument(mailbox=mailbox, parameters=_parse_parameters(found["parameters"]))
    parsed = _parse(argument, keyword="TO:", bad_path=_BAD_RECIPIENT)
    if parsed.mailbox is None:
        raise SyntaxRefused(_BAD_RECIPIENT)
    return parsed


def _parse(argument: str, *, keyword: str, bad_path: Reply) -> PathArgument:
    start = len(keyword)
    if argument[:start].upper() != keyword:
        raise SyntaxRefused(bad_path)
    found = _IN_BRACKETS.fullmatch(argument, start) or _BARE.fullmatch(argument, start)
    if not found:
        raise SyntaxRefused(bad_path)
    local_part, domain, parameters = found.group("local", "domain", "parameters")
    mailbox = None
    if local_part is not None:
        mailbox = _mailbox(local_part, domain)
        if mailbox is None:
            raise SyntaxRefused(bad_path)
    return PathArgument(mailbox=mailbox, parameters=_parse_parameters(parameters) if parameters else {})


def _mailbox(local_part: str, domain: str) -> Mailbox | None:
    domain = domain.removesuffix(".")
    text = f"{local_part}@{domain}"
    if not text.isascii() and not text.isprintable():
        return None
    if _octets(domain) > DOMAIN_LIMIT or _octets(text) > PATH_LIMIT:
        return None
    if domain[0] == "[" and not _is_literal(domain[1:-1]):
        return None
    return Mailbox(local_part=local_part, domain=domain)


def _octets(text: str) -> int:
    """How many there are of it in UTF-8."""
    return len(text) if text.isascii() else len(text.encode())


def _parse_parameters(text: str) -> dict[str, str | None]:
    parameters: dict[str, str | None] = {}
    for word in text.split(" "):
        if not word:
            continue
        found = _PARAMETER.fullmatch(word)
        if not found or found["keyword"].upper() in parameters:
            raise SyntaxRefused(_BAD_PARAMETER)
        parameters[found["keyword"].upper()] = found["value"]
    return parameters


def _is_literal(text: str) -> bool:
    """Whether this is an IPv4 or IPv6 address literal without its brackets (RFC 5321 §4.1.3).

    General literals are refused: no tag but IPv6 was ever registered.
    """
    tagged = text.upper().startswith("IPV6:")
    try:
        address = ipaddress.ip_address(text[5:] if tagged else text)
    except ValueError:
        return False
    return tagged == (address.version == 6)  # noqa: PLR2004 - IPv6
