import os
import stat
from pathlib import Path

import pytest

from config.editing import CannotEdit, NewUser, add_user, add_users, delete_user, move_user
from config.mistakes import ConfigError
from config.policy import read_policy

NEW = NewUser(name="Zoë Q", email="zoe@h.example")

HOSPITAL = """\
# The hospital's policy
company: General Hospital   # as on cover pages

departments:
  Radiology:
    settings: {fax: {resolution: fine}}  # X-rays
    users:
      # the first
      - {name: Ana, email: ana@h.example}   # Ana's remark

      - name: Ben
        email: ben@h.example
        contact:
          address: |
            1 High Street
            Seattle

  # About surgery
  Surgery: {users: [{name: Di, email: di@h.example}, {name: Ed, email: ed@h.example}]}
  Empty:
  Records:
    settings: {coverpage: {mode: none}}

# The end
"""


def changed(folder: Path, text: str) -> Path:
    file = folder / "a.yaml"
    file.write_bytes(text.encode())
    return file


def test_a_user_is_added_below_the_last_and_all_else_stays(tmp_path: Path) -> None:
    file = changed(tmp_path, HOSPITAL)
    change = add_user(file, NEW, ("Radiology",))
    assert file.read_text() == HOSPITAL.replace(
        "            Seattle\n", "            Seattle\n      - {name: Zoë Q, email: zoe@h.example}\n"
    )
    assert change.files == (file,)
    user = change.policy.user("zoe@h.example")
    assert user is not None
    assert user.departments == ("Radiology",)


@pytest.mark.parametrize(
    ("department", "before", "after"),
    [
        (("Surgery",), "ed@h.example}]", "ed@h.example}, {name: Zoë Q, email: zoe@h.example}]"),
        (("Empty",), "  Empty:\n", "  Empty:\n    users:\n      - {name: Zoë Q, email: zoe@h.example}\n"),
        (("Records",), "{mode: none}}\n", "{mode: none}}\n    users:\n      - {name: Zoë Q, email: zoe@h.example}\n"),  # noqa: E501 - one case, one line
        ((), "{mode: none}}\n", "{mode: none}}\nusers:\n  - {name: Zoë Q, email: zoe@h.example}\n"),
        (("New",), "{mode: none}}\n", "{mode: none}}\n  New:\n    users:\n      - {name: Zoë Q, email: zoe@h.example}\n"),  # noqa: E501 - one case, one line
        (("Empty", "A", "B"), "  Empty:\n", "  Empty:\n    departments:\n      A:\n        departments:\n          B:\n            users:\n              - {name: Zoë Q, email: zoe@h.example}\n"),  # noqa: E501 - one case, one line
        (("Surgery", "New"), "ed@h.example}]}", "ed@h.example}], departments: {New: {users: [{name: Zoë Q, email: zoe@h.example}]}}}"),  # noqa: E501 - one case, one line
    ],
)  # fmt: skip
def test_wherever_the_department_stands(
    department: tuple[str, ...], before: str, after: str, tmp_path: Path
) -> None:
    file = changed(tmp_path, HOSPITAL)
    add_user(file, NEW, department, create=True)
    assert file.read_text() == HOSPITAL.replace(before, after)


@pytest.mark.parametrize(
    ("users", "expected"),
    [
        ("users: []", "users: [{name: Zoë Q, email: zoe@h.example}]"),
        ("users:  # nobody yet", "users:  # nobody yet\n  - {name: Zoë Q, email: zoe@h.example}"),
        (
            "users: [\n  {name: A, email: a@h.example},  # a\n  {name: B, email: b@h.example}  # b\n]",
            (
                "users: [\n  {name: A, email: a@h.example},  # a\n  {name: B, email: b@h.example},  # b\n"
                "  {name: Zoë Q, email: zoe@h.example}\n]"
            ),
        ),
        (
            "users: [\n  {name: A, email: a@h.example},\n]",
            "users: [\n  {name: A, email: a@h.example},\n  {name: Zoë Q, email: zoe@h.example},\n]",
        ),
        (
            "users:\n- {name: A, email: a@h.example}",
            "users:\n- {name: A, email: a@h.example}\n- {name: Zoë Q, email: zoe@h.example}",
        ),
    ],
)
def test_however_the_list_is_written(users: str, expected: str, tmp_path: Path) -> None:
    file = changed(tmp_path, f"company: X\n{users}\n# end\n")
    add_user(file, NEW)
    assert file.read_text() == f"company: X\n{expected}\n# end\n"


def test_line_ends_and_a_byte_order_mark_stay(tmp_path: Path) -> None:
    file = changed(tmp_path, "\ufeffcompany: X\r\nusers:\r\n  - {name: A, email: a@h.example}")
    add_user(file, NEW)
    assert file.read_bytes().decode() == (
        "\ufeffcompany: X\r\nusers:\r\n  - {name: A, email: a@h.example}\r\n"
        "  - {name: Zoë Q, email: zoe@h.example}\r\n"
    )


def test_what_yaml_would_take_for_something_else_is_quoted(tmp_path: Path) -> None:
    file = changed(tmp_path, "company: X\n")
    user = NewUser(
        name='Ann: "the boss" #1',
        email="zoe@h.example",
        sending_emails=("*@z.example",),
        contact={"phone": "+1 206 555 0100", "fax": "0017", "title": "no"},
        custom_fields={"cost_center": "R-17", "x": ""},
    )
    policy = add_user(file, user).policy
    assert file.read_text() == (
        'company: X\nusers:\n  - {name: "Ann: \\"the boss\\" #1", email: zoe@h.example, sending_emails: '
        '["*@z.example"], contact: {phone: "+1 206 555 0100", fax: "0017", title: "no"}, custom_fields: '
        '{cost_center: R-17, x: ""}}\n'
    )
    found = policy.sender("a@z.example")
    assert found is not None
    assert (found.name, found.settings.contact.fax) == ('Ann: "the boss" #1', "0017")


@pytest.mark.parametrize(
    ("email", "before", "after"),
    [
        ("ana@h.example", "      - {name: Ana, email: ana@h.example}   # Ana's remark\n", ""),
        ("ben@h.example", HOSPITAL[HOSPITAL.index("      - name: Ben") : HOSPITAL.index("\n  # About")], ""),
        ("di@h.example", "{name: Di, email: di@h.example}, ", ""),
        ("ED@h.example", ", {name: Ed, email: ed@h.example}", ""),
    ],
)  # fmt: skip
def test_a_user_is_deleted_and_all_else_stays(email: str, before: str, after: str, tmp_path: Path) -> None:
    file = changed(tmp_path, HOSPITAL)
    policy = delete_user(file, email).policy
    assert file.read_text() == HOSPITAL.replace(before, after)
    assert policy.user(email) is None
    assert len(policy) == 3


def test_the_last_user_of_a_list_can_be_deleted(tmp_path: Path) -> None:
    file = changed(tmp_path, "company: X\nusers:\n  - {name: A, email: a@h.example}\n")
    delete_user(file, "a@h.example")
    assert file.read_text() == "company: X\nusers:\n"
    file = changed(tmp_path, "company: X\nusers: [{name: A, email: a@h.example}]\n")
    delete_user(file, "a@h.example")
    assert file.read_text() == "company: X\nusers: []\n"


def test_a_piece_of_a_list_is_taken_out_and_remarks_stay(tmp_path: Path) -> None:
    file = changed(
        tmp_path,
        "company: X\nusers: [\n  {name: A, email: a@h.example},  # a\n  {name: B, email: b@h.example}\n]\n",
    )
    delete_user(file, "b@h.example")
    assert file.read_text() == "company: X\nusers: [\n  {name: A, email: a@h.example}  # a\n\n]\n"


def test_a_user_moves_with_all_that_is_said_of_them(tmp_path: Path) -> None:
    file = changed(tmp_path, HOSPITAL)
    policy = move_user(file, "ben@h.example", ("Surgery",)).policy
    user = policy.user("ben@h.example")
    assert user is not None
    assert user.departments == ("Surgery",)
    assert user.settings.contact.address == "1 High Street\nSeattle\n"
    assert "# the first" in file.read_text()


def test_a_user_moves_to_another_file(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("company: X\nusers: [{name: A, email: a@h.example}]\n", encoding="utf-8")
    (tmp_path / "b.yaml").write_text("departments:\n  B:\n    users: []\n", encoding="utf-8")
    change = move_user(tmp_path, "a@h.example", ("B",))
    assert set(change.files) == {tmp_path / "a.yaml", tmp_path / "b.yaml"}
    assert (tmp_path / "a.yaml").read_text() == "company: X\nusers: []\n"
    assert (tmp_path / "b.yaml").read_text() == (
        "departments:\n  B:\n    users: [{name: A, email: a@h.example}]\n"
    )
    assert {file.name for file in tmp_path.iterdir()} == {"a.yaml", "b.yaml"}


def test_what_would_be_a_mistake_changes_nothing(tmp_path: Path) -> None:
    file = changed(tmp_path, HOSPITAL)
    with pytest.raises(ConfigError, match=r"'ana@h\.example' already belongs to A "):
        add_user(file, NewUser(name="A", email="ANA@h.example"))
    with pytest.raises(ConfigError, match=r"is not an e-mail address"):
        add_user(file, NewUser(name="A", email="nothing"))
    for department in (("Nowhere",), ("Radiology", "Nowhere")):
        with pytest.raises(CannotEdit, match=r"there is no department .*; there are: Radiology, Surgery"):
            add_user(file, NEW, department)
    with pytest.raises(CannotEdit, match=r"no user of the policy has the account address x@h\.example"):
        delete_user(file, "x@h.example")
    with pytest.raises(CannotEdit, match=r"ana@h\.example is in Radiology already"):
        move_user(file, "ana@h.example", ("Radiology",))
    assert file.read_text() == HOSPITAL
    assert list(tmp_path.iterdir()) == [file]


def test_what_is_laid_out_too_unusually_is_left_for_a_person(tmp_path: Path) -> None:
    text = "company: X\ndepartments:\n  A: &a {settings: {fax: {paper: A4}}}\n  B: *a\n"
    file = changed(tmp_path, text)
    with pytest.raises(CannotEdit, match=r"a\.yaml:4 is written in a way .* Change it by hand"):
        add_user(file, NEW, ("B",))
    # The same change would reach the other department too.
    with pytest.raises(CannotEdit, match=r"cannot be changed by a command"):
        add_user(file, NEW, ("A",))
    assert file.read_text() == text


def test_owner_rights_and_a_link_stay(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    file = changed(tmp_path / "real", "company: X\n")
    file.chmod(0o640)
    link = tmp_path / "policy.yaml"
    link.symlink_to(file)
    add_user(link, NEW)
    assert link.is_symlink()
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    assert file.stat().st_uid == os.geteuid()
    assert len(read_policy(link)) == 1


def test_many_users_go_in_at_one_time(tmp_path: Path) -> None:
    file = changed(tmp_path, HOSPITAL)
    users = [NewUser(name=f"U{n}", email=f"u{n}@h.example") for n in range(100)]
    policy = add_users(file, {("Radiology",): users[:50], ("A", "B"): users[50:]}, create=True).policy
    assert len(policy) == 104
    assert sum(user.departments == ("A", "B") for user in policy.users) == 50
