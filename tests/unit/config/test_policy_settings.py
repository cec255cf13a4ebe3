"""What the settings of the policy take, and what they say of what they do not take."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from config.attachments import AttachmentSettings
from config.coverpage import CoverpageSettings
from config.mistakes import ConfigError
from config.policy import Policy, read_policy
from config.settings import Settings

LINE = "{date} {time}|{company} {number}|{page}/{pages}"


def policy_of(settings: str, folder: Path, user: str = "") -> Policy:
    file = folder / "a.yaml"
    more = f", settings: {{{user}}}" if user else ""
    file.write_text(
        f"company: X\nsettings: {{{settings}}}\nusers: [{{name: U, email: u@x.example{more}}}]",
        encoding="utf-8",
    )
    return read_policy(file)


def effective(settings: str, folder: Path, user: str = "") -> Settings:
    found = policy_of(settings, folder, user).user("u@x.example")
    assert found is not None
    return found.settings


def mistake(settings: str, folder: Path) -> str:
    with pytest.raises(ConfigError) as raised:
        policy_of(settings, folder)
    [found] = raised.value.mistakes
    return str(found).partition("  ")[2]


@pytest.mark.parametrize(
    "line",
    [
        LINE,
        LINE.replace("company", "name"),
        "{number} {company} {date} {time}",
        "{date}{time}|{name}|{number}",
    ],
)
def test_a_header_line_with_all_that_the_law_asks_for(line: str, tmp_path: Path) -> None:
    assert effective(f"fax: {{header_line: '{line}'}}", tmp_path).fax.header_line == line


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (
            "{date} {time}|{company}|{page}",
            "all that the law asks for (47 CFR 68.318(d)); {number} is missing",
        ),
        ("{number}", "{date} and {time} and {company} is missing"),
        ("{time} {number}|{nmae} {date}", "did you mean name?"),
        ("{time} {number} {name} {date", "a { or } stands alone"),
        ("{time} {number!r} {name} {date}", "{number} takes no format"),
        ("{date:%Y} {time} {number} {name}", "{date} takes no format"),
        ("a|{date}{time}|{name}|{number}", "in at most three fields with | between"),
    ],
)
def test_a_header_line_that_is_none(line: str, said: str, tmp_path: Path) -> None:
    assert said in mistake(f"fax: {{header_line: '{line}'}}", tmp_path)


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("+1???976*", "+1???976*"),
        ("+1 (206) 555-01??", "+120655501??"),
        ("+49*", "+49*"),
        ("+1?*", "+1?*"),
        ("+49 (0)30 123456", "+4930123456"),
        ("+49 (0)30*", "+4930*"),
    ],
)
def test_a_blocked_number_may_leave_digits_open(written: str, kept: str, tmp_path: Path) -> None:
    assert effective(f"fax: {{blocked_numbers: ['{written}']}}", tmp_path).fax.blocked_numbers == (kept,)


@pytest.mark.parametrize(
    "written", ["1206*", "+?206", "+1*206", "+1206**", "+", "*", "+0123", "+12065550100123456"]
)
def test_a_blocked_number_has_its_country_code(written: str, tmp_path: Path) -> None:
    assert "is not a number with + and country code" in mistake(
        f"fax: {{blocked_numbers: ['{written}']}}", tmp_path
    )


def test_a_blocked_number_that_no_number_falls_under_is_a_mistake(tmp_path: Path) -> None:
    told = mistake("fax: {blocked_numbers: ['+1206']}", tmp_path)
    assert told.endswith("it is too short for a number. For all numbers that begin so, write +1206*.")


def test_a_pattern_that_an_older_version_kept_with_a_fax_is_read_again() -> None:
    kept = '{"fax": {"blocked_numbers": ["+1206", "+4903012345"]}}'
    assert Settings.kept(kept).fax.blocked_numbers == ("+1206", "+4903012345")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "retry: {statuses: {busy: {attempts: 2}, BUSY: {attempts: 3}}}",
            "retry.statuses: says the same twice, as busy and as BUSY",
        ),
        (
            "fax: {call_windows: {+49*: always, '+4 9*': 08:00-20:00}}",
            "fax.call_windows: says the same twice, as +49* and as +4 9*",
        ),
    ],
)
def test_a_name_in_two_spellings_is_said_twice(text: str, told: str, tmp_path: Path) -> None:
    assert mistake(text, tmp_path).endswith(told)


def test_documents_are_kept_for_a_week_unless_longer_is_said_to_be_meant(tmp_path: Path) -> None:
    assert effective("retention: {documents: 1 h}", tmp_path).retention.documents == timedelta(hours=1)
    longer = "retention: {documents: 8 days, allow_longer: true}"
    assert effective(longer, tmp_path).retention.documents == timedelta(days=8)
    assert mistake("retention: {documents: 8 days}", tmp_path) == (
        "settings.retention: keeps documents for more than 7 days; that needs allow_longer: true beside it"
    )


def test_up_to_three_people_are_alerted(tmp_path: Path) -> None:
    three = ", ".join(f"a{n}@x.example" for n in range(3))
    assert len(effective(f"alerts: {{contacts: [{three}]}}", tmp_path).alerts.contacts) == 3
    assert mistake(f"alerts: {{contacts: [{three}, d@x.example]}}", tmp_path).endswith(
        "alerts.contacts: a list stands here; a list of at most 3 was expected"
    )


@pytest.mark.parametrize("name", ["default", "Healthcare", "none", "on", "a/b", "_x", "x" * 61])
def test_an_own_cover_page_has_a_name_of_its_own(name: str, tmp_path: Path) -> None:
    (tmp_path / "own.html").write_text("x", encoding="utf-8")
    assert "is not a name" in mistake(f"coverpage: {{templates: {{'{name}': own.html}}}}", tmp_path)


@pytest.mark.parametrize("file", ["own.pdf", "own"])
def test_an_own_cover_page_is_of_a_known_kind(file: str, tmp_path: Path) -> None:
    (tmp_path / file).write_text("x", encoding="utf-8")
    assert "is not a template: a file that ends in .html" in mistake(
        f"coverpage: {{templates: {{A: {file}}}}}", tmp_path
    )


def test_cover_pages_come_down_name_by_name(tmp_path: Path) -> None:
    for name in ("a.html", "b.odt"):
        (tmp_path / name).write_text("x", encoding="utf-8")
    cover = effective(
        "coverpage: {templates: {Letter Head: a.html}}", tmp_path,
        "coverpage: {templates: {Memo: b.odt}, template: letter_head}",
    ).coverpage  # fmt: skip
    assert cover.known_templates == ("default", "healthcare", "Letter Head", "Memo")
    assert cover.template_named("LETTER_head") == "Letter Head"
    assert cover.template_named("other") is None


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (
            "fax: {directives: [cover, speed]}",
            "fax.directives[1]: 'speed' is not one of the directives cover,",
        ),
        ("attachments: {allowed: [pdff]}", "did you mean pdf?"),
        ("attachments: {most: 0}", "'0' is not a number of 1 or more"),
        ("attachments: {largest: 0 kB}", "is not a size such as"),
        ("attachments: {largest_of: {exe: 1 MB}}", "'exe' is not one of the types"),
        ("notifications: {attach: jpeg}", "'jpeg' is not one of none, pdf, tiff"),
        ("fax: {pages_per_day: -1}", "'-1' is not a number of 0 or more"),
        ("fax: {pages_per_day: [1]}", "a list stands here; a whole number was expected"),
    ],
)
def test_what_is_wrong_is_told_with_what_is_right(settings: str, said: str, tmp_path: Path) -> None:
    assert said in mistake(settings, tmp_path)


@pytest.mark.parametrize(
    ("model", "values"),
    [(AttachmentSettings, {"largest": "20 MB"}), (CoverpageSettings, {"trim_quotes": "true"})],
)
def test_what_was_read_is_read_again_from_json(model: Any, values: dict[str, str]) -> None:
    read = model.model_validate(values)
    assert model.model_validate_json(read.model_dump_json()) == read
