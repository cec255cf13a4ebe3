"""What programs get is what the page on it says; what is asked of the record can be said to PostgreSQL."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy.dialects import postgresql
from sqlalchemy.sql import ClauseElement

from postfax.activity_columns import COLUMNS
from postfax.cdr import COLUMNS as CDR_COLUMNS
from postfax.conditions import FIELDS, read_condition
from postfax.reports import REPORTS
from store.activity import ActivityFilter, Field
from store.records import activity, conditions, detail_records, happenings, resending, tallies

PAGE = (Path(__file__).parents[3] / "docs" / "reference" / "json.md").read_text(encoding="utf-8")


def section(name: str) -> set[str]:
    """Everything that stands as code in a section of the page."""
    text = PAGE.partition(f"## {name}\n")[2].partition("\n## ")[0]
    return set(re.findall(r"`([a-z0-9_]+)`", text))


def test_every_column_and_figure_stands_in_the_page() -> None:
    assert set(COLUMNS) <= section("postfax activity")
    assert set(CDR_COLUMNS) <= section("postfax cdr")
    figures = {figure.name for report in REPORTS.values() for figure in report.figures}
    assert figures | {"count"} <= section("postfax report")


def test_every_field_can_be_asked_for() -> None:
    assert set(FIELDS) == set(Field)


STATEMENTS = {
    f"{module.__name__.rpartition('.')[2]}.{name}": statement
    for module in (activity, conditions, detail_records, happenings, resending, tallies)
    for name, statement in vars(module).items()
    if isinstance(statement, ClauseElement) and hasattr(statement, "where")
}


@pytest.mark.parametrize("name", STATEMENTS)
def test_a_statement_can_be_said_to_postgresql(name: str) -> None:
    said = str(STATEMENTS[name].compile(dialect=postgresql.dialect()))  # type: ignore[no-untyped-call]  # of SQLAlchemy
    assert said.lstrip("(").startswith("SELECT")
    assert "?" not in said


class _NoConnection:
    """Stands for a book without departments, and with many numbers of every prefix."""

    @staticmethod
    def scalar(statement: object, _: object = None) -> int | None:
        return None if "department" in str(statement) else 9999


@pytest.mark.parametrize(
    "text",
    [
        "status=BUSY,No*", "status!=Success", "number=+1206*", "department=Radiology", "subject=*a%b*",
        "line=main", "custom.cost_center=R-17", "pages>=3", "reference=4711", "job=K7Q2-M9", "cause!=486",
    ],
)  # fmt: skip
def test_a_condition_can_be_said_to_postgresql(text: str) -> None:
    wanted = ActivityFilter(since=datetime(2026, 1, 1, tzinfo=UTC), conditions=(read_condition(text),))
    query = conditions.filtered(_NoConnection(), activity._IDS, wanted)  # type: ignore[arg-type]  # as above
    assert "WHERE" in str(query.compile(dialect=postgresql.dialect()))  # type: ignore[no-untyped-call]  # as above
