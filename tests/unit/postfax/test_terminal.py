"""What comes from outside cannot steer a terminal, and what a table tells is not cut off."""

import pytest

from postfax.terminal import console, print_facts, print_table, printable


def test_control_characters_are_spelled_out() -> None:
    assert printable("red \x1b[31m, bell \x07, turned \u202e") == r"red \x1b[31m, bell \x07, turned \u202e"


def test_a_text_stays_on_one_line() -> None:
    assert printable("one\r\ntwo\tthree\u00a0four") == "one  two three four"


def test_facts_without_a_value_are_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    print_facts((("job", "K7Q2-M9"), ("reference", ""), ("subject", "\x1b]0;title\x07")))
    assert capsys.readouterr().out.splitlines() == ["job      K7Q2-M9", r"subject  \x1b]0;title\x07"]


def test_a_table_that_is_too_wide_folds_and_shortens(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(console(), "width", 40)
    row = ("2026-11-23 19:58:08", "a.long.name@hospital.example", "550 5.7.1 not one of ours")
    print_table(("WHEN", "FROM", "ANSWER"), [row], folding=("ANSWER",), shortening=("FROM",))
    lines = capsys.readouterr().out.splitlines()
    assert all(len(line) <= 40 for line in lines)
    assert lines[1].startswith("2026-11-23 19:58:08  a.")
    assert "…" in lines[1]
    answer = "".join(line[lines[0].index("ANSWER") :] for line in lines[1:])
    assert answer.replace(" ", "") == "5505.7.1notoneofours"


def test_what_a_table_has_no_room_for_stands_below_its_row(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(console(), "width", 40)
    rows = [
        ("1", "2026-11-23 19:58:08", "BUSY", "SIP 486, Q.850 17", ""),
        ("2", "2026-11-23 20:03:09", "Success", "every page was confirmed by the far end", "T.38 ECM"),
    ]
    print_table(("CALL", "BEGUN", "STATUS", "CAUSE", "HOW"), rows, folding=("CAUSE", "HOW"))
    assert capsys.readouterr().out.splitlines() == [
        "CALL  BEGUN                STATUS",
        "1     2026-11-23 19:58:08  BUSY",
        "  cause  SIP 486, Q.850 17",
        "2     2026-11-23 20:03:09  Success",
        "  cause  every page was confirmed by the",
        "         far end",
        "  how    T.38 ECM",
    ]


def test_ids_and_figures_are_whole_however_narrow_the_terminal_is(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(console(), "width", 20)
    rows = [("K7Q2-M9", "a.long.name@hospital.example", "1,234,567"), ("日本語の名前", "a@b.example", "7")]
    print_table(("JOB", "FROM", "PAGES"), rows, shortening=("FROM",), to_the_right=("PAGES",))
    titles, first, second = capsys.readouterr().out.splitlines()
    assert titles.split() == ["JOB", "FROM", "PAGES"]
    assert first.split()[0] == "K7Q2-M9"
    assert first.endswith("  1,234,567")
    assert second.startswith("日本語の名前  a@b")
