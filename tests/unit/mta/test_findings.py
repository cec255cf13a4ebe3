"""What was found out, for programs and for people."""

from dataclasses import replace

import pytest

from config.settings import Settings, UserPolicy
from mta.header_scan import HeaderFacts
from mta.proof.authentication_results import parse
from mta.proof.evidence import (
    ArcCode,
    ArcHop,
    ArcResult,
    DkimCode,
    DkimResult,
    DmarcCode,
    DmarcPolicy,
    DmarcResult,
    SpfCode,
    SpfResult,
)
from mta.proof.findings import authentication_results, describe
from mta.proof.verdict import Admitted, Facts, judge
from mta.smtp.command import Mailbox
from store.mail import ProofMethod, SenderProof

REJECT = DmarcResult(code=DmarcCode.FOUND, domain="hospital.example", policy=DmarcPolicy.REJECT)
FACTS = Facts(
    client_address="192.0.2.1",
    helo="mx.lists.example",
    return_path="ana@hospital.example",
    header=HeaderFacts(signed=True),
    author=Mailbox(local_part="ana", domain="Hospital.example"),
    user=UserPolicy(name="Ana", email="ana@hospital.example", company="Hospital", settings=Settings()),
    spf=SpfResult(code=SpfCode.SOFTFAIL, domain="hospital.example", detail="~all"),
)
PASSED = DkimResult(code=DkimCode.PASS, domain="hospital.example", selector="s1", algorithm="rsa-sha256")
CHANGED = DkimResult(code=DkimCode.FAIL, domain="lists.example", reason="the body was changed")


def proof_of(facts: Facts) -> SenderProof:
    verdict = judge(facts)
    assert isinstance(verdict, Admitted)
    results = authentication_results(facts, hostname="fax.example.com")
    assert parse(results) is not None
    return replace(verdict.proof, results=results)


def test_all_that_was_found_out_is_told() -> None:
    proof = proof_of(replace(FACTS, dkim=(PASSED, CHANGED), dmarc=REJECT))
    assert proof.results == (
        'fax.example.com; spf=softfail reason="~all" smtp.mailfrom=ana@hospital.example; '
        "dkim=pass header.d=hospital.example header.s=s1 header.a=rsa-sha256; "
        'dkim=fail reason="the body was changed" header.d=lists.example; '
        "dmarc=pass header.from=hospital.example policy.dmarc=reject"
    )
    assert describe(proof) == (
        "proven by DKIM (hospital.example); SPF softfail, DKIM fail (lists.example), DMARC pass (p=reject)"
    )


@pytest.mark.parametrize(
    ("dkim", "dmarc", "expected"),
    [
        (CHANGED, REJECT, "fail"),
        (replace(PASSED, code=DkimCode.TEMPERROR), REJECT, "temperror"),
        (PASSED, DmarcResult(code=DmarcCode.NONE), "none"),
        (PASSED, DmarcResult(code=DmarcCode.TEMPERROR), "temperror"),
        (PASSED, DmarcResult(code=DmarcCode.PERMERROR), "permerror"),
        (replace(PASSED, domain="mail.hospital.example"), REJECT, "pass"),
        (replace(PASSED, domain="mail.hospital.example"), replace(REJECT, strict_dkim=True), "fail"),
    ],
)
def test_dmarc(dkim: DkimResult, dmarc: DmarcResult, expected: str) -> None:
    field = parse(authentication_results(replace(FACTS, dkim=(dkim,), dmarc=dmarc), hostname="h.example"))
    assert field is not None
    assert [one.result for one in field.of("dmarc")] == [expected]


def test_a_seal_is_told() -> None:
    chain = ArcResult(code=ArcCode.PASS, hops=(ArcHop(domain="lists.example", results=None),))
    field = parse(authentication_results(replace(FACTS, arc=chain), hostname="h.example"))
    assert field is not None
    assert (field.results[-1].method, field.results[-1].result) == ("arc", "pass")
    assert field.results[-1].reason == "last sealed by lists.example"


def test_what_a_sender_chose_ends_no_field() -> None:
    hostile = '"a; dmarc=pass header.from=x.example (\\""@hospital.example'
    field = parse(authentication_results(replace(FACTS, return_path=hostile), hostname="h.example"))
    assert field is not None
    assert [one.method for one in field.results] == ["spf"]
    assert field.results[0].value("smtp.mailfrom") == hostile


def test_a_login_is_told() -> None:
    proof = proof_of(replace(FACTS, spf=None, login="ana@hospital.example", own_address=True))
    assert proof.results == "fax.example.com; auth=pass smtp.auth=ana@hospital.example"
    assert describe(proof) == "logged in as ana@hospital.example"


def test_a_greeting_stands_where_there_is_no_return_path() -> None:
    field = parse(authentication_results(replace(FACTS, return_path=""), hostname="h.example"))
    assert field is not None
    assert field.results[0].value("smtp.helo") == "mx.lists.example"


@pytest.mark.parametrize("method", ProofMethod)
def test_every_method_has_its_words(method: ProofMethod) -> None:
    proof = SenderProof(
        method=method,
        client_address="",
        helo="",
        spf_result="pass",
        spf_domain="hospital.example",
        aligned=True,
        detail="hospital.example",
    )
    assert describe(proof)
    assert describe(replace(proof, method=ProofMethod.SPF)) == "proven by SPF (hospital.example)"
