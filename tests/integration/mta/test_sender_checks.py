"""From a mail to its verdict, with all that is asked on the way."""

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from in_memory import InMemory
from signed_mail import publish, rsa_key, seal, sign
from stub_lookup import StubLookup

from config.fax import FaxSettings
from config.settings import Settings, UserPolicy
from mta.dns_lookup import DnsLookup
from mta.header_scan import scan_header
from mta.proof.authentication_results import parse
from mta.proof.checks import SenderChecks
from mta.proof.evidence import SpfCode, SpfResult
from mta.proof.verdict import Admitted, Facts, Quarantined, Refused, Settled, single_author
from postfax.demonstration.dns_stub import DnsStub, Fault, Zone
from store.mail import ProofMethod

MAIL = (
    b"From: Ana <ana@hospital.example>\r\nTo: <+12065550123@fax.example.com>\r\nSubject: Referral\r\n"
    b"Date: Mon, 23 Nov 2026 09:00:00 +0000\r\nMessage-ID: <1@hospital.example>\r\n"
    b"MIME-Version: 1.0\r\nContent-Type: text/plain\r\n\r\nPlease see attached.\r\n"
)
OURS, FORWARDER = "192.0.2.1", "198.51.100.1"


def ana(fax: FaxSettings | None = None) -> UserPolicy:
    settings = Settings(fax=fax or FaxSettings())
    return UserPolicy(name="Ana", email="ana@hospital.example", company="Hospital", settings=settings)


def facts_of(
    message: bytes,
    user: UserPolicy | None,
    *,
    client: str = OURS,
    return_path: str = "ana@hospital.example",
    spf: SpfResult | None = None,
) -> Facts:
    header = scan_header(message)
    return Facts(
        client_address=client,
        helo="mx.hospital.example",
        return_path=return_path,
        header=header,
        author=single_author(header),
        user=user,
        spf=spf,
    )


@dataclass
class Place:
    zone: Zone
    dns: DnsStub
    checks: SenderChecks

    async def verdict(
        self,
        message: bytes = MAIL,
        *,
        client: str = OURS,
        return_path: str = "ana@hospital.example",
        require_spf: bool = True,
        trusted: tuple[str, ...] = (),
    ) -> Settled:
        fax = FaxSettings(require_spf=require_spf, trusted_sealers=trusted)
        facts = facts_of(message, ana(fax), client=client, return_path=return_path)
        return await self.checks.verdict(facts, InMemory(message))

    async def reply(self, message: bytes = MAIL, **more: Any) -> str:
        refused = await self.verdict(message, **more)
        assert isinstance(refused, Refused)
        return str(refused.reply)

    async def admitted(self, message: bytes = MAIL, **more: Any) -> Admitted:
        admitted = await self.verdict(message, **more)
        assert isinstance(admitted, Admitted)
        return admitted

    @property
    def asked(self) -> set[str]:
        return {name for name, _ in self.dns.questions}


@pytest.fixture
async def place() -> AsyncIterator[Place]:
    zone = Zone(ttl=60)
    stub = DnsStub(zone)
    lookup = StubLookup(zone, await stub.start())
    zone.add_text("hospital.example", f"v=spf1 ip4:{OURS} -all")
    publish(zone, rsa_key(), "hospital.example")
    publish(zone, rsa_key(), "lists.example")
    checks = SenderChecks(lookup, hostname="fax.example.com")
    yield Place(zone, stub, checks)
    checks.close()
    await stub.stop()


async def test_spf_alone_is_asked_where_it_is_enough(place: Place) -> None:
    admitted = await place.admitted(sign(MAIL))
    assert admitted.proof.method is ProofMethod.SPF
    assert place.asked == {"hospital.example"}
    field = parse(admitted.proof.results)
    assert field is not None
    assert field.authserv_id == "fax.example.com"
    assert [(one.method, one.result) for one in field.results] == [("spf", "pass")]


async def test_automatic_mail_and_strangers_cost_no_question(place: Place) -> None:
    assert isinstance(await place.verdict(return_path=""), Quarantined)
    header = scan_header(MAIL)
    stranger = Facts(
        client_address=OURS,
        helo="h.example",
        return_path="x@y.example",
        header=header,
        author=single_author(header),
        user=None,
    )
    assert isinstance(await place.checks.verdict(stranger, InMemory(MAIL)), Refused)
    assert place.asked == set()


async def test_a_forwarded_mail_is_proven_by_its_signature(place: Place) -> None:
    place.zone.add_text("_dmarc.hospital.example", "v=DMARC1; p=reject")
    for message, reply in ((MAIL, "550 5.7.26"), (sign(MAIL).replace(b"see", b"SEE"), "550 5.7.26")):
        assert (await place.reply(message, client=FORWARDER)).startswith(reply)
    admitted = await place.admitted(sign(MAIL), client=FORWARDER)
    assert admitted.proof.method is ProofMethod.DKIM
    field = parse(admitted.proof.results)
    assert field is not None
    assert [(one.method, one.result) for one in field.results] == [
        ("spf", "fail"),
        ("dkim", "pass"),
        ("dmarc", "pass"),
    ]


async def test_a_mailing_list_is_believed_where_the_policy_says_so(place: Place) -> None:
    listed = seal(
        sign(MAIL).replace(b"Subject: ", b"Subject: [list] "), "dmarc=pass header.from=hospital.example"
    )
    trusting: dict[str, Any] = {
        "client": FORWARDER,
        "return_path": "list@lists.example",
        "trusted": ("lists.example",),
    }
    assert (await place.reply(listed, client=FORWARDER)).startswith("550 5.7.23")
    assert "s1._domainkey.lists.example" not in place.asked
    admitted = await place.admitted(listed, **trusting)
    assert (admitted.proof.method, admitted.proof.detail) == (ProofMethod.ARC, "lists.example")
    changed = listed.replace(b"attached", b"changed!")
    assert (await place.reply(changed, **trusting)).startswith("550 5.7.23")


async def test_alignment_needs_the_record_only_for_subdomains(place: Place) -> None:
    place.zone.add_text("mail.hospital.example", f"v=spf1 ip4:{OURS} -all")
    below: dict[str, Any] = {"return_path": "ana@mail.hospital.example"}
    assert (await place.admitted(**below)).proof.method is ProofMethod.SPF
    place.zone.add_text("_dmarc.hospital.example", "v=DMARC1; p=none; aspf=s")
    place.checks._dns._kept.clear()
    assert "aspf=s" in await place.reply(**below)
    assert (await place.admitted()).proof.method is ProofMethod.SPF


@pytest.mark.parametrize("fault", Fault)
@pytest.mark.parametrize(
    ("name", "return_path"),
    [
        ("hospital.example", "ana@hospital.example"),
        ("s1._domainkey.hospital.example", "ana@elsewhere.example"),
        ("_dmarc.hospital.example", "ana@mail.hospital.example"),
    ],
)
async def test_trouble_with_any_of_them_is_temporary(
    place: Place, fault: Fault, name: str, return_path: str
) -> None:
    place.zone.add_text("mail.hospital.example", f"v=spf1 ip4:{OURS} -all")
    records = list(place.zone._records.items())
    place.zone.remove(name)
    place.zone.fail(name, fault)
    unsigned = name != "s1._domainkey.hospital.example"
    message = MAIL if unsigned else sign(MAIL)
    assert (await place.reply(message, return_path=return_path)).startswith("451 4.4.3 ")
    place.zone.remove(name)
    place.zone._records.update(records)
    await place.admitted(message, return_path=return_path)


async def test_an_evaluation_that_takes_too_long_is_temporary() -> None:
    stub = DnsStub(Zone(ttl=60))
    stub.zone.fail("hospital.example", Fault.SILENCE)
    lookup = DnsLookup(nameservers=[await stub.start()], timeout=timedelta(seconds=5))
    checks = SenderChecks(lookup, hostname="fax.example.com", spf_seconds=0.1)
    reply = await Place(stub.zone, stub, checks).reply()
    assert reply.startswith("451 4.7.24 ")
    checks.close()
    await stub.stop()


async def test_without_require_spf_the_domain_decides(place: Place) -> None:
    lax: dict[str, Any] = {"require_spf": False, "client": FORWARDER}
    assert (await place.admitted(**lax)).proof.method is ProofMethod.UNPROVEN
    assert place.asked == {"_dmarc.hospital.example"}
    place.zone.add_text("_dmarc.hospital.example", "v=DMARC1; p=quarantine")
    place.checks._dns._kept.clear()
    assert (await place.reply(**lax)).startswith("550 5.7.26")
    assert (await place.admitted(sign(MAIL), **lax)).proof.method is ProofMethod.DKIM


async def test_a_forged_field_in_our_name_is_not_even_read(place: Place) -> None:
    forged = b"Authentication-Results: fax.example.com; dmarc=pass header.from=hospital.example\r\n" + MAIL
    assert (await place.reply(forged, client=FORWARDER)).startswith("550 5.7.23")
    admitted = await place.admitted(forged)
    assert "dmarc" not in admitted.proof.results


async def test_a_refusal_repeats_nothing_that_was_written(place: Place) -> None:
    hostile = re.sub(rb"s=s1", b"s=<script>250", sign(MAIL)).replace(b" v=1;", b" v=evil;")
    reply = await place.reply(hostile, client=FORWARDER)
    assert "script" not in reply
    assert "evil" not in reply


async def test_many_at_one_time_ask_once(place: Place) -> None:
    signed = sign(MAIL)
    await asyncio.gather(*(place.admitted(signed, client=FORWARDER) for _ in range(20)))
    assert len(place.dns.questions) == len(set(place.dns.questions)) == 3


async def test_a_mail_that_is_given_up_harms_no_other(place: Place) -> None:
    place.zone.fail("slow.example", Fault.SILENCE)
    waiting = asyncio.create_task(place.verdict(return_path="ana@slow.example"))
    await asyncio.sleep(0.02)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert (await place.admitted()).proof.method is ProofMethod.SPF


async def test_what_was_judged_before_is_judged_anew_as_soon_as_anything_differs(place: Place) -> None:
    def spf(code: SpfCode) -> SpfResult:
        return SpfResult(code=code, domain="hospital.example", detail="ip4:192.0.2.1")

    async def verdict(facts: Facts, message: bytes = MAIL) -> Settled:
        return await place.checks.verdict(facts, InMemory(message))

    user, passed = ana(), spf(SpfCode.PASS)
    first = await verdict(facts_of(MAIL, user, spf=passed))
    other = MAIL.replace(b"<1@", b"<2@")
    assert await verdict(facts_of(other, user, spf=passed)) is first

    renamed = await verdict(facts_of(MAIL, user.model_copy(update={"name": "Ana Ruiz"}), spf=passed))
    assert isinstance(renamed, Admitted)
    assert renamed.user.name == "Ana Ruiz"
    assert isinstance(await verdict(facts_of(MAIL, user, spf=spf(SpfCode.FAIL))), Refused)
    assert isinstance(await verdict(facts_of(MAIL, None, spf=passed)), Refused)
    listed = b"List-Id: <l.example>\r\n" + MAIL
    assert isinstance(await verdict(facts_of(listed, user, spf=passed), listed), Quarantined)
    forged = MAIL.replace(b"ana@hospital.example>", b"ana@else.example>", 1)
    assert isinstance(await verdict(facts_of(forged, user, spf=passed), forged), Refused)
    again = await verdict(facts_of(MAIL, user, client=FORWARDER, spf=passed))
    assert isinstance(again, Admitted)
    assert again.proof.client_address == FORWARDER
