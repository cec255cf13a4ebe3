"""SPF over real DNS packets: the RFC 7208 test suite, and what the resolver must never do."""

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML
from stub_lookup import StubLookup

from mta.dns_lookup import DnsLookup
from mta.proof.evidence import SpfCode
from mta.proof.spf_check import SpfChecker
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
    lookup = StubLookup(zone, await stub.start())
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


async def test_an_evaluation_has_a_total_time(stub: DnsStub) -> None:
    stub.zone.add_text("slow.example", "v=spf1 a:a.example a:b.example a:c.example a:d.example -all")
    for name in "abcd":
        stub.zone.fail(f"{name}.example", Fault.SILENCE)
    lookup = DnsLookup(nameservers=[await stub.start()], timeout=timedelta(seconds=20))
    checker = SpfChecker(lookup, total_seconds=0.4)
    async with asyncio.timeout(60):  # four answers that never come would take 80 s
        result = await checker.check(
            client_address="192.0.2.1", return_path="a@slow.example", helo="h.example"
        )
    checker.close()
    assert result.code is SpfCode.TEMPERROR


async def test_an_at_sign_in_quotes_does_not_move_the_domain(stub: DnsStub) -> None:
    stub.zone.add_text("victim.example", "v=spf1 -all")
    stub.zone.add_text('evil.example"@victim.example', "v=spf1 +all")
    checker = SpfChecker(StubLookup(stub.zone, await stub.start()))
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
    checker = SpfChecker(StubLookup(stub.zone, await stub.start()))
    result = await checker.check(client_address="192.0.2.1", return_path="a@x.example", helo="h.example")
    checker.close()
    assert result.code is SpfCode.PERMERROR


async def test_a_result_is_kept_while_all_that_it_was_made_of_holds(stub: DnsStub) -> None:
    seconds = 0.0
    lookup = StubLookup(stub.zone, await stub.start(), clock=lambda: seconds)
    checker = SpfChecker(lookup)

    async def check(return_path: str = "a@x.example") -> SpfCode:
        result = await checker.check(client_address="192.0.2.1", return_path=return_path, helo="h.example")
        return result.code

    stub.zone.add_text("x.example", "v=spf1 include:y.example -all")
    stub.zone.add_text("y.example", "v=spf1 ip4:192.0.2.1 -all")
    assert await check() is SpfCode.PASS
    stub.zone.clear()
    assert await check() is SpfCode.PASS
    assert await check("b@x.example") is SpfCode.PASS
    assert len(stub.questions) == 2
    seconds = 61
    assert await check() is SpfCode.NONE
    checker.close()


async def test_trouble_is_not_kept(stub: DnsStub) -> None:
    checker = SpfChecker(StubLookup(stub.zone, await stub.start()))
    stub.zone.fail("x.example", Fault.SERVFAIL)
    for fault, code in ((Fault.SERVFAIL, SpfCode.TEMPERROR), (None, SpfCode.FAIL)):
        if fault is None:
            stub.zone.remove("x.example")
            stub.zone.add_text("x.example", "v=spf1 -all")
        result = await checker.check(client_address="192.0.2.1", return_path="a@x.example", helo="h.example")
        assert result.code is code
    checker.close()


async def test_a_huge_record_costs_the_loop_nothing(stub: DnsStub) -> None:
    checker = SpfChecker(StubLookup(stub.zone, await stub.start()))
    stub.zone.add_text("long.example", "v=spf1 " + "ip4:198.51.100.1 " * 400 + "ip4:192.0.2.1 -all")
    stub.zone.add_text("huge.example", "v=spf1 " + "%{" * 20_000)
    for domain, code in (("long.example", SpfCode.PASS), ("huge.example", SpfCode.PERMERROR)):
        result = await checker.check(client_address="192.0.2.1", return_path=f"a@{domain}", helo="h.example")
        assert result.code is code
    checker.close()


async def test_the_exchanges_are_looked_up_together(stub: DnsStub) -> None:
    for number in range(10):
        stub.zone.add("x.example", "MX", f"{number} m{number}.example.")
        stub.zone.add(f"m{number}.example", "AAAA", f"2001:db8::{number}")
    stub.zone.add_text("x.example", "v=spf1 mx -all")
    checker = SpfChecker(StubLookup(stub.zone, await stub.start()))
    result = await checker.check(client_address="2001:db8::9", return_path="a@x.example", helo="h.example")
    checker.close()
    assert (result.code, result.detail) == (SpfCode.PASS, "mx")
    assert len(stub.questions) == 12


async def test_checks_in_many_threads_ask_their_own_resolver(stub: DnsStub) -> None:
    other = DnsStub(Zone())
    stub.zone.add_text("x.example", "v=spf1 ip4:192.0.2.1 -all")
    other.zone.add_text("x.example", "v=spf1 -all")
    lookups = [StubLookup(one.zone, await one.start()) for one in (stub, other)]
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
