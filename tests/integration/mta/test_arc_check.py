"""ARC chains over real DNS packets: believed only whole, and from sealers that are trusted to the end."""

import re
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest
from in_memory import InMemory
from signed_mail import publish, rsa_key, seal
from stub_lookup import StubLookup

from mta.proof.arc_check import SETS_LIMIT, ArcChecker
from mta.proof.evidence import ArcCode, ArcResult
from postfax.demonstration.dns_stub import DnsStub, Fault, Zone

MAIL = (
    b"From: Ana <ana@hospital.example>\r\nTo: <+12065550123@fax.example.com>\r\nSubject: Referral\r\n"
    b"Date: Mon, 23 Nov 2026 09:00:00 +0000\r\nMessage-ID: <1@hospital.example>\r\n"
    b"MIME-Version: 1.0\r\nContent-Type: text/plain\r\n\r\nPlease see attached.\r\n"
)
FOUND = "dmarc=pass header.from=hospital.example"
TRUSTED = ("lists.example", "relay.example")


@dataclass
class Place:
    zone: Zone
    dns: DnsStub
    checker: ArcChecker

    async def check(self, message: bytes, trusted: tuple[str, ...] = TRUSTED) -> ArcResult:
        return await self.checker.check(InMemory(message), trusted)


@pytest.fixture
async def place() -> AsyncIterator[Place]:
    zone = Zone(ttl=60)
    stub = DnsStub(zone)
    lookup = StubLookup(zone, await stub.start())
    for domain in ("lists.example", "relay.example", "evil.example"):
        publish(zone, rsa_key(), domain)
    with ThreadPoolExecutor(2) as threads:
        yield Place(zone, stub, ArcChecker(lookup, threads))
    await stub.stop()


def chain(hops: int) -> bytes:
    message = seal(MAIL, FOUND)
    for number in range(1, hops):
        domain = TRUSTED[number % 2]
        message = seal(b"Received: by %s\r\n" % domain.encode() + message, "arc=pass", domain=domain)
    return message


@pytest.mark.parametrize("hops", [1, 2, 3])
async def test_a_whole_chain_is_believed(place: Place, hops: int) -> None:
    result = await place.check(chain(hops))
    assert result.code is ArcCode.PASS
    assert [hop.domain for hop in result.hops] == [TRUSTED[n % 2] for n in range(hops)][::-1]
    first = result.hops[-1].results
    assert first is not None
    assert first.of("dmarc")[0].value("header.from") == "hospital.example"


async def test_no_chain(place: Place) -> None:
    assert await place.check(MAIL) == ArcResult(code=ArcCode.NONE)


async def test_a_stranger_at_the_end_is_not_even_looked_up(place: Place) -> None:
    for message in (
        seal(MAIL, FOUND, domain="evil.example"),
        seal(chain(1), "arc=pass", domain="evil.example"),
    ):
        result = await place.check(message)
        assert result.code is ArcCode.POLICY
        assert result.hops[0].domain == "evil.example"
    assert place.dns.questions == []


async def test_a_sealer_below_a_trusted_domain_is_trusted(place: Place) -> None:
    publish(place.zone, rsa_key(), "eu.lists.example")
    assert (await place.check(seal(MAIL, FOUND, domain="eu.lists.example"))).code is ArcCode.PASS
    assert (await place.check(seal(MAIL, FOUND, domain="xlists.example"))).code is ArcCode.POLICY


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"Please", b"Kindly"),
        (b"Referral", b"Invoice"),
        (b"ana@hospital.example>\r\nTo", b"eva@hospital.example>\r\nTo"),
        (b"dmarc=pass", b"dmarc=fail"),
        (b"header.from=hospital", b"header.from=other"),
        (b"cv=none", b"cv=pass"),
        (b"cv=none", b"cv=fail"),
        (b"cv=pass", b"cv=none"),
    ],
)
async def test_a_changed_chain_fails(place: Place, before: bytes, after: bytes) -> None:
    whole = chain(2)
    assert before in whole
    assert (await place.check(whole.replace(before, after))).code is ArcCode.FAIL


@pytest.mark.parametrize(
    "field", [b"ARC-Seal: i=1", b"ARC-Message-Signature: i=1", b"ARC-Authentication-Results: i=1"]
)
async def test_an_incomplete_or_doubled_chain_fails(place: Place, field: bytes) -> None:
    whole = chain(2)
    found = re.search(re.escape(field) + rb"[^\r]*\r\n(?:[ \t][^\r]*\r\n)*", whole)
    assert found
    for changed in (
        whole.replace(found[0], b""),
        whole.replace(found[0], found[0] * 2),
        found[0] + whole,
        whole.replace(found[0], found[0].replace(b"i=1", b"i=3", 1)),
        whole.replace(found[0], found[0].replace(b"i=1", b"i=x", 1)),
        whole.replace(found[0], found[0].replace(b"i=1", b"i=0", 1)),
    ):
        assert (await place.check(changed)).code is ArcCode.FAIL


async def test_an_instance_that_hides_is_not_believed(place: Place) -> None:
    whole = chain(1)
    for before, after in (
        (b"ARC-Message-Signature: i=1;", b"ARC-Message-Signature: xi=2; i=1;"),
        (b"ARC-Seal: i=1;", b"ARC-Seal: zi=7; i=1;"),
        (b"ARC-Message-Signature: i=1;", b"ARC-Message-Signature:i=1;"),
    ):
        assert before in whole
        assert (await place.check(whole.replace(before, after))).code is ArcCode.FAIL


async def test_a_forged_chain_has_not_the_key(place: Place) -> None:
    assert (await place.check(seal(MAIL, FOUND, key=rsa_key(number=2)))).code is ArcCode.FAIL
    place.zone.remove("s1._domainkey.lists.example")


async def test_a_key_that_is_not_there_fails_and_one_that_is_not_told_is_trouble(place: Place) -> None:
    name = "s1._domainkey.relay.example"
    place.zone.remove(name)
    place.zone.fail(name, Fault.SERVFAIL)
    assert (await place.check(chain(2))).code is ArcCode.TEMPERROR
    place.zone.remove(name)
    assert (await place.check(chain(2))).code is ArcCode.FAIL


async def test_a_chain_without_end_is_not_looked_into(place: Place) -> None:
    result = await place.check(chain(SETS_LIMIT + 1))
    assert result.code is ArcCode.POLICY
    assert place.dns.questions == []


async def test_a_seal_must_cover_the_author(place: Place) -> None:
    whole = chain(1)
    changed = whole.replace(b"h=from :", b"h=x-from :")
    assert changed != whole
    result = await place.check(changed)
    assert (result.code, result.reason) == (
        ArcCode.FAIL,
        "the last ARC signature does not cover the From field",
    )
