"""`postfax policy diff|lint|who|import` and `postfax config`, as somebody at a terminal sees them."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from config.policy import read_policy
from postfax.command import postfax
from postfax.failures import ExitCode, Failure

SETTINGS = """\
domain: fax.example.com
mail: {smarthost: {host: 127.0.0.1, port: 9}}
policy: policy
lines: {main: {sip: "sip:127.0.0.1:9"}}
"""
POLICY = """\
company: General Hospital
settings: {coverpage: {mode: automatic}}
departments:
  Radiology:
    settings: {coverpage: {mode: none}, fax: {paper: A4}}
    users:
      - {name: Ana Ruiz, email: ana@h.example, sending_emails: [ana@h.example, "*@ct.example"]}
      - {name: Ben, email: ben@h.example, settings: {coverpage: {mode: on_demand}}}
    departments: {CT: {users: [{name: CT Desk, email: ct@h.example, sending_emails: []}]}}
users: [{name: Director, email: director@h.example}]
"""


@pytest.fixture
def site(tmp_path: Path) -> Path:
    (tmp_path / "postfax.yaml").write_text(SETTINGS, encoding="utf-8")
    (tmp_path / "policy").mkdir()
    (tmp_path / "policy" / "hospital.yaml").write_text(POLICY, encoding="utf-8")
    return tmp_path


def run(site: Path, *arguments: str | Path, typed: str | None = None) -> Result:
    words = ["--config", str(site / "postfax.yaml"), *map(str, arguments)]
    return CliRunner().invoke(postfax, words, input=typed, standalone_mode=False)


def failure(site: Path, *arguments: str | Path, typed: str | None = None) -> Failure:
    problem = run(site, *arguments, typed=typed).exception
    assert isinstance(problem, Failure), problem
    return problem


def other(site: Path, old: str, new: str) -> Path:
    assert old in POLICY
    file = site / "new.yaml"
    file.write_text(POLICY.replace(old, new), encoding="utf-8")
    return file


# --- diff ----------------------------------------------------------------------------------------------


def test_diff_of_the_same_says_so(site: Path) -> None:
    ran = run(site, "policy", "diff", site / "policy", site / "policy")
    assert (ran.output, ran.return_value) == ("nothing changes for anybody\n", ExitCode.DONE)


def test_diff_tells_settings_and_people(site: Path) -> None:
    new = other(site, "mode: none}", "mode: with_body_text}")
    text = new.read_text().replace("name: Director, email: director@", "name: Boss, email: boss@")
    new.write_text(text.replace("name: Ana Ruiz", "name: Ana R. Ruiz"), encoding="utf-8")
    ran = run(site, "policy", "diff", site / "policy", new)
    assert ran.return_value == ExitCode.DONE
    lines = ran.output.splitlines()
    assert lines[:3] == [
        "added    boss@h.example  to the company itself",
        "removed  director@h.example  from the company itself",
        "renamed  ana@h.example  Ana Ruiz → Ana R. Ruiz",
    ]
    assert lines[4].split(maxsplit=4) == [
        "coverpage.mode",
        "none",
        "with_body_text",
        "2",
        "ana@h.example, ct@h.example",
    ]
    assert lines[-1] == "touches 4 users"


def test_diff_is_loud_about_a_department_that_vanishes_with_its_users(site: Path) -> None:
    new = other(
        site,
        "    departments: {CT: {users: [{name: CT Desk, email: ct@h.example, sending_emails: []}]}}\n",
        "",
    )
    ran = run(site, "policy", "diff", site / "policy", new)
    assert ran.return_value == ExitCode.REFUSED
    assert ran.output.startswith("GONE: Radiology › CT, and with it 1 user who are nowhere else:\n")
    assert "ct@h.example  was in Radiology › CT" in ran.output
    assert run(site, "policy", "diff", site / "policy", new, "--allow-removal").return_value == ExitCode.DONE
    told = json.loads(run(site, "policy", "diff", site / "policy", new, "--json").output)
    assert told["orphaned"] == [{"email": "ct@h.example", "department": "Radiology › CT"}]
    assert told["touched"] == ["ct@h.example"]


# --- lint ----------------------------------------------------------------------------------------------


def test_lint_tells_and_is_strict_where_it_is_asked_to_be(site: Path) -> None:
    assert run(site, "policy", "lint", "--strict").return_value == ExitCode.DONE
    (site / "policy" / "more.yaml").write_text("departments: {Empty: {}}", encoding="utf-8")
    ran = run(site, "policy", "lint")
    assert ran.return_value == ExitCode.DONE
    assert ran.output == (
        "more.yaml:1:15  departments.Empty: has no users\n    Give it some, or take it out.\n"
        "1 remark; nothing keeps the policy from working\n"
    )
    assert run(site, "policy", "lint", "--strict").return_value == ExitCode.REFUSED
    [told] = json.loads(run(site, "policy", "lint", "--json").output)
    assert (told["path"], told["line"]) == ("departments.Empty", 1)


# --- who -----------------------------------------------------------------------------------------------


def accounts(site: Path, *arguments: str) -> list[str]:
    return [
        user["email"].split("@")[0]
        for user in json.loads(run(site, "policy", "who", *arguments, "--json").output)
    ]


def test_who_lists_everybody_who_may_send(site: Path) -> None:
    lines = run(site, "policy", "who").output.splitlines()
    assert [line.split()[0] for line in lines] == ["NAME", "Director", "Ana", "Ben", "CT", "4"]
    assert "log-in only" in lines[4]
    assert "Radiology › CT" in lines[4]


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        (("ANA@h.example",), ["ana"]),
        (("scan7@ct.example",), ["ana"]),
        (("*@ct.example",), ["ana"]),
        (("ct@h.example",), ["ct"]),
        (("--department", "radiology"), ["ana", "ben", "ct"]),
        (("--department", "Radiology/CT"), ["ct"]),
        (("--setting", "coverpage.mode=none"), ["ana", "ct"]),
        (("--setting", "coverpage.mode=on_demand"), ["ben"]),
        (("--setting", "fax.paper=A4", "--department", "Radiology › CT"), ["ct"]),
        (("--setting", "fax.paper=Letter"), ["director"]),
    ],
)
def test_who_narrows_it_down(arguments: tuple[str, ...], found: list[str], site: Path) -> None:
    assert accounts(site, *arguments) == found


def test_who_has_a_setting_from_a_level(site: Path) -> None:
    told = json.loads(run(site, "policy", "who", "--set-by", "Radiology", "--json").output)
    assert told == {
        "coverpage.mode": ["ana@h.example", "ct@h.example"],
        "fax.paper": ["ana@h.example", "ben@h.example", "ct@h.example"],
    }
    assert json.loads(run(site, "policy", "who", "--set-by", "company", "--json").output) == {
        "coverpage.mode": ["director@h.example"]
    }


@pytest.mark.parametrize(
    ("setting", "told"),
    [
        ("fx", "there is no setting fx; did you mean fax?"),
        ("mode", "there is no setting mode; did you mean coverpage.mode?"),
        ("fax.papers", "there is no setting fax.papers; did you mean fax.paper?"),
        ("zzz", "there is no setting zzz; the groups are fax, coverpage, "),
    ],
)
def test_explain_says_which_setting_may_be_meant(site: Path, setting: str, told: str) -> None:
    assert told in str(failure(site, "policy", "explain", "ana@h.example", setting))


def test_who_says_what_is_not_there(site: Path) -> None:
    ran = run(site, "policy", "who", "x@h.example")
    assert (ran.output, ran.return_value) == ("nobody\n", ExitCode.NOT_FOUND)
    assert "there is no department X; there are: Radiology, Radiology › CT" in str(
        failure(site, "policy", "who", "--department", "X")
    )
    assert "there is no setting fax.papers" in str(
        failure(site, "policy", "who", "--setting", "fax.papers=A4")
    )


# --- import --------------------------------------------------------------------------------------------

TABLE = "name;email;department;phone\nEva;eva@h.example;Radiology;+1 206 555 0100\nFay;fay@h.example;New › Ward;\n"  # noqa: E501 - one case, one line


def test_import_writes_yaml(site: Path) -> None:
    (site / "users.csv").write_text(f"\ufeff{TABLE}", encoding="utf-8")
    ran = run(site, "policy", "import", site / "users.csv")
    assert ran.stdout == (
        'departments:\n  Radiology:\n    users:\n      - {name: Eva, email: eva@h.example, contact: {phone: "+1 206 555 0100"}}\n'  # noqa: E501 - one case, one line
        "  New:\n    departments:\n      Ward:\n        users:\n          - {name: Fay, email: fay@h.example}\n"  # noqa: E501 - one case, one line
    )
    assert ran.stderr == "2 users to be written\n"
    (site / "policy" / "new.yaml").write_text(ran.stdout, encoding="utf-8")
    assert len(read_policy(site / "policy")) == 6


def test_import_writes_into_a_file_and_again_changes_nothing(site: Path) -> None:
    file = site / "policy" / "hospital.yaml"
    ran = run(site, "policy", "import", "-", "--into", file, typed=TABLE)
    assert ran.stderr == f"2 users written into {file}\n"
    text = file.read_text()
    assert text.replace(
        '      - {name: Eva, email: eva@h.example, contact: {phone: "+1 206 555 0100"}}\n', ""
    ).replace(
        "  New:\n    departments:\n      Ward:\n        users:\n          - {name: Fay, email: fay@h.example}\n", ""  # noqa: E501 - one case, one line
    ) == POLICY  # fmt: skip
    ran = run(site, "policy", "import", "-", "--into", file, typed=TABLE)
    assert ran.stderr == f"0 users written into {file}; 2 users already there\n"
    assert file.read_text() == text


def test_import_refuses_rows_with_mistakes_and_writes_nothing(site: Path) -> None:
    file = site / "policy" / "hospital.yaml"
    table = "name,email\nA,a@h.example\nB,nothing\n"
    problem = failure(site, "policy", "import", "-", "--into", file, typed=table)
    assert str(problem).splitlines()[1:] == ["row 3, column email: 'nothing' is not an e-mail address"]
    assert problem.exit_code == ExitCode.REFUSED
    assert file.read_text() == POLICY
    latin = site / "latin.csv"
    latin.write_bytes(b"name,email\nJ\xf6rg,j@h.example\n")
    assert "is not UTF-8 (row 2)" in str(failure(site, "policy", "import", latin))


def test_import_works_without_a_server(tmp_path: Path) -> None:
    file = tmp_path / "policy.yaml"
    file.write_text("company: X\n", encoding="utf-8")
    ran = run(tmp_path, "policy", "import", "-", "--into", file, typed=TABLE)
    assert ran.exception is None
    assert len(read_policy(file)) == 2
    assert run(tmp_path, "policy", "import", "-", typed=TABLE).stdout.startswith("departments:\n")


# --- config --------------------------------------------------------------------------------------------


def test_config_prints_reference_and_schema(tmp_path: Path) -> None:
    both = run(tmp_path, "config", "reference").output
    assert "\nsmarthost:" in both.replace("  ", "")
    assert "\ndepartments: {}" in both
    assert "smarthost" not in run(tmp_path, "config", "reference", "--policy").output
    assert "departments" not in run(tmp_path, "config", "reference", "--server").output
    schema = json.loads(run(tmp_path, "config", "schema", "policy").output)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
