"""A layer of a filter as people write it: `status=BUSY,No Answer`, `pages>=10`, `number=+1206*`. Pure.

    condition = field comparison value *( "," value )
    comparison = "=" / "!=" / ">=" / "<=" / ">" / "<"

`*` stands for any characters and `?` for one; a comma that belongs to a value has a backslash before it. What
is not understood is refused with what was expected, and nothing is looked for.
"""

import re
from collections.abc import Iterable

from config.values import did_you_mean
from store.activity import NUMERIC, Comparison, Condition, Field
from store.ids import read_id
from store.lifecycle import JobState
from store.status import Status

_WRITTEN = re.compile(r"\s*([A-Za-z_]+)(?:\.([^=!<>]+?))?\s*(!=|>=|<=|=|>|<)\s*(.*?)\s*", re.DOTALL)
_ALIASES = {"to": "number", "from": "sender", "account": "user", "csid": "station", "id": "job"}
_ORDERED = frozenset({Comparison.LEAST, Comparison.MOST, Comparison.MORE, Comparison.LESS})
_LONGEST = 500
_DIGITS = re.compile(r"[0-9]{1,9}")
_NUMBER = re.compile(r"[+*?][0-9*?]*")

FIELDS: dict[Field, str] = {
    Field.JOB: "a job's id, or a mail's for all of its jobs",
    Field.STATE: "where it is: queued, waiting, sent, …",
    Field.STATUS: "what became of it: Success, BUSY, No Answer, …",
    Field.USER: "the account of the sender",
    Field.SENDER: "the address that the mail came from",
    Field.DEPARTMENT: "a department and all within it: Radiology, or Radiology/CT",
    Field.NUMBER: "whom it goes to: +12065551234, +1206*",
    Field.NAME: "the recipient's name",
    Field.COMPANY: "the recipient's company",
    Field.REFERENCE: "the reference that the sender gave",
    Field.BILLING: "the billing code that the sender gave",
    Field.COVER: "the cover page's template",
    Field.SUBJECT: "the mail's subject",
    Field.PAGES: "pages of the document",
    Field.CONFIRMED: "pages that the other side confirmed",
    Field.TRIES: "calls that count",
    Field.RESEND_OF: "the job that it is sent again for",
    Field.LINE: "a line that one of its calls went over",
    Field.STATION: "the name that a called machine gave (CSID)",
    Field.CAUSE: "the cause of one of its calls",
    Field.CUSTOM: "a custom field of the policy: custom.cost_center=R-17",
}
"""What each field is, for the help of commands."""


class NoCondition(ValueError):  # noqa: N818 - named as what happened
    """The text is no condition; the message says what was expected."""


def read_conditions(texts: Iterable[str]) -> tuple[Condition, ...]:
    """The layers that somebody wrote.

    Raises:
        NoCondition: One of them is none.
    """
    return tuple(map(read_condition, texts))


def read_condition(text: str) -> Condition:
    """One layer.

    Raises:
        NoCondition: It is none.
    """
    written = _WRITTEN.fullmatch(text)
    if written is None or len(text) > _LONGEST:
        raise NoCondition(f"'{text[:60]}' is no condition, such as status=BUSY or pages>=10.")
    field = _field(written[1], written[2])
    comparison = Comparison(written[3])
    values = _values(written[4])
    if comparison in _ORDERED and field not in NUMERIC:
        raise NoCondition(f"'{text}': {field.value} has no order; = and != can be asked.")
    if comparison in _ORDERED and len(values) > 1:
        raise NoCondition(f"'{text}': {comparison.value} takes one value.")
    read = tuple(_read(field, value) for value in values)
    return Condition(field=field, comparison=comparison, values=read, custom=(written[2] or "").strip())


def _field(name: str, custom: str | None) -> Field:
    plain = name.lower()
    known = {field.value: field for field in Field}
    field = known.get(_ALIASES.get(plain, plain))
    if field is None:
        names = ", ".join(known)
        guess = did_you_mean(plain, list(known))
        raise NoCondition(f"there is no field {name}{f'; {guess}' if guess else '.'} There are: {names}.")
    if (field is Field.CUSTOM) is not bool(custom):
        raise NoCondition("a custom field is asked for by its name, as custom.cost_center=R-17.")
    return field


def _values(text: str) -> list[str]:
    return [value.replace("\\,", ",").strip() for value in re.split(r"(?<!\\),", text)]


def _read(field: Field, value: str) -> str:
    """A value as the record has it."""
    if field is Field.STATUS:
        return _word(value, [status.value for status in Status], "status")
    if field is Field.STATE:
        return _word(value, [state.value for state in JobState], "state")
    if field in NUMERIC and not _DIGITS.fullmatch(value):
        raise NoCondition(f"'{value}' is no number of {field.value}.")
    if field in {Field.JOB, Field.RESEND_OF} and value:
        known = read_id(value)
        if known is None:
            raise NoCondition(f"'{value}' is not the id of a job, such as K7Q2-M9.")
        return known
    if field is Field.NUMBER:
        return _number(value)
    return value


def _word(value: str, words: list[str], what: str) -> str:
    found = {word.casefold(): word for word in words}.get(value.casefold())
    if found:
        return found
    if "*" in value or "?" in value:
        return value
    raise NoCondition(f"there is no {what} '{value}'. There are: {', '.join(words)}.")


def _number(value: str) -> str:
    number = re.sub(r"[\s()./-]", "", value)
    if _NUMBER.fullmatch(number):
        return number
    raise NoCondition(f"'{value}' is no number with + and country code, such as +12065551234 or +1206*.")
