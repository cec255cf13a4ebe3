"""Facts in, verdict out: every row of the decision, and what must hold in all of them."""

from dataclasses import replace
from functools import cache
from itertools import product

import pytest

from config.fax import FaxSettings
from config.settings import Settings, UserPolicy
from mta.header_scan import HeaderFacts
from mta.proof.authentication_results import AuthenticationResults, parse
from mta.proof.claims import Fact
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
from mta.proof.verdict import (
    Admitted,
    Facts,
    FactsNeeded,
    Quarantined,
    RefusalReason,
    Refused,
    Verdict,
    judge,
    single_author,
)
from mta.smtp.command import Mailbox
from store.mail import ProofMethod


def ana(*, require_spf: bool = True, trusted: tuple[str, ...] = ("lists.example",)) -> UserPolicy:
    fax = FaxSettings(require_spf=require_spf, trusted_sealers=trusted)
    return UserPolicy(
        name="Ana", email="ana@hospital.example", company="Hospital", settings=Settings(fax=fax)
    )


HEADER = HeaderFacts(authors=("Ana <ana@Hospital.example>",), message_id="<1@h>", dated=True)
SIGNED = replace(HEADER, signed=True)
SEALED = replace(SIGNED, sealed=True)
FACTS = Facts(
    client_address="192.0.2.1",
    helo="mx.hospital.example",
    return_path="ana@hospital.example",
    header=HEADER,
    author=Mailbox(local_part="ana", domain="Hospital.example"),
    user=ana(),
)
NO_DMARC = DmarcResult(code=DmarcCode.NONE)
REJECT = DmarcResult(code=DmarcCode.FOUND, domain="hospital.example", policy=DmarcPolicy.REJECT)
MONITOR = DmarcResult(code=DmarcCode.FOUND, domain="hospital.example")
STRICT = replace(MONITOR, strict_spf=True, strict_dkim=True)
STRICT_REJECT = replace(REJECT, strict_spf=True, strict_dkim=True)
UNKNOWN = DmarcResult(code=DmarcCode.TEMPERROR, detail="no answer")


def spf(code: SpfCode, domain: str = "hospital.example", **more: object) -> SpfResult:
    return SpfResult(code=code, domain=domain, **more)  # type: ignore[arg-type]


def dkim(code: DkimCode, domain: str = "hospital.example") -> DkimResult:
    return DkimResult(code=code, domain=domain, selector="s1", reason="of some kind")


def arc(
    code: ArcCode, said: str = "dmarc=pass header.from=hospital.example", *more: tuple[str, str]
) -> ArcResult:
    hops = [("lists.example", said), *more]
    return ArcResult(
        code=code,
        hops=tuple(ArcHop(domain=domain, results=parse(f"{domain}; {text}")) for domain, text in hops),
    )


def refusal(facts: Facts) -> Refused:
    verdict = judge(facts)
    assert isinstance(verdict, Refused)
    return verdict


def admission(facts: Facts) -> Admitted:
    verdict = judge(facts)
    assert isinstance(verdict, Admitted)
    return verdict


def needed(facts: Facts) -> set[Fact]:
    verdict = judge(facts)
    assert isinstance(verdict, FactsNeeded)
    return set(verdict.facts)


# --- What is asked ---------------------------------------------------------------------------------------


def test_facts_are_asked_only_where_they_matter() -> None:
    assert needed(FACTS) == {Fact.SPF}
    assert isinstance(judge(replace(FACTS, spf=spf(SpfCode.PASS))), Admitted)
    assert isinstance(judge(replace(FACTS, user=None)), Refused)
    assert isinstance(judge(replace(FACTS, author=None)), Refused)
    assert isinstance(judge(replace(FACTS, return_path="")), Quarantined)
    assert isinstance(judge(replace(FACTS, login="ana@hospital.example", own_address=True)), Admitted)
    assert needed(replace(FACTS, user=ana(require_spf=False))) == {Fact.DMARC}


def test_the_dearer_facts_are_asked_last() -> None:
    failed = replace(FACTS, spf=spf(SpfCode.FAIL))
    assert needed(failed) == {Fact.DMARC}
    signed = replace(failed, header=SEALED)
    assert needed(signed) == {Fact.DKIM, Fact.DMARC}
    assert needed(replace(signed, dkim=(), dmarc=MONITOR)) == {Fact.ARC}
    assert isinstance(
        judge(replace(signed, dkim=(), dmarc=MONITOR, user=ana(trusted=()))), Refused
    )  # nobody is trusted to seal
    below = replace(FACTS, spf=spf(SpfCode.PASS, "mail.hospital.example"))
    assert needed(below) == {Fact.DMARC}


# --- SPF -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("domain", ["hospital.example", "Mail.Hospital.Example", "a.b.hospital.example"])
def test_an_aligned_pass_admits(domain: str) -> None:
    admitted = admission(
        replace(FACTS, spf=spf(SpfCode.PASS, domain, detail="ip4:192.0.2.1"), dmarc=NO_DMARC)
    )
    assert admitted.header_from == "ana@hospital.example"
    assert admitted.proof.method is ProofMethod.SPF
    assert admitted.proof.aligned
    assert admitted.proof.detail == "ip4:192.0.2.1"


@pytest.mark.parametrize(
    "domain", ["elsewhere.example", "example", "hospital.example.evil.example", "xhospital.example"]
)
def test_a_pass_of_another_organisation_does_not(domain: str) -> None:
    refused = refusal(replace(FACTS, spf=spf(SpfCode.PASS, domain), dmarc=MONITOR))
    assert (refused.reply.code, refused.reply.enhanced) == (550, "5.7.23")
    assert refused.reason is RefusalReason.UNPROVEN


@pytest.mark.parametrize(
    "code", [SpfCode.FAIL, SpfCode.SOFTFAIL, SpfCode.NEUTRAL, SpfCode.NONE, SpfCode.PERMERROR]
)
def test_everything_else_is_refused_with_what_to_do(code: SpfCode) -> None:
    for dmarc, enhanced in (
        (NO_DMARC, "5.7.23"),
        (MONITOR, "5.7.23"),
        (UNKNOWN, "5.7.23"),
        (REJECT, "5.7.26"),
    ):
        for header, signatures in ((HEADER, None), (SIGNED, (dkim(DkimCode.FAIL),))):
            facts = replace(FACTS, spf=spf(code), dmarc=dmarc, header=header, dkim=signatures)
            refused = refusal(facts)
            assert str(refused.reply).startswith(f"550 {enhanced} ")
            assert "hospital.example" in refused.reply.text
            assert "administrator" in refused.reply.text
            assert len(str(refused.reply)) < 480
            assert f"spf={code}" in refused.detail


def test_alignment_is_as_published() -> None:
    below = replace(FACTS, spf=spf(SpfCode.PASS, "mail.hospital.example"))
    assert "aspf=s" in refusal(replace(below, dmarc=STRICT)).reply.text
    assert isinstance(judge(replace(below, dmarc=replace(STRICT, strict_spf=False))), Admitted)
    assert str(refusal(replace(below, dmarc=UNKNOWN)).reply).startswith("451 4.4.3 ")
    assert isinstance(judge(replace(FACTS, spf=spf(SpfCode.PASS), dmarc=STRICT)), Admitted)


def test_temporary_errors_are_temporary() -> None:
    facts = replace(FACTS, dmarc=NO_DMARC)
    assert str(refusal(replace(facts, spf=spf(SpfCode.TEMPERROR))).reply).startswith("451 4.4.3 ")
    late = spf(SpfCode.TEMPERROR, out_of_time=True)
    assert str(refusal(replace(facts, spf=late)).reply).startswith("451 4.7.24 ")


def test_trouble_that_could_change_nothing_is_no_trouble() -> None:
    elsewhere = replace(FACTS, dmarc=NO_DMARC, spf=spf(SpfCode.TEMPERROR, "elsewhere.example"))
    assert str(refusal(elsewhere).reply).startswith("550 5.7.23 ")


# --- DKIM ------------------------------------------------------------------------------------------------

FORWARDED = replace(FACTS, header=SIGNED, spf=spf(SpfCode.SOFTFAIL), dmarc=REJECT)


def test_an_aligned_signature_admits() -> None:
    for domain in ("hospital.example", "mail.hospital.example"):
        admitted = admission(replace(FORWARDED, dkim=(dkim(DkimCode.FAIL), dkim(DkimCode.PASS, domain))))
        assert (admitted.proof.method, admitted.proof.detail) == (ProofMethod.DKIM, domain)
        assert (admitted.proof.spf_result, admitted.proof.aligned) == ("softfail", True)
    strict = replace(FORWARDED, dmarc=STRICT)
    assert isinstance(judge(replace(strict, dkim=(dkim(DkimCode.PASS),))), Admitted)
    refused = refusal(replace(strict, dkim=(dkim(DkimCode.PASS, "mail.hospital.example"),)))
    assert "the DKIM signature of mail.hospital.example does not prove it" in refused.reply.text


def test_a_signature_of_another_organisation_does_not() -> None:
    refused = refusal(replace(FORWARDED, dkim=(dkim(DkimCode.PASS, "lists.example"),)))
    assert refused.reply.enhanced == "5.7.26"
    assert "of another domain (lists.example)" in refused.reply.text


def test_a_reply_repeats_nothing_that_is_no_domain() -> None:
    refused = refusal(replace(FORWARDED, dkim=(dkim(DkimCode.FAIL, "evil\r\n250 ok<b>"),)))
    assert "250" not in refused.reply.text
    assert "<b>" not in refused.reply.text


def test_a_signature_that_cannot_be_checked_is_trouble_only_if_it_could_prove() -> None:
    trouble = refusal(replace(FORWARDED, dkim=(dkim(DkimCode.TEMPERROR),)))
    assert (str(trouble.reply)[:9], trouble.reason) == ("451 4.4.3", RefusalReason.DNS_TROUBLE)
    assert refusal(replace(FORWARDED, dkim=(dkim(DkimCode.TEMPERROR, "x.example"),))).reply.code == 550
    both = (dkim(DkimCode.TEMPERROR), dkim(DkimCode.PASS))
    assert isinstance(judge(replace(FORWARDED, dkim=both)), Admitted)


# --- ARC -------------------------------------------------------------------------------------------------

LISTED = replace(FORWARDED, header=SEALED, dkim=(dkim(DkimCode.FAIL),))


@pytest.mark.parametrize(
    "said",
    [
        "dmarc=pass header.from=hospital.example",
        "dmarc=pass (p=reject) header.from=Hospital.Example; spf=fail",
        "dkim=pass header.d=hospital.example",
        "dkim=pass header.i=@mail.hospital.example",
        "spf=pass smtp.mailfrom=ana@mail.hospital.example",
        "spf=pass smtp.mailfrom=hospital.example; dmarc=none header.from=hospital.example",
    ],
)
def test_a_trusted_sealer_is_believed(said: str) -> None:
    admitted = admission(replace(LISTED, arc=arc(ArcCode.PASS, said)))
    assert (admitted.proof.method, admitted.proof.detail) == (ProofMethod.ARC, "lists.example")


@pytest.mark.parametrize(
    "said",
    [
        "none",
        "dmarc=fail header.from=hospital.example; dkim=pass header.d=hospital.example",
        "dmarc=pass header.from=elsewhere.example",
        "dmarc=pass",
        "dkim=pass header.d=elsewhere.example",
        "dkim=fail header.d=hospital.example",
        "spf=pass smtp.mailfrom=elsewhere.example",
        "spf=pass smtp.helo=hospital.example",
    ],
)
def test_a_trusted_sealer_that_says_otherwise_proves_nothing(said: str) -> None:
    assert refusal(replace(LISTED, arc=arc(ArcCode.PASS, said))).reply.enhanced == "5.7.26"


def test_only_sealers_that_are_trusted_to_the_end_count() -> None:
    proof = "dmarc=pass header.from=hospital.example"
    through = arc(ArcCode.PASS, "arc=pass", ("sub.lists.example", proof))
    assert admission(replace(LISTED, arc=through)).proof.detail == "sub.lists.example"
    before = arc(ArcCode.PASS, "arc=pass", ("evil.example", proof))
    assert isinstance(judge(replace(LISTED, arc=before)), Refused)
    behind_a_stranger = arc(ArcCode.PASS, "arc=pass", ("evil.example", "none"), ("lists.example", proof))
    assert isinstance(judge(replace(LISTED, arc=behind_a_stranger)), Refused)
    unreadable = replace(arc(ArcCode.PASS), hops=(ArcHop(domain="lists.example", results=None),))
    assert isinstance(judge(replace(LISTED, arc=unreadable)), Refused)


@pytest.mark.parametrize("code", [ArcCode.FAIL, ArcCode.NONE, ArcCode.POLICY])
def test_a_chain_that_is_not_whole_proves_nothing(code: ArcCode) -> None:
    assert isinstance(judge(replace(LISTED, arc=arc(code))), Refused)


def test_a_chain_that_cannot_be_checked_is_trouble_only_if_it_could_prove() -> None:
    assert refusal(replace(LISTED, arc=arc(ArcCode.TEMPERROR))).reply.code == 451
    assert refusal(replace(LISTED, arc=arc(ArcCode.TEMPERROR, "none"))).reply.code == 550


# --- Without require_spf -----------------------------------------------------------------------------------

LAX = replace(FACTS, user=ana(require_spf=False))


@pytest.mark.parametrize("dmarc", [NO_DMARC, MONITOR, DmarcResult(code=DmarcCode.PERMERROR, detail="two")])
def test_an_unproven_author_is_taken_where_nobody_minds(dmarc: DmarcResult) -> None:
    admitted = admission(replace(LAX, dmarc=dmarc))
    assert admitted.proof.method is ProofMethod.UNPROVEN
    assert not admitted.proof.aligned


@pytest.mark.parametrize("policy", [DmarcPolicy.QUARANTINE, DmarcPolicy.REJECT])
def test_the_domain_may_mind(policy: DmarcPolicy) -> None:
    facts = replace(LAX, dmarc=replace(REJECT, policy=policy))
    assert needed(facts) == {Fact.SPF}
    assert refusal(replace(facts, spf=spf(SpfCode.NONE))).reply.enhanced == "5.7.26"
    assert admission(replace(facts, spf=spf(SpfCode.PASS))).proof.method is ProofMethod.SPF
    assert refusal(replace(facts, spf=spf(SpfCode.TEMPERROR))).reply.code == 451


def test_whether_the_domain_minds_may_be_unknown() -> None:
    facts = replace(LAX, dmarc=UNKNOWN)
    assert refusal(replace(facts, spf=spf(SpfCode.NONE))).reply.code == 451
    assert admission(replace(facts, spf=spf(SpfCode.PASS))).proof.method is ProofMethod.SPF


# --- Who is logged in --------------------------------------------------------------------------------------


def test_a_session_proves_its_own_user() -> None:
    own = admission(replace(FACTS, login="ana@hospital.example", own_address=True))
    assert own.proof.method is ProofMethod.AUTH
    other = refusal(replace(FACTS, login="ana@hospital.example"))
    assert (str(other.reply)[:9], other.reason) == ("550 5.7.1", RefusalReason.NOT_OWN_ADDRESS)
    assert isinstance(judge(replace(FACTS, login="gone@hospital.example", user=None)), Refused)


# --- Automatic mail ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "changes",
    [
        {"auto_submitted": "auto-generated"},
        {"precedence": "junk"},
        {"listed": True},
        {"precedence": "auto_reply"},
        {"programs_mark": "multipart/report"},
        {"looped": True},
        {"hops": 51},
    ],
)
def test_automatic_mail_is_kept_whoever_sent_it(changes: dict[str, object]) -> None:
    header = replace(HEADER, **changes)  # type: ignore[arg-type]
    for facts in (
        LAX,
        replace(FACTS, user=None),
        replace(FACTS, login="ana@hospital.example", own_address=True),
    ):
        verdict = judge(replace(facts, header=header))
        assert isinstance(verdict, Quarantined)
        assert verdict.mark


@pytest.mark.parametrize("name", ["MAILER-DAEMON", "Postmaster"])
def test_mail_of_a_mail_system_is_automatic(name: str) -> None:
    author = Mailbox(local_part=name, domain="hospital.example")
    assert isinstance(judge(replace(FACTS, author=author)), Quarantined)


def test_a_person_may_say_so() -> None:
    header = replace(HEADER, auto_submitted="no", precedence="first-class", hops=50)
    assert needed(replace(FACTS, header=header)) == {Fact.SPF}


# --- The author --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "authors",
    [
        (),
        ("a@hospital.example", "a@hospital.example"),
        ("a@hospital.example, b@hospital.example",),
        ("Ruiz, Ana <ana@hospital.example>",),
        ("nobody",),
        ("",),
    ],
)
def test_there_is_exactly_one_author(authors: tuple[str, ...]) -> None:
    header = replace(HEADER, authors=authors)
    refused = refusal(replace(FACTS, header=header, author=single_author(header)))
    assert refused.reason is RefusalReason.NO_SINGLE_AUTHOR
    assert str(refused.reply).startswith("550 5.6.0 ")


def test_a_stranger_is_told_the_status() -> None:
    assert str(refusal(replace(FACTS, user=None)).reply) == "550 5.7.1 Unauthorized Sending Address"


# --- Everything at once ------------------------------------------------------------------------------------

DOMAINS = ("hospital.example", "mail.hospital.example", "elsewhere.example")
ALL_SPF = [spf(code, domain) for code in SpfCode for domain in DOMAINS]
ALL_DKIM = [(), *((dkim(code, domain),) for code in DkimCode for domain in DOMAINS)]
ALL_DMARC = [NO_DMARC, MONITOR, REJECT, STRICT, STRICT_REJECT, UNKNOWN]
ALL_ARC = [
    arc(code, said) for code in ArcCode for said in ("none", "dkim=pass header.d=mail.hospital.example")
]

REQUIRED, LENIENT = ana(), ana(require_spf=False)
Combination = tuple[SpfResult, tuple[DkimResult, ...], DmarcResult, ArcResult]


@cache
def told(combination: Combination, *, require_spf: bool) -> Verdict:
    one, signatures, dmarc, chain = combination
    user = REQUIRED if require_spf else LENIENT
    facts = replace(FACTS, header=SEALED, user=user, spf=one, dkim=signatures, dmarc=dmarc, arc=chain)
    verdict = judge(facts)
    assert not isinstance(verdict, FactsNeeded | Quarantined)
    return verdict


def settled(combination: Combination) -> list[Combination]:
    """What the same mail could come to once the DNS answers."""
    one, signatures, dmarc, chain = combination
    spfs = [one]
    if one.code is SpfCode.TEMPERROR:
        spfs = [replace(one, code=code) for code in (SpfCode.PASS, SpfCode.FAIL)]
    dkims = [signatures]
    if signatures and signatures[0].code is DkimCode.TEMPERROR:
        dkims = [(replace(signatures[0], code=code),) for code in (DkimCode.PASS, DkimCode.FAIL)]
    dmarcs = [dmarc] if dmarc is not UNKNOWN else [NO_DMARC, REJECT, STRICT, STRICT_REJECT]
    chains = [chain]
    if chain.code is ArcCode.TEMPERROR:
        chains = [replace(chain, code=code) for code in (ArcCode.PASS, ArcCode.FAIL)]
    return list(product(spfs, dkims, dmarcs, chains))


@pytest.mark.parametrize("require_spf", [True, False])
def test_an_answer_that_is_missing_never_decides(*, require_spf: bool) -> None:
    """A temporary refusal exactly where the DNS could still turn the verdict, and else what it would be."""
    for combination in product(ALL_SPF, ALL_DKIM, ALL_DMARC, ALL_ARC):
        verdict = told(combination, require_spf=require_spf)
        outcomes = {isinstance(told(one, require_spf=require_spf), Admitted) for one in settled(combination)}
        temporary = isinstance(verdict, Refused) and verdict.reply.code == 451
        assert temporary == (len(outcomes) == 2), combination
        if not temporary:
            assert outcomes == {isinstance(verdict, Admitted)}, combination


def test_nothing_unaligned_ever_admits() -> None:
    foreign = [one for one in ALL_SPF if one.domain == "elsewhere.example"]
    signatures = [one for one in ALL_DKIM if not one or one[0].domain == "elsewhere.example"]
    chains = [
        one for one in ALL_ARC if one.hops[0].results == AuthenticationResults(authserv_id="lists.example")
    ]
    assert chains
    for combination in product(foreign, signatures, ALL_DMARC, chains):
        assert isinstance(told(combination, require_spf=True), Refused), combination
