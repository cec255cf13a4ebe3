"""The provider line against a provider on loopback that does as its documentation says."""

import asyncio
import contextlib
import json
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
from fax_tiff import make_fax, same_pages
from provider_site import KEY, PROJECT, SECRET, ProviderSite, provider_site

from config.provider_line import ProviderLine as ProviderLineSettings
from store.job import Outcome
from store.status import Status
from transmit.line import CallOrder, LineError
from transmit.provider_line import ProviderLine

NUMBER = "+12065550100"
NEWS = "/told/a-secret-path"
DELIVERED = {"status": "COMPLETED", "numberOfPages": 3, "pagesSentSuccessfully": 3}


@pytest_asyncio.fixture
async def site() -> AsyncIterator[ProviderSite]:
    async with provider_site() as running:
        yield running


@pytest.fixture(scope="module")
def document(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_fax(tmp_path_factory.mktemp("provider") / "fax.tif", pages=3, rows=120)


def settings_of(site: ProviderSite, folder: Path, **more: Any) -> ProviderLineSettings:
    secret = folder / "secret"
    secret.write_text(SECRET)
    written = {
        "provider": "sinch",
        "project": PROJECT,
        "username": KEY,
        "password_file": secret,
        "url": site.url,
    }
    return ProviderLineSettings(**{**written, "ask_every": "50 ms", "caller": "+12065550199", **more})


@contextlib.asynccontextmanager
async def started(settings: ProviderLineSettings) -> AsyncIterator[ProviderLine]:
    line = ProviderLine("cloud", settings, settle=0.05)
    try:
        await line.start()
        async with asyncio.timeout(60):
            yield line
    finally:
        await line.stop()


def order(document: Path, **more: Any) -> CallOrder:
    return CallOrder(
        job_id="AAAA-01", attempt_id="AAAA-01#1", number=NUMBER, document=document, pages=3, **more
    )


async def outcome_of(settings: ProviderLineSettings, call: CallOrder) -> Outcome:
    async with started(settings) as line:
        return await line.send(call, lambda _: None)


async def test_a_fax_is_handed_over_once_as_it_is(site: ProviderSite, document: Path, tmp_path: Path) -> None:
    site.first = DELIVERED
    outcome = await outcome_of(settings_of(site, tmp_path, service="service-1"), order(document))
    assert (outcome.status, outcome.pages_confirmed) == (Status.SUCCESS, 3)
    assert site.documents == [document.read_bytes()]
    [fax] = site.faxes.values()
    assert fax == fax | {
        "to": NUMBER, "from": "+12065550199", "maxRetries": "0", "serviceId": "service-1",
        "headerPageNumbers": "false", "labels": {"postfax": "AAAA-01#1"},
    }  # fmt: skip


async def test_a_call_that_goes_on_hands_over_the_pages_that_are_left(
    site: ProviderSite, document: Path, tmp_path: Path
) -> None:
    site.first = {**DELIVERED, "numberOfPages": 2, "pagesSentSuccessfully": 2}
    outcome = await outcome_of(settings_of(site, tmp_path), order(document, first_page=1))
    assert (outcome.status, outcome.pages_confirmed) == (Status.SUCCESS, 2)
    (tmp_path / "rest.tif").write_bytes(site.documents[0])
    assert same_pages(document, tmp_path / "rest.tif", pages=[1, 2])


async def test_a_failure_is_told_as_it_was(site: ProviderSite, document: Path, tmp_path: Path) -> None:
    site.first = {
        "status": "FAILURE", "errorType": "CALL_ERROR", "errorCode": 17, "errorMessage": "Busy",
        "pagesSentSuccessfully": 0,
    }  # fmt: skip
    outcome = await outcome_of(settings_of(site, tmp_path), order(document))
    assert (outcome.status, outcome.cause) == (Status.BUSY, "CALL_ERROR 17 Busy; 0 of 3 pages confirmed")


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        ((402, {"code": "402", "error": "Payment required", "message": "0 balance"}), Status.GENERAL_ERROR),
        (
            (
                422,
                {"message": "no", "details": {"fieldViolations": [{"field": "to", "description": "wrong"}]}},
            ),
            Status.INVALID_FAX_NUMBER,
        ),
        ((429, {}), Status.GENERAL_ERROR),
    ],
)
async def test_what_the_provider_does_not_take_is_told(
    site: ProviderSite, document: Path, tmp_path: Path, answer: tuple[int, Any], status: Status
) -> None:
    site.instead = [answer]
    outcome = await outcome_of(settings_of(site, tmp_path), order(document))
    assert (outcome.status, site.handed_over) == (status, 0)
    assert f"HTTP {answer[0]}" in outcome.cause


@pytest.mark.parametrize("what", ["take", "lose", (500, {}), (200, {"strange": True})])
async def test_a_connection_that_breaks_makes_no_second_fax(
    site: ProviderSite, document: Path, tmp_path: Path, what: Any
) -> None:
    site.first, site.instead = DELIVERED, [what]
    outcome = await outcome_of(settings_of(site, tmp_path), order(document))
    assert (outcome.status, site.handed_over) == (Status.SUCCESS, 1)


async def test_a_service_that_comes_back_finds_its_fax(
    site: ProviderSite, document: Path, tmp_path: Path
) -> None:
    settings = settings_of(site, tmp_path)
    first = asyncio.create_task(outcome_of(settings, order(document)))
    fax_id = await site.some_fax()
    first.cancel()
    await asyncio.wait([first])
    site.end(fax_id, **DELIVERED)
    outcome = await outcome_of(settings, order(document, taken_up=True))
    assert (outcome.status, site.handed_over) == (Status.SUCCESS, 1)


async def test_a_fax_whose_document_is_lost_is_followed_and_never_handed_over(
    site: ProviderSite, document: Path, tmp_path: Path
) -> None:
    settings = settings_of(site, tmp_path)
    lost: dict[str, Any] = {"taken_up": True, "no_document": "its document is lost"}
    outcome = await outcome_of(settings, order(tmp_path / "none.tif", **lost))
    assert (outcome.status, site.handed_over) == (Status.GENERAL_ERROR, 0)
    assert outcome.cause == "the provider has no fax of this call, and its document is lost"
    first = asyncio.create_task(outcome_of(settings, order(document)))
    fax_id = await site.some_fax()
    first.cancel()
    await asyncio.wait([first])
    site.end(fax_id, **DELIVERED)
    outcome = await outcome_of(settings, order(tmp_path / "none.tif", **lost))
    assert (outcome.status, site.handed_over) == (Status.SUCCESS, 1)


async def test_a_provider_that_is_not_there_has_not_got_the_fax(
    site: ProviderSite, document: Path, tmp_path: Path
) -> None:
    settings = settings_of(site, tmp_path, url=f"http://127.0.0.1:{unused_port()}")
    async with started(settings) as line:
        assert "cannot be used" in line.down
        outcome = await line.send(order(document), lambda _: None)
    assert outcome.status is Status.GENERAL_ERROR


async def test_a_fax_that_is_gone_is_no_success(site: ProviderSite, document: Path, tmp_path: Path) -> None:
    sending = asyncio.create_task(outcome_of(settings_of(site, tmp_path), order(document)))
    del site.faxes[await site.some_fax()]
    outcome = await sending
    assert outcome.status is Status.GENERAL_ERROR
    assert "no longer knows" in outcome.cause


async def test_a_job_that_is_cancelled_is_followed_to_its_true_end(
    site: ProviderSite, document: Path, tmp_path: Path
) -> None:
    call = order(document)
    sending = asyncio.create_task(outcome_of(settings_of(site, tmp_path), call))
    fax_id = await site.some_fax()
    call.hang_up.set()
    site.end(fax_id, status="FAILURE", errorType="CALL_ERROR", errorCode=16)
    assert (await sending).status is Status.JOB_CANCELLED


async def test_a_wrong_secret_is_told_at_the_start(site: ProviderSite, tmp_path: Path) -> None:
    settings = settings_of(site, tmp_path)
    settings.password_file.write_text("wrong")
    with pytest.raises(LineError, match="does not let us in"):
        async with started(settings):
            pass


# --- What the provider tells by itself --------------------------------------------------------------------


def news_of(fax: dict[str, Any]) -> bytes:
    return json.dumps({"event": "FAX_COMPLETED", "eventTime": "2026-01-01T00:00:00Z", "fax": fax}).encode()


@contextlib.asynccontextmanager
async def hearing(site: ProviderSite, folder: Path) -> AsyncIterator[tuple[ProviderLine, httpx.AsyncClient]]:
    """A line that looks by itself once in an hour only."""
    port = unused_port()
    news = {"listen": f"127.0.0.1:{port}", "url": f"https://fax.example.com{NEWS}"}
    settings = settings_of(site, folder, ask_every="1 h", news=news)
    async with started(settings) as line, httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as provider:
        yield line, provider


async def test_news_are_heard_at_once_and_twice_is_as_good_as_once(
    site: ProviderSite, document: Path, tmp_path: Path
) -> None:
    async with hearing(site, tmp_path) as (line, provider):
        sending = asyncio.create_task(line.send(order(document), lambda _: None))
        fax_id = await site.some_fax()
        assert site.faxes[fax_id]["callbackUrl"] == f"https://fax.example.com{NEWS}"
        site.end(fax_id, **DELIVERED)
        for _ in range(2):
            told = await provider.post(NEWS, content=news_of(site.faxes[fax_id]))
            assert told.status_code == 200
        assert (await sending).status is Status.SUCCESS
        late = await provider.post(NEWS, content=news_of(site.faxes[fax_id]))
        assert late.status_code == 200


async def test_news_before_their_time_or_from_somebody_else_are_not_believed(
    site: ProviderSite, document: Path, tmp_path: Path
) -> None:
    async with hearing(site, tmp_path) as (line, provider):
        sending = asyncio.create_task(line.send(order(document), lambda _: None))
        fax_id = await site.some_fax()
        async with asyncio.timeout(30):
            while len(site.looks) < 1:
                await asyncio.sleep(0.01)
            await provider.post(NEWS, content=news_of({"id": fax_id, **DELIVERED}))
            while len(site.looks) < 2:
                await asyncio.sleep(0.01)
        assert not sending.done()
        site.end(fax_id, status="FAILURE", errorType="CALL_ERROR", errorCode=17)
        await provider.post(NEWS, content=news_of({"id": fax_id, "status": "IN_PROGRESS"}))  # older, and late
        assert (await sending).status is Status.BUSY


@pytest.mark.parametrize(
    ("method", "path", "content", "status"),
    [
        ("POST", NEWS, b"no json", 400),
        ("POST", NEWS, b"[" * 100_000, 400),
        ("POST", NEWS, news_of({"id": 7}), 400),
        ("POST", NEWS, news_of({"id": "of-somebody-else"}), 200),
        ("POST", "/other", news_of({"id": "1"}), 404),
        ("GET", NEWS, b"", 405),
    ],
)
async def test_what_is_no_news_is_answered_and_forgotten(
    site: ProviderSite, tmp_path: Path, method: str, path: str, content: bytes, status: int
) -> None:
    async with hearing(site, tmp_path) as (_, provider):
        answer = await provider.request(method, path, content=content)
        assert answer.status_code == status


async def test_what_is_no_http_is_cut_off(site: ProviderSite, tmp_path: Path) -> None:
    async with hearing(site, tmp_path) as (_, provider):
        reader, writer = await asyncio.open_connection("127.0.0.1", provider.base_url.port)
        writer.write(b"\x00\x01 nonsense\r\n\r\n")
        assert await reader.read() == b""
        writer.close()


def unused_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
