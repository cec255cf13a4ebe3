"""Whose word on a sender counts: the delivering server's, wherever a sender puts one that looks like it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mta.imap.trace import above_all_hops, above_other_hosts, header_fields, receiving_host
from mta.imap.trusted_results import TrustedResults, trusted_results

MX = "mx.hospital.example"
OURS = f"Received: from mail.partner.example (mail.partner.example [192.0.2.1]) by {MX} with ESMTPS"
INNER = "Received: from mx by imap.hospital.example with LMTP"
OTHER = "Received: from laptop by mail.partner.example with ESMTPA"
REST = "From: ana@partner.example\nTo: x\nSubject: y"


def said(value: str, name: str = MX) -> str:
    return f"Authentication-Results: {name}; {value}"


def found(*lines: str, trusted: str = MX) -> TrustedResults:
    block = "\r\n".join("\n".join((*lines, REST)).split("\n")) + "\r\n"
    return trusted_results(list(header_fields(block.encode())), trusted)


def proof(*lines: str, trusted: str = MX, author: str = "partner.example") -> str:
    result = found(*lines, trusted=trusted).proof(author)
    return f"{result.method}={result.result}" if result else ""


@pytest.mark.parametrize(
    ("value", "author", "expected"),
    [
        ("dmarc=pass header.from=partner.example", "partner.example", "dmarc=pass"),
        ("dmarc=pass header.from=Partner.Example", "partner.example", "dmarc=pass"),
        ("dmarc=pass", "partner.example", "dmarc=pass"),
        ("dmarc=pass header.from=elsewhere.example", "partner.example", ""),
        ("dmarc=pass header.from=mail.partner.example", "partner.example", ""),
        ("dmarc=pass header.from=a.example header.from=partner.example", "partner.example", ""),
        ("spf=pass smtp.mailfrom=ana@bounce.partner.example", "partner.example", "spf=pass"),
        ("spf=pass smtp.mailfrom=partner.example", "mail.partner.example", "spf=pass"),
        ("spf=pass smtp.mailfrom=ana@elsewhere.example", "partner.example", ""),
        ("spf=pass smtp.helo=partner.example", "partner.example", ""),
        ("spf=pass", "partner.example", ""),
        ("spf=softfail smtp.mailfrom=partner.example", "partner.example", ""),
        ("dkim=pass header.d=partner.example", "partner.example", "dkim=pass"),
        ("dkim=pass header.i=@partner.example header.s=s1 header.b=aB/c+", "partner.example", "dkim=pass"),
        ("dkim=fail header.d=a.example; dkim=pass header.d=partner.example", "partner.example", "dkim=pass"),
        ("dkim=pass header.d=partner.example; dkim=pass header.d=b.example", "partner.example", "dkim=pass"),
        ("dkim=pass header.d=list.example", "partner.example", ""),
        ("dkim=pass header.d=co.uk", "partner.co.uk", ""),
        ("dmarc=none; dkim=pass header.d=partner.example", "partner.example", "dkim=pass"),
        # The server knows how strictly the domain wants to be aligned.
        ("dmarc=fail; spf=pass smtp.mailfrom=mail.partner.example", "partner.example", ""),
        ("none", "partner.example", ""),
        ("arc=pass; auth=pass smtp.auth=ana", "partner.example", ""),
    ],
)  # fmt: skip
def test_what_proves_a_sender(value: str, author: str, expected: str) -> None:
    assert proof(said(value), OURS, author=author) == expected


@pytest.mark.parametrize(
    "lines",
    [
        (said("dmarc=pass"), OURS),  # above its own Received field, as some servers write it
        (OURS, said("dmarc=pass")),  # below it, as milters and Google do
        ("Return-Path: <a@b.example>", "Delivered-To: x@y.example", INNER, OURS, said("dmarc=pass"), OTHER),
        ("Received: by 2002:a05:6000:1861:b0:3 with SMTP id x", OURS, said("dmarc=pass")),
        ("Received: from mx by ex01.hospital.local with mapi", OURS, said("dmarc=pass")),
        (OURS, said("spf=none"), "Received-SPF: none", "X-Spam: no", said("dmarc=pass"), OTHER),
        (OURS, said("dmarc=pass", name=MX.upper())),
        (OURS, said("dmarc=fail", name="mx.elsewhere.example"), said("dmarc=pass")),
    ],
)  # fmt: skip
def test_where_servers_write_it(lines: tuple[str, ...]) -> None:
    assert proof(*lines) == "dmarc=pass"


@pytest.mark.parametrize(
    "lines",
    [
        (OURS, OTHER, said("dmarc=pass")),
        (INNER, OURS, OTHER, said("dmarc=pass"), OURS, said("dmarc=pass")),
        (OURS, said("dmarc=fail"), said("dmarc=pass")),
        (OURS, said("dmarc=fail"), "DKIM-Signature: v=1", said("dmarc=pass")),
        (said("dmarc=none; spf=fail"), OURS, said("dmarc=pass")),
        (said("spf=fail; dkim=none"), "X-Y: z", said("spf=pass smtp.mailfrom=partner.example")),
        (OURS, said("dmarc=none"), "From: somebody", said("dkim=pass header.d=partner.example")),
        (OURS, said("dmarc=none"), "Subject: x", said("dkim=pass header.d=partner.example")),
        (OURS, said("dmarc=pass", name="hospital.example")),
        (OURS, said("dmarc=pass", name=f"{MX}.evil.example")),
        (OURS, f'Authentication-Results: "{MX}; dmarc=pass"'),
        (OURS, f"Authentication-Results: {MX} dmarc=pass"),
        (OURS, f"Authentication-Results: evil.example; x=y (; {MX}; dmarc=pass)"),
        (OURS, f"X-Authentication-Results: {MX}; dmarc=pass"),
        (OURS, "Authentication-Results: dmarc=pass header.from=partner.example"),
        (OURS, said('spf=fail smtp.mailfrom="a; dmarc=pass"@evil.example')),
    ],
)  # fmt: skip
def test_what_a_sender_writes_is_not_believed(lines: tuple[str, ...]) -> None:
    assert proof(*lines) == ""


EOP = "mail.protection.outlook.com"
CLOUD = "Received: from AM0.eurprd04.prod.outlook.com (2603::1) by DB8.eurprd04.prod.outlook.com with HTTPS"
FRONT = "Received: from mail.partner.example (192.0.2.1) by DB5EUR01FT.mail.protection.outlook.com (::1)"
NAMELESS = (
    "Authentication-Results: spf=pass (sender IP is 192.0.2.1)\n smtp.mailfrom=partner.example; dkim=pass"
    " (signature was verified)\n header.d=partner.example;dmarc=pass action=none\n"
    " header.from=partner.example;compauth=pass reason=100"
)  # fmt: skip


def test_exchange_online_gives_no_name() -> None:
    front_end = (
        "Received: from BN1.namprd05.prod.outlook.com by BN1PR10CA0002.outlook.office365.com (2603::7)"
    )
    fields = (CLOUD, front_end, NAMELESS, "Received-SPF: Pass", FRONT)
    assert proof(*fields, trusted=EOP) == "spf=pass"
    assert proof(*fields) == ""
    assert proof(CLOUD, NAMELESS, OTHER, FRONT, trusted=EOP) == ""
    refused = NAMELESS.replace("spf=pass", "spf=fail").replace("dkim=pass", "dkim=none")
    refused = refused.replace("dmarc=pass action=none", "dmarc=fail action=oreject")
    assert proof(CLOUD, refused, FRONT, NAMELESS, FRONT, trusted=EOP) == ""
    assert found(CLOUD, refused, FRONT, trusted=EOP).dmarc_enforced


ENFORCED = (
    "dmarc=fail (p=REJECT sp=NONE dis=NONE) header.from=partner.example",
    "dmarc=fail (p=quarantine dis=none) header.from=partner.example",
    "dmarc=fail action=quarantine header.from=partner.example",
    "dmarc=fail policy.dmarc=reject",
    'dmarc=fail reason="SPF not aligned" header.from=partner.example (policy=reject)',
)
NOT_ENFORCED = (
    "dmarc=fail (p=NONE sp=REJECT dis=NONE) header.from=partner.example",
    "dmarc=fail header.from=partner.example",
    "dmarc=pass (p=REJECT) header.from=partner.example",
    "dmarc=none (p=REJECT)",
    "none",
)


@pytest.mark.parametrize("value", [*ENFORCED, *NOT_ENFORCED])
def test_whether_the_domain_wants_unproven_mail_refused(value: str) -> None:
    assert found(OURS, said(value)).dmarc_enforced is (value in ENFORCED)


@pytest.mark.parametrize(
    ("received", "host"),
    [
        ("from a (b by c [1.2.3.4]) by MX.Hospital.Example. (Postfix) with ESMTP", "mx.hospital.example"),
        ("by 2002:a05:6000::1 with SMTP id x; date", "2002:a05:6000::1"),
        ("from by (x (nested) y) by mx.example with SMTP", "by"),
        ("from a (((((((( by b", "b"),
        ("(by a)", ""),
        ("from standby.example with SMTP", ""),
        ("", ""),
    ],
)  # fmt: skip
def test_who_wrote_a_received_field(received: str, host: str) -> None:
    assert receiving_host(received) == host


def test_the_regions_of_a_header() -> None:
    block = f"Delivered-To: a\r\n{INNER}\r\nX: 1\r\n{OURS}\r\nY: 2\r\n{OTHER}\r\nZ: 3\r\n".encode()
    fields = list(header_fields(block))
    assert [field.name for field in above_all_hops(fields)] == ["delivered-to"]
    assert [field.name for field in above_other_hosts(fields, MX)] == [
        "delivered-to", "received", "x", "received", "y",
    ]  # fmt: skip


lines = st.sampled_from(
    [OURS, INNER, OTHER, said("dmarc=pass"), said("dmarc=fail"), said("spf=none"), "X-A: b", "Date: x"]
)


@given(st.lists(lines, max_size=12))
def test_below_another_host_nothing_changes_the_answer(below: list[str]) -> None:
    top = (OURS, said("spf=fail"))
    assert found(*top, OTHER, *below) == found(*top, OTHER)
