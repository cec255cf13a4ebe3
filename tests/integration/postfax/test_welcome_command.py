"""`postfax welcome` and `postfax notice preview`, as an administrator types them."""

import asyncio
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from click import UsageError
from command_line import POLICY, CommandLine

from config.mail import Smarthost
from config.policy import read_policy
from config.server import ConvertSettings
from convert.converter import Converter
from mta.smtp.login import Claim, PasswordCheck
from notify.delivery_status import ReportingMta
from notify.mailer import Mailer
from postfax.credentials import Credentials
from postfax.demonstration.mail_sink import MailSink
from postfax.failures import ExitCode
from postfax.journey.tell import Tell
from postfax.journey.welcoming import Welcoming
from postfax.opening import make_book, now, settings_in
from postfax.sample_notices import KINDS
from sandbox import Nursery
from store.outbox import DeliveryState

DOMAIN = "fax.example.com"
ANA = "ana@hospital.example"
BEN = "ben@hospital.example"
LISTEN = "[{smtp: '0.0.0.0:25'}, {smtp: '0.0.0.0:587'}, {smtp: '0.0.0.0:465', tls: implicit, auth: required}]"


@pytest.fixture
def postfax(tmp_path: Path) -> CommandLine:
    return CommandLine(tmp_path)


def with_log_in(postfax: CommandLine) -> CommandLine:
    """An installation where users can log in."""
    file = postfax.settings_file
    certificate = file.parent / "tls.pem"
    certificate.touch()
    mail = f"mail: {{listen: {LISTEN}, tls: {{certificate: tls.pem, key: tls.pem}}, "
    file.write_text(file.read_text().replace("mail: {", mail, 1))
    return postfax


async def sent(postfax: CommandLine, folder: Path, *, reply: str = "") -> list[EmailMessage]:
    """What the service sends of what is owed."""
    settings = settings_in(str(postfax.settings_file))
    policy = read_policy(settings.policy, lines=settings.lines)
    async with make_book(settings) as book, MailSink(folder, reply=lambda *_: reply) as sink:
        tell = Tell(
            book,
            Mailer(Smarthost(host="127.0.0.1", port=sink.port, tls="none"), DOMAIN),
            Nursery(preload=()),
            Converter(ConvertSettings()),
            welcome=Welcoming(book, lambda: policy, settings, clock=now).facts_of,
            sender=f"postfax@{DOMAIN}",
            mta=ReportingMta(hostname=DOMAIN, domain=DOMAIN),
            folder=folder,
            clock=now,
        )
        while await tell.step():
            pass
        return [message_from_bytes(file.read_bytes(), policy=default) for file in sink.mails]


def text(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    assert body
    return " ".join(str(body.get_content()).split())


def test_a_welcome_says_how_to_fax_with_the_users_own_rules(postfax: CommandLine, tmp_path: Path) -> None:
    limits = POLICY.replace("fax: {default_region: US,", "fax: {default_region: DE, pages_per_day: 40,")
    postfax.policy_file.write_text(limits)
    said = postfax("welcome", "ben.low@hospital.example", "--type", "welcome")
    assert said.out == f"{BEN} gets a welcome message\n"
    [mail] = asyncio.run(sent(postfax, tmp_path / "sink"))
    assert (mail["To"], mail["Auto-Submitted"]) == (BEN, "auto-generated")
    told = text(mail)
    assert f"@{DOMAIN}" in told
    assert "+49" in told
    assert "Write from ben.low@hospital.example" in told
    assert "40 pages a day" in told
    assert "code" not in told


def test_a_code_from_the_mail_with_words_behind_it_logs_in(postfax: CommandLine, tmp_path: Path) -> None:
    with_log_in(postfax)
    said = postfax("welcome", ANA, "--with-credentials", "--json").json
    assert (said[0]["user"], said[0]["type"]) == (ANA, "welcome_with_credentials")
    [mail] = asyncio.run(sent(postfax, tmp_path / "sink"))
    told = text(mail)
    assert f"{DOMAIN}, port 465, encrypted (SSL/TLS)" in told
    code = told.partition("Your code ")[2].split()[0]

    async def log_in() -> list[str | None]:
        settings = settings_in(str(postfax.settings_file))
        policy = read_policy(settings.policy, lines=settings.lines)
        async with make_book(settings) as book:
            check = PasswordCheck(Credentials(book, lambda: policy))
            try:
                entered = (code, f"{code}blue garden", f"{code}blue garden", f"{code}other words")
                return [await check.account(Claim(username=ANA, password=word)) for word in entered]
            finally:
                check.close()

    assert asyncio.run(log_in()) == [None, ANA, ANA, None]


def test_a_code_that_waits_for_the_smarthost_is_hashed_and_stays_out_of_the_answer(
    postfax: CommandLine,
) -> None:
    with_log_in(postfax)
    said = postfax("welcome", ANA, "--with-credentials")
    assert "good until" in said.out
    setup = postfax.of_book(lambda book: book.setup_code(ANA, now()))
    assert setup.code_hash.startswith("$argon2id$")
    with pytest.raises(Exception, match="match"):
        PasswordHasher().verify(setup.code_hash, said.out)


def test_without_a_way_to_log_in_no_code_goes_out(postfax: CommandLine) -> None:
    said = postfax("welcome", ANA, "--with-credentials")
    assert said.code == ExitCode.REFUSED
    assert "nobody can log in" in said.failure
    assert postfax.of_book(lambda book: book.counts()).notices[DeliveryState.PENDING] == 0


def test_the_policy_says_what_is_sent_and_none_needs_a_word(postfax: CommandLine) -> None:
    said = postfax("welcome", ANA)
    assert said.code == ExitCode.REFUSED
    assert "Say which one is meant: --type welcome" in said.failure
    own = "settings: {notifications: {welcome: welcome}, fax: {default_region"
    policy = POLICY.replace("settings: {fax: {default_region", own, 1)
    postfax.policy_file.write_text(policy)
    assert postfax("welcome", "--department", "Radiology", "--dry-run").out.splitlines() == [
        f"{user} would get a welcome message" for user in (ANA, BEN, "cem@hospital.example")
    ]
    assert postfax.of_book(lambda book: book.counts()).notices[DeliveryState.PENDING] == 0
    assert len(postfax("welcome", "--all").out.splitlines()) == 4


@pytest.mark.parametrize("arguments", [(), (ANA, "--all"), (ANA, "--type", "welcome", "--with-credentials")])
def test_a_contradiction_is_a_mistake_of_usage(postfax: CommandLine, arguments: tuple[str, ...]) -> None:
    with pytest.raises(UsageError):
        postfax("welcome", *arguments)


def test_who_is_not_there_gets_nothing_and_neither_do_the_others(postfax: CommandLine) -> None:
    said = postfax("welcome", ANA, "nobody@hospital.example", "--type", "welcome")
    assert said.code == ExitCode.NOT_FOUND
    assert postfax("welcome", "--department", "Oncology", "--type", "welcome").code == ExitCode.NOT_FOUND
    assert postfax.of_book(lambda book: book.counts()).notices[DeliveryState.PENDING] == 0


def test_a_user_who_left_meanwhile_gets_no_message(postfax: CommandLine, tmp_path: Path) -> None:
    postfax("welcome", ANA, "--type", "welcome")
    postfax.policy_file.write_text(
        "company: General Hospital\nusers: [{name: Ben, email: ben@hospital.example}]"
    )
    assert asyncio.run(sent(postfax, tmp_path / "sink")) == []
    assert postfax.of_book(lambda book: book.counts()).notices[DeliveryState.GIVEN_UP] == 1


# --- Previews ---------------------------------------------------------------------------------------------


def test_every_kind_of_notice_is_shown(postfax: CommandLine) -> None:
    shown = postfax("notice", "preview", "--json").json
    assert [one["kind"] for one in shown] == list(KINDS)
    assert all(one["subject"] and one["text"] for one in shown)


def test_a_preview_is_made_with_a_users_settings_and_templates(postfax: CommandLine, tmp_path: Path) -> None:
    template = postfax.policy_file.parent / "subject.txt"
    own = (
        "settings: {notifications: {language: de, phi_free: true, templates: {subject: subject.txt}}, fax: {"
    )
    postfax.policy_file.write_text(POLICY.replace("settings: {fax: {", own, 1))
    template.write_text("Faxstelle: {{ content.verdict }}")
    folder = tmp_path / "notices"
    postfax("notice", "preview", "delivered", "--user", ANA, "--folder", folder)
    assert {file.name for file in folder.iterdir()} == {"delivered.eml", "delivered.html", "delivered.txt"}
    mail = message_from_bytes((folder / "delivered.eml").read_bytes(), policy=default)
    assert mail["Subject"] == "Faxstelle: Zugestellt"
    assert "Doe" not in (folder / "delivered.txt").read_text()
    template.write_text("{{ nothing }}")
    said = postfax("notice", "preview", "delivered", "--user", ANA, "--json")
    assert said.code == ExitCode.PARTLY
    assert "'nothing' is undefined" in said.json[0]["trouble"]


def test_an_unknown_kind_names_those_that_there_are(postfax: CommandLine) -> None:
    with pytest.raises(UsageError, match="there is no kind sent; there are accepted, "):
        postfax("notice", "preview", "sent")
