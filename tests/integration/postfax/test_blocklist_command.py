"""`postfax blocklist` and `postfax audit`."""

from pathlib import Path

import click
import pytest
from command_line import CommandLine

from postfax.failures import ExitCode
from postfax.person import person


@pytest.fixture
def postfax(tmp_path: Path) -> CommandLine:
    return CommandLine(tmp_path)


def listed(postfax: CommandLine) -> dict[str, str]:
    return {entry["pattern"]: entry["reason"] for entry in postfax("blocklist", "show", "--json").json}


def test_numbers_are_blocked_as_people_write_them(postfax: CommandLine) -> None:
    said = postfax("blocklist", "add", "+1 (425) 555-0199", "+44 *", "--reason", "asked  us\nnot to")
    assert said.out == "+14255550199  blocked\n+44*  blocked\n2 blocked\n"
    assert listed(postfax) == {"+14255550199": "asked us not to", "+44*": "asked us not to"}
    table = postfax("blocklist", "show").out
    assert table.splitlines()[0].split() == ["BLOCKED", "REASON", "BY", "SINCE"]
    assert person() in table


def test_what_is_on_the_list_already_stays_with_its_reason(postfax: CommandLine) -> None:
    postfax("blocklist", "add", "+44*", "--reason", "first")
    said = postfax("blocklist", "add", "+44*", "+49*", "--reason", "second")
    assert "+49*  blocked\n+44*  was blocked already, by " in said.out
    assert said.out.endswith(": first\n1 blocked, 1 there already\n")
    assert listed(postfax) == {"+44*": "first", "+49*": "second"}


def test_a_mistake_among_many_changes_nothing_and_all_are_told(postfax: CommandLine, tmp_path: Path) -> None:
    file = tmp_path / "list.txt"
    file.write_text("# from the fraud list\n+1242*\n\n0044*  # no plus\n+1206\n", encoding="utf-8")
    said = postfax("blocklist", "add", "206-555-1234", "--file", file)
    assert said.code == ExitCode.USAGE
    first, *mistakes = said.failure.splitlines()
    assert first == "nothing was changed:"
    assert [mistake.partition(" ")[0] for mistake in mistakes] == [
        "'206-555-1234'",
        f"{file}:4:",
        f"{file}:5:",
    ]
    assert listed(postfax) == {}


def test_a_list_goes_out_as_text_and_comes_in_again(postfax: CommandLine, tmp_path: Path) -> None:
    postfax("blocklist", "add", "--file", "-", "--reason", "fraud", typed="+1242*  # Bahamas\n+1246*\n")
    exported = postfax("blocklist", "export").out
    assert exported == "+1242*  # Bahamas\n+1246*  # fraud\n"
    (tmp_path / "list.txt").write_text(exported, encoding="utf-8")
    assert postfax("blocklist", "remove", "--file", tmp_path / "list.txt").out.endswith("2 removed\n")
    assert listed(postfax) == {}
    postfax("blocklist", "add", "--file", tmp_path / "list.txt")
    assert listed(postfax) == {"+1242*": "Bahamas", "+1246*": "fraud"}


def test_a_list_goes_out_for_spreadsheets_and_for_the_policy(postfax: CommandLine) -> None:
    postfax("blocklist", "add", "+1242*", "--reason", "=cmd|'x'!A0")
    rows = postfax("blocklist", "export", "--format", "csv").out.splitlines()
    assert rows[0] == "pattern,reason,by,at"
    assert rows[1].startswith("+1242*,'=cmd|'x'!A0,")
    fragment = postfax("blocklist", "export", "--format", "yaml").out
    postfax.policy_file.with_name("blocks.yaml").write_text(
        fragment.replace("settings", "departments: {Radiology: {}}\nsettings")
    )
    postfax.policy_file.write_text(
        postfax.policy_file.read_text().replace(', blocked_numbers: ["+1900*"]', "")
    )
    assert postfax("check").code == 0
    explained = postfax("policy", "explain", "ana@hospital.example", "fax.blocked_numbers", "--json").json
    assert explained[0]["value"] == "[+1242*]"


def test_the_empty_list_is_said_to_be_empty(postfax: CommandLine) -> None:
    assert "is empty" in postfax("blocklist", "show").out
    assert postfax("blocklist", "export").out == ""
    assert "[]" in postfax("blocklist", "export", "--format", "yaml").out


def test_what_is_not_on_the_list_is_told_with_what_blocks_it_else(postfax: CommandLine) -> None:
    postfax("blocklist", "add", "+44*", "+49*")
    said = postfax("blocklist", "remove", "+442079460000", "+49*")
    assert said.code == ExitCode.PARTLY
    assert "+442079460000  is not on the list, but +44* is\n" in said.out
    said = postfax("blocklist", "remove", "+33*")
    assert (said.code, said.out) == (ExitCode.NOT_FOUND, "+33*  is not on the list\n")


def test_a_look_up_names_every_entry_of_every_level(postfax: CommandLine) -> None:
    postfax("blocklist", "add", "+1206*", "--reason", "for now")
    for user, found in (
        ("ana@hospital.example", [("+1206*", "live list"), ("+1206555????", "Radiology")]),
        ("or-desk@hospital.example", [("+1206*", "live list")]),
        (None, [("+1206*", "live list"), ("+1206555????", "Radiology")]),
    ):
        said = postfax("blocklist", "lookup", "(206) 555-1234", *(("--user", user) if user else ()), "--json")
        assert said.json["number"] == "+12065551234"
        assert [(entry["blocked_by"], entry["level"]) for entry in said.json["by"]] == found
    said = postfax("blocklist", "lookup", "206-555-1234", "--user", "ana@hospital.example")
    assert said.out.startswith("+1 206 555 1234 is blocked for ana@hospital.example\n")
    assert "hospital.yaml:6" in said.out
    assert "for now" in said.out


def test_a_look_up_tells_what_is_free_and_what_else_stands_against_it(postfax: CommandLine) -> None:
    assert (
        postfax("blocklist", "lookup", "+14255550199").out == "+1 425 555 0199 is not blocked for anybody\n"
    )
    said = postfax("blocklist", "lookup", "+19005551234", "--user", "or-desk@hospital.example")
    assert "+1900*" in said.out
    assert "costs extra" in said.out
    assert "two readings" not in said.out


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("lookup", "911"), ExitCode.USAGE, "911"),
        (
            ("lookup", "+12065551234", "--user", "eve@else.example"),
            ExitCode.NOT_FOUND,
            "no user of the policy",
        ),
        (("add", "+44*", "--reason", "x" * 201), ExitCode.USAGE, "a reason may have 200 characters"),
    ],
)
def test_what_cannot_be_done_is_a_sentence(
    postfax: CommandLine, arguments: tuple[str, ...], code: ExitCode, said: str
) -> None:
    ran = postfax("blocklist", *arguments)
    assert ran.code == code
    assert said in ran.failure


def test_no_pattern_at_all_is_a_mistake(postfax: CommandLine) -> None:
    for command in ("add", "remove"):
        with pytest.raises(click.UsageError, match="name a PATTERN"):
            postfax("blocklist", command)


def test_deeds_are_looked_up_in_any_spelling(postfax: CommandLine) -> None:
    assert postfax("audit").out == "nothing was done\n"
    postfax("blocklist", "add", "+1 206 555 1234", "--reason", "why")
    postfax("user", "lock", "Ana@hospital.example")
    [deed] = postfax("audit", "--subject", "+1 (206) 555-1234", "--json").json
    assert (deed["action"], deed["by"], deed["detail"]) == ("block", person(), "why")
    [deed] = postfax("audit", "--subject", "ANA@hospital.example", "--json").json
    assert deed["action"] == "lock"
    assert postfax("audit", "--by", "nobody-of-this-name").out == "nothing matches\n"
    assert postfax("audit", "--action", "block").out.splitlines()[1].split()[-3:] == [
        "block",
        "+12065551234",
        "why",
    ]
