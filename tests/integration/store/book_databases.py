"""The store's tests run on both databases where the database makes a difference."""

from collections.abc import Iterator

import pytest
import small_book

ON_BOTH = frozenset(
    {
        "test_book_calls",
        "test_book_changes",
        "test_book_clock",
        "test_book_crash",
        "test_book_journey",
        "test_book_mail_claims",
        "test_book_nodes",
        "test_book_notices",
        "test_book_retention",
    }
)
"""Modules whose books are laid out by `small_book`: claims, races, what is owed, what is removed."""
OF_SQLITE = frozenset(
    {
        # These look into its file, or at its plans.
        "test_octets_are_gone_from_everywhere_after_seven_days",
        "test_a_policy_that_an_older_version_kept_says_nothing_of_it",
        "test_somebody_who_reads_keeps_the_log_and_the_book_tells",
        "test_old_deeds_go",
        "test_no_look_goes_through_a_table",
    }
)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run the tests of these modules once for each database."""
    if metafunc.module.__name__ in ON_BOTH and metafunc.function.__name__ not in OF_SQLITE:
        metafunc.fixturenames.append("database")
        metafunc.parametrize("database", ["sqlite", "postgresql"], indirect=True)


@pytest.fixture
def database(request: pytest.FixtureRequest) -> Iterator[str]:
    """Where the books of a test are: `sqlite` or `postgresql`."""
    name: str = request.param
    small_book.database.name = name
    yield name
    small_book.database.name = "sqlite"
