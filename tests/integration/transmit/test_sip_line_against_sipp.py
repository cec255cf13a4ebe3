"""What a carrier says and what the `sip` line makes of it: real calls to SIPp, up to their statuses."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from fax_tiff import make_fax
from sipp_peer import AUDIO, CONTACT, pause, recv, reply, reply_in_call, request, sipp

from config.lines import SipLine as SipLineSettings
from config.values import HostPort
from store.job import Outcome
from store.status import Status
from transmit.engine.pool import EnginePool
from transmit.line import CallOrder, CallProgress, ProgressKind
from transmit.sip_line import SipLine

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def pool() -> AsyncIterator[EnginePool]:
    made = EnginePool(workers=1)
    await made.start()
    yield made
    await made.stop()


@pytest.fixture(scope="module")
def document(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_fax(tmp_path_factory.mktemp("document") / "document.tif", pages=1)


async def send(
    address: HostPort, pool: EnginePool, document: Path, **settings: Any
) -> tuple[Outcome, list[ProgressKind]]:
    written = SipLineSettings(
        **{"sip": f"sip:{address}", "listen": HostPort("127.0.0.1", 0), "keep_alive": "0 s", **settings}
    )
    line = SipLine("main", written, pool)
    await line.start()
    progress: list[CallProgress] = []
    order = CallOrder(
        job_id="K7Q2-M9", attempt_id="K7Q2-M9#1", number="+12065551234", document=document, pages=1
    )
    try:
        outcome = await asyncio.wait_for(line.send(order, progress.append), 60)
    finally:
        await line.stop()
    return outcome, [each.kind for each in progress]


@pytest.mark.parametrize(
    ("code", "reason", "q850", "status"),
    [
        (486, "Busy Here", None, Status.BUSY),
        (600, "Busy Everywhere", None, Status.BUSY),
        (500, "Failure", 17, Status.BUSY),
        (503, "Service Unavailable", None, Status.FAST_BUSY),
        (480, "Unavailable", 34, Status.FAST_BUSY),
        (480, "Temporarily Unavailable", None, Status.NO_ANSWER),
        (408, "Request Timeout", None, Status.NO_ANSWER),
        (404, "Not Found", 1, Status.OPERATOR_MESSAGE),
        (410, "Gone", None, Status.OPERATOR_MESSAGE),
        (484, "Address Incomplete", 28, Status.OPERATOR_MESSAGE),
        (604, "Does Not Exist Anywhere", None, Status.OPERATOR_MESSAGE),
        (301, "Moved Permanently", None, Status.OPERATOR_MESSAGE),
        (488, "Not Acceptable Here", None, Status.NEGOTIATION_FAILED),
        (403, "Forbidden", None, Status.GENERAL_ERROR),
        (407, "Proxy Authentication Required", None, Status.GENERAL_ERROR),
    ],
)
async def test_a_refused_call_has_its_status(
    pool: EnginePool, document: Path, code: int, reason: str, q850: int | None, status: Status
) -> None:
    fields = [f"Reason: Q.850;cause={q850}"] if q850 is not None else []
    async with sipp(recv("INVITE"), reply(code, reason, *fields), recv("ACK")) as peer:
        outcome, told = await send(peer.address, pool, document)
        await peer.finished()
    assert (outcome.status, outcome.sip_code, outcome.q850_cause) == (status, code, q850)
    assert reason in outcome.cause
    assert outcome.answered_at is None
    assert told == [ProgressKind.DIALLING]


async def test_nobody_answers_in_time(pool: EnginePool, document: Path) -> None:
    async with sipp(
        recv("INVITE", keep="call"),
        reply(180, "Ringing"),
        recv("CANCEL"),
        reply(200, "OK"),
        reply(487, "Request Terminated", to="call"),
        recv("ACK"),
    ) as peer:
        outcome, told = await send(peer.address, pool, document, answer_timeout="500 ms")
        await peer.finished()
    assert outcome.status is Status.NO_ANSWER
    assert told == [ProgressKind.DIALLING, ProgressKind.RINGING]


async def test_a_trunk_that_is_not_there_is_a_general_error_with_its_reason(
    pool: EnginePool, document: Path
) -> None:
    outcome, _ = await send(HostPort("127.0.0.1", 9), pool, document, transport="tcp")
    assert outcome.status is Status.GENERAL_ERROR
    assert "no connection to 127.0.0.1:9" in outcome.cause


async def test_an_answer_without_usable_media_is_hung_up(pool: EnginePool, document: Path) -> None:
    video = AUDIO.replace("m=audio 6000 RTP/AVP 8\na=rtpmap:8 PCMA/8000", "m=audio 6000 RTP/AVP 18")
    async with sipp(
        recv("INVITE"),
        reply(200, "OK", CONTACT, body=video),
        recv("ACK"),
        recv("BYE"),
        reply_in_call(200, "OK"),
    ) as peer:
        outcome, _ = await send(peer.address, pool, document)
        await peer.finished()
    assert outcome.status is Status.NEGOTIATION_FAILED
    assert outcome.answered_at is not None


async def test_a_far_end_that_hangs_up_before_a_word_of_fax_keeps_its_cause(
    pool: EnginePool, document: Path
) -> None:
    async with sipp(
        recv("INVITE", keep="call"),
        reply(200, "OK", CONTACT, body=AUDIO),
        recv("ACK"),
        pause(200),
        request("BYE", 1, "Reason: Q.850;cause=16"),
        '<recv response="200"/>',
    ) as peer:
        outcome, _ = await send(peer.address, pool, document)
        await peer.finished()
    assert outcome.status is Status.GENERAL_ERROR
    assert outcome.q850_cause == 16
    assert "the far end hung up" in outcome.cause
    assert outcome.pages_confirmed == 0
