"""What MAIL, RCPT and DATA are answered."""

import pytest

from mta.smtp.transaction import Transaction


def transaction() -> Transaction:
    return Transaction(domain="Fax.Example.com", max_size=1000, max_recipients=3)


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
    assert one.data() is None


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
        ("FROM:<a@b> AUTH=<>", "555 5.5.4 "),
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
    ],
)
def test_rcpt(argument: str, reply: str) -> None:
    assert str(begun().rcpt(argument)).startswith(reply)


def test_order_and_number() -> None:
    one = transaction()
    assert one.rcpt("TO:<1@fax.example.com>").code == 503
    assert (one.data() or one.mail("")).code == 503
    one.mail("FROM:<a@b>")
    assert one.mail("FROM:<a@b>").code == 503
    assert (one.data() or one.mail("")).code == 503
    for number in range(3):
        one.rcpt(f"TO:<{number}@fax.example.com>")
    assert str(one.rcpt("TO:<4@fax.example.com>")).startswith("452 4.5.3 ")


def test_a_refused_mail_command_begins_nothing() -> None:
    one = transaction()
    one.mail("FROM:<a@b> SIZE=1001")
    assert one.rcpt("TO:<1@fax.example.com>").code == 503


def test_a_domain_beyond_ascii_is_one_domain_however_it_is_written() -> None:
    one = Transaction(domain="fax.bücher.example", max_size=1, max_recipients=1)
    one.mail("FROM:<a@b>")
    assert one.rcpt("TO:<1@fax.xn--bcher-kva.example>").code == 250
