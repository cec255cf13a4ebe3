"""What a sender asks for of one fax: the directives of all places brought together and read.

Where two places say the same directive, the address goes before the header, the header before the body, the
body before the subject (`submission.written.Place`). What cannot be read is refused: a directive that is
passed over in silence is a fax that is not what its sender wanted.
"""

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from config.fax import Paper, Resolution
from store.job import Priority, Refusal
from submission.moment import read_moment
from submission.number import Unreadable
from submission.written import Written, refuse_directive

LONGEST_TEXT = 200
"""Characters of a name or a reference; a cover page and a record have room for so many."""
MOST_RETRIES = 49
SHORTEST_INTERVAL = timedelta(minutes=1)
LONGEST_INTERVAL = timedelta(days=1)


class CoverWish(StrEnum):
    """Whether the sender asks for a cover page."""

    UNSAID = "unsaid"
    YES = "yes"
    NO = "no"


@dataclass(frozen=True, kw_only=True, slots=True)
class Directives:
    """What the sender asks for of one fax. What nobody said is empty or None."""

    cover: CoverWish = CoverWish.UNSAID
    template: str = ""
    """The template that is asked for by name; empty for the assigned one."""
    cover_quote: str = ""
    """How the wish about the cover page is written."""
    to: str = ""
    company: str = ""
    title: str = ""
    sender_name: str = ""
    reference: str = ""
    billing: str = ""
    at: datetime | None = None
    expire: datetime | None = None
    priority: Priority | None = None
    resolution: Resolution | None = None
    retries: int | None = None
    """Calls after the first one."""
    retry_interval: timedelta | None = None
    paper: Paper | None = None
    line: str = ""
    notify: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Circumstances:
    """What directives are read by."""

    now: datetime
    """When the mail was received."""
    time_zone: ZoneInfo
    lines: Collection[str]
    """The names of the lines that the sender may use."""
    may_be_told: Callable[[str], bool]
    """Whether notices about the sender's faxes may go to an address."""


def in_force(written: Iterable[Written]) -> dict[str, Written] | Refusal:
    """Of each directive the one that counts; what one place says twice in two ways is refused."""
    found: dict[str, Written] = {}
    for one in sorted(written, key=lambda directive: directive.place):
        first = found.setdefault(one.name, one)
        if first.place is one.place and first.value.casefold() != one.value.casefold():
            return refuse_directive(
                f"'{first.quote}' and '{one.quote}' contradict each other.", "Take one of them away."
            )
    return found


def read_directives(directives: Mapping[str, Written], facts: Circumstances) -> Directives | Refusal:
    """The directives as values, or the refusal of the first that cannot be read.

    Args:
        directives: By name, as `in_force` gives them.
        facts: What they are read by.
    """
    values: dict[str, object] = {}
    for name, written in directives.items():
        read = _READERS[name](written, facts)
        if isinstance(read, Refusal):
            return read
        values |= read
    found = Directives(**values)  # type: ignore[arg-type]
    return _refuse_order(found, directives) or found


_Read = Mapping[str, object] | Refusal


def _refuse_order(found: Directives, written: Mapping[str, Written]) -> Refusal | None:
    if found.at and found.expire and found.expire <= found.at:
        return refuse_directive(
            f"'{written['expire'].quote}' is not after '{written['at'].quote}', so it would never be sent.",
            "Write a later time to give up at, or take it away.",
        )
    return None


def _refused(written: Written, problem: str, advice: str) -> Refusal:
    return refuse_directive(f"'{written.quote}' {problem}", advice)


def _cover(written: Written, _: Circumstances) -> _Read:
    match written.value.lower():
        case "":
            return _refused(
                written,
                "names no cover page.",
                "Write yes, none or the name of a cover page, or take it away.",
            )
        case "none" | "off" | "no":
            return {"cover": CoverWish.NO, "cover_quote": written.quote}
        case "yes" | "on":
            return {"cover": CoverWish.YES, "cover_quote": written.quote}
    return {"cover": CoverWish.YES, "template": written.value, "cover_quote": written.quote}


def _text(field: str) -> Callable[[Written, Circumstances], _Read]:
    def read(written: Written, _: Circumstances) -> _Read:
        text = "".join(character for character in written.value if character.isprintable())
        if len(text) > LONGEST_TEXT:
            return _refused(written, f"is longer than {LONGEST_TEXT} characters.", "Write less.")
        return {field: text}

    return read


def _moment(field: str) -> Callable[[Written, Circumstances], _Read]:
    def read(written: Written, facts: Circumstances) -> _Read:
        moment = read_moment(written.value, facts.time_zone, facts.now)
        if isinstance(moment, Unreadable):
            return _refused(written, f"cannot be followed: {moment.explanation}", moment.advice)
        if field == "expire" and moment <= facts.now:
            return _refused(written, "has passed already.", "Write a time that is to come.")
        return {field: moment}

    return read


_PRIORITIES = {
    **{priority.word: priority for priority in Priority},
    "urgent": Priority.HIGH,
    # What HylaFAX's clients write for the same.
    "63": Priority.HIGH, "127": Priority.NORMAL, "190": Priority.LOW, "191": Priority.BULK,
}  # fmt: skip
_RESOLUTIONS = {
    **{resolution.value: resolution for resolution in Resolution},
    "low": Resolution.STANDARD, "normal": Resolution.STANDARD, "high": Resolution.FINE,
    "98": Resolution.STANDARD, "196": Resolution.FINE, "391": Resolution.SUPERFINE,
}  # fmt: skip
_PAPERS = {**{paper.value.lower(): paper for paper in Paper}, "us-let": Paper.LETTER, "us-leg": Paper.LEGAL}


def _choice(
    field: str, known: Mapping[str, object], listed: str
) -> Callable[[Written, Circumstances], _Read]:
    def read(written: Written, _: Circumstances) -> _Read:
        value = known.get(written.value.lower())
        return (
            _refused(written, "is none of the choices.", f"Write {listed}.")
            if value is None
            else {field: value}
        )

    return read


def _retries(written: Written, _: Circumstances) -> _Read:
    if re.fullmatch(r"[0-9]{1,2}", written.value) and int(written.value) <= MOST_RETRIES:
        return {"retries": int(written.value)}
    return _refused(
        written,
        "is no number of further calls.",
        f"Write how often to call again if the first call fails, from 0 to {MOST_RETRIES}.",
    )


_UNITS = {
    "s": 1,
    "sec": 1,
    "m": 60,
    "min": 60,
    "minutes": 60,
    "minute": 60,
    "h": 3600,
    "hour": 3600,
    "hours": 3600,
}


def _retry_interval(written: Written, _: Circumstances) -> _Read:
    found = re.fullmatch(r"([0-9]{1,6})\s*([a-z]*)", written.value.lower())
    unit = _UNITS.get(found[2] or "min") if found else None
    interval = timedelta(seconds=int(found[1]) * unit) if found and unit else timedelta()
    if SHORTEST_INTERVAL <= interval <= LONGEST_INTERVAL:
        return {"retry_interval": interval}
    return _refused(
        written, "is no time between two calls.", "Write it as 10 min or 2 h, from 1 minute to 24 hours."
    )


def _line(written: Written, facts: Circumstances) -> _Read:
    known = {name.lower(): name for name in facts.lines}
    name = known.get(written.value.lower())
    if name:
        return {"line": name}
    return _refused(
        written,
        "names no line that you may use.",
        f"You may use {', '.join(facts.lines)}." if facts.lines else "Take it away and send the mail again.",
    )


def _notify(written: Written, facts: Circumstances) -> _Read:
    addresses = tuple(dict.fromkeys(re.split(r"[\s,;]+", written.value.strip(" ,;"))))
    strangers = [address for address in addresses if not facts.may_be_told(address)]
    if not addresses[0]:
        return _refused(written, "names no address.", "Write one, or take it away.")
    if strangers:
        are = "is" if len(strangers) == 1 else "are"
        return _refused(
            written,
            f"cannot be followed: {' and '.join(strangers)} {are} not registered here.",
            "Notices go to addresses that may send faxes here, and to no others.",
        )
    return {"notify": addresses}


_READERS: dict[str, Callable[[Written, Circumstances], _Read]] = {
    "cover": _cover,
    "to": _text("to"),
    "company": _text("company"),
    "title": _text("title"),
    "from": _text("sender_name"),
    "reference": _text("reference"),
    "billing": _text("billing"),
    "at": _moment("at"),
    "expire": _moment("expire"),
    "priority": _choice("priority", _PRIORITIES, "high, normal, low or bulk"),
    "resolution": _choice("resolution", _RESOLUTIONS, "standard, fine or superfine"),
    "retries": _retries,
    "retry-interval": _retry_interval,
    "paper": _choice("paper", _PAPERS, "A4, Letter or Legal"),
    "line": _line,
    "notify": _notify,
}
