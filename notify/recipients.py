"""Recipients as people read them: numbers in international form, names only where the policy allows them.

With `phi_free` nothing that can name a person is shown: no name, no company, and of an address that was no
number only its digits, as the sender may have written `John_Doe.2065551234`.
"""

import re
from dataclasses import dataclass

from config.number_text import E164, international
from notify.language import Speech
from notify.wording import ENGLISH, one_line
from store.job import FaxJob

_NAMELESS = re.compile(r"[\d\s()+.,/#*-]*")
_SHOWN = 60
"""Characters of a text by the sender that stands in a sentence."""


def number_of(job: FaxJob, *, phi_free: bool, say: Speech = ENGLISH) -> str:
    """The job's number, or in quotation marks what the sender wrote in its place."""
    number = one_line(job.recipient.number, _SHOWN)
    if E164.fullmatch(number):
        return international(number)
    if not phi_free:
        return f'"{number}"'
    digits = "".join(re.findall(r"\d+", number))
    return f'"{digits}"' if digits else say("recipient {number}", number=job.position + 1)


def lines_of(job: FaxJob, *, phi_free: bool, say: Speech = ENGLISH) -> tuple[str, ...]:
    """The recipient for a table: name, title and company if known and allowed, then number and subaddress."""
    to = job.recipient
    named = ", ".join(filter(None, map(one_line, (to.name, to.title, to.company))))
    number = number_of(job, phi_free=phi_free, say=say)
    if job.recipient.subaddress:
        subaddress = one_line(job.recipient.subaddress)
        number = say("{number}, subaddress {subaddress}", number=number, subaddress=subaddress)
    return (named, number) if named and not phi_free else (number,)


@dataclass(frozen=True, kw_only=True, slots=True)
class FaxNamed:
    """The fax as the reader of a notice thinks of it: theirs, somebody's, or just one."""

    whole: str
    """As a sentence begins: `Your fax to +1 206 555 1234`."""
    short: str
    """As in a subject: `fax to +1 206 555 1234`."""


def fax_named(job: FaxJob, say: Speech, *, to_sender: bool, phi_free: bool) -> FaxNamed:
    """What a job's fax is called, to its sender or to somebody else."""
    number = number_of(job, phi_free=phi_free, say=say)
    name = "" if to_sender or phi_free else sender_of(job)
    if name:
        values = {"name": name, "number": number}
        return FaxNamed(
            whole=say("The fax from {name} to {number}", **values),
            short=say("fax from {name} to {number}", **values),
        )
    yours, one = say("Your fax to {number}", number=number), say("A fax to {number}", number=number)
    return FaxNamed(whole=yours if to_sender else one, short=say("fax to {number}", number=number))


def sender_of(job: FaxJob) -> str:
    """The name of who sent a fax, as on its cover page."""
    return one_line(job.wishes.sender_name or job.user.name, _SHOWN)


def is_nameless(text: str) -> bool:
    """Whether a text is made of digits and what stands between them, so that it can name nobody."""
    return bool(_NAMELESS.fullmatch(text))


def code_of(text: str, *, phi_free: bool) -> str:
    """A reference or a billing code; with `phi_free` only one of digits, as senders write names into them."""
    return station_of(text, phi_free=phi_free)


def station_of(csid: str, *, phi_free: bool) -> str:
    """The identity that the far end gave; with `phi_free` only if it is a number and not a name."""
    shown = one_line(csid)
    return "" if phi_free and not is_nameless(shown) else shown
