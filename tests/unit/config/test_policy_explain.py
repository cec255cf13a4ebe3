from pathlib import Path

import pytest

from config.explain import Explanation, UnknownUser, explain
from config.policy import Policy, read_policy

HOSPITAL = """\
company: General Hospital
settings:
  fax: {blocked_numbers: [+1900*], require_spf: true}
  coverpage: {template: healthcare, mode: automatic}
  archive: {enabled: true, email: {to: archive@hospital.example}}
departments:
  Radiology:
    settings: {coverpage: {mode: none}, retry: {interval: 90 s, statuses: {busy: {interval: 3 min}}}}
    departments:
      CT:
        users:
          - name: Ana
            email: ana@hospital.example
            contact: {title: MD}
            settings: {fax: {blocked_numbers: [+49*]}}
"""
ADDITION = "departments: {Radiology: {settings: {fax: {paper: A4}}}}\n"


@pytest.fixture
def policy(tmp_path: Path) -> Policy:
    (tmp_path / "hospital.yaml").write_text(HOSPITAL, encoding="utf-8")
    (tmp_path / "radiology.yaml").write_text(ADDITION, encoding="utf-8")
    return read_policy(tmp_path)


def rows(policy: Policy, prefix: str) -> list[tuple[str, str, str, str]]:
    return [
        (row.setting, row.value, row.level, f"{row.file}:{row.line}" if row.file else "")
        for row in explain(policy, "ana@hospital.example", prefix)
    ]


def test_each_value_names_the_level_and_line_that_set_it(policy: Policy) -> None:
    assert rows(policy, "coverpage") == [
        ("coverpage.template", "healthcare", "company", "hospital.yaml:4"),
        ("coverpage.mode", "none", "Radiology", "hospital.yaml:8"),
        ("coverpage.restrict_to_assigned", "false", "built-in", ""),
        ("coverpage.templates", "{}", "built-in", ""),
        ("coverpage.trim_quotes", "false", "built-in", ""),
        ("coverpage.trim_signature", "false", "built-in", ""),
    ]


def test_a_level_that_two_files_say_is_found_in_both(policy: Policy) -> None:
    assert rows(policy, "fax.paper") == [("fax.paper", "A4", "Radiology", "radiology.yaml:1")]


def test_what_adds_up_has_a_row_for_each_level(policy: Policy) -> None:
    assert rows(policy, "fax.blocked_numbers") == [
        ("fax.blocked_numbers", "[+1900*]", "company", "hospital.yaml:3"),
        ("fax.blocked_numbers", "[+49*]", "user", "hospital.yaml:15"),
    ]
    assert rows(policy, "archive.email") == [
        ("archive.email.to", "archive@hospital.example", "company", "hospital.yaml:5")
    ]


def test_tables_are_explained_name_by_name(policy: Policy) -> None:
    assert rows(policy, "retry") == [
        ("retry.attempts", "4", "built-in", ""),
        ("retry.interval", "90 s", "Radiology", "hospital.yaml:8"),
        ("retry.statuses.BUSY.attempts", "~", "built-in", ""),
        ("retry.statuses.BUSY.interval", "3 min", "Radiology", "hospital.yaml:8"),
        ("retry.resume", "header", "built-in", ""),
    ]


def test_a_users_own_contact_is_the_users(policy: Policy) -> None:
    assert rows(policy, "contact.title") == [("contact.title", "MD", "user", "hospital.yaml:14")]
    assert rows(policy, "contact.phone") == [("contact.phone", "''", "built-in", "")]


def test_an_archive_that_nobody_has_is_explained_too(tmp_path: Path) -> None:
    file = tmp_path / "x.yaml"
    file.write_text("company: X\nusers: [{name: U, email: u@x.example}]", encoding="utf-8")
    assert explain(read_policy(file), "u@x.example", "archive") == [
        Explanation(setting="archive.enabled", value="false", level="built-in", file="", line=0)
    ]


def test_a_prefix_is_whole_names(policy: Policy) -> None:
    assert rows(policy, "cover") == []
    assert len(rows(policy, "")) > 30


def test_departments_are_named_from_the_top(tmp_path: Path) -> None:
    text = HOSPITAL.replace("        users:", "        settings: {fax: {paper: Legal}}\n        users:")
    (tmp_path / "x.yaml").write_text(text, encoding="utf-8")
    [row] = explain(read_policy(tmp_path), "ANA@hospital.example", "fax.paper")
    assert (row.level, row.line) == ("Radiology › CT", 11)


def test_an_unknown_user_is_told(policy: Policy) -> None:
    with pytest.raises(UnknownUser, match=r"no user of the policy has the address nobody@hospital\.example"):
        explain(policy, "nobody@hospital.example")
