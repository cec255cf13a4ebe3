"""What `postfax doctor` says of a book in PostgreSQL."""

import pytest
from postgresql_cluster import empty_book_on_server, shared_cluster

from postfax.doctor.database import database
from postfax.doctor.finding import State


async def test_a_book_that_is_well_but_for_its_server() -> None:
    found = await database(empty_book_on_server())
    # The server of the tests never waits for the disk.
    assert [finding.state for finding in found] == [State.FAILURE, State.FAILURE, State.OK]
    assert "fsync = off" in found[0].found
    assert found[-1].found.startswith("version 0")


async def test_one_that_may_only_be_read() -> None:
    url = empty_book_on_server()
    shared_cluster().run(
        f"ALTER DATABASE {url.partition('?')[0].rpartition('/')[2]} SET default_transaction_read_only = on"
    )
    assert (await database(url))[-1].found == "may not be written"


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("postgresql://postgres@127.0.0.1:1/book", "cannot be used"),
        ("postgresql://postgres@db/book?nonsense=1", "is not an address of a book"),
    ],
)
async def test_one_that_cannot_be_reached(url: str, said: str) -> None:
    [finding] = await database(url)
    assert finding.state is State.FAILURE
    assert said in finding.found


async def test_one_that_is_not_made_yet() -> None:
    [*_, last] = await database(shared_cluster().new_database())
    assert last.state is State.WARNING
    assert "version none" in last.found
