"""The hylafax line against Debian's HylaFAX, of which only the modem is planned."""

import asyncio
import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cutting_proxy import cutting_proxy
from fax_tiff import make_fax, same_pages
from hylafax_site import HylafaxSite, hylafax_site

from config.hylafax_line import HylafaxLine as HylafaxLineSettings
from store.job import Outcome
from store.status import Status
from transmit.hylafax_line import HylafaxLine
from transmit.line import CallOrder, CallProgress, LineError, ProgressKind

NUMBER = "+12065550100"
DELIVERED = {
    "exit": 2,
    "npages": 3,
    "totdials": 1,
    "tottries": 1,
    "signalrate": 14400,
    "dataformat": "2-D MMR",
    "csi": "+1 206 555 0100",
    "commid": "000000017",
}


@pytest.fixture(scope="module")
def site() -> Iterator[HylafaxSite]:
    with hylafax_site() as running:
        yield running


@pytest.fixture(scope="module")
def document(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_fax(tmp_path_factory.mktemp("hylafax") / "fax.tif", pages=3, rows=200)


def line_to(site: HylafaxSite, **settings: Any) -> HylafaxLine:
    written = HylafaxLineSettings(hylafax=site.address, ask_every="100 ms", **settings)
    return HylafaxLine("fax-server", written, reconnect=0.2)


@contextlib.asynccontextmanager
async def started(line: HylafaxLine) -> Any:
    await line.start()
    try:
        yield line
    finally:
        await line.stop()


def order(document: Path, attempt: str, number: str = NUMBER, **more: Any) -> CallOrder:
    return CallOrder(
        job_id=attempt.partition("#")[0],
        attempt_id=attempt,
        number=number,
        document=document,
        pages=3,
        station_id="+1 206 555 0199",
        **more,
    )


async def outcome_of(site: HylafaxSite, call: CallOrder, **settings: Any) -> Outcome:
    async with asyncio.timeout(60), started(line_to(site, **settings)) as line:
        outcome: Outcome = await line.send(call, lambda _: None)
        return outcome


async def test_a_fax_is_sent_as_it_is_and_what_hylafax_knows_is_kept(
    site: HylafaxSite, document: Path
) -> None:
    site.plan(NUMBER, **DELIVERED)
    steps: list[CallProgress] = []
    before = len(site.calls())
    async with started(line_to(site)) as line:
        outcome = await line.send(order(document, "AAAA-01#1", subaddress="1234"), steps.append)
        assert line.down == ""
    assert (outcome.status, outcome.cause) == (Status.SUCCESS, "3 of 3 pages confirmed")
    assert (outcome.pages_confirmed, outcome.bit_rate, outcome.compression) == (3, 14400, "MMR")
    assert (outcome.ecm, outcome.transport, outcome.remote_csid) == (True, "modem", "+1 206 555 0100")
    assert steps[0].kind is ProgressKind.DIALLING
    [job] = site.calls()[before:]
    told = {name: job[name] for name in ("jobtag", "external", "maxdials", "maxtries", "tsi", "subaddr")}
    assert told == {
        "jobtag": "AAAA-01#1", "external": NUMBER, "maxdials": "1", "maxtries": "1",
        "tsi": "+1 206 555 0199", "subaddr": "1234",
    }  # fmt: skip
    assert (job["notify"], job["desiredtl"], job["pagechop"]) == ("none", "0", "none")


@pytest.mark.parametrize("dpi", [(204, 98), (204, 196)])
async def test_the_pages_that_are_called_with_are_ours_pixel_for_pixel(
    site: HylafaxSite, tmp_path: Path, dpi: tuple[int, int]
) -> None:
    attempt = f"AAAA-{dpi[1]}#1"
    fax = make_fax(tmp_path / "fax.tif", pages=3, rows=200, dpi=dpi)
    site.plan(NUMBER, **DELIVERED, until=attempt)
    before = len(site.calls())
    sending = asyncio.create_task(outcome_of(site, order(fax, attempt)))
    await site.call_begun(before + 1)
    prepared = site.spool / site.calls()[-1]["fax"].rpartition(":")[2]
    assert same_pages(fax, prepared)
    site.go(attempt)
    assert (await sending).status is Status.SUCCESS


async def test_a_call_that_goes_on_sends_the_pages_that_are_left(site: HylafaxSite, document: Path) -> None:
    site.plan(NUMBER, **{**DELIVERED, "npages": 3, "nskip": 1})
    outcome = await outcome_of(site, order(document, "AAAA-02#2", first_page=1))
    assert (outcome.status, outcome.pages_confirmed) == (Status.SUCCESS, 2)
    assert site.calls()[-1]["pagerange"] == "2-3"


@pytest.mark.parametrize(
    ("plan", "status", "pages"),
    [
        ({"status": "Busy signal detected", "statuscode": 1}, Status.BUSY, 0),
        (
            {"status": "Busy signal detected; too many attempts to dial", "statuscode": 333},
            Status.BUSY,
            0,
        ),
        ({"status": "No answer from remote", "statuscode": 3}, Status.NO_ANSWER, 0),
        ({"status": "No response to MPS repeated 3 tries", "statuscode": 150, "npages": 2, "tottries": 1},
         Status.TRANSMISSION_FAILED, 2),
        ({"status": "Modem wedged", "statuscode": 0}, Status.GENERAL_ERROR, 0),
    ],
)  # fmt: skip
async def test_what_ends_a_call_is_told_as_it_was_and_hylafax_calls_once(
    site: HylafaxSite, document: Path, plan: dict[str, Any], status: Status, pages: int
) -> None:
    site.plan(NUMBER, exit=1, totdials=1, **plan)
    before = len(site.calls())
    outcome = await outcome_of(site, order(document, "AAAA-03#1"))
    assert (outcome.status, outcome.pages_confirmed) == (status, pages)
    assert str(plan["status"]) in outcome.cause
    assert len(site.calls()) == before + 1


async def test_a_call_that_hylafax_would_repeat_is_not_repeated(site: HylafaxSite, document: Path) -> None:
    told = "Document was encoded with 2DMMR, but client does not support this data format"
    site.plan(NUMBER, exit=3, totdials=1, tottries=1, status=told, statuscode=403)
    before = len(site.calls())
    outcome = await outcome_of(site, order(document, "AAAA-04#1"))
    assert (outcome.status, told in outcome.cause) == (Status.NEGOTIATION_FAILED, True)
    assert len(site.calls()) == before + 1


async def test_content_is_no_success_without_every_page(site: HylafaxSite, document: Path) -> None:
    site.plan(NUMBER, **{**DELIVERED, "npages": 2})
    outcome = await outcome_of(site, order(document, "AAAA-05#1"))
    assert (outcome.status, outcome.pages_confirmed) == (Status.TRANSMISSION_FAILED, 2)


async def test_a_cancelled_job_is_hung_up(site: HylafaxSite, document: Path) -> None:
    site.plan(NUMBER, **DELIVERED, until="never")
    call = order(document, "AAAA-06#1")
    before = len(site.calls())
    sending = asyncio.create_task(outcome_of(site, call))
    await site.call_begun(before + 1)
    call.hang_up.set()
    outcome = await sending
    assert (outcome.status, outcome.pages_confirmed) == (Status.JOB_CANCELLED, 0)


async def test_nothing_is_placed_for_a_job_that_was_cancelled_before(
    site: HylafaxSite, document: Path
) -> None:
    call = order(document, "AAAA-07#1")
    call.hang_up.set()
    before = len(site.calls())
    assert (await outcome_of(site, call)).status is Status.JOB_CANCELLED
    assert len(site.calls()) == before


async def test_a_service_that_comes_back_finds_its_call_and_sends_no_second_fax(
    site: HylafaxSite, document: Path
) -> None:
    site.plan(NUMBER, **DELIVERED, until="second-life")
    before = len(site.calls())
    first = asyncio.create_task(outcome_of(site, order(document, "AAAA-08#1")))
    await site.call_begun(before + 1)
    first.cancel()
    await asyncio.wait([first])
    second = asyncio.create_task(outcome_of(site, order(document, "AAAA-08#1", taken_up=True)))
    site.go("second-life")
    assert (await second).status is Status.SUCCESS
    assert (await outcome_of(site, order(document, "AAAA-08#1", taken_up=True))).status is Status.SUCCESS
    assert len(site.calls()) == before + 1


async def test_a_service_that_comes_back_places_the_call_that_was_not_placed(
    site: HylafaxSite, document: Path
) -> None:
    site.plan(NUMBER, **DELIVERED)
    before = len(site.calls())
    outcome = await outcome_of(site, order(document, "AAAA-09#1", taken_up=True))
    assert (outcome.status, len(site.calls())) == (Status.SUCCESS, before + 1)


async def test_a_call_whose_document_is_lost_is_followed_to_its_end_and_never_placed(
    site: HylafaxSite, document: Path, tmp_path: Path
) -> None:
    site.plan(NUMBER, **DELIVERED, until="without-document")
    before = len(site.calls())
    first = asyncio.create_task(outcome_of(site, order(document, "AAAA-18#1")))
    await site.call_begun(before + 1)
    first.cancel()
    await asyncio.wait([first])
    lost: dict[str, Any] = {"taken_up": True, "no_document": "its document is lost"}
    second = asyncio.create_task(outcome_of(site, order(tmp_path / "none.tif", "AAAA-18#1", **lost)))
    site.go("without-document")
    assert (await second).status is Status.SUCCESS
    outcome = await outcome_of(site, order(tmp_path / "none.tif", "AAAA-19#1", **lost))
    assert outcome.status is Status.GENERAL_ERROR
    assert outcome.cause == "HylaFAX has no job of this call, and its document is lost"
    assert len(site.calls()) == before + 1


async def test_a_hylafax_that_comes_back_is_followed_again(site: HylafaxSite, document: Path) -> None:
    site.plan(NUMBER, **DELIVERED, until="third-life")
    before = len(site.calls())
    async with started(line_to(site)) as line:
        sending = asyncio.create_task(line.send(order(document, "AAAA-10#1"), lambda _: None))
        await site.call_begun(before + 1)
        site.end("hfaxd")
        while not line.down:
            await asyncio.sleep(0.02)
        site.go("third-life")
        site.start_hfaxd()
        assert (await sending).status is Status.SUCCESS
        assert line.down == ""
    assert len(site.calls()) == before + 1


@pytest.mark.parametrize("heard", [True, False])
async def test_a_connection_that_breaks_at_the_submission_makes_no_second_fax(
    site: HylafaxSite, document: Path, *, heard: bool
) -> None:
    site.plan(NUMBER, **DELIVERED)
    before = len(site.calls())
    async with cutting_proxy(site.address, b"JSUBM", heard=heard) as proxy:
        written = HylafaxLineSettings(hylafax=proxy, ask_every="100 ms")
        async with started(HylafaxLine("fax-server", written, reconnect=0.2)) as line:
            outcome = await line.send(order(document, f"AAAA-11{heard:d}#1"), lambda _: None)
    assert (outcome.status, len(site.calls())) == (Status.SUCCESS, before + 1)


async def test_a_job_that_nobody_knows_any_more_is_no_success(site: HylafaxSite, document: Path) -> None:
    site.plan(NUMBER, **DELIVERED, until="never")
    before = len(site.calls())
    sending = asyncio.create_task(outcome_of(site, order(document, "AAAA-12#1")))
    await site.call_begun(before + 1)
    job_id = site.calls()[-1]["jobid"]
    (site.spool / "sendq" / f"q{job_id}").unlink()
    outcome = await sending
    assert outcome.status is Status.GENERAL_ERROR
    assert f"no longer knows job {job_id}" in outcome.cause
    site.go("never")


async def test_a_queue_that_does_not_run_takes_nothing_and_keeps_nothing(
    site: HylafaxSite, document: Path
) -> None:
    site.end("faxq")
    try:
        async with started(line_to(site)) as line:
            outcome = await line.send(order(document, "AAAA-13#1"), lambda _: None)
            assert (outcome.status, bool(line.down)) == (Status.GENERAL_ERROR, True)
        assert "does not take the fax" in outcome.cause
        assert site.jobs("sendq") == []
    finally:
        site.start_faxq()


async def test_a_hylafax_that_is_not_there_is_waited_for(site: HylafaxSite, document: Path) -> None:
    site.end("hfaxd")
    line = line_to(site)
    try:
        await line.start()
        assert "cannot be used" in line.down
        outcome = await line.send(order(document, "AAAA-14#1"), lambda _: None)
        assert outcome.status is Status.GENERAL_ERROR
    finally:
        await line.stop()
        site.start_hfaxd()


async def test_a_user_who_is_not_let_in_is_told_at_the_start(site: HylafaxSite) -> None:
    hosts = site.spool / "etc/hosts.hfaxd"
    before = hosts.read_text()
    hosts.write_text("nowhere.example\n")
    try:
        with pytest.raises(LineError, match="does not let us in"):
            await line_to(site).start()
    finally:
        hosts.write_text(before)
