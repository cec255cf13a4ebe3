"""What the service and its accept workers say to each other, a policy of many users among it."""

import asyncio
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from config.policy import Policy, read_policy
from config.server import ServerSettings
from postfax.acceptance import workers
from postfax.acceptance.channel import Accepted, Channel, NewPolicy, Ready, Renew, pack, unpack
from postfax.acceptance.workers import AcceptWorkers


def policy_of(folder: Path, users: int) -> Policy:
    entries = "".join(f"  - {{name: User {n}, email: user{n}@hospital.example}}\n" for n in range(users))
    (folder / "policy.yaml").write_text(f"company: Hospital\nusers:\n{entries}", encoding="utf-8")
    return read_policy(folder / "policy.yaml")


@pytest.fixture
async def ends() -> AsyncIterator[tuple[Channel, Channel]]:
    ours, theirs = socket.socketpair()
    one, other = await Channel.on(ours), await Channel.on(theirs)
    yield one, other
    one.close()
    other.close()


async def test_what_is_said_comes_in_its_order(ends: tuple[Channel, Channel], tmp_path: Path) -> None:
    one, other = ends
    policy = policy_of(tmp_path, 2000)
    one.send_packed(pack(NewPolicy(policy=policy)))
    for message in (Ready(), Renew(), Accepted()):
        one.send(message)
    received = await other.receive()
    assert isinstance(received, NewPolicy)
    assert [user.email for user in received.policy.users] == [user.email for user in policy.users]
    assert [await other.receive() for _ in range(3)] == [Ready(), Renew(), Accepted()]
    one.close()
    assert await other.receive() is None


def test_a_policy_is_packed_in_portions(tmp_path: Path) -> None:
    octets = pack(NewPolicy(policy=policy_of(tmp_path, 2000)))
    assert len(octets) > 4 * 64 * 1024
    message = unpack(octets)
    assert isinstance(message, NewPolicy)
    assert len(message.policy) == 2000


class _Told:
    """The channel of a worker that is ready at once."""

    def __init__(self) -> None:
        self.policies: list[int] = []

    async def receive(self) -> Ready:
        return Ready()

    def send_packed(self, octets: bytes) -> None:
        message = unpack(octets)
        assert isinstance(message, NewPolicy)
        self.policies.append(len(message.policy))


async def test_a_worker_that_starts_while_the_policy_changes_gets_the_new_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    policies = [policy_of(tmp_path, 1)]
    told = _Told()

    async def spawn(_: AcceptWorkers, number: int, policy: Policy) -> Any:
        assert policy is policies[0]
        await asyncio.sleep(0)
        policies.append(policy_of(tmp_path, 2))
        return SimpleNamespace(number=number, channel=told)

    monkeypatch.setattr(workers.AcceptWorkers, "_spawn", spawn)
    settings = cast("ServerSettings", SimpleNamespace())
    await AcceptWorkers(settings, lambda: policies[-1], came_in=lambda: None)._start(0)
    assert told.policies == [2]
