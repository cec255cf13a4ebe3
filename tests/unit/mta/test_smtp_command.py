"""The path and parameter grammar of MAIL and RCPT."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mta.smtp.command import (
    PATH_LIMIT,
    Mailbox,
    SyntaxRefused,
    parse_mail_argument,
    parse_mailbox,
    parse_rcpt_argument,
)

ATEXT = "abcdefgXYZ0189!#$%&'*+-/=?^_`{|}~"
ATOMS = st.text(ATEXT + ".", min_size=1, max_size=40)
QUOTED = st.lists(st.sampled_from([*" ()<>@,;:.[]abc", "\\\\", '\\"']), max_size=20).map(
    lambda pieces: f'"{"".join(pieces)}"'
)
LABELS = st.from_regex(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,20}[A-Za-z0-9])?", fullmatch=True)
DOMAINS = st.one_of(
    st.lists(LABELS, min_size=1, max_size=4).map(".".join),
    st.ip_addresses(v=4).map(lambda address: f"[{address}]"),
    st.ip_addresses(v=6).map(lambda address: f"[IPv6:{address}]"),
)
MAILBOXES = st.builds(lambda local, domain: (local, domain), st.one_of(ATOMS, QUOTED), DOMAINS)
PARAMETERS = st.dictionaries(
    st.from_regex(r"[A-Z][A-Z0-9-]{0,8}", fullmatch=True),
    st.one_of(st.none(), st.text("abcXYZ019;:,.@<>", min_size=1, max_size=12)),
    max_size=4,
)


def written(parameters: dict[str, str | None]) -> str:
    return "".join(f" {key}" if value is None else f" {key}={value}" for key, value in parameters.items())


@given(MAILBOXES, PARAMETERS, st.sampled_from(["FROM:", "from:", "From: "]))
def test_what_is_written_is_read_with_its_case(
    mailbox: tuple[str, str], parameters: dict[str, str | None], keyword: str
) -> None:
    local, domain = mailbox
    parsed = parse_mail_argument(f"{keyword}<{local}@{domain}>{written(parameters)}")
    assert parsed.mailbox == Mailbox(local_part=local, domain=domain)
    assert dict(parsed.parameters) == parameters


@given(MAILBOXES, st.lists(LABELS, min_size=1, max_size=3))
def test_source_routes_are_dropped(mailbox: tuple[str, str], hops: list[str]) -> None:
    local, domain = mailbox
    route = ",".join(f"@{hop}" for hop in hops)
    assert parse_rcpt_argument(f"TO:<{route}:{local}@{domain}>").mailbox == Mailbox(
        local_part=local, domain=domain
    )


@given(st.text(max_size=60))
def test_any_text_is_a_path_or_refused(text: str) -> None:
    for parse in (parse_mail_argument, parse_rcpt_argument):
        for argument in (text, f"FROM:{text}", f"TO:{text}", f"FROM:<{text}>", f"TO:<{text}>"):
            with contextlib.suppress(SyntaxRefused):
                mailbox = parse(argument).mailbox
                assert mailbox is None or not set(mailbox.domain) & set("<> @\r\n\0")


@given(st.text('ab"\\<>@. ', max_size=30))
def test_a_mailbox_reads_as_itself_again(text: str) -> None:
    if mailbox := parse_mailbox(text):
        assert parse_mailbox(str(mailbox)) == mailbox


@pytest.mark.parametrize(
    ("argument", "mailbox"),
    [
        ("TO:<(206)555.1234@fax.example.com>", "(206)555.1234@fax.example.com"),
        ("TO:<FAX=+12065551234/T33S=6377@fax.example.com>", "FAX=+12065551234/T33S=6377@fax.example.com"),
        ("TO:<1206^COMPANY=Acme^NOCOVER@fax.example.com>", "1206^COMPANY=Acme^NOCOVER@fax.example.com"),
        ('TO:<"John Doe.12065551234"@fax.example.com>', '"John Doe.12065551234"@fax.example.com'),
        ('TO:<"a>b"@fax.example.com>', '"a>b"@fax.example.com'),
        ("TO:+12065551234@fax.example.com", "+12065551234@fax.example.com"),
        ("TO:<a..b.@example.com.>", "a..b.@example.com"),
        ("TO:<jörg@bücher.example>", "jörg@bücher.example"),
    ],
)  # fmt: skip
def test_what_fax_addresses_and_real_clients_need(argument: str, mailbox: str) -> None:
    assert str(parse_rcpt_argument(argument).mailbox) == mailbox


def test_postmaster_needs_no_domain_as_a_recipient() -> None:
    assert str(parse_rcpt_argument("TO:<PostMaster> NOTIFY=NEVER").mailbox) == "PostMaster"
    with pytest.raises(SyntaxRefused, match=r"5\.1\.7"):
        parse_mail_argument("FROM:<postmaster>")


def test_the_null_path_is_a_return_path_and_no_recipient() -> None:
    assert parse_mail_argument("FROM:<>").mailbox is None
    with pytest.raises(SyntaxRefused, match=r"5\.1\.3"):
        parse_rcpt_argument("TO:<>")


@pytest.mark.parametrize(
    "argument",
    [
        "", "TO", "TO:", "TO: ", "TO:<", "TO:<a@b", "TO:a@b>", "TO:<a b@c.d>", "TO:<a@b>x", "TO:<@b:>",
        "TO:<a>", "TO:<@>", "TO:<a@>", "TO:<@b>", "TO:<a@b@c>", "TO:<a@-b>", "TO:<a@b-.c>", "TO:<a@b..c>",
        "TO:<a@[1.2.3]>",
        "TO:<a@[::1]>", "TO:<a@[IPv6:1.2.3.4]>", 'TO:<"a@b>', 'TO:<"a"b@c>', "TO:<<a@b>>", "FROM:<a@b>",
        "TO:<a@[x-tag:content]>", "TO:<a@[IPv6:fe80::1%eth0]>", "TO:<a\u200bb@c>", "TO:<a\u00a0b@c>",
        f"TO:<a@{'b.' * 127}cc>", "TO:<@b,@c:a@d", "TO:<@b;a@d>", 'TO:<"a\\">@b>', "TO:a@b c@d=e=f",
        "TO:<a\x00@b>", "TO:<a@b\udcff>", f"TO:<{'a' * PATH_LIMIT}@b>", f"TO:<a@{'b' * 64}.c>",
    ],
)  # fmt: skip
def test_what_is_no_address_is_refused(argument: str) -> None:
    with pytest.raises(SyntaxRefused) as refused:
        parse_rcpt_argument(argument)
    assert refused.value.reply.code == 501


@pytest.mark.parametrize(
    "parameters", ["SIZE=", "=1", "SIZE=1 SIZE=2", "size=1 SIZE=2", "A=b=c", "_X", "A=\x7f"]
)
def test_malformed_parameters_are_refused(parameters: str) -> None:
    with pytest.raises(SyntaxRefused, match=r"501 5\.5\.4"):
        parse_mail_argument(f"FROM:<a@b> {parameters}")
