"""What one client can cost: sessions, octets, time."""

import asyncio
import resource

import pytest
from smtp_desk import Desk, open_desk
from smtp_house import DOMAIN, Client
from waiting import until

from mta.proof.verdict import RefusalReason
from mta.smtp.shared_counts import Gauge

BEGIN = f"MAIL FROM:<a@b.example>\r\nRCPT TO:<1@{DOMAIN}>\r\nDATA\r\n".encode()


async def turned_away(desk: Desk) -> str:
    async with desk.client(hello="") as client:
        return await client.reply()


async def test_sessions_of_one_network() -> None:
    async with open_desk(limits={"sessions_per_network": 2}) as desk, desk.client(), desk.client():
        assert (await turned_away(desk)).startswith("421 4.7.0 too many connections from your network")
    opened = open_desk(limits={"sessions_per_network": 1}, front_ends=["127.0.0.1"])
    async with opened as desk, desk.client(), desk.client():
        pass


async def test_sessions_in_all_hold_for_front_ends_too() -> None:
    async with open_desk(limits={"sessions": 1}, front_ends=["127.0.0.1"]) as desk:
        async with desk.client():
            assert (await turned_away(desk)).startswith("421 4.3.2 ")
        await until(lambda: not desk.listener._sessions)
        async with desk.client():
            pass


async def test_connections_a_minute() -> None:
    async with open_desk(limits={"connections_per_minute": 2}) as desk:
        for _ in range(2):
            async with desk.client():
                pass
        assert (await turned_away(desk)).startswith("421 4.7.0 your network connects too often")


async def test_the_clients_behind_a_load_balancer_are_told_apart() -> None:
    listener = {"smtp": "127.0.0.1:0", "proxy_protocol": True}
    opened = open_desk(listener, front_ends=["127.0.0.1"], limits={"sessions_per_network": 1})
    header = b"PROXY TCP4 %s 10.0.0.1 4711 25\r\n"
    async with opened as desk, desk.client(first=header % b"192.0.2.1"):
        async with desk.client(first=header % b"198.51.100.1"):
            pass
        async with desk.client(hello="", first=header % b"192.0.2.200") as client:
            assert (await client.reply()).startswith("421 4.7.0 ")


async def test_octets_in_flight() -> None:
    async with open_desk(limits={"bytes_in_flight": "100 kB"}) as desk, desk.client() as one:
        one.send(BEGIN + b"x" * 70_000)
        assert [(await one.reply())[:3] for _ in range(3)] == ["250", "250", "354"]
        await until(lambda: desk.limits.counts.total(Gauge.OCTETS) >= 40_000)
        async with desk.client() as other:
            assert (await other.say("MAIL FROM:<a@b.example> SIZE=60000")).startswith("452 4.3.1 ")
            other.send(BEGIN + b"x" * 60_000 + b"\r\n.\r\n")
            assert [(await other.reply())[:9] for _ in range(4)][3] == "452 4.3.1"
            one.send(b"\r\n.\r\n")
            assert (await one.reply()).startswith("250 2.0.0 ")
            assert (await other.say("MAIL FROM:<a@b.example> SIZE=60000")).startswith("250 ")
    assert [one.reason for one in desk.intake.refused] == [RefusalReason.STORAGE]


async def say_slowly(client: Client, octets: bytes, pause: float) -> str:
    async def send() -> None:
        for octet in octets:
            client.send(bytes([octet]))
            await asyncio.sleep(pause)

    sending = asyncio.create_task(send())
    try:
        return await client.reply()
    finally:
        sending.cancel()


async def test_a_command_has_to_be_whole_in_time() -> None:
    async with open_desk(timeout="1500 ms") as desk, desk.client() as client:
        before = asyncio.get_running_loop().time()
        assert (await say_slowly(client, b"NOOP" + b" " * 400, 0.05)).startswith("421 4.4.2 ")
        assert asyncio.get_running_loop().time() - before < 10


async def test_a_message_has_to_come_at_the_least_pace() -> None:
    async with open_desk(timeout="1500 ms") as desk, desk.client() as client:
        client.send(BEGIN)
        assert [(await client.reply())[:3] for _ in range(3)] == ["250", "250", "354"]
        before = asyncio.get_running_loop().time()
        assert (await say_slowly(client, b"x" * 400, 0.05)).startswith("421 4.4.2 ")
        assert asyncio.get_running_loop().time() - before < 10


async def test_five_hundred_slow_clients_cost_little_and_do_not_hold_others_up() -> None:
    async with open_desk(timeout="10 s") as desk:
        streams = [await asyncio.open_connection(*desk.address) for _ in range(500)]
        for _, writer in streams:
            writer.write(b"E")
        async with desk.client() as client:
            for octet in (b"H", b"L"):
                for _, writer in streams:
                    writer.write(octet)
                before = asyncio.get_running_loop().time()
                assert (await client.say("NOOP")).startswith("250 ")
                assert asyncio.get_running_loop().time() - before < 8
        for reader, writer in streams:
            assert b"421 4.4.2 " in await asyncio.wait_for(reader.read(), 60)
            writer.close()


@pytest.mark.parametrize("by_chunks", [False, True])
async def test_a_gigabyte_is_refused_without_being_kept(by_chunks: bool) -> None:  # noqa: FBT001 - a parameter
    async with open_desk() as desk, desk.client() as client:
        assert (await client.say(f"MAIL FROM:<a@b.example> SIZE={1 << 30}")).startswith("552 5.3.4 ")
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        client.send(BEGIN.replace(b"DATA", b"BDAT %d LAST" % (1 << 30)) if by_chunks else BEGIN)
        sending = asyncio.create_task(pour(client))
        replies = [await client.reply() for _ in range(3 if by_chunks else 4)]
        sending.cancel()
        assert replies[-1].startswith("552 5.3.4 ")
        assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 60_000  # kB
        assert desk.intake.taken == []


async def pour(client: Client) -> None:
    """A gigabyte, or what is taken of it."""
    chunk = (b"x" * 998 + b"\r\n") * 1000
    for _ in range(1 << 10):
        client.send(chunk)
        await client.writer.drain()
