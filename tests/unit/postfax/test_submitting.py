"""Mails that are submitted on this host."""

from postfax.submitting import recipients_named_in

DOMAINS = ("fax.example.com", "fax.xn--bcher-kva.example")


def test_the_recipients_of_a_saved_mail_are_those_of_all_its_fields() -> None:
    mail = (
        b'To: "Dr Lee" <+12065551234@Fax.Example.com>, ana@hospital.example\r\n'
        b"Cc: 2065551235@fax.xn--bcher-kva.example\r\n"
        b"Bcc: FAX=+12065551236/T33S=1@fax.example.com\r\n"
        b"\r\n"
        b"To: 2065551237@fax.example.com\r\n"
    )
    assert recipients_named_in(mail, DOMAINS) == [
        "+12065551234@Fax.Example.com",
        "2065551235@fax.xn--bcher-kva.example",
        "FAX=+12065551236/T33S=1@fax.example.com",
    ]
