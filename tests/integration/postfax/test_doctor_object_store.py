"""What `postfax doctor` says of an object store."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from doctor_site import make_site
from s3_server import Bucket, Fault, a_bucket

from postfax.doctor.finding import Finding, State
from postfax.doctor.object_store import object_store


@pytest.fixture
def bucket() -> Iterator[Bucket]:
    with a_bucket() as made:
        yield made


async def _found(folder: Path, bucket: Bucket | None) -> list[Finding]:
    site = make_site(folder)
    settings = bucket.settings(folder) if bucket else None
    object.__setattr__(site, "settings", site.settings.model_copy(update={"object_store": settings}))
    return list(await object_store(site))


async def test_none_is_no_fault(tmp_path: Path) -> None:
    [finding] = await _found(tmp_path, None)
    assert finding.state is State.OK


async def test_one_that_is_well_but_for_its_way(tmp_path: Path, bucket: Bucket) -> None:
    in_the_clear, tried = await _found(tmp_path, bucket)
    assert (in_the_clear.state, in_the_clear.found) == (State.WARNING, "the way to it is not encrypted")
    assert (tried.state, tried.found) == (State.OK, "lets us put, get, list and delete")
    assert [method for method, _ in bucket.requests] == ["PUT", "GET", "GET", "DELETE", "GET"]


async def test_one_that_refuses_us(tmp_path: Path, bucket: Bucket) -> None:
    bucket.always = Fault.REFUSED
    _, finding = await _found(tmp_path, bucket)
    assert (finding.state, finding.found) == (State.FAILURE, "cannot be used")
    assert "refuses our key (SignatureDoesNotMatch). Check access_key_file" in finding.advice


async def test_one_that_alters_what_it_has(tmp_path: Path, bucket: Bucket) -> None:
    bucket.faults = [None, Fault.ALTERED]
    [*_, finding] = await _found(tmp_path, bucket)
    assert finding.found == "an object was not there as it was put"


async def test_one_that_removes_nothing(tmp_path: Path, bucket: Bucket) -> None:
    bucket.keep_versions()
    [*_, finding] = await _found(tmp_path, bucket)
    assert (finding.state, finding.found) == (State.FAILURE, "keeps old versions of what is removed")
