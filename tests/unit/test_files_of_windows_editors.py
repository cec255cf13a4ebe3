"""What an editor of Windows puts before a text (a byte-order mark) is no part of a password or a template."""

import asyncio
from pathlib import Path

import pytest

from archive.secret_file import password_in
from config.lines import SipLine
from config.mail import Smarthost
from config.notifications import NoticeTemplates
from mta.imap.secret_file import read_secret
from notify.mailer import Mailer
from notify.rendering import SUBJECT
from postfax.journey.own_notice_templates import read_templates
from transmit.trunk_secrets import credentials_of


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    file = tmp_path / "secret"
    file.write_bytes(b"\xef\xbb\xbfgeh heim\r\n# of the trunk, since May\r\n")
    return file


def test_passwords(secret: Path) -> None:
    line = SipLine.model_validate(
        {"sip": "sip:trunk.example", "username": "1", "password_file": str(secret), "caller": "+12065550100"}
    )
    mailer = Mailer(Smarthost(host="mail.example", username="u", password_file=secret), "fax.example.com")
    found = credentials_of("main", line)
    assert found
    read = (found.password, password_in("sftp", secret), read_secret(secret), mailer._password())
    assert set(read) == {"geh heim"}


def test_templates_of_notices(tmp_path: Path) -> None:
    file = tmp_path / "subject.txt"
    file.write_bytes(b"\xef\xbb\xbf[Fax] {{ domain }}")
    assert asyncio.run(read_templates(NoticeTemplates(subject=file))) == {SUBJECT: "[Fax] {{ domain }}"}
