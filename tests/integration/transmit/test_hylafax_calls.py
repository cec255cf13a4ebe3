"""Calls that HylaFAX's own faxsend places, through a class 1 modem of software, to a fax machine."""

import asyncio
import subprocess
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from fax_tiff import make_fax
from hylafax_site import HylafaxSite, hylafax_site
from PIL import Image

from config.hylafax_line import HylafaxLine as HylafaxLineSettings
from store.status import Status
from transmit.hylafax_line import HylafaxLine
from transmit.line import CallOrder, CallProgress, ProgressKind

SOURCE = Path(__file__).with_name("soft_modem.c")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HylafaxSite]:
    program = tmp_path_factory.mktemp("modem") / "soft-modem"
    subprocess.run(["gcc", "-O2", "-o", program, SOURCE, "-lspandsp", "-ltiff"], check=True)
    with hylafax_site() as running:
        folder = running.spool / "modem"
        folder.mkdir()
        with subprocess.Popen([program, folder]) as modem:
            while not (folder / "tty").exists():
                assert modem.poll() is None
            running.use_modem(Path((folder / "tty").read_text()))
            yield running
            modem.kill()


async def test_busy_and_a_page_that_arrives_are_told_as_they_were(site: HylafaxSite, tmp_path: Path) -> None:
    line = HylafaxLine("modems", HylafaxLineSettings(hylafax=site.address, ask_every="200 ms"))
    fax = make_fax(tmp_path / "fax.tif", pages=1, rows=100, noise=0.001)
    steps: list[CallProgress] = []
    await line.start()
    try:
        async with asyncio.timeout(240):
            busy = await line.send(order(fax, "BBBB-01#1", "+12065550186"), lambda _: None)
            sent = await line.send(order(fax, "BBBB-02#1", "+12065550100"), steps.append)
    finally:
        await line.stop()
    assert (busy.status, busy.pages_confirmed, busy.transport) == (Status.BUSY, 0, "")
    assert (sent.status, sent.pages_confirmed, sent.cause) == (Status.SUCCESS, 1, "1 of 1 pages confirmed")
    assert (sent.transport, sent.bit_rate, sent.ecm, sent.compression) == ("modem", 14_400, True, "MMR")
    assert sent.remote_csid == "+1 206 555 0100"
    assert steps[0].kind is ProgressKind.DIALLING
    # HylaFAX leaves the last row of a page out.
    called_with, received = pixels(fax), pixels(site.spool / "modem/call-1.tif")
    assert len(called_with) - 1 <= len(received) <= len(called_with)
    assert np.array_equal(received, called_with[: len(received)])


def order(document: Path, attempt: str, number: str) -> CallOrder:
    return CallOrder(
        job_id=attempt.partition("#")[0],
        attempt_id=attempt,
        number=number,
        document=document,
        pages=1,
        station_id="+1 206 555 0199",
    )


def pixels(path: Path) -> "np.typing.NDArray[np.bool_]":
    with Image.open(path) as image:
        return np.asarray(image.convert("1"))
