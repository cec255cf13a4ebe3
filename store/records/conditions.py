"""The layers of a filter as conditions of a query over jobs."""

import json
from collections.abc import Callable, Iterator
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    bindparam,
    exists,
    false,
    func,
    not_,
    or_,
    select,
)

from config.levels import BETWEEN
from store.activity import OF_A_CALL, ActivityFilter, Comparison, Condition, Field
from store.ids import read_id
from store.lifecycle import FINAL_STATES
from store.status import Status
from store.tables import REFERENCED, attempts, jobs, mails, policies

_ESCAPE = "\\"
_E164_DIGITS = 15
_FEW = 5000
"""Faxes."""

_COLUMNS: dict[Field, ColumnElement[Any]] = {
    Field.STATE: jobs.c.state,
    Field.STATUS: jobs.c.status,
    Field.USER: jobs.c.user_email,
    Field.SENDER: jobs.c.sender,
    Field.NUMBER: jobs.c.number,
    Field.NAME: jobs.c.recipient_name,
    Field.COMPANY: jobs.c.recipient_company,
    Field.REFERENCE: jobs.c.reference,
    Field.BILLING: jobs.c.billing,
    Field.COVER: jobs.c.cover_template,
    Field.RESEND_OF: jobs.c.resend_of,
    Field.PAGES: jobs.c.pages,
    Field.CONFIRMED: jobs.c.pages_confirmed,
    Field.TRIES: jobs.c.tries,
    Field.LINE: attempts.c.line,
    Field.STATION: attempts.c.remote_csid,
    Field.CAUSE: attempts.c.cause,
    Field.SUBJECT: mails.c.subject,
}
_FIRST_DEPARTMENT = select(jobs.c.department).order_by(jobs.c.department).limit(1)
_NEXT_DEPARTMENT = _FIRST_DEPARTMENT.where(jobs.c.department > bindparam("after"))
_IN_LOWER_CASE = frozenset({Field.USER, Field.SENDER})
_NUMBERS: dict[Comparison, Callable[[ColumnElement[Any], int], ColumnElement[bool]]] = {
    Comparison.LEAST: lambda column, number: column >= number,
    Comparison.MOST: lambda column, number: column <= number,
    Comparison.MORE: lambda column, number: column > number,
    Comparison.LESS: lambda column, number: column < number,
}


def filtered(connection: Connection, query: Select[Any], wanted: ActivityFilter) -> Select[Any]:
    """The query with every layer of the filter."""
    if wanted.since is not None:
        query = query.where(jobs.c.created_at >= wanted.since)
    if wanted.until is not None:
        query = query.where(jobs.c.created_at < wanted.until)
    if wanted.failed:
        query = query.where(jobs.c.status.is_not(None), jobs.c.status != Status.SUCCESS.value)
    if wanted.unfinished:
        query = query.where(jobs.c.state.not_in(sorted(state.value for state in FINAL_STATES)))
    return query.where(*(_condition(connection, condition) for condition in wanted.conditions))


def departments(connection: Connection) -> Iterator[str]:
    """Every department that a fax is of: one probe of the index for each."""
    found = connection.scalar(_FIRST_DEPARTMENT)
    while found is not None:
        yield found
        found = connection.scalar(_NEXT_DEPARTMENT, {"after": found})


def _condition(connection: Connection, condition: Condition) -> ColumnElement[bool]:
    if condition.comparison in _NUMBERS:
        compare = _NUMBERS[condition.comparison]
        return compare(_COLUMNS[condition.field], int(condition.values[0]))
    fits = _fits(connection, condition)
    # A fax that has no status has none of these statuses.
    return fits if condition.comparison is Comparison.IS else not_(func.coalesce(fits, false()))


def _fits(connection: Connection, condition: Condition) -> ColumnElement[bool]:
    """Whether one of the values fits."""
    field = condition.field
    if field is Field.JOB:
        return or_(*map(_job, condition.values))
    if field is Field.DEPARTMENT:
        there = [
            name
            for name in departments(connection)
            if any(is_within(name, value) for value in condition.values)
        ]
        return jobs.c.department.in_(there)
    if field is Field.CUSTOM:
        return or_(*(_custom(condition.custom, value) for value in condition.values))
    return _where_it_stands(field, condition.values, _one_of(connection, field, condition.values))


def _where_it_stands(field: Field, values: tuple[str, ...], fits: ColumnElement[bool]) -> ColumnElement[bool]:
    """The same of a job, where the column is not one of `jobs`, or an index has a condition of its own."""
    if field in OF_A_CALL:
        return exists().where(attempts.c.job_id == jobs.c.id, fits)
    if field is Field.SUBJECT:
        return exists().where(mails.c.id == jobs.c.mail_id, fits)
    return and_(REFERENCED, fits) if field is Field.REFERENCE and all(values) else fits


def _one_of(connection: Connection, field: Field, values: tuple[str, ...]) -> ColumnElement[bool]:
    column = _COLUMNS[field]
    if field in {Field.PAGES, Field.CONFIRMED, Field.TRIES}:
        return column.in_([int(value) for value in values])
    if field in _IN_LOWER_CASE:
        values = tuple(value.lower() for value in values)
    whole = [value for value in values if not _has_marks(value)]
    fits: list[ColumnElement[bool]] = [column.in_(whole)] if whole else []
    fits += [_pattern(connection, field, value) for value in values if _has_marks(value)]
    return or_(*fits)


def _pattern(connection: Connection, field: Field, value: str) -> ColumnElement[bool]:
    fits = _COLUMNS[field].ilike(_like(value), escape=_ESCAPE)
    if field is not Field.NUMBER:
        return fits
    beginning = value.partition("*")[0].partition("?")[0]
    # All that follow the plus sign are digits, whose order is the same in every collation.
    last = beginning + "9" * (_E164_DIGITS + 1 - len(beginning))
    among = jobs.c.number.between(beginning, last)
    some = select(jobs.c.number).where(among).limit(_FEW).subquery()
    found = connection.scalar(select(func.count()).select_from(some)) or 0
    # Few are found by number and then put in order. Where there are many, that takes longer than to look
    # through the newest faxes until enough of them fit.
    return and_(among, fits) if found < _FEW else fits


def _has_marks(value: str) -> bool:
    return "*" in value or "?" in value


def _like(value: str) -> str:
    """A pattern with `*` and `?` as one of LIKE."""
    for literal in (_ESCAPE, "%", "_"):
        value = value.replace(literal, _ESCAPE + literal)
    return value.replace("*", "%").replace("?", "_")


def _job(value: str) -> ColumnElement[bool]:
    """The job with this id, or those of the mail."""
    known = read_id(value) or value
    return or_(jobs.c.id == known, jobs.c.mail_id == known)


def is_within(department: str, value: str) -> bool:
    """Whether a department is the one of this name, or of this path from the top, or is within it."""
    path = [part.strip().casefold() for part in value.replace("›", "/").split("/")]
    names = department.casefold().split(BETWEEN)
    if len(path) > 1:
        return names[: len(path)] == path
    return path[0] in names


def _custom(name: str, value: str) -> ColumnElement[bool]:
    """That the sender's policy had this custom field: it is kept as JSON without spaces."""
    said = f"{json.dumps(name, ensure_ascii=False)}:{json.dumps(value, ensure_ascii=False)}"
    there = select(policies.c.digest).where(policies.c.policy.like(f"%{_like(said)}%", escape=_ESCAPE))
    return jobs.c.policy.in_(there)
