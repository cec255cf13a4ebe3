"""Calls of our `sip` line that HylaFAX answers: another T.30 than libspandsp's says what arrived."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest
import pytest_asyncio
from fax_tiff import make_fax
from hylafax_receiver import build_modem, receiver
from hylafax_site import hylafax_site
from PIL import Image, ImageSequence

from config.lines import SipLine as SipLineSettings
from config.values import HostPort
from store.job import Outcome
from store.status import Status
from transmit.engine.pool import EnginePool
from transmit.line import CallOrder
from transmit.sip_line import SipLine

PAGES = 2


@pytest_asyncio.fixture
async def pool() -> AsyncIterator[EnginePool]:
    made = EnginePool(workers=1)
    await made.start()
    yield made
    await made.stop()


@pytest.fixture
def program(tmp_path: Path) -> Path:
    return build_modem(tmp_path)


async def sent(address: HostPort, pool: EnginePool, document: Path) -> Outcome:
    settings = SipLineSettings.model_validate(
        {"sip": f"sip:{address}", "listen": "127.0.0.1:0", "keep_alive": "0 s"}
    )
    line = SipLine("main", settings, pool)
    await line.start()
    try:
        order = CallOrder(
            job_id="K7Q2-M9", attempt_id="K7Q2-M9#1", number="+12065550177", document=document, pages=PAGES,
            station_id="+1 206 555 0100",
        )  # fmt: skip
        return await asyncio.wait_for(line.send(order, lambda _: None), 300)
    finally:
        await line.stop()


async def received_by_hylafax(
    pool: EnginePool, program: Path, document: Path, *, ecm: bool
) -> tuple[Outcome, list["np.typing.NDArray[np.bool_]"], list[str]]:
    """What the call came to, the pages that HylaFAX has, and what its gateway refused."""
    with hylafax_site(start=False) as site:
        async with receiver(site, program, ecm=ecm) as machine:
            outcome = await sent(machine.address, pool, document)
            return outcome, pixels(await machine.received()), machine.refused


async def test_hylafax_has_every_page_dot_for_dot_with_error_correction_and_without(
    tmp_path: Path, pool: EnginePool, program: Path
) -> None:
    document = make_fax(tmp_path / "fax.tif", pages=PAGES, rows=150, noise=0.001)
    results = await asyncio.gather(
        *(received_by_hylafax(pool, program, document, ecm=ecm) for ecm in (True, False))
    )
    ours = pixels(document)
    for ecm, (outcome, theirs, refused) in zip((True, False), results, strict=True):
        assert (outcome.status, outcome.pages_confirmed, outcome.t30_code) == (Status.SUCCESS, PAGES, 0)
        assert (outcome.transport, outcome.ecm, outcome.bit_rate) == ("G.711", ecm, 14_400)
        assert refused == ["T.38"]
        assert len(theirs) == PAGES
        assert all(np.array_equal(one, other) for one, other in zip(ours, theirs, strict=True))


def pixels(path: Path) -> list["np.typing.NDArray[np.bool_]"]:
    with Image.open(path) as image:
        return [np.asarray(page.convert("1")) for page in ImageSequence.Iterator(image)]
