"""What the service asks all day is answered by an index, however much the book holds."""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
from small_book import ARCHIVE, LEASE, header, policy, refused, small_book
from sqlalchemy import Connection, Engine, event

from store.driver_statement import DriverStatement
from store.job_filter import JobFilter
from store.mail import MailState
from store.records.schedule import Work

Statement = tuple[str, Any]
_NO_TABLE = ("SCAN CONSTANT ROW", "SCAN (subquery", "SCAN found")
"""Of the last, the values that an index was asked for one by one."""


@pytest.fixture
def statements(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Statement]]:
    """What is sent to SQLite."""
    sent: list[Statement] = []

    def keep(_: object, __: object, statement: str, parameters: Any, *___: object) -> None:
        if statement.startswith(("SELECT", "UPDATE")) and "alembic_version" not in statement:
            sent.append((statement, parameters))

    ask_each, ask = DriverStatement.each, DriverStatement.rows

    def keep_each(statement: DriverStatement, connection: Connection, rows: Iterable[Any]) -> list[Any]:
        asked = list(rows)
        sent.extend(statement.on_driver(connection.dialect, asked))
        return ask_each(statement, connection, asked)

    def keep_one(
        statement: DriverStatement, connection: Connection, values: Mapping[str, Any] = MappingProxyType({})
    ) -> list[Any]:
        sent.extend(statement.on_driver(connection.dialect, [values]))
        return ask(statement, connection, values)

    monkeypatch.setattr(DriverStatement, "each", keep_each)
    monkeypatch.setattr(DriverStatement, "rows", keep_one)
    event.listen(Engine, "before_cursor_execute", keep)
    yield sent
    event.remove(Engine, "before_cursor_execute", keep)


def _plan(connection: sqlite3.Connection, statement: Statement) -> list[str]:
    return [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {statement[0]}", statement[1])]


def _plan_in(folder: Path, statement: Statement) -> list[str]:
    with closing(sqlite3.connect(folder / "book.db")) as connection:
        return _plan(connection, statement)


async def test_no_statement_of_the_service_looks_through_a_table(
    tmp_path: Path, statements: list[Statement]
) -> None:
    async with small_book(tmp_path) as small:
        await small.book.claim_mail(MailState.SUBMITTED, LEASE)
        await small.queued("+12065550100", user=policy(archives=(ARCHIVE,)))
        await small.submitted([refused("12")])
        _, attempt = await small.call()
        await small.book.record_outcome(attempt.id, small.outcome(), None)
        await small.book.claim_notice(LEASE)
        await small.book.claim_copy(LEASE)
        await small.book.outlook(small.clock() - timedelta(hours=1))
        await small.book.outlook(small.clock())
        await small.book.calls_to_hang_up()
        await small.book.release_dead_owners(lambda _: True)
        await small.book.release_own_claims()
        await small.book.jobs(JobFilter(number="+12065550100"))
        await small.book.jobs(JobFilter(user="ana@hospital.example"))
    assert len(statements) > 40
    with closing(sqlite3.connect(tmp_path / "book.db")) as connection:
        for statement in statements:
            for step in _plan(connection, statement):
                # An empty list is a table of no rows to SQLite.
                table = step.startswith("SCAN") and not step.startswith(_NO_TABLE)
                assert not table or "USING" in step, (statement, step)


async def test_the_next_call_is_found_without_looking_at_jobs(
    tmp_path: Path, statements: list[Statement]
) -> None:
    async with small_book(tmp_path) as small:
        await small.queued("+12065550100")
        statements.clear()
        await small.book.claim_call({"main": 1}, LEASE, header)
    choice = _first_that_asks_for("due_at", statements)
    expiry = _first_that_asks_for("expires_at", statements)
    plan, expiry_plan = _plan_in(tmp_path, choice), _plan_in(tmp_path, expiry)
    assert plan[0] == (
        "SEARCH jobs USING COVERING INDEX jobs_dialable"
        " (lines=? AND priority=? AND department=? AND due_at<?)"
    )
    assert [step.partition(" (")[0] for step in expiry_plan] == ["SEARCH jobs USING INDEX jobs_expiring"]
    assert not any("TEMP B-TREE" in step for step in plan)


async def test_what_is_due_is_asked_in_one_statement_of_one_row_of_each_index(
    tmp_path: Path, statements: list[Statement]
) -> None:
    async with small_book(tmp_path) as small:
        await small.queued("+12065550100")
        statements.clear()
        await small.book.outlook(small.clock())
    [outlook] = statements
    steps = [step for step in _plan_in(tmp_path, outlook) if not step.startswith(("SCALAR", _NO_TABLE[0]))]
    assert len(steps) == 2 * (len(Work) - 1) + 1  # whether there is one to hang up has no time
    assert all(" INDEX " in step for step in steps)
    assert not any("TEMP B-TREE" in step for step in steps)


def _first_that_asks_for(column: str, statements: list[Statement]) -> Statement:
    return next(statement for statement in statements if "LIMIT" in statement[0] and column in statement[0])


async def test_statistics_of_a_quiet_book_do_not_make_the_choice_look_at_all_jobs(
    tmp_path: Path, statements: list[Statement]
) -> None:
    async with small_book(tmp_path) as small:
        await small.queued(*(f"+1206555{number:04d}" for number in range(200)))
        with closing(sqlite3.connect(tmp_path / "book.db")) as connection:
            connection.execute("ANALYZE")
        await small.call()
        statements.clear()
        await small.call()
    with closing(sqlite3.connect(tmp_path / "book.db")) as connection:
        for statement in statements:
            assert not any(step.startswith("SCAN jobs") for step in _plan(connection, statement)), statement
