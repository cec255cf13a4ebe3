"""DMARC records over real DNS packets: which one holds for a From domain, and what it says."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
from stub_lookup import StubLookup

from mta.dns_lookup import DnsLookup
from mta.proof.dmarc_check import DmarcChecker
from mta.proof.evidence import DmarcCode, DmarcPolicy, DmarcResult
from postfax.demonstration.dns_stub import DnsStub, Fault, Zone


@dataclass
class Place:
    zone: Zone
    dns: DnsStub
    lookup: DnsLookup

    async def check(self, domain: str = "hospital.example") -> DmarcResult:
        return await DmarcChecker(self.lookup).check(domain)


@pytest.fixture
async def place() -> AsyncIterator[Place]:
    zone = Zone(ttl=60)
    stub = DnsStub(zone)
    yield Place(zone, stub, StubLookup(zone, await stub.start()))
    await stub.stop()


@pytest.mark.parametrize(
    ("record", "policy"),
    [
        ("v=DMARC1; p=reject", DmarcPolicy.REJECT),
        ("v=DMARC1;p=quarantine;", DmarcPolicy.QUARANTINE),
        ("v=DMARC1; p=NONE; rua=mailto:x@hospital.example", DmarcPolicy.NONE),
        ("v=DMARC1; p=reject; pct=1", DmarcPolicy.REJECT),
        ("v=DMARC1; p=reject; pct=0", DmarcPolicy.QUARANTINE),
        ("v=DMARC1; p=quarantine; pct=0", DmarcPolicy.NONE),
        ("v=DMARC1; p=reject; t=y", DmarcPolicy.QUARANTINE),
        ("v=DMARC1; p=reject; sp=none", DmarcPolicy.REJECT),
        ("v=DMARC1;; p=reject; ;nonsense; rua=mailto:x@hospital.example;;", DmarcPolicy.REJECT),
        ("v=DMARC1; p=reject; aspf=x; fo=??; ri=often; pct=all", DmarcPolicy.REJECT),
    ],
)
async def test_the_policy_of_a_domain(place: Place, record: str, policy: DmarcPolicy) -> None:
    place.zone.add_text("_dmarc.hospital.example", record)
    found = await place.check("Hospital.Example")
    assert (found.code, found.domain, found.policy) == (DmarcCode.FOUND, "hospital.example", policy)
    assert found.enforced == (policy is not DmarcPolicy.NONE)


async def test_alignment_as_published(place: Place) -> None:
    place.zone.add_text("_dmarc.a.example", "v=DMARC1; p=none; aspf=s")
    place.zone.add_text("_dmarc.b.example", "v=DMARC1; p=none; adkim=S; aspf=r")
    first, second = await place.check("a.example"), await place.check("b.example")
    assert (first.strict_spf, first.strict_dkim) == (True, False)
    assert (second.strict_spf, second.strict_dkim) == (False, True)


async def test_the_organisation_speaks_for_its_subdomains(place: Place) -> None:
    place.zone.add_text("_dmarc.hospital.example", "v=DMARC1; p=reject; sp=quarantine; aspf=s")
    found = await place.check("x.y.hospital.example")
    assert (found.domain, found.policy, found.strict_spf) == (
        "hospital.example",
        DmarcPolicy.QUARANTINE,
        True,
    )
    assert place.dns.questions == [("_dmarc.x.y.hospital.example", "TXT"), ("_dmarc.hospital.example", "TXT")]
    place.zone.add_text("_dmarc.own.hospital.example", "v=DMARC1; p=none")
    assert (await place.check("own.hospital.example")).domain == "own.hospital.example"
    place.zone.add_text("_dmarc.clinic.example", "v=DMARC1; p=reject")
    assert (await place.check("x.clinic.example")).policy is DmarcPolicy.REJECT
    place.zone.add_text("_dmarc.co.uk", "v=DMARC1; p=reject")
    assert (await place.check("hospital.co.uk")).code is DmarcCode.NONE


@pytest.mark.parametrize(
    "records",
    [
        (),
        ("v=spf1 -all",),
        ("V=DMARC1; p=reject",),
        ("v=DMARC2; p=reject",),
        ("p=reject; v=DMARC1",),
    ],
)
async def test_no_record(place: Place, records: tuple[str, ...]) -> None:
    for record in records:
        place.zone.add_text("_dmarc.hospital.example", record)
    assert (await place.check()).code is DmarcCode.NONE


@pytest.mark.parametrize(
    "records",
    [
        ("v=DMARC1; p=reject", "v=DMARC1; p=none"),
        ("v=DMARC1",),
        ("v=DMARC1; p=sometimes",),
        ("v=DMARC1; sp=reject",),
        ("v=DMARC1; p=reject; sp=sometimes",),
        ("v=DMARC1; nonsense",),
        ("v=DMARC1; p=reject; " + "x=y; " * 1000,),
    ],
)
async def test_a_record_that_cannot_be_applied(place: Place, records: tuple[str, ...]) -> None:
    for record in records:
        place.zone.add_text("_dmarc.hospital.example", record)
    found = await place.check()
    assert (found.code, found.enforced) == (DmarcCode.PERMERROR, False)
    assert found.detail


async def test_other_records_do_not_matter(place: Place) -> None:
    place.zone.add_text("_dmarc.hospital.example", "v=DMARC1; p=", "reject")
    place.zone.add_text("_dmarc.hospital.example", "verification=123")
    place.zone.add_text("_dmarc.hospital.example", b"\xff\xfe")
    assert (await place.check()).policy is DmarcPolicy.REJECT


@pytest.mark.parametrize("fault", Fault)
@pytest.mark.parametrize("name", ["_dmarc.mail.hospital.example", "_dmarc.hospital.example"])
async def test_what_the_dns_does_not_say_is_not_known(place: Place, fault: Fault, name: str) -> None:
    place.zone.fail(name, fault)
    assert (await place.check("mail.hospital.example")).code is DmarcCode.TEMPERROR


@pytest.mark.parametrize("domain", ["", "localhost", "[192.0.2.1]", "a..b", "x" * 70 + ".example"])
async def test_what_is_no_domain_has_no_record(place: Place, domain: str) -> None:
    assert (await place.check(domain)).code is DmarcCode.NONE
    assert place.dns.questions == []
