import pickle
from pathlib import Path

import pytest

from config.difference import (
    Move,
    Person,
    Renaming,
    SettingChange,
    compare,
    orphaned_users,
    policy_digest,
    snapshot_of,
)
from config.policy import Policy, read_policy

OLD = """\
company: General Hospital
settings: {fax: {resolution: fine}, custom_fields: {site: A}}
departments:
  Radiology:
    settings: {coverpage: {mode: none}}
    users:
      - {name: Ana, email: ana@h.example}
      - {name: Ben, email: ben@h.example, settings: {fax: {resolution: standard}}}
    departments:
      CT: {users: [{name: Cy, email: cy@h.example}]}
  Surgery: {users: [{name: Di, email: di@h.example}, {name: Ed, email: ed@h.example}]}
users: [{name: Fay, email: fay@h.example}]
"""


def read(folder: Path, text: str, name: str = "a.yaml") -> Policy:
    file = folder / name
    file.write_text(text, encoding="utf-8")
    return read_policy(file)


def test_a_policy_is_not_different_from_itself(tmp_path: Path) -> None:
    difference = compare(read(tmp_path, OLD), read(tmp_path, OLD, "b.yaml"))
    assert not difference
    assert difference.touched == frozenset()


def test_how_it_is_written_makes_no_difference(tmp_path: Path) -> None:
    text = OLD.replace("mode: none}}\n", "mode: none}, fax: {resolution: fine}}\n").replace(
        "name: Ana, email: ana@h.example}",
        "name: Ana, email: ana@h.example, sending_emails: [ana@h.example]}",
    )
    assert not compare(read(tmp_path, OLD), read(tmp_path, text, "b.yaml"))


def test_a_setting_of_a_level_touches_those_who_do_not_say_otherwise(tmp_path: Path) -> None:
    new = OLD.replace("{fax: {resolution: fine}", "{fax: {resolution: superfine}")
    difference = compare(read(tmp_path, OLD), read(tmp_path, new, "b.yaml"))
    everybody_but_ben = tuple(f"{name}@h.example" for name in ("fay", "ana", "cy", "di", "ed"))
    assert difference.settings == (
        SettingChange(setting="fax.resolution", before="fine", after="superfine", emails=everybody_but_ben),
    )
    assert difference.touched == set(everybody_but_ben)


def test_people_who_come_go_move_and_are_called_otherwise(tmp_path: Path) -> None:
    new = OLD.replace(
        "      - {name: Ana, email: ana@h.example}\n", "      - {name: Gus, email: gus@h.example}\n"
    )
    new = new.replace("{name: Di, email: di@h.example}", "{name: Dian, email: DI@h.example}")
    new = new.replace("[{name: Fay", "[{name: Ed, email: ed@h.example}, {name: Fay")
    new = new.replace(", {name: Ed, email: ed@h.example}]}\nusers", "]}\nusers")
    difference = compare(read(tmp_path, OLD), read(tmp_path, new, "b.yaml"))
    assert difference.added == (Person(email="gus@h.example", department="Radiology"),)
    assert difference.removed == (Person(email="ana@h.example", department="Radiology"),)
    assert difference.moved == (Move(email="ed@h.example", before="Surgery", after=""),)
    assert difference.renamed == (Renaming(email="DI@h.example", before="Di", after="Dian"),)
    assert difference.orphaned == ()
    assert {change.setting for change in difference.settings} == {"sending_emails"}


def test_users_who_go_with_their_department_are_orphaned(tmp_path: Path) -> None:
    old = read(tmp_path, OLD)
    text = """\
company: General Hospital
departments:
  Radiology: {users: [{name: Ana, email: ana@h.example}]}
users: [{name: Di, email: di@h.example}]
"""
    new = read(tmp_path, text, "b.yaml")
    gone = (
        Person(email="cy@h.example", department="Radiology › CT"),
        Person(email="ed@h.example", department="Surgery"),
    )
    assert compare(old, new).orphaned == gone
    assert orphaned_users(snapshot_of(old), new) == gone
    assert orphaned_users({}, new) == ()
    assert {person.email for person in compare(old, new).removed} == {
        "ben@h.example",
        "cy@h.example",
        "ed@h.example",
        "fay@h.example",
    }


def test_a_snapshot_says_who_is_in_which_department(tmp_path: Path) -> None:
    assert snapshot_of(read(tmp_path, OLD)) == {
        "Radiology": ["ana@h.example", "ben@h.example"],
        "Radiology › CT": ["cy@h.example"],
        "Surgery": ["di@h.example", "ed@h.example"],
    }


@pytest.mark.parametrize(
    ("before", "after", "change"),
    [
        ("{name: Fay, email", "{sending_emails: ['*@f.example'], name: Fay, email", ("sending_emails", "[fay@h.example]", "[*@f.example]")),  # noqa: E501 - one case, one line
        ("{name: Fay, email", "{custom_fields: {desk: 7}, name: Fay, email", ("custom_fields.desk", "-", "7")),  # noqa: E501 - one case, one line
        ("{name: Fay, email", "{contact: {phone: '1'}, name: Fay, email", ("contact.phone", "''", "1")),
        ("{name: Fay, email", "{settings: {lines: [main]}, name: Fay, email", ("lines", "[]", "[main]")),
        ("{name: Fay, email", "{settings: {fax: {blocked_numbers: [+1900*]}}, name: Fay, email", ("fax.blocked_numbers", "[]", "[+1900*]")),  # noqa: E501 - one case, one line
        ("{name: Fay, email", "{settings: {retry: {interval: 90 s}}, name: Fay, email", ("retry.interval", "5 min", "90 s")),  # noqa: E501 - one case, one line
        ("{name: Fay, email", f"{{password_hash: '$argon2id$v=19$m=65536,t=3,p=4${'a' * 22}${'b' * 43}', name: Fay, email", ("password_hash", "none", "set")),  # noqa: E501 - one case, one line
    ],
)  # fmt: skip
def test_every_kind_of_setting_is_told(
    before: str, after: str, change: tuple[str, str, str], tmp_path: Path
) -> None:
    difference = compare(read(tmp_path, OLD), read(tmp_path, OLD.replace(before, after), "b.yaml"))
    [found] = difference.settings
    assert (found.setting, found.before, found.after) == change
    assert found.emails == ("fay@h.example",)


def test_two_passwords_are_told_apart_and_not_shown(tmp_path: Path) -> None:
    one, other = (
        OLD.replace(
            "{name: Fay",
            f"{{password_hash: '$argon2id$v=19$m=65536,t=3,p=4${'a' * 22}${letter * 43}', name: Fay",
        )
        for letter in "bc"
    )
    [found] = compare(read(tmp_path, one), read(tmp_path, other, "b.yaml")).settings
    assert found.before != found.after
    assert "argon2" not in found.before + found.after
    assert "b" * 43 not in found.before


def test_an_archive_is_told_setting_by_setting(tmp_path: Path) -> None:
    archive = "settings: {archive: {enabled: true, email: {to: x@h.example}}, fax: {resolution: fine}"
    new = OLD.replace("settings: {fax: {resolution: fine}", archive)
    settings = compare(read(tmp_path, OLD), read(tmp_path, new, "b.yaml")).settings
    said = {(change.setting, change.before, change.after) for change in settings}
    assert ("archive[0].email.to", "-", "x@h.example") in said
    assert {len(change.emails) for change in settings} == {6}


def test_the_digest_changes_with_names_and_contents(tmp_path: Path) -> None:
    digests = set()
    for name, text in (("a.yaml", OLD), ("a.yaml", f"{OLD}\n"), ("b.yaml", OLD), ("notes.txt", "x")):
        (tmp_path / name).write_text(text, encoding="utf-8")
        digests.add(policy_digest(tmp_path))
    assert len(digests) == 3  # notes.txt is no part of the policy
    assert policy_digest(tmp_path / "a.yaml") == policy_digest(tmp_path / "a.yaml")


def test_a_policy_of_another_process_says_the_same(tmp_path: Path) -> None:
    policy = read(tmp_path, OLD)
    copy: Policy = pickle.loads(pickle.dumps(policy))  # noqa: S301 - from ourselves
    assert not compare(policy, copy)
    assert copy.sender("Ana@h.example") == policy.sender("ana@h.example")
    assert list(copy.users) == list(policy.users)
    assert set(copy.departments) == {"Radiology", "Radiology › CT", "Surgery"}


def test_a_copy_of_the_folder_is_no_difference(tmp_path: Path) -> None:
    text = OLD.replace("coverpage: {mode: none}", "coverpage: {templates: {Memo: own.html}, template: memo}")
    for folder in ("one", "other"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "own.html").write_text("x", encoding="utf-8")
    assert not compare(read(tmp_path / "one", text), read(tmp_path / "other", text))
