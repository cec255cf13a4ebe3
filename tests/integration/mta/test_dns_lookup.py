"""The resolver: what it must never do, and what it need not ask twice."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from dns.rdtypes.IN.A import A
from stub_lookup import StubLookup

from config.values import HostPort
from mta import dns_lookup
from mta.dns_lookup import DnsLookup, DnsTrouble
from postfax.demonstration.dns_stub import DnsStub, Fault, Zone


class Clock:
    seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
async def stub() -> AsyncIterator[DnsStub]:
    server = DnsStub(Zone(ttl=60))
    yield server
    await server.stop()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def lookup(stub: DnsStub, clock: Clock) -> DnsLookup:
    return StubLookup(stub.zone, await stub.start(), clock=clock)


async def test_an_answer_too_long_for_udp_comes_over_tcp(stub: DnsStub, lookup: DnsLookup) -> None:
    stub.zone.add_text("long.example", "v=spf1 " + "ip4:192.0.2.1 " * 200 + "-all")
    (record,) = (await lookup.ask("long.example", "TXT")).records
    assert len(b"".join(record.strings)) > 2000  # type: ignore[attr-defined]
    assert len(stub.questions) == 2


async def test_answers_are_kept_for_their_time_to_live(
    stub: DnsStub, lookup: DnsLookup, clock: Clock
) -> None:
    stub.zone.add("host.example", "A", "192.0.2.1")
    stub.zone.add("host.example", "MX", "10 .")
    for _ in range(3):
        assert len((await lookup.ask("Host.Example.", "A")).records) == 1
        assert (await lookup.ask("nobody.example", "A")).records == ()
        assert (await lookup.ask("host.example", "AAAA")).records == ()
        assert lookup.known("host.example", "A") is not None
    assert len(stub.questions) == 3
    clock.seconds = 59.9
    await lookup.ask("nobody.example", "A")
    assert len(stub.questions) == 3
    clock.seconds = 60.1
    assert lookup.known("host.example", "A") is None
    stub.zone.add("nobody.example", "A", "192.0.2.2")
    assert len((await lookup.ask("nobody.example", "A")).records) == 1


async def test_an_alias_holds_no_longer_than_its_target(lookup: DnsLookup, stub: DnsStub) -> None:
    stub.zone.add("www.example", "CNAME", "host.example.")
    stub.zone.add("host.example", "A", "192.0.2.1")
    answer = await lookup.ask("www.example", "A")
    assert [record.address for record in answer.records if isinstance(record, A)] == ["192.0.2.1"]
    stub.zone.add("lost.example", "CNAME", "nowhere.example.")
    assert (await lookup.ask("lost.example", "A")).records == ()


async def test_aliases_without_an_end_are_no_trouble(lookup: DnsLookup, stub: DnsStub) -> None:
    for number in range(20):
        stub.zone.add(f"c{number}.example", "CNAME", f"c{(number + 1) % 20}.example.")
    assert (await lookup.ask("c0.example", "A")).records == ()


async def test_names_are_absolute_and_impossible_ones_have_no_records(
    stub: DnsStub, lookup: DnsLookup
) -> None:
    lookup._resolver.search = ["evil.example"]  # type: ignore[list-item]
    stub.zone.add("x.test.evil.example", "A", "192.0.2.66")
    for name in ("x.test", "x.test.", "a..b", "x" * 64 + ".test", ".".join(["abc"] * 80)):
        assert (await lookup.ask(name, "A")).records == ()
    assert {name for name, _ in stub.questions} == {"x.test"}


@pytest.mark.parametrize("fault", Fault)
async def test_trouble_is_told_in_time_and_not_kept(stub: DnsStub, lookup: DnsLookup, fault: Fault) -> None:
    stub.zone.fail("x.example", fault)
    with pytest.raises(DnsTrouble):
        await lookup.ask("x.example", "TXT")
    stub.zone.remove("x.example")
    assert (await lookup.ask("x.example", "TXT")).records == ()


async def test_a_name_server_that_is_not_there_is_trouble_and_the_next_one_is_asked(stub: DnsStub) -> None:
    nobody = HostPort("127.0.0.1", 1)
    with pytest.raises(DnsTrouble):
        await DnsLookup(nameservers=[nobody], timeout=timedelta(seconds=0.3)).ask("x.example", "TXT")
    both = DnsLookup(nameservers=[nobody, await stub.start()], timeout=timedelta(seconds=30))
    assert (await both.ask("x.example", "TXT")).records == ()


async def test_equal_questions_at_one_time_are_one(stub: DnsStub, lookup: DnsLookup) -> None:
    stub.zone.add("host.example", "A", "192.0.2.1")
    impatient = asyncio.create_task(lookup.ask("host.example", "A"))
    others = [asyncio.create_task(lookup.ask("host.example", "A")) for _ in range(20)]
    await asyncio.sleep(0)
    impatient.cancel()
    answers = await asyncio.gather(*others)
    assert {len(answer.records) for answer in answers} == {1}
    assert len(stub.questions) == 1


async def test_the_memory_is_bounded(
    stub: DnsStub, lookup: DnsLookup, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dns_lookup, "_ANSWERS_KEPT", 10)
    for number in range(15):
        await lookup.ask(f"n{number}.example", "A")
        await lookup.ask("n0.example", "A")
    assert len(stub.questions) == 15
    assert lookup.known("n1.example", "A") is None
    assert lookup.known("n14.example", "A") is not None
    monkeypatch.setattr(dns_lookup, "_OCTETS_KEPT", 5000)
    for number in range(15):
        stub.zone.add_text(f"t{number}.example", "x" * 1000)
        await lookup.ask(f"t{number}.example", "TXT")
    assert lookup.known("t14.example", "TXT") is not None
    assert lookup.known("t10.example", "TXT") is None
    assert lookup._octets <= 5000


async def test_a_zero_time_to_live_is_kept_by_nobody() -> None:
    stub = DnsStub(Zone(ttl=0))
    lookup = StubLookup(stub.zone, await stub.start())
    await lookup.ask("x.example", "A")
    await lookup.ask("x.example", "A")
    assert len(stub.questions) == 2
    await stub.stop()


async def test_what_is_under_way_is_given_up_at_the_end(stub: DnsStub, lookup: DnsLookup) -> None:
    stub.zone.fail("x.example", Fault.SILENCE)
    asking = asyncio.create_task(lookup.ask("x.example", "A"))
    await asyncio.sleep(0.02)
    lookup.close()
    with pytest.raises(asyncio.CancelledError):
        await asking
