"""SPF over real DNS packets: the RFC 7208 test suite, and what the resolver must never do."""

import asyncio
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from config.values import HostPort
from mta.dns_lookup import DnsLookup, DnsTrouble
from mta.proof.spf_check import SpfChecker
from mta.proof.verdict import SpfCode
from postfax.demonstration.dns_stub import DnsStub, Fault, Zone

SUITE = Path(__file__).parents[2] / "data" / "rfc7208-tests.yml"


def scenarios() -> Iterator[Any]:
    for scenario in YAML(typ="safe", pure=True).load_all(SUITE.read_text()):
        yield pytest.param(scenario, id=scenario["description"].replace(" ", "-"))


def fill(zone: Zone, data: dict[str, list[Any]]) -> None:
    """The suite's zone data: an SPF record stands for a TXT record where there is none."""
    for name, records in data.items():
        types = [kind for record in records if record != "TIMEOUT" for kind in record]
        for record in records:
            if record == "TIMEOUT":
                zone.fail(name, Fault.SILENCE)
                continue
            ((kind, value),) = record.items()
            if kind == "SPF":
                if "TXT" in types:
                    continue
                kind = "TXT"
            add(zone, name, kind, value)


def add(zone: Zone, name: str, kind: str, value: Any) -> None:
    if value == "TIMEOUT":
        zone.fail(name, Fault.SILENCE, rdtype=kind)
    elif kind == "TXT":
        if value != "NONE":
            zone.add_text(name, *([value] if isinstance(value, str) else value))
    elif kind == "MX":
        zone.add(name, "MX", f"{value[0]} {value[1] or '.'}")
    else:
        zone.add(name, kind, value)


@pytest.mark.parametrize("scenario", list(scenarios()))
async def test_rfc_7208_suite(scenario: dict[str, Any]) -> None:
    zone = Zone()
    fill(zone, scenario["zonedata"])
    stub = DnsStub(zone)
    lookup = DnsLookup(nameservers=[await stub.start()], timeout=timedelta(seconds=0.25))
    checker = SpfChecker(lookup)
    try:
        for name, test in scenario["tests"].items():
            result = await checker.check(
                client_address=test["host"], return_path=test["mailfrom"], helo=test["helo"]
            )
            expected = test["result"] if isinstance(test["result"], list) else [test["result"]]
            assert result.code.value in expected, f"{name}: {result}"
    finally:
        checker.close()
        await stub.stop()


@pytest.fixture
async def stub() -> Any:
    server = DnsStub(Zone(ttl=60))
    yield server
    await server.stop()


async def test_an_answer_too_long_for_udp_comes_over_tcp(stub: DnsStub) -> None:
    lookup = DnsLookup(nameservers=[await stub.start()], timeout=timedelta(seconds=2))
    stub.zone.add_text("long.example", "v=spf1 " + "ip4:192.0.2.1 " * 200 + "-all")
    (record,) = await asyncio.to_thread(lookup.records, "long.example", "TXT", timeout=2)
    assert len(b"".join(record.strings)) > 2000  # type: ignore[attr-defined]
    assert len(stub.questions) == 2


async def test_answers_are_kept_for_their_time_to_live(stub: DnsStub) -> None:
    lookup = DnsLookup(nameservers=[await stub.start()], timeout=timedelta(seconds=2))
    stub.zone.add("host.example", "A", "192.0.2.1")
    for _ in range(3):
        assert len(await asyncio.to_thread(lookup.records, "host.example", "A", timeout=2)) == 1
        assert await asyncio.to_thread(lookup.records, "nobody.example", "A", timeout=2) == []
    assert len(stub.questions) == 2


async def test_names_are_absolute_and_impossible_ones_have_no_records(stub: DnsStub) -> None:
    lookup = DnsLookup(nameservers=[await stub.start()], timeout=timedelta(seconds=2))
    lookup._resolver.search = ["evil.example"]  # type: ignore[list-item]
    stub.zone.add("x.test.evil.example", "A", "192.0.2.66")
    for name in ("x.test", "x.test.", "a..b", "x" * 64 + ".test", ".".join(["abc"] * 80)):
        assert await asyncio.to_thread(lookup.records, name, "A", timeout=2) == []
    assert {name for name, _ in stub.questions} == {"x.test"}


@pytest.mark.parametrize("fault", Fault)
async def test_trouble_is_told_and_in_time(stub: DnsStub, fault: Fault) -> None:
    lookup = DnsLookup(nameservers=[await stub.start()], timeout=timedelta(seconds=0.3))
    stub.zone.fail("x.example", fault)
    before = time.monotonic()
    with pytest.raises(DnsTrouble):
        await asyncio.to_thread(lookup.records, "x.example", "TXT", timeout=20)
    assert time.monotonic() - before < 2


async def test_a_name_server_that_is_not_there_is_trouble() -> None:
    lookup = DnsLookup(nameservers=[HostPort("127.0.0.1", 1)], timeout=timedelta(seconds=0.3))
    with pytest.raises(DnsTrouble):
        await asyncio.to_thread(lookup.records, "x.example", "TXT", timeout=20)


async def test_an_evaluation_has_a_total_time(stub: DnsStub) -> None:
    stub.zone.add_text("slow.example", "v=spf1 a:a.example a:b.example a:c.example a:d.example -all")
    for name in "abcd":
        stub.zone.fail(f"{name}.example", Fault.SILENCE)
    lookup = DnsLookup(nameservers=[await stub.start()], timeout=timedelta(seconds=20))
    checker = SpfChecker(lookup, total_seconds=0.4)
    before = time.monotonic()
    result = await checker.check(client_address="192.0.2.1", return_path="a@slow.example", helo="h.example")
    checker.close()
    assert result.code is SpfCode.TEMPERROR
    assert time.monotonic() - before < 2


async def test_an_at_sign_in_quotes_does_not_move_the_domain(stub: DnsStub) -> None:
    stub.zone.add_text("victim.example", "v=spf1 -all")
    stub.zone.add_text('evil.example"@victim.example', "v=spf1 +all")
    checker = SpfChecker(DnsLookup(nameservers=[await stub.start()], timeout=timedelta(seconds=2)))
    result = await checker.check(
        client_address="192.0.2.1", return_path='"x@evil.example"@victim.example', helo="h.example"
    )
    checker.close()
    assert (result.code, result.domain) == (SpfCode.FAIL, "victim.example")


async def test_what_pyspf_stumbles_over_proves_nothing(
    stub: DnsStub, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stumble(_: object) -> None:
        raise IndexError

    monkeypatch.setattr("spf.query.check", stumble)
    checker = SpfChecker(DnsLookup(nameservers=[await stub.start()], timeout=timedelta(seconds=2)))
    result = await checker.check(client_address="192.0.2.1", return_path="a@x.example", helo="h.example")
    checker.close()
    assert result.code is SpfCode.PERMERROR


async def test_a_check_that_hangs_is_given_up(stub: DnsStub, monkeypatch: pytest.MonkeyPatch) -> None:
    def hang(_: object) -> tuple[str, int, str]:
        time.sleep(0.5)
        return "none", 250, ""

    monkeypatch.setattr("spf.query.check", hang)
    lookup = DnsLookup(nameservers=[await stub.start()], timeout=timedelta(seconds=2))
    checker = SpfChecker(lookup, total_seconds=0.1)
    result = await checker.check(client_address="192.0.2.1", return_path="a@x.example", helo="h.example")
    checker.close()
    assert result.code is SpfCode.TEMPERROR
    assert result.out_of_time


async def test_checks_in_many_threads_ask_their_own_resolver(stub: DnsStub) -> None:
    other = DnsStub(Zone())
    stub.zone.add_text("x.example", "v=spf1 ip4:192.0.2.1 -all")
    other.zone.add_text("x.example", "v=spf1 -all")
    servers = [await stub.start(), await other.start()]
    lookups = [DnsLookup(nameservers=[one], timeout=timedelta(seconds=2)) for one in servers]
    checkers = [SpfChecker(lookup) for lookup in lookups]
    results = await asyncio.gather(
        *(
            checkers[number % 2].check(
                client_address="192.0.2.1", return_path="a@x.example", helo="h.example"
            )
            for number in range(60)
        )
    )
    assert [result.code for result in results] == [SpfCode.PASS, SpfCode.FAIL] * 30
    for checker in checkers:
        checker.close()
    await other.stop()
