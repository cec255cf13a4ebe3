"""What comes back of a notice is neither faxed nor answered, however badly it was bounced."""

from email.message import EmailMessage
from email.mime.message import MIMEMessage
from email.mime.multipart import MIMEMultipart

import pytest
from notice_facts import DOMAIN, SENDER, alert, arrived, delivery, failed, initial, refused, sent

from mta.header_scan import scan_header
from mta.proof.verdict import automatic_mark, single_author

NOTICES = {
    "delivery": arrived(delivery(sent())),
    "failure": arrived(delivery(failed())),
    "initial": arrived(initial([refused()])),
    "to others": arrived(delivery(sent(), other="desk@hospital.example")),
    "alert": arrived(alert("a notice could not be delivered", "Look.")),
}


def mark(octets: bytes, return_path: str) -> str:
    """What shows intake that a program sent this."""
    header = scan_header(octets)
    return automatic_mark(return_path, header, single_author(header))


def bounce(notice: EmailMessage, *, sender: str, **fields: str) -> bytes:
    report = MIMEMultipart("report", report_type="delivery-status")
    report["From"], report["To"], report["Subject"] = sender, SENDER, "Undeliverable: your mail"
    for name, value in fields.items():
        report[name.replace("_", "-")] = value
    report.attach(MIMEMessage(notice))
    return report.as_bytes()


@pytest.mark.parametrize("notice", NOTICES.values(), ids=NOTICES.keys())
def test_a_proper_bounce_is_automatic(notice: EmailMessage) -> None:
    octets = bounce(notice, sender="Mail System <MAILER-DAEMON@mail.example>")
    assert mark(octets, "") == "null return path"


@pytest.mark.parametrize(
    ("sender", "fields"),
    [
        ("MAILER-DAEMON@mail.example", {}),
        ("postmaster@mail.example", {}),
        ("ana@hospital.example", {"Auto_Submitted": "auto-replied"}),
        ("ana@hospital.example", {"Precedence": "bulk"}),
    ],
)
def test_a_bounce_with_a_return_path_is_known_by_what_it_says(sender: str, fields: dict[str, str]) -> None:
    octets = bounce(NOTICES["failure"], sender=sender, **fields)
    assert mark(octets, "bounces@mail.example")


@pytest.mark.parametrize("notice", NOTICES.values(), ids=NOTICES.keys())
def test_a_notice_that_is_sent_on_to_a_fax_address_is_our_own(notice: EmailMessage) -> None:
    """A forwarding rule that rewrites the return path and drops what marks automatic mail."""
    resent = EmailMessage()
    for name, value in notice.items():
        if name not in {"Auto-Submitted", "To", "Content-Type"}:
            resent[name] = str(value)
    resent["To"] = f"+12065551234@{DOMAIN}"
    resent.set_content("as it was")
    assert mark(resent.as_bytes(), "ana@hospital.example") == "our own loop mark"
