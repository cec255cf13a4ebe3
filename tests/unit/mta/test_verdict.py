"""Facts in, verdict out: every row of the decision."""

from dataclasses import replace

import pytest

from config.settings import FaxSettings, Settings, UserPolicy
from mta.header_scan import HeaderFacts
from mta.proof.verdict import (
    Admitted,
    Facts,
    RefusalReason,
    Refused,
    SpfCode,
    SpfNeeded,
    SpfResult,
    judge,
)
from store.mail import ProofMethod

ANA = UserPolicy(name="Ana", email="ana@hospital.example", company="Hospital", settings=Settings())
TRUSTED = ANA.model_copy(update={"settings": Settings(fax=FaxSettings(require_spf=False))})
FACTS = Facts(
    client_address="192.0.2.1",
    helo="mx.hospital.example",
    return_path="ana@hospital.example",
    header=HeaderFacts(authors=("Ana <ana@Hospital.example>",), message_id="<1@h>", dated=True),
    user=ANA,
)


def with_header(**changes: object) -> Facts:
    return replace(FACTS, header=replace(FACTS.header, **changes))  # type: ignore[arg-type]


def with_spf(code: SpfCode, domain: str = "hospital.example", **more: object) -> Facts:
    return replace(FACTS, spf=SpfResult(code=code, domain=domain, **more))  # type: ignore[arg-type]


def refusal(facts: Facts) -> Refused:
    verdict = judge(facts)
    assert isinstance(verdict, Refused)
    return verdict


def test_spf_is_asked_only_where_it_matters() -> None:
    assert judge(FACTS) == SpfNeeded()
    assert isinstance(judge(replace(FACTS, user=None)), Refused)
    assert isinstance(judge(replace(FACTS, return_path="")), Refused)
    admitted = judge(replace(FACTS, user=TRUSTED))
    assert isinstance(admitted, Admitted)
    assert admitted.proof.method is ProofMethod.UNPROVEN


@pytest.mark.parametrize("domain", ["hospital.example", "Mail.Hospital.Example", "a.b.hospital.example"])
def test_an_aligned_pass_admits(domain: str) -> None:
    admitted = judge(with_spf(SpfCode.PASS, domain, detail="ip4:192.0.2.1"))
    assert isinstance(admitted, Admitted)
    assert admitted.header_from == "ana@hospital.example"
    assert admitted.proof.method is ProofMethod.SPF
    assert admitted.proof.aligned
    assert admitted.proof.detail == "ip4:192.0.2.1"


@pytest.mark.parametrize(
    "domain", ["elsewhere.example", "example", "hospital.example.evil.example", "xhospital.example"]
)
def test_a_pass_of_another_organisation_does_not(domain: str) -> None:
    refused = refusal(with_spf(SpfCode.PASS, domain))
    assert (refused.reply.code, refused.reply.enhanced) == (550, "5.7.23")
    assert refused.reason is RefusalReason.UNPROVEN


@pytest.mark.parametrize(
    "code", [SpfCode.FAIL, SpfCode.SOFTFAIL, SpfCode.NEUTRAL, SpfCode.NONE, SpfCode.PERMERROR]
)
def test_everything_else_is_refused_with_what_to_do(code: SpfCode) -> None:
    refused = refusal(with_spf(code))
    assert str(refused.reply).startswith("550 5.7.23 ")
    assert "hospital.example" in refused.reply.text
    assert "administrator" in refused.reply.text
    assert len(str(refused.reply)) < 512


def test_temporary_errors_are_temporary() -> None:
    assert str(refusal(with_spf(SpfCode.TEMPERROR)).reply).startswith("451 4.4.3 ")
    assert str(refusal(with_spf(SpfCode.TEMPERROR, out_of_time=True)).reply).startswith("451 4.7.24 ")


@pytest.mark.parametrize(
    "changes",
    [
        {"auto_submitted": "auto-generated"},
        {"precedence": "junk"},
        {"listed": True},
        {"looped": True},
        {"hops": 51},
        {"authors": ("MAILER-DAEMON@hospital.example",)},
        {"authors": ("Postmaster <postmaster@hospital.example>",)},
    ],
)
def test_automatic_mail_is_refused_whoever_sent_it(changes: dict[str, object]) -> None:
    refused = refusal(replace(with_header(**changes), user=TRUSTED))
    assert str(refused.reply) == "550 5.7.1 automatic mail is not faxed"
    assert refused.detail


def test_a_person_may_say_so() -> None:
    assert judge(with_header(auto_submitted="no", precedence="first-class", hops=50)) == SpfNeeded()


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
    refused = refusal(with_header(authors=authors))
    assert refused.reason is RefusalReason.NO_SINGLE_AUTHOR
    assert str(refused.reply).startswith("550 5.6.0 ")


def test_a_stranger_is_told_the_status() -> None:
    assert str(refusal(replace(FACTS, user=None)).reply) == "550 5.7.1 Unauthorized Sending Address"
