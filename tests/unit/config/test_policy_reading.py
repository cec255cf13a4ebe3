from pathlib import Path

import pytest

from config.coverpage import CoverpageMode
from config.fax import Resolution
from config.mistakes import ConfigError
from config.policy import Policy, read_policy
from config.settings import UserPolicy

HOSPITAL = """\
company: General Hospital
settings:
  fax: {sender_number: "+12065550100", blocked_numbers: [+1900*]}
  coverpage: {template: healthcare, mode: automatic}
  archive: {enabled: true, email: {to: archive@hospital.example}}
departments:
  Radiology:
    settings: {coverpage: {mode: with_body_text_requires_attachment}, fax: {resolution: superfine}}
    users:
      - {name: Ana Ruiz, email: ana@hospital.example, contact: {title: MD}, custom_fields: {desk: R-17}}
    departments:
      CT:
        settings:
          fax: {blocked_numbers: ["+49 30 1234*"]}
          archive: {enabled: true, email: {to: ct@hospital.example}, document: pdf}
          custom_fields: {floor: 2}
        users:
          - name: CT Desk
            email: ct@hospital.example
            sending_emails: [scanner@hospital.example, "*@ct.hospital.example"]
            settings: {archive: {enabled: false}, fax: {paper: A4}}
users: [{name: Director, email: director@hospital.example, sending_emails: []}]
"""


def read(folder: Path, **files: str) -> Policy:
    for name, text in files.items():
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    return read_policy(folder)


def lines_of(folder: Path, **files: str) -> list[str]:
    with pytest.raises(ConfigError) as raised:
        read(folder, **files)
    return [str(mistake) for mistake in raised.value.mistakes]


def known(user: UserPolicy | None) -> UserPolicy:
    assert user is not None
    return user


def test_the_nearest_level_wins_setting_by_setting(tmp_path: Path) -> None:
    policy = read(tmp_path, hospital=HOSPITAL)
    ana = known(policy.user("ana@hospital.example")).settings
    assert ana.coverpage.mode is CoverpageMode.WITH_BODY_TEXT_REQUIRES_ATTACHMENT
    assert ana.coverpage.template == "healthcare"
    assert (ana.fax.resolution, ana.fax.sender_number) == (Resolution.SUPERFINE, "+12065550100")
    director = known(policy.user("director@hospital.example")).settings
    assert (director.coverpage.mode, director.fax.resolution) == (CoverpageMode.AUTOMATIC, Resolution.FINE)


def test_a_user_knows_company_and_departments(tmp_path: Path) -> None:
    desk = known(read(tmp_path, hospital=HOSPITAL).user("ct@hospital.example"))
    assert (desk.company, desk.departments, desk.name) == ("General Hospital", ("Radiology", "CT"), "CT Desk")


def test_blocked_numbers_add_up(tmp_path: Path) -> None:
    desk = known(read(tmp_path, hospital=HOSPITAL).user("ct@hospital.example"))
    assert desk.blocked_numbers == ("+1900*", "+49301234*")
    assert desk.settings.fax.blocked_numbers == desk.blocked_numbers


def test_archives_add_up_and_a_lower_level_silences_none(tmp_path: Path) -> None:
    desk = known(read(tmp_path, hospital=HOSPITAL).user("ct@hospital.example"))
    assert [archive.email.to for archive in desk.archives if archive.email] == [
        "archive@hospital.example",
        "ct@hospital.example",
    ]
    assert [archive.document for archive in desk.archives] == ["tiff", "pdf"]
    assert not desk.settings.archive.enabled


def test_contact_and_custom_fields_of_a_user_lie_over_those_above(tmp_path: Path) -> None:
    text = HOSPITAL.replace(
        "  archive: {enabled", "  contact: {phone: '1', title: x}\n  archive: {enabled", 1
    )
    ana = known(read(tmp_path, hospital=text).user("ana@hospital.example")).settings
    assert (ana.contact.title, ana.contact.phone, ana.custom_fields) == (
        "MD",
        "1",
        {"desk": "R-17"},
    )
    desk = known(read(tmp_path, hospital=text).user("ct@hospital.example")).settings
    assert desk.custom_fields == {"floor": "2"}


@pytest.mark.parametrize(
    ("address", "email"),
    [
        ("ana@hospital.example", "ana@hospital.example"),
        ("Ana@Hospital.EXAMPLE", "ana@hospital.example"),
        ("scanner@hospital.example", "ct@hospital.example"),
        ("anybody@ct.hospital.example", "ct@hospital.example"),
        ("ct@hospital.example", None),
        ("director@hospital.example", None),
        ("ana@elsewhere.example", None),
        ("@ct.hospital.example", None),
        ("ana", None),
        ("", None),
    ],
)
def test_a_sender_is_found_by_address_or_domain(address: str, email: str | None, tmp_path: Path) -> None:
    user = read(tmp_path, hospital=HOSPITAL).sender(address)
    assert (user.email if user else None) == email


@pytest.mark.parametrize(
    ("registered", "address"),
    [
        ("ana@bücher.example", "Ana@xn--bcher-kva.example"),
        ("ana@xn--bcher-kva.example", "ana@BÜCHER.example"),
        ("jose\u0301@x.example", "JOS\u00c9@x.example"),
        ("'*@bücher.example'", "any@xn--bcher-kva.example"),
        ("'*@xn--bcher-kva.example'", "any@bücher.example"),
    ],
)
def test_a_sender_is_found_in_whatever_way_an_address_is_written(
    registered: str, address: str, tmp_path: Path
) -> None:
    text = f"company: X\nusers: [{{name: A, email: a@x.example, sending_emails: [{registered}]}}]"
    assert known(read(tmp_path, x=text).sender(address)).name == "A"


def test_a_domain_that_only_looks_alike_is_another(tmp_path: Path) -> None:
    policy = read(tmp_path, x="company: X\nusers: [{name: A, email: ana@straße.example}]")
    assert policy.sender("ana@strasse.example") is None
    assert policy.sender("ana@xn--strae-oqa.example") is policy.user("ana@straße.example")


def test_an_address_has_one_user_in_whatever_way_it_is_written(tmp_path: Path) -> None:
    text = (
        "company: X\nusers: [{name: A, email: a@bücher.example}, {name: B, email: a@xn--bcher-kva.example}]"
    )
    with pytest.raises(ConfigError, match="already belongs to A"):
        read(tmp_path, x=text)


def test_an_exact_address_comes_before_its_domain(tmp_path: Path) -> None:
    text = """\
company: X
users:
  - {name: All, email: all@x.example, sending_emails: ["*@x.example"]}
  - {name: One, email: one@x.example}
"""
    policy = read(tmp_path, x=text)
    assert known(policy.sender("one@x.example")).name == "One"
    assert known(policy.sender("all@x.example")).name == "All"


def test_users_are_all_there_in_order(tmp_path: Path) -> None:
    policy = read(tmp_path, hospital=HOSPITAL)
    assert len(policy) == 3
    assert [user.name for user in policy.users] == ["Director", "Ana Ruiz", "CT Desk"]


def test_a_user_is_put_together_once(tmp_path: Path) -> None:
    policy = read(tmp_path, hospital=HOSPITAL)
    assert policy.user("ana@hospital.example") is policy.sender("Ana@hospital.example")


def test_what_applies_survives_json(tmp_path: Path) -> None:
    for user in read(tmp_path, hospital=HOSPITAL).users:
        assert UserPolicy.model_validate_json(user.model_dump_json()) == user


def test_several_files_make_one_company(tmp_path: Path) -> None:
    policy = read(
        tmp_path,
        a="company: X\nsettings: {fax: {paper: A4}}\ndepartments: {D: {settings: {fax: {resolution: fine}}}}",
        b="settings: {coverpage: {mode: none}}\ndepartments: {D: {users: [{name: U, email: u@x.example}]}}",
        c="company: X\ndepartments: {D: {settings: {fax: {paper: Legal}, custom_fields: {a: b}}}}",
    )
    user = known(policy.user("u@x.example"))
    assert (user.company, user.departments) == ("X", ("D",))
    assert (user.settings.fax.paper, user.settings.coverpage.mode) == ("Legal", CoverpageMode.NONE)
    assert user.settings.custom_fields == {"a": "b"}


def test_an_archive_in_a_second_file_counts(tmp_path: Path) -> None:
    archive = "departments: {D: {settings: {archive: {enabled: true, email: {to: a@x.example}}}}}"
    user = "company: X\ndepartments: {D: {users: [{name: U, email: u@x.example}]}}"
    assert len(known(read(tmp_path, a=user, b=archive).user("u@x.example")).archives) == 1


def test_what_two_files_both_say_is_a_mistake(tmp_path: Path) -> None:
    assert lines_of(
        tmp_path,
        a="company: X\nsettings: {fax: {paper: A4}}\ndepartments: {D: {settings: {custom_fields: {a: 1}}}}",
        b="company: Y\nsettings: {fax: {paper: A4}}\ndepartments: {D: {settings: {custom_fields: {a: 2}}}}",
    ) == [
        "b.yaml:1:10  company: is 'X' in a.yaml; a policy has one company",
        "b.yaml:2:25  settings.fax.paper: is said twice; first in a.yaml:2",
        "b.yaml:3:49  departments.D.settings.custom_fields.a: is said twice; first in a.yaml:3",
    ]


def test_a_user_says_nothing_twice_either(tmp_path: Path) -> None:
    text = """\
company: X
users:
  - {name: A, email: a@x.example, contact: {title: x}, settings: {contact: {title: y, phone: '1'}}}
"""
    assert lines_of(tmp_path, x=text) == [
        "x.yaml:3:52  users[0].contact.title: is said twice; first in x.yaml:3"
    ]


def test_an_address_belongs_to_one_user(tmp_path: Path) -> None:
    text = """\
company: X
users:
  - {name: Ana, email: ana@x.example}
  - {name: Bob, email: Ana@X.example}
  - {name: Cy, email: cy@x.example, sending_emails: ["*@x.example", ANA@x.example, cy@x.example]}
departments: {D: {users: [{name: Di, email: di@x.example, sending_emails: ["*@X.example"]}]}}
"""
    assert lines_of(tmp_path, x=text) == [
        "x.yaml:4:24  users[1].email: 'Ana@x.example' already belongs to Ana (x.yaml:3)",
        "x.yaml:5:69  users[2].sending_emails[1]: 'ANA@x.example' already belongs to Ana (x.yaml:3)",
        "x.yaml:6:76  departments.D.users[0].sending_emails[0]: '*@x.example' already belongs to Cy (x.yaml:5)",  # noqa: E501 - the line as it is told
    ]


def test_the_mistakes_of_all_files_are_told_at_once(tmp_path: Path) -> None:
    lines = lines_of(
        tmp_path,
        a="company: X\nsettings: {coverpage: {mode: with_body}, fx: {}}",
        b="users: [{name: U, email: u@x, contact: {titel: x}}]\nusers: []",
        c="settings: {retry: {statuses: {Busyy: {}}, attempts: 0}}",
    )
    assert lines == [
        "a.yaml:2:30  settings.coverpage.mode: 'with_body' is not one of automatic, none, on_demand, with_body_text, on_demand_requires_attachment, with_body_text_requires_attachment, automatic_requires_attachment   did you mean with_body_text?",  # noqa: E501 - the line as it is told
        "a.yaml:2:42  settings.fx: 'fx' is not a setting here   did you mean fax?",
        "b.yaml:1:26  users[0].email: 'u@x' is not an e-mail address",
        "b.yaml:1:41  users[0].contact.titel: 'titel' is not a setting here   did you mean title?",
        "b.yaml:2:1  users: is said twice; first in line 1",
        "c.yaml:1:31  settings.retry.statuses.Busyy: 'Busyy' is not one of the statuses BUSY, Fast Busy, No Answer, Voice Answer, Not a Fax Machine, Negotiation Failed, Exceeded ECM Retransmit, Transmission Failed, General Error   did you mean BUSY?",  # noqa: E501 - the line as it is told
        "c.yaml:1:53  settings.retry.attempts: '0' is not a number of 1 or more",
    ]


@pytest.mark.parametrize(
    ("archive", "line"),
    [
        (
            "{enabled: true}",
            "x.yaml:2:21  settings.archive: is enabled without a delivery method; email, sftp, ftps or folder is needed",  # noqa: E501 - the line as it is told
        ),
        (
            "{email: {to: a@b.example}, sftp: {host: h, user: u, password_file: x.yaml, known_host: KEY}}",
            "x.yaml:2:21  settings.archive: has 2 delivery methods, email and sftp; one of them may stay",
        ),
        (
            "{sftp: {host: h, user: u, known_host: KEY}}",
            "x.yaml:2:28  settings.archive.sftp: has neither a key_file nor a password_file; one of them is needed",  # noqa: E501 - the line as it is told
        ),
    ],
)
def test_an_archive_has_one_delivery_method(archive: str, line: str, tmp_path: Path) -> None:
    key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGPKSkqGhJFVrSXXQQT1DI6gB1nXw8ZpFvM2S9cR8NQX"
    text = f"company: X\nsettings: {{archive: {archive.replace('KEY', key)}}}"
    assert lines_of(tmp_path, x=text) == [line]


def test_lines_are_those_of_the_server_where_they_are_known(tmp_path: Path) -> None:
    file = tmp_path / "x.yaml"
    file.write_text("company: X\nsettings: {lines: [main, trunk]}", encoding="utf-8")
    assert len(read_policy(file)) == 0
    with pytest.raises(ConfigError) as raised:
        read_policy(file, lines=["main", "trunk2"])
    assert str(raised.value) == (
        "x.yaml:2:26  settings.lines[1]: 'trunk' is not one of the lines main, trunk2   did you mean trunk2?"
    )


def test_a_policy_without_a_company_is_a_mistake(tmp_path: Path) -> None:
    assert lines_of(tmp_path, a="settings: {}", b="") == [
        "a.yaml:1:1  company: is missing: one file must say the company's name"
    ]


def test_an_unknown_name_with_nothing_near_is_answered_by_the_known_ones(tmp_path: Path) -> None:
    assert lines_of(tmp_path, x="company: X\nqwerty: 1\n<<: {}") == [
        "x.yaml:2:1  qwerty: 'qwerty' is not a setting here   known here: settings, users, departments, company",  # noqa: E501 - the line as it is told
        "x.yaml:3:1  <<: '<<' is not a setting here   YAML 1.2 has no merging; say it at the level above instead",  # noqa: E501 - the line as it is told
    ]


def test_a_status_is_understood_in_any_case(tmp_path: Path) -> None:
    users = "company: X\nusers: [{name: U, email: u@x.example}]"
    retry = "settings: {retry: {statuses: {busy: {interval: 3 min}}}}"
    user = known(read(tmp_path, a=users, b=retry).user("u@x.example"))
    assert list(user.settings.retry.statuses) == ["BUSY"]


def test_a_folder_must_hold_a_file(tmp_path: Path) -> None:
    (tmp_path / ".hidden.yaml").write_text("company: X", encoding="utf-8")
    (tmp_path / "notes.txt").write_text("no policy", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"is a folder without a \.yaml file"):
        read_policy(tmp_path)
    with pytest.raises(ConfigError, match="cannot be read: No such file or directory"):
        read_policy(tmp_path / "none.yaml")


def test_what_may_not_be_meant_is_told_and_no_mistake(tmp_path: Path) -> None:
    text = """\
company: X
settings: {notifications: {initial: {failure: false}}}
departments:
  D:
    settings: {archive: {enabled: true, email: {to: a@x.example}, file_name: "{number}"}}
    users: [{name: U, email: u@x.example, settings: {notifications: {delivery: {failure: false}}}}]
"""
    assert [str(caution) for caution in read(tmp_path, x=text).cautions] == [
        "x.yaml:2:47  settings.notifications.initial.failure: is off: a sender is not told when a fax is refused or does not arrive",  # noqa: E501 - the line as it is told
        "x.yaml:5:78  departments.D.settings.archive.file_name: is without {job_id}: two faxes may want the same file name",  # noqa: E501 - the line as it is told
        "x.yaml:6:90  departments.D.users[0].settings.notifications.delivery.failure: is off: a sender is not told when a fax is refused or does not arrive",  # noqa: E501 - the line as it is told
    ]


def test_an_assigned_cover_page_must_be_known_where_it_is_assigned(tmp_path: Path) -> None:
    (tmp_path / "own.html").write_text("x", encoding="utf-8")
    lines = lines_of(
        tmp_path,
        a="company: X\nsettings: {coverpage: {template: healt}}\ndepartments:\n"
        "  A: {settings: {coverpage: {template: letter_head, templates: {Letter Head: own.html}}}}\n"
        "  B: {settings: {coverpage: {template: Letter Head}}}\n",
    )
    assert lines == [
        "a.yaml:2:34  settings.coverpage.template: 'healt' is not one of the cover pages that are known here: default, healthcare   did you mean healthcare?",  # noqa: E501 - the line as it is told
        "a.yaml:5:40  departments.B.settings.coverpage.template: 'Letter Head' is not one of the cover pages that are known here: default, healthcare",  # noqa: E501 - the line as it is told
    ]
