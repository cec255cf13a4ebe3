"""Fax sessions in real worker processes, with media over loopback UDP, faster than real time."""

import asyncio
import contextlib
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from fax_tiff import make_fax, same_pages
from simulated_call import receiving, sending

from transmit.engine.completion import Completion
from transmit.engine.control import Body, StillHere
from transmit.engine.events import Ended, EngineResult, PageConfirmed
from transmit.engine.order import AnswerWith, Codec, MediaAddress, Role, SessionOrder
from transmit.engine.pool import EngineCall, EnginePool, EngineUnavailable
from transmit.engine.worker_process import WorkerProcess

CLOCK = 10
AUDIO_CLOCK = 5
"""Lower, because modems do not bear what a busy machine does to audio ticks of 2 ms."""


@pytest.fixture(scope="module")
def document(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_fax(tmp_path_factory.mktemp("fax") / "document.tif", pages=2, rows=60)


@pytest.fixture
async def pool() -> AsyncIterator[EnginePool]:
    """Two workers: calls go to the less busy one, so the two ends of a call sit in one each."""
    async with running(workers=2) as both:
        yield both


@contextlib.asynccontextmanager
async def running(workers: int = 1) -> AsyncIterator[EnginePool]:
    pool = EnginePool(workers=workers)
    await pool.start()
    try:
        yield pool
    finally:
        await pool.stop()


def address(call: EngineCall) -> MediaAddress:
    return MediaAddress("127.0.0.1", call.media_port)


async def ended(call: EngineCall) -> EngineResult:
    while True:
        event = await asyncio.wait_for(call.events.get(), 120)
        if isinstance(event, Ended):
            return event.result


async def confirmed(call: EngineCall) -> None:
    while not isinstance(await asyncio.wait_for(call.events.get(), 120), PageConfirmed):
        pass


async def hang_up(*calls: EngineCall) -> list[EngineResult]:
    return await asyncio.gather(*(call.hang_up() for call in calls))


def worker_pid(call: EngineCall) -> int:
    assert isinstance(call._worker, WorkerProcess)
    return call._worker._process.pid


async def connected(pool: EnginePool, document: Path, received: Path) -> tuple[EngineCall, EngineCall]:
    """A call that began over audio and went on by T.38."""
    caller = await pool.open(sending(document, clock=CLOCK))
    answerer = await pool.open(receiving(received, clock=CLOCK))
    caller.start_audio(address(answerer), Codec.PCMU)
    answerer.start_audio(address(caller), Codec.PCMU)
    await asyncio.sleep(2 / CLOCK)
    answerer.switch_to_t38(address(caller), max_datagram=400)
    caller.switch_to_t38(address(answerer), max_datagram=400)
    return caller, answerer


async def test_a_fax_goes_from_worker_to_worker_by_t38(
    pool: EnginePool, document: Path, tmp_path: Path
) -> None:
    received = tmp_path / "received.tif"
    caller, answerer = await connected(pool, document, received)

    first = await ended(caller)
    result, answer = await hang_up(caller, answerer)

    assert same_pages(document, received)
    assert (result.t30_code, result.pages_confirmed, result.transport) == (Completion.OK, 2, "T.38")
    assert (answer.t30_code, answer.pages_received) == (Completion.OK, 2)
    assert result.latest_tick > 0
    assert first == replace(result, latest_tick=0.0)


async def test_a_fax_goes_from_worker_to_worker_by_audio(
    pool: EnginePool, document: Path, tmp_path: Path
) -> None:
    caller = await pool.open(sending(document, clock=AUDIO_CLOCK))
    answerer = await pool.open(receiving(tmp_path / "received.tif", clock=AUDIO_CLOCK))
    caller.start_audio(address(answerer), Codec.PCMA)
    answerer.start_audio(address(caller), Codec.PCMA)

    await ended(caller)
    result, _ = await hang_up(caller, answerer)

    assert same_pages(document, tmp_path / "received.tif")
    assert (result.t30_code, result.transport) == (Completion.OK, "G.711")


async def test_calls_run_side_by_side(pool: EnginePool, document: Path, tmp_path: Path) -> None:
    async def fax(number: int) -> EngineResult:
        pair = await connected(pool, document, tmp_path / f"{number}.tif")
        await ended(pair[0])
        return (await hang_up(*pair))[0]

    results = await asyncio.gather(*(fax(number) for number in range(8)))

    assert [result.pages_confirmed for result in results] == [2] * 8
    assert all(same_pages(document, tmp_path / f"{number}.tif") for number in range(8))
    assert [worker.load for worker in pool._alive] == [0, 0]


async def test_calls_are_spread_over_the_workers(pool: EnginePool, document: Path) -> None:
    calls = [await pool.open(sending(document)) for _ in range(4)]

    assert [worker.load for worker in pool._alive] == [2, 2]
    await asyncio.gather(*(call.hang_up(drain=0) for call in calls))


async def test_a_worker_that_is_killed_costs_its_calls_alone(
    pool: EnginePool, document: Path, tmp_path: Path
) -> None:
    caller, answerer = await connected(pool, document, tmp_path / "first.tif")
    await confirmed(caller)

    os.kill(worker_pid(caller), signal.SIGKILL)

    result = await ended(caller)
    assert result.crashed
    assert (result.t30_code, result.pages_confirmed, result.remote_csid) == (None, 1, "+12065551234")
    assert await caller.hang_up() == result
    assert not (await answerer.hang_up(drain=0)).crashed

    caller, answerer = await connected(pool, document, tmp_path / "second.tif")
    await ended(caller)
    assert [item.t30_code for item in await hang_up(caller, answerer)] == [Completion.OK] * 2
    assert same_pages(document, tmp_path / "second.tif")


async def test_a_result_outlives_the_worker(pool: EnginePool, document: Path, tmp_path: Path) -> None:
    caller, answerer = await connected(pool, document, tmp_path / "received.tif")
    result = await ended(caller)

    os.kill(worker_pid(caller), signal.SIGKILL)

    assert await caller.hang_up() == result
    assert not result.crashed
    await answerer.hang_up(drain=0)


async def test_a_worker_that_hangs_is_ended(
    document: Path, monkeypatch: pytest.MonkeyPatch, pool: EnginePool
) -> None:
    monkeypatch.setattr("transmit.engine.engine_call._ANSWER_SECONDS", 0.3)
    call = await pool.open(sending(document))

    os.kill(worker_pid(call), signal.SIGSTOP)

    assert (await call.hang_up(drain=0)).crashed


async def test_a_worker_ends_with_the_service() -> None:
    program = (
        "import asyncio, os\n"
        "from transmit.engine.pool import EnginePool\n"
        "async def main():\n"
        "    pool = EnginePool()\n"
        "    await pool.start()\n"
        "    print('PID', pool._alive[0]._process.pid, flush=True)\n"
        "    os.kill(os.getpid(), 9)\n"
        "asyncio.run(main())\n"
    )
    service = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, stdout=asyncio.subprocess.PIPE, cwd=Path(__file__).parents[3]
    )
    output, _ = await service.communicate()
    pid = int(output.split()[-1])

    for _ in range(1500):
        if not _runs(pid):
            return
        await asyncio.sleep(0.02)
    pytest.fail("the worker outlived the service")


async def test_terminating_signals_are_left_to_the_service(pool: EnginePool, document: Path) -> None:
    call = await pool.open(sending(document))

    for stop in (signal.SIGTERM, signal.SIGINT):
        os.kill(worker_pid(call), stop)
    await asyncio.sleep(0.1)

    assert not (await call.hang_up(drain=0)).crashed


async def test_stopping_the_pool_ends_open_calls(document: Path) -> None:
    async with running() as pool:
        call = await pool.open(sending(document))

    assert (await call.hang_up()).crashed
    with pytest.raises(EngineUnavailable, match="not running"):
        await pool.open(sending(document))


async def test_an_address_that_is_not_ours_is_refused(pool: EnginePool, document: Path) -> None:
    with pytest.raises(OSError, match="assign"):
        await pool.open(sending(document, bind_host="192.0.2.55"))


async def test_a_voice_file_that_cannot_be_played_is_refused(pool: EnginePool, tmp_path: Path) -> None:
    missing = SessionOrder(
        role=Role.ANSWERER, answer_with=AnswerWith.VOICE, voice_file=tmp_path / "missing.wav"
    )

    with pytest.raises(OSError, match=r"missing\.wav"):
        await pool.open(missing)


async def test_without_libspandsp_the_sentence_names_the_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "sitecustomize.py").write_text("import sys\nsys.modules['transmit._spandsp'] = None\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))

    with pytest.raises(EngineUnavailable, match=r"libspandsp2.*libspandsp-dev"):
        await EnginePool().start()


async def test_media_of_strangers_and_rubbish_do_no_harm(
    pool: EnginePool, document: Path, tmp_path: Path
) -> None:
    caller, answerer = await connected(pool, document, tmp_path / "received.tif")
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(asyncio.DatagramProtocol, local_addr=("127.0.0.1", 0))
    for _ in range(200):
        for call in (caller, answerer):
            transport.sendto(os.urandom(60), address(call))
        await asyncio.sleep(0.005)
    transport.close()

    assert (await ended(caller)).t30_code == Completion.OK
    await hang_up(caller, answerer)
    assert same_pages(document, tmp_path / "received.tif")


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def two_free_ports() -> tuple[int, int]:
    while True:
        with (
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as first,
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as second,
        ):
            first.bind(("127.0.0.1", 0))
            port = first.getsockname()[1]
            with contextlib.suppress(OSError, OverflowError):
                second.bind(("127.0.0.1", port + 1))
                return port, port + 1


async def test_media_keep_to_the_ports_that_they_may_have(pool: EnginePool, document: Path) -> None:
    first, last = two_free_ports()
    order = replace(sending(document, clock=CLOCK), ports=(first, last))
    calls = [await pool.open(order), await pool.open(order)]
    assert {call.media_port for call in calls} == {first, last}
    with pytest.raises(OSError, match=f"all media ports from {first} to {last} are in use"):
        await pool.open(order)
    await hang_up(*calls)
    again = await pool.open(order)
    assert again.media_port in {first, last}
    await hang_up(again)


async def test_calls_end_when_the_service_stands_still(document: Path) -> None:
    async with running() as pool:
        call = await pool.open(sending(document))
        call._worker.send(0, StillHere(seconds=0.3))  # and then it says nothing more
        assert (await ended(call)).crashed


async def test_the_service_says_again_and_again_that_it_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[Body] = []
    monkeypatch.setattr(WorkerProcess, "send", lambda _worker, _number, body: said.append(body))
    pool = EnginePool(alone_for=0.8)
    await pool.start()
    try:
        async with asyncio.timeout(60):
            while len(said) < 3:
                await asyncio.sleep(0.01)
    finally:
        await pool.stop()
    assert set(said) == {StillHere(seconds=0.8)}
