"""What the doctor says of certificates, made for the test."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from doctor_site import DOMAIN, NOW, issue, make_site, only, write_certificate

from postfax.doctor.certificate import certificate, covers
from postfax.doctor.finding import Finding, State


async def look(folder: Path, files: dict[str, Path] | None, **mail: Any) -> Finding:
    tls = {"tls": files} if files else {}
    return only(await certificate(make_site(folder, mail={**tls, **mail})))


async def test_a_good_certificate_with_its_chain(tmp_path: Path) -> None:
    root = issue("Root of the test", days=3650)
    finding = await look(tmp_path, write_certificate(tmp_path, issue(DOMAIN, by=root), root))
    assert (finding.state, finding.found) == (State.OK, f"good for {DOMAIN} and for 90 more days")


async def test_no_certificate_is_a_warning(tmp_path: Path) -> None:
    assert (await look(tmp_path, None)).state is State.WARNING


@pytest.mark.parametrize(
    ("days", "state", "found"),
    [
        (22, State.OK, "22 more days"),
        (20.5, State.WARNING, "in 20 days"),
        (-0.5, State.FAILURE, "expired on 2026-11-23"),
    ],
)
async def test_its_end(tmp_path: Path, days: float, state: State, found: str) -> None:
    root = issue("Root of the test", days=3650)
    finding = await look(tmp_path, write_certificate(tmp_path, issue(DOMAIN, by=root, days=days), root))
    assert finding.state is state
    assert found in finding.found


async def test_a_link_of_the_chain_expires_first(tmp_path: Path) -> None:
    root = issue("Root of the test", days=5)
    finding = await look(tmp_path, write_certificate(tmp_path, issue(DOMAIN, by=root), root))
    assert finding.state is State.WARNING
    assert "CN=Root of the test" in finding.found


async def test_not_valid_yet(tmp_path: Path) -> None:
    root = issue("Root of the test", days=3650)
    leaf = issue(DOMAIN, by=root, begins=NOW + timedelta(hours=2))
    finding = await look(tmp_path, write_certificate(tmp_path, leaf, root))
    assert (finding.state, "not valid before" in finding.found) == (State.FAILURE, True)


async def test_the_key_of_another_certificate(tmp_path: Path) -> None:
    root = issue("Root of the test", days=3650)
    files = write_certificate(tmp_path, issue(DOMAIN, by=root), root, key=issue(DOMAIN))
    finding = await look(tmp_path, files)
    assert (finding.state, finding.found) == (State.FAILURE, "is not the key of the certificate")


async def test_a_key_that_everybody_may_read(tmp_path: Path) -> None:
    root = issue("Root of the test", days=3650)
    files = write_certificate(tmp_path, issue(DOMAIN, by=root), root)
    files["key"].chmod(0o644)
    assert (await look(tmp_path, files)).state is State.WARNING


async def test_a_chain_out_of_order(tmp_path: Path) -> None:
    root = issue("Root of the test", days=3650)
    between = issue("Between", by=root)
    files = write_certificate(tmp_path, issue(DOMAIN, by=between), root, between)
    finding = await look(tmp_path, files)
    assert (finding.state, "not in order" in finding.found) == (State.FAILURE, True)


async def test_a_chain_that_is_missing_and_one_that_is_none(tmp_path: Path) -> None:
    root = issue("Root of the test", days=3650)
    alone = await look(tmp_path, write_certificate(tmp_path, issue(DOMAIN, by=root)))
    assert (alone.state, alone.found) == (State.WARNING, "comes without its chain")
    by_itself = await look(tmp_path, write_certificate(tmp_path, issue(DOMAIN)))
    assert (by_itself.state, by_itself.found) == (State.WARNING, "is signed by itself")


async def test_a_certificate_for_another_name(tmp_path: Path) -> None:
    root = issue("Root of the test", days=3650)
    files = write_certificate(tmp_path, issue("www.example.com", by=root), root)
    finding = await look(tmp_path, files)
    assert finding.state is State.FAILURE
    assert finding.found == f"is for www.example.com, not for {DOMAIN}"
    assert (await look(tmp_path, files, hostname="www.example.com")).state is State.OK


@pytest.mark.parametrize("damaged", ["certificate", "key"])
async def test_a_file_that_is_no_pem(tmp_path: Path, damaged: str) -> None:
    files = write_certificate(tmp_path, issue(DOMAIN))
    files[damaged].write_text("nothing of the kind")
    findings = await certificate(make_site(tmp_path, mail={"tls": files}))
    assert findings[0].state is State.FAILURE
    assert findings[0].subject == files[damaged].name


@pytest.mark.parametrize(
    ("pattern", "hostname", "answer"),
    [
        ("fax.example.com", "FAX.example.com", True),
        ("*.example.com", "fax.example.com", True),
        ("*.example.com", "example.com", False),
        ("*.example.com", "a.fax.example.com", False),
        ("example.com", "fax.example.com", False),
    ],
)
def test_which_names_a_certificate_covers(pattern: str, hostname: str, *, answer: bool) -> None:
    assert covers(pattern, hostname) is answer
