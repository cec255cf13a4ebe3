from pathlib import Path

import pytest

from config.lint import lint
from config.policy import read_policy
from config.server import read_server_settings

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGPKSkqGhJFVrSXXQQT1DI6gB1nXw8ZpFvM2S9cR8NQX"
USERS = "users: [{name: U, email: u@x.example}]\n"


def told(folder: Path, text: str, **files: str) -> list[str]:
    for name, content in files.items():
        (folder / name).write_text(content, encoding="utf-8")
    file = folder / "a.yaml"
    file.write_text(f"company: X\n{text}", encoding="utf-8")
    cautions = lint(read_policy(file))
    assert all(caution.advice for caution in cautions)
    return [str(caution).partition("  ")[2] for caution in cautions]


def test_a_policy_with_nothing_odd_is_passed_over(tmp_path: Path) -> None:
    text = f"settings: {{fax: {{resolution: fine}}}}\n{USERS}departments: {{D: {{users: [{{name: V, email: v@x.example}}]}}}}"  # noqa: E501 - one case, one line
    assert told(tmp_path, text) == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "settings: {notifications: {delivery: {failure: false}}}\n" + USERS,
            "settings.notifications.delivery.failure: is off: a sender is not told when a fax is refused or does not arrive",  # noqa: E501 - the line as it is told
        ),
        (
            "settings: {fax: {paper: A4}}\nusers: [{name: U, email: u@x.example, settings: {fax: {paper: A4}}}]",  # noqa: E501 - one case, one line
            "users[0].settings.fax.paper: says what applies anyway: A4",
        ),
        (
            "departments: {D: {settings: {retry: {statuses: {}, interval: 300 s}}, " + USERS.strip() + "}}",
            "departments.D.settings.retry.interval: says what applies anyway: 5 min",
        ),
        (
            "settings: {contact: {phone: '1'}}\nusers: [{name: U, email: u@x.example, contact: {phone: '1'}}]",  # noqa: E501 - one case, one line
            "users[0].contact.phone: says what applies anyway: 1",
        ),
        (
            "settings: {fax: {premium_numbers: true}}\n" + USERS,
            "settings.fax.premium_numbers: lets premium-rate numbers of all countries be faxed",
        ),
        (
            "settings: {notifications: {phi_free: true, attach: pdf}}\n" + USERS,
            "settings.notifications.attach: has no effect: phi_free leaves the pages out of notices",
        ),
        (
            "settings: {notifications: {phi_free: true, thumbnail: true}}\n" + USERS,
            "settings.notifications.thumbnail: has no effect: phi_free leaves the pages out of notices",
        ),
        (
            "settings: {retention: {documents: 1 h}, archive: {enabled: true, email: {to: a@x.example}}}\n" + USERS,  # noqa: E501 - one case, one line
            "settings.retention.documents: is 1 h, which a copy for the archive may not have been delivered in",  # noqa: E501 - one case, one line
        ),
        (USERS + "departments: {D: {departments: {E: {}}, settings: {fax: {paper: A4}}}}", "departments.D: has no users"),  # noqa: E501 - one case, one line
        (
            ("users:\n  - {name: All, email: all@x.example, sending_emails: ['*@x.example']}\n"
            "  - {name: B, email: b@x.example, sending_emails: []}"),
            "users[0].sending_emails[0]: *@x.example takes the mails of b@x.example for All's",
        ),
        (
            "settings: {coverpage: {templates: {Memo: own.html}, restrict_to_assigned: true}}\n" + USERS,
            "settings.coverpage.templates.Memo: 'Memo' is used by nobody: it is assigned to none, and nobody may choose a cover page",  # noqa: E501 - the line as it is told
        ),
    ],
)  # fmt: skip
def test_what_may_not_be_meant_is_told(text: str, said: str, tmp_path: Path) -> None:
    assert said in told(tmp_path, text, **{"own.html": "x"})


@pytest.mark.parametrize(
    "text",
    [
        "settings: {fax: {premium_numbers: true, allowed_countries: [US]}}\n" + USERS,
        "settings: {notifications: {phi_free: true, attach: none}}\n" + USERS,
        "settings: {retention: {documents: 1 h}}\n" + USERS,
        "settings: {coverpage: {templates: {Memo: own.html}}}\n" + USERS,
        ("settings: {coverpage: {templates: {Memo: own.html}, restrict_to_assigned: true}}\n"
        "users: [{name: U, email: u@x.example, settings: {coverpage: {template: memo}}}]"),
        ("settings: {fax: {blocked_numbers: [+1900*]}}\n"
        "users: [{name: U, email: u@x.example, settings: {fax: {blocked_numbers: [+1900*]}}}]"),
        ("users:\n  - {name: All, email: all@x.example, sending_emails: ['*@x.example']}\n"
        "  - {name: B, email: b@x.example}"),
    ],
)  # fmt: skip
def test_what_is_meant_is_not(text: str, tmp_path: Path) -> None:
    assert told(tmp_path, text, **{"own.html": "x"}) == []


def test_secrets_that_everybody_may_read_and_lines_that_nobody_uses(tmp_path: Path) -> None:
    for name, mode in (("open.secret", 0o644), ("kept.secret", 0o640)):
        (tmp_path / name).write_text("secret\n", encoding="utf-8")
        (tmp_path / name).chmod(mode)
    settings = tmp_path / "postfax.yaml"
    settings.write_text(
        "domain: fax.example.com\npolicy: a.yaml\nmail:\n"
        "  smarthost: {host: h, username: u, password_file: kept.secret}\n"
        "  pickup: [{host: h, username: u, password_file: open.secret, authserv_id: x}]\n"
        'lines: {main: {sip: "sip:h"}, spare: {sip: "sip:h"}}\n',
        encoding="utf-8",
    )
    (tmp_path / "a.yaml").write_text(
        f"company: X\nsettings:\n  lines: [main]\n  archive: {{enabled: true, sftp: {{host: h, user: u, password_file: open.secret, known_host: {KEY}}}}}\n"  # noqa: E501 - one line
        "departments:\n  D: {settings: {archive: {enabled: true, ftps: {host: h, user: u, password_file: kept.secret, tls: insecure-none}}}, users: [{name: D, email: d@x.example}]}\n"  # noqa: E501 - one line
        "  E: {settings: {archive: {enabled: true, ftps: {host: h, user: u, password_file: kept.secret, ca_file: open.secret}}}, users: [{name: E, email: e@x.example}]}\n"  # noqa: E501 - one line
        f"{USERS}",
        encoding="utf-8",
    )
    server = read_server_settings(settings)
    found = lint(read_policy(server.policy), lines=server.lines, settings_file=settings, server=server)
    secret = tmp_path / "open.secret"
    assert [(caution.file.name, caution.path, caution.remark) for caution in found] == [
        ("a.yaml", "settings.archive.sftp.password_file", f"{secret} may be read by everybody on this host"),
        (
            "a.yaml",
            "departments.D.settings.archive.ftps.tls",
            "is insecure-none: everybody on the way can read the password and the faxes",
        ),
        ("postfax.yaml", "lines.spare", "no user may call over this line: all of them name others"),
        ("postfax.yaml", "mail.pickup[0].password_file", f"{secret} may be read by everybody on this host"),
    ]
