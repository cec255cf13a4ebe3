"""What MAIL, RCPT and DATA are answered."""

import pytest

from mta.smtp.transaction import Transaction, TransactionRules
from store.mail import Envelope, NoticeRequest, NotifyOn, ReturnContent


def transaction() -> Transaction:
    return Transaction(TransactionRules(domain="Fax.Example.com", max_size=1000, max_recipients=3))


def begun() -> Transaction:
    one = transaction()
    assert one.mail("FROM:<Ana@hospital.example>").code == 250
    return one


def test_an_envelope_is_built_in_order() -> None:
    one = begun()
    for recipient in ("B", "a", "B"):
        assert str(one.rcpt(f"TO:<{recipient}@fax.example.COM>")).startswith("250 2.1.5 ")
    assert one.envelope.return_path == "Ana@hospital.example"
    assert one.envelope.recipients == ("B@fax.example.COM", "a@fax.example.COM")
    assert one.out_of_order() is None


@pytest.mark.parametrize(
    ("argument", "reply"),
    [
        ("FROM:<>", "250 2.1.0 "),
        ("FROM:<a@b> SIZE=1000 BODY=8bitmime SMTPUTF8 RET=HDRS ENVID=x+3Dy", "250 2.1.0 "),
        ("FROM:<jörg@b> SMTPUTF8", "250 2.1.0 "),
        ("FROM:<jörg@b>", "553 5.6.7 "),
        ("FROM:<a@b> SIZE=1001", "552 5.3.4 "),
        ("FROM:<a@b> SIZE=x", "501 5.5.4 "),
        ("FROM:<a@b> SIZE", "501 5.5.4 "),
        ("FROM:<a@b> SIZE=²", "501 5.5.4 "),
        (f"FROM:<a@b> SIZE={'9' * 21}", "501 5.5.4 "),
        ("FROM:<a@b> BODY=BINARYMIME", "501 5.5.4 "),
        ("FROM:<a@b> SMTPUTF8=yes", "501 5.5.4 "),
        ("FROM:<a@b> AUTH=<>", "250 2.1.0 "),
        ("FROM:<a@b> AUTH=e+3Dmc2@example.com", "250 2.1.0 "),
        ("FROM:<a@b> AUTH=x", "501 5.5.4 "),
        ("FROM:<a@b> AUTH", "501 5.5.4 "),
        ("FROM:<a@b> RET=ALL", "501 5.5.4 "),
        ("FROM:<a@b> ENVID=", "501 5.5.4 "),
        ("FROM:<a@b> ENVID=a+0Ab", "501 5.5.4 "),
        (f"FROM:<a@b> ENVID={'x' * 101}", "501 5.5.4 "),
        ("FROM:<a@b> REQUIRETLS", "550 5.7.30 "),
        ("FROM:<a@b> NOTIFY=NEVER", "555 5.5.4 "),
        ("FROM:a b", "501 5.1.7 "),
    ],
)
def test_mail(argument: str, reply: str) -> None:
    assert str(transaction().mail(argument)).startswith(reply)


@pytest.mark.parametrize(
    ("argument", "reply"),
    [
        ("TO:<1@fax.example.com> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;1@fax.example.com", "250 2.1.5 "),
        ("TO:<1@fax.example.com.>", "250 2.1.5 "),
        ("TO:<1@fax.example.com> RET=FULL", "555 5.5.4 "),
        ("TO:<1@elsewhere.example>", "550 5.1.1 "),
        ("TO:<1@[127.0.0.1]>", "550 5.1.1 "),
        ("TO:<jörg@fax.example.com>", "553 5.6.7 "),
        ("TO:<>", "501 5.1.3 "),
        ("TO:<1@fax.example.com> NOTIFY=NEVER,SUCCESS", "501 5.5.4 "),
        ("TO:<1@fax.example.com> NOTIFY=SOMETIMES", "501 5.5.4 "),
        ("TO:<1@fax.example.com> NOTIFY", "501 5.5.4 "),
        ("TO:<1@fax.example.com> ORCPT=1@fax.example.com", "501 5.5.4 "),
        ("TO:<1@fax.example.com> ORCPT=rfc822;a+0Db", "501 5.5.4 "),
        (f"TO:<1@fax.example.com> ORCPT=rfc822;{'1' * 500}", "501 5.5.4 "),
        ("TO:<postmaster>", "550 5.1.1 "),
        ("TO:<PostMaster@fax.example.com>", "550 5.1.1 "),
        ("TO:<abuse@fax.example.com>", "550 5.1.1 "),
    ],
)
def test_rcpt(argument: str, reply: str) -> None:
    assert str(begun().rcpt(argument)).startswith(reply)


def test_order_and_number() -> None:
    one = transaction()
    assert one.rcpt("TO:<1@fax.example.com>").code == 503
    assert (one.out_of_order() or one.mail("")).code == 503
    one.mail("FROM:<a@b>")
    assert one.mail("FROM:<a@b>").code == 503
    assert (one.out_of_order() or one.mail("")).code == 503
    for number in range(3):
        one.rcpt(f"TO:<{number}@fax.example.com>")
    assert str(one.rcpt("TO:<4@fax.example.com>")).startswith("452 4.5.3 ")


def test_a_refused_mail_command_begins_nothing() -> None:
    one = transaction()
    one.mail("FROM:<a@b> SIZE=1001")
    assert one.rcpt("TO:<1@fax.example.com>").code == 503


def test_a_domain_beyond_ascii_is_one_domain_however_it_is_written() -> None:
    one = Transaction(TransactionRules(domain="fax.bücher.example", max_size=1, max_recipients=1))
    one.mail("FROM:<a@b>")
    assert one.rcpt("TO:<1@fax.xn--bcher-kva.example>").code == 250


def test_mail_for_each_fax_domain_is_taken() -> None:
    rules = TransactionRules(
        domain="fax.example.com",
        other_domains=("fax.example.org", "xn--bcher-kva.example"),
        max_size=1,
        max_recipients=9,
    )
    one = Transaction(rules)
    one.mail("FROM:<a@b> SMTPUTF8")
    assert one.rcpt("TO:<1@Fax.Example.ORG>").code == 250
    assert one.rcpt("TO:<1@bücher.example>").code == 250
    elsewhere = str(one.rcpt("TO:<1@fax.example.net>"))
    assert (
        elsewhere
        == "550 5.1.1 no fax address: mail for fax.example.com and 2 other domains alone is taken here"
    )


def test_what_is_asked_for_stands_in_the_envelope() -> None:
    one = transaction()
    one.mail("FROM:<a@b> RET=HDRS ENVID=QQ+2B314159")
    one.rcpt("TO:<1@fax.example.com> NOTIFY=SUCCESS,failure ORCPT=rfc822;+2B1@fax.example.com")
    one.rcpt("TO:<2@fax.example.com> NOTIFY=never")
    one.rcpt("TO:<3@fax.example.com>")
    assert one.envelope == Envelope(
        return_path="a@b",
        recipients=("1@fax.example.com", "2@fax.example.com", "3@fax.example.com"),
        envelope_id="QQ+314159",
        return_content=ReturnContent.HEADERS,
        notice_requests={
            "1@fax.example.com": NoticeRequest(
                notify=frozenset({NotifyOn.SUCCESS, NotifyOn.FAILURE}),
                original_recipient="rfc822;+1@fax.example.com",
            ),
            "2@fax.example.com": NoticeRequest(notify=frozenset({NotifyOn.NEVER})),
        },
    )


def test_the_first_parameters_of_a_repeated_recipient_win() -> None:
    one = begun()
    one.rcpt("TO:<1@fax.example.com> NOTIFY=NEVER")
    one.rcpt("TO:<1@fax.example.com> NOTIFY=SUCCESS")
    assert one.envelope.recipients == ("1@fax.example.com",)
    assert one.envelope.notice_requests["1@fax.example.com"].notify == frozenset({NotifyOn.NEVER})
    assert one.accepted_recipients == 2


def test_an_address_beyond_ascii_may_be_the_original_one() -> None:
    one = begun()
    one.rcpt(r"TO:<1@fax.example.com> ORCPT=utf-8;j\x{F6}rg@b\x{FC}cher.example")
    request = one.envelope.notice_requests["1@fax.example.com"]
    assert request.original_recipient == "utf-8;jörg@bücher.example"


def test_who_writes_to_postmaster_is_told_whom_to_write_to() -> None:
    rules = TransactionRules(domain="fax.example.com", max_size=1, max_recipients=1, contact="it@example.com")
    one = Transaction(rules)
    one.mail("FROM:<a@b>")
    assert str(one.rcpt("TO:<postmaster>")).endswith("please write to it@example.com")


def test_no_mail_begins_where_there_is_no_room_for_it() -> None:
    rules = TransactionRules(
        domain="fax.example.com", max_size=1000, max_recipients=1, room=lambda size: size < 500
    )
    assert str(Transaction(rules).mail("FROM:<a@b> SIZE=600")).startswith("452 4.3.1 ")
    assert Transaction(rules).mail("FROM:<a@b> SIZE=400").code == 250
