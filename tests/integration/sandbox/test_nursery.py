import asyncio
import errno
import os
import platform
import signal
import socket
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest

from sandbox import FailureKind, Limits, Nursery, TaskFailed, TaskRefused

LIMITS = Limits(seconds=60, cpu_seconds=3, memory=1 << 30, file_size=10 << 20)


@pytest.fixture
async def nursery(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Nursery]:
    here = str(Path(__file__).parent)
    monkeypatch.setenv("PYTHONPATH", here)
    nursery = Nursery(preload=("sandbox_tasks",), processes=4)
    await nursery.start()
    yield nursery
    await nursery.stop()


async def test_a_task_answers(nursery: Nursery, tmp_path: Path) -> None:
    assert await nursery.run("sandbox_tasks:add", {"a": 2, "b": 3}, folder=tmp_path, limits=LIMITS) == 5


async def test_a_task_works_in_its_folder_and_in_a_process_of_its_own(
    nursery: Nursery, tmp_path: Path
) -> None:
    first = await nursery.run("sandbox_tasks:where", {"text": "one"}, folder=tmp_path, limits=LIMITS)
    second = await nursery.run("sandbox_tasks:where", {"text": "two"}, folder=tmp_path, limits=LIMITS)
    assert first[0] == str(tmp_path)
    assert first[1] != second[1]
    assert (tmp_path / "written.txt").read_text() == "two"


async def test_a_refusal_is_told_in_its_own_words(nursery: Nursery, tmp_path: Path) -> None:
    with pytest.raises(TaskRefused, match=r"^the PDF is protected with a password$"):
        await nursery.run("sandbox_tasks:refuse", {}, folder=tmp_path, limits=LIMITS)


@pytest.mark.parametrize(
    ("task", "kind"),
    [
        ("stumble", FailureKind.ERROR),
        ("spin", FailureKind.TIME),
        ("grow", FailureKind.MEMORY),
        ("abort", FailureKind.CRASHED),
        ("trap_without_memory", FailureKind.MEMORY),
        ("fill", FailureKind.ERROR),
    ],
)
async def test_what_goes_wrong_has_its_kind(
    nursery: Nursery, tmp_path: Path, task: str, kind: FailureKind
) -> None:
    with pytest.raises(TaskFailed) as caught:
        await nursery.run(f"sandbox_tasks:{task}", {}, folder=tmp_path, limits=LIMITS)
    assert caught.value.kind is kind


async def test_a_task_that_sleeps_too_long_is_killed(nursery: Nursery, tmp_path: Path) -> None:
    short = Limits(seconds=0.3, cpu_seconds=3, memory=1 << 30, file_size=1 << 20)
    with pytest.raises(TaskFailed) as caught:
        await nursery.run("sandbox_tasks:sleep", {"seconds": 60}, folder=tmp_path, limits=short)
    assert caught.value.kind is FailureKind.TIME


async def test_a_task_starts_no_process(nursery: Nursery, tmp_path: Path) -> None:
    with pytest.raises(TaskFailed, match="PermissionError"):
        await nursery.run("sandbox_tasks:leave_a_child", {}, folder=tmp_path, limits=LIMITS)


async def test_a_task_may_have_threads(nursery: Nursery, tmp_path: Path) -> None:
    assert await nursery.run("sandbox_tasks:in_a_thread", {"a": 7}, folder=tmp_path, limits=LIMITS) == 7


@pytest.fixture
async def nursery_without_seccomp(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Nursery]:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent))
    nursery = Nursery(preload=("sandbox_tasks", "without_seccomp"))
    yield nursery
    await nursery.stop()


async def test_what_the_system_lacks_is_told_and_tasks_run_all_the_same(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent))
    nursery = Nursery(preload=("sandbox_tasks", "without_libseccomp"))
    assert await nursery.run("sandbox_tasks:add", {"a": 1, "b": 1}, folder=tmp_path, limits=LIMITS) == 2
    assert any("apt-get install libseccomp2" in lacking for lacking in nursery.unconfined)
    await nursery.stop()


async def test_what_a_task_started_does_not_outlive_it(
    nursery_without_seccomp: Nursery, tmp_path: Path
) -> None:
    nursery = nursery_without_seccomp
    process_id = await nursery.run("sandbox_tasks:leave_a_child", {}, folder=tmp_path, limits=LIMITS)
    for _ in range(1500):
        with suppress(ProcessLookupError, FileNotFoundError):
            if " Z " not in Path(f"/proc/{process_id}/stat").read_text():
                await asyncio.sleep(0.02)
                continue
        return
    pytest.fail("the grandchild lives on")


async def test_only_its_own_folder_can_be_written(nursery: Nursery, tmp_path: Path) -> None:
    assert not nursery.unconfined, "this kernel lacks what the test is about"
    own, other = tmp_path / "own", tmp_path / "other"
    own.mkdir()
    other.mkdir()
    (other / "secret").write_text("patient record")
    for task, path in (("write", other / "new"), ("read", other / "secret"), ("read", Path("/etc/shadow"))):
        with pytest.raises(TaskFailed, match="PermissionError"):
            await nursery.run(f"sandbox_tasks:{task}", {"path": str(path)}, folder=own, limits=LIMITS)
    assert not (other / "new").exists()


async def test_there_is_no_network(nursery: Nursery, tmp_path: Path) -> None:
    server = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server:
        with pytest.raises(TaskFailed, match="PermissionError"):
            await nursery.run("sandbox_tasks:connect", {"port": port}, folder=tmp_path, limits=LIMITS)


async def test_there_are_no_datagrams(nursery: Nursery, tmp_path: Path) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
        receiver.bind(("127.0.0.1", 0))
        receiver.setblocking(False)
        port = {"port": receiver.getsockname()[1]}
        with pytest.raises(TaskFailed, match="PermissionError"):
            await nursery.run("sandbox_tasks:send_datagram", port, folder=tmp_path, limits=LIMITS)
        with pytest.raises(BlockingIOError):
            receiver.recv(100)


async def test_there_are_no_unix_sockets(nursery: Nursery, tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        path = tmp_path / "socket"
        server.bind(str(path))
        server.listen()
        with pytest.raises(TaskFailed, match="PermissionError"):
            await nursery.run(
                "sandbox_tasks:connect_unix", {"path": str(path)}, folder=tmp_path, limits=LIMITS
            )


async def test_nobody_else_is_signalled(nursery: Nursery, tmp_path: Path) -> None:
    with pytest.raises(TaskFailed, match=r"PermissionError|not implemented"):
        await nursery.run("sandbox_tasks:kill_parent", {}, folder=tmp_path, limits=LIMITS)


@pytest.mark.parametrize(("call", "answer"), [("io_uring_setup", errno.ENOSYS), ("unshare", errno.EPERM)])
async def test_rare_calls_of_the_kernel_are_not_there(
    nursery: Nursery, tmp_path: Path, call: str, answer: int
) -> None:
    number = {"io_uring_setup": 425, "unshare": 97 if platform.machine() == "aarch64" else 272}[call]
    told = await nursery.run("sandbox_tasks:rare_call", {"number": number}, folder=tmp_path, limits=LIMITS)
    assert told == answer


async def test_a_long_answer_arrives_whole(nursery: Nursery, tmp_path: Path) -> None:
    answer = await nursery.run(
        "sandbox_tasks:long_answer", {"size": 3_000_000}, folder=tmp_path, limits=LIMITS
    )
    assert len(answer) == 3_000_000


async def test_a_killed_nursery_costs_its_tasks_and_comes_back(nursery: Nursery, tmp_path: Path) -> None:
    sleeping = asyncio.create_task(
        nursery.run("sandbox_tasks:sleep", {"seconds": 60}, folder=tmp_path, limits=LIMITS)
    )
    await asyncio.sleep(0.2)
    assert nursery._process is not None
    os.kill(nursery._process.pid, signal.SIGKILL)
    with pytest.raises(TaskFailed) as caught:
        await sleeping
    assert caught.value.kind is FailureKind.CRASHED
    assert await nursery.run("sandbox_tasks:add", {"a": 1, "b": 1}, folder=tmp_path, limits=LIMITS) == 2


async def test_many_tasks_share_the_slots(nursery: Nursery, tmp_path: Path) -> None:
    answers = await asyncio.gather(
        *(
            nursery.run("sandbox_tasks:add", {"a": n, "b": n}, folder=tmp_path, limits=LIMITS)
            for n in range(40)
        )
    )
    assert answers == [2 * n for n in range(40)]
