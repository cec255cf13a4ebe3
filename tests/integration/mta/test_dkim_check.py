"""DKIM over real DNS packets: what proves, what does not, and what is not known."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest
from in_memory import InMemory
from signed_mail import FIELDS, ed25519_key, publish, rsa_key, rsa_record, sign
from stub_lookup import StubLookup

from mta.dns_lookup import DnsLookup
from mta.proof.dkim_check import SIGNATURES_LIMIT, DkimChecker
from mta.proof.evidence import DkimCode, DkimResult
from postfax.demonstration.dns_stub import DnsStub, Fault, Zone

MAIL = (
    b"From: Ana <ana@hospital.example>\r\nTo: <+12065550123@fax.example.com>\r\nSubject: Referral \r\n"
    b"Date: Mon, 23 Nov 2026 09:00:00 +0000\r\nMessage-ID: <1@hospital.example>\r\n"
    b"MIME-Version: 1.0\r\nContent-Type: text/plain\r\n\r\n"
    b"Please see  attached. \r\n\r\n.\r\n\r\n\r\n"
)


@dataclass
class Place:
    zone: Zone
    dns: DnsStub
    lookup: DnsLookup
    threads: ThreadPoolExecutor

    async def check(self, message: bytes, *, now: float | None = None) -> list[DkimResult]:
        clock: Callable[[], float] = time.time if now is None else lambda: now
        checker = DkimChecker(self.lookup, self.threads, clock=clock)
        return list(await checker.check(InMemory(message), "hospital.example"))

    async def one(self, message: bytes, *, now: float | None = None) -> DkimResult:
        (result,) = await self.check(message, now=now)
        return result


@pytest.fixture
async def place() -> AsyncIterator[Place]:
    zone = Zone(ttl=60)
    stub = DnsStub(zone)
    lookup = StubLookup(zone, await stub.start())
    publish(zone, rsa_key(), "hospital.example")
    with ThreadPoolExecutor(2) as threads:
        yield Place(zone, stub, lookup, threads)
    await stub.stop()


@pytest.mark.parametrize(
    "canonicalisation", [b"simple/simple", b"simple/relaxed", b"relaxed/simple", b"relaxed/relaxed"]
)
async def test_a_signature_proves_its_domain(place: Place, canonicalisation: bytes) -> None:
    result = await place.one(sign(MAIL, canonicalisation=canonicalisation))
    assert result == DkimResult(
        code=DkimCode.PASS, domain="hospital.example", selector="s1", algorithm="rsa-sha256"
    )


async def test_ed25519(place: Place) -> None:
    publish(place.zone, ed25519_key(), "hospital.example", "s2")
    result = await place.one(sign(MAIL, ed25519_key(), selector="s2"))
    assert (result.code, result.algorithm) == (DkimCode.PASS, "ed25519-sha256")


async def test_what_a_relay_may_do_does_not_matter(place: Place) -> None:
    signed = sign(MAIL)
    relayed = b"Received: from a by b\r\n" + signed.replace(b"Subject: Referral ", b"SUBJECT:\r\n\tReferral")
    assert (await place.one(relayed)).code is DkimCode.PASS


@pytest.mark.parametrize(
    ("before", "after", "reason"),
    [
        (b"Please", b"Kindly", "the body was changed"),
        (b"Referral", b"Invoice", "the signature does not match the header"),
        (b"ana@", b"eva@", "the signature does not match the header"),
        (b"\r\n.\r\n", b"\r\n.\r\nmore\r\n", "the body was changed"),
    ],
)
async def test_a_changed_mail_is_not_proven(place: Place, before: bytes, after: bytes, reason: str) -> None:
    result = await place.one(sign(MAIL).replace(before, after))
    assert (result.code, result.reason) == (DkimCode.FAIL, reason)


async def test_another_key_is_none(place: Place) -> None:
    result = await place.one(sign(MAIL, rsa_key(number=2)))
    assert (result.code, result.reason) == (DkimCode.FAIL, "the signature does not match the header")


async def test_a_second_from_field_does_not_pass(place: Place) -> None:
    for signed in (sign(MAIL), sign(MAIL, fields=(*FIELDS, b"from"))):
        doubled = signed.replace(b"To: ", b"From: eva@hospital.example\r\nTo: ", 1)
        assert (await place.one(doubled)).code is DkimCode.FAIL


async def test_an_oversigned_mail_passes(place: Place) -> None:
    assert (await place.one(sign(MAIL, fields=(*FIELDS, b"from", b"cc")))).code is DkimCode.PASS
    added = sign(MAIL, fields=(*FIELDS, b"cc")).replace(b"To: ", b"Cc: x@y.example\r\nTo: ", 1)
    assert (await place.one(added)).code is DkimCode.FAIL


@pytest.mark.parametrize(
    ("record", "code", "reason"),
    [
        ("", DkimCode.PERMERROR, "there is no key"),
        ("v=DKIM1; p=", DkimCode.PERMERROR, "the key was revoked"),
        ("v=DKIM2; p=abcd", DkimCode.PERMERROR, "the key cannot be read"),
        ("v=DKIM1; p=!!!!", DkimCode.PERMERROR, "the key cannot be read"),
        ("v=DKIM1; k=dsa; p=abcd", DkimCode.PERMERROR, "the key cannot be read"),
        ("v=DKIM1; k=ed25519; p=abcd", DkimCode.PERMERROR, "the key cannot be read"),
        ("p=" + "A" * 9000, DkimCode.PERMERROR, "the key record is too long"),
        ("s=tlsrpt;", DkimCode.PERMERROR, "the key is not for mail"),
        ("s=other;", DkimCode.PERMERROR, "the key is not for mail"),
        ("h=sha1;", DkimCode.PERMERROR, "the key is not for SHA-256"),
        ("t=y;", DkimCode.POLICY, "the key is published for testing (t=y)"),
    ],
)
async def test_a_key_that_is_not_fit(place: Place, record: str, code: DkimCode, reason: str) -> None:
    place.zone.remove("s1._domainkey.hospital.example")
    if "p=" in record:
        place.zone.add_text("s1._domainkey.hospital.example", record)
    elif record:
        place.zone.add_text(
            "s1._domainkey.hospital.example", record + rsa_key().record.replace("v=DKIM1;", "")
        )
    result = await place.one(sign(MAIL))
    assert (result.code, result.reason) == (code, reason)


async def test_two_keys_are_none(place: Place) -> None:
    publish(place.zone, rsa_key(number=2), "hospital.example")
    assert (await place.one(sign(MAIL))).reason == "there is more than one key"


async def test_a_short_key_and_sha1_prove_nothing(place: Place) -> None:
    publish(place.zone, rsa_key(1024), "hospital.example", "enough")
    assert (await place.one(sign(MAIL, rsa_key(1024), selector="enough"))).code is DkimCode.PASS
    for bits, reason in (
        (512, "the RSA key has only 512 bits"),
        (9600, "the RSA key is larger than any that is used"),
    ):
        place.zone.add_text(f"b{bits}._domainkey.hospital.example", rsa_record(bits))
        result = await place.one(sign(MAIL, selector=f"b{bits}"))
        assert (result.code is DkimCode.PASS, result.reason) == (False, reason)
    place.zone.add_text("slow._domainkey.hospital.example", rsa_record(2048, exponent=(1 << 2000) + 1))
    assert (await place.one(sign(MAIL, selector="slow"))).code is DkimCode.PERMERROR
    old = sign(MAIL, signature_algorithm=b"rsa-sha1")
    assert (await place.one(old)).code is DkimCode.POLICY


async def test_a_key_of_another_kind(place: Place) -> None:
    publish(place.zone, ed25519_key(), "hospital.example", "s2")
    assert (await place.one(sign(MAIL, selector="s2"))).reason == (
        "the key is of another kind than the signature"
    )


async def test_a_key_that_does_not_sign_for_subdomains(place: Place) -> None:
    place.zone.add_text(
        "strict._domainkey.hospital.example", rsa_key().record.replace("k=rsa;", "k=rsa; t=s;")
    )
    assert (await place.one(sign(MAIL, selector="strict"))).code is DkimCode.PASS
    below = sign(MAIL, selector="strict", identity=b"ana@mail.hospital.example")
    assert (await place.one(below)).reason == "the key does not sign for subdomains (t=s)"
    assert (await place.one(sign(MAIL, identity=b"ana@mail.hospital.example"))).code is DkimCode.PASS


@pytest.mark.parametrize("fault", Fault)
async def test_what_the_dns_does_not_say_is_not_known(place: Place, fault: Fault) -> None:
    place.zone.remove("s1._domainkey.hospital.example")
    place.zone.fail("s1._domainkey.hospital.example", fault)
    result = await place.one(sign(MAIL))
    assert result.code is DkimCode.TEMPERROR
    place.zone.remove("s1._domainkey.hospital.example")
    publish(place.zone, rsa_key(), "hospital.example")
    assert (await place.one(sign(MAIL))).code is DkimCode.PASS


async def test_a_part_of_the_body_proves_nothing(place: Place) -> None:
    signed = sign(MAIL, length=True)
    assert (await place.one(signed)).code is DkimCode.PASS
    appended = await place.one(signed + b"--b\r\nContent-Type: application/pdf\r\n\r\nevil\r\n")
    assert appended.code is DkimCode.POLICY
    assert appended.reason.startswith("covers only the first")
    cut = signed[: signed.index(b".\r\n\r\n\r\n")]
    assert (await place.one(cut)).code is DkimCode.FAIL


async def test_a_signature_has_its_time(place: Place) -> None:
    signed = sign(MAIL, more=((b"x", b"%d" % (time.time() + 1000)),))
    assert (await place.one(signed)).code is DkimCode.PASS
    assert (await place.one(signed, now=time.time() + 1200)).code is DkimCode.PASS
    late = await place.one(signed, now=time.time() + 1400)
    assert (late.code, late.reason) == (DkimCode.FAIL, "has expired")


@pytest.mark.parametrize(
    ("before", "after", "code", "reason"),
    [
        (b"v=1;", b"", DkimCode.PERMERROR, "without v"),
        (b" d=hospital.example;", b"", DkimCode.PERMERROR, "without d"),
        (b"a=rsa-sha256", b"a=rsa-md5", DkimCode.PERMERROR, "of an unknown algorithm"),
        (b"h=from :", b"h=x-from :", DkimCode.PERMERROR, "does not cover the From field"),
        (b"v=1;", b"v=1; v=1;", DkimCode.PERMERROR, "the signature is malformed"),
        (b"v=1;", b"v=2;", DkimCode.PERMERROR, "the signature is malformed"),
        (b"v=1;", b"v=1; nonsense;", DkimCode.PERMERROR, "the signature is malformed"),
        (b"c=relaxed/relaxed", b"c=none/none", DkimCode.FAIL, "the body was changed"),
        (b"i=@hospital", b"i=@elsewhere", DkimCode.PERMERROR, "the signature is malformed"),
        (b"v=1;", b"v=1; l=x;", DkimCode.PERMERROR, "has a malformed body length"),
        (b"v=1;", b"v=1; x=x;", DkimCode.PERMERROR, "has a malformed expiry"),
        (b"v=1;", b"v=1; z=" + b"z" * 9000 + b";", DkimCode.PERMERROR, "the signature is too long"),
        (b"v=1;", b"v=1;" + b" " * 200, DkimCode.PERMERROR, "the signature is too long"),
        (b"h=from :", b"h=from :" + b"a:" * 300, DkimCode.PERMERROR, "covers too many fields"),
    ],
)
async def test_a_malformed_signature(
    place: Place, before: bytes, after: bytes, code: DkimCode, reason: str
) -> None:
    signed = sign(MAIL)
    assert before in signed
    result = await place.one(signed.replace(before, after, 1))
    assert (result.code, result.reason) == (code, reason)


@pytest.mark.parametrize(
    "header",
    [b"no colon\r\n", b" folded at first\r\n", b"From : x\r\n", b"A: b\nB: c\r\n", b"X: y\r\n" * 1001],
)
async def test_a_header_that_two_readers_read_in_two_ways(place: Place, header: bytes) -> None:
    result = await place.one(header + sign(MAIL))
    assert result.code is DkimCode.PERMERROR
    assert result.reason.startswith("the header")


async def test_the_signatures_of_the_author_come_first(place: Place) -> None:
    publish(place.zone, rsa_key(), "lists.example")
    signed = sign(sign(MAIL), domain="lists.example")
    (result,) = await place.check(signed)
    assert (result.code, result.domain) == (DkimCode.PASS, "hospital.example")
    assert ("s1._domainkey.lists.example", "TXT") not in place.dns.questions
    results = await place.check(sign(sign(MAIL, rsa_key(number=2)), domain="lists.example"))
    assert [(one.code, one.domain) for one in results] == [
        (DkimCode.FAIL, "hospital.example"),
        (DkimCode.PASS, "lists.example"),
    ]


async def test_not_every_signature_is_tried(place: Place) -> None:
    signed = MAIL
    for number in range(10):
        signed = sign(signed, domain=f"d{number}.example")
    assert len(await place.check(signed)) == SIGNATURES_LIMIT
    assert len(place.dns.questions) == SIGNATURES_LIMIT
    assert (await place.check(sign(signed)))[0].code is DkimCode.PASS


async def test_a_mail_without_a_body(place: Place) -> None:
    header = MAIL[: MAIL.index(b"\r\n\r\n") + 2]
    for message in (header, header + b"\r\n"):
        for canonicalisation in (b"simple/simple", b"relaxed/relaxed"):
            signed = sign(message, canonicalisation=canonicalisation)
            assert (await place.one(signed)).code is DkimCode.PASS


async def test_a_large_mail_leaves_the_loop_free(place: Place) -> None:
    signed = sign(MAIL + b"a  line \tof text\r\n" * 1_000_000)
    turns, done = 0, asyncio.Event()

    async def take_turns() -> None:
        nonlocal turns
        while not done.is_set():
            turns += 1
            await asyncio.sleep(0.001)

    taking = asyncio.create_task(take_turns())
    assert (await place.one(signed)).code is DkimCode.PASS
    done.set()
    await taking
    assert turns > 10
