"""What people are shown of a header in quarantine."""

from postfax.quarantined_header import fields_to_show, subject_among

MAIL = (
    b"Received: from a by b\r\nFrom: =?utf-8?q?Ana_R=C3=BAiz?= <ana@hospital.example>\r\n"
    b"X-Secret: 1\r\nSubject: =?utf-8?b?TsOkY2hzdGU=?=\r\n Woche\r\n"
    b"AUTO-SUBMITTED: auto-replied\r\n\r\nthe text\r\n"
)


def test_the_fields_that_matter_are_shown_decoded() -> None:
    fields = fields_to_show(MAIL)
    assert fields == [
        ("From", "Ana Rúiz <ana@hospital.example>"),
        ("Subject", "Nächste Woche"),
        ("Auto-Submitted", "auto-replied"),
    ]
    assert subject_among(fields) == "Nächste Woche"


def test_a_mail_may_have_no_header() -> None:
    assert fields_to_show(b"\r\nthe text\r\n") == []
    assert subject_among([]) == ""


def test_a_header_that_is_cut_off_is_shown_as_far_as_it_goes() -> None:
    assert fields_to_show(MAIL[:90])[0] == ("From", "Ana Rúiz <ana@hospital.example>")
