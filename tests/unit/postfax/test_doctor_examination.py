"""The examination: everything at one time, in the table's order, and nothing raises."""

import asyncio
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from config.mail import MailSettings, Smarthost
from config.mistakes import ConfigError, Mistake
from config.server import ServerSettings
from mta.dns_lookup import DnsTrouble
from postfax.doctor.check import Check, CheckResult
from postfax.doctor.checks import CHECKS
from postfax.doctor.examination import chosen, examine, unreadable_settings
from postfax.doctor.finding import Finding, State, failure, not_checked, ok, warning
from postfax.doctor.report import Report, plain, summary
from postfax.doctor.site import Site


def site() -> Site:
    settings = ServerSettings(
        domain="fax.example.com",
        mail=MailSettings(smarthost=Smarthost(host="127.0.0.1")),
        policy=Path("policy.yaml"),
    )
    return Site(settings_file=Path("postfax.yaml"), settings=settings, now=datetime(2026, 11, 23, tzinfo=UTC))


def check(name: str, *findings: Finding, needs: str = "") -> Check:
    async def look(_: Site) -> Sequence[Finding]:
        return findings

    return Check(name=name, group="Group", look=look, needs=needs)


def failing(problem: Exception) -> Check:
    async def look(_: Site) -> Sequence[Finding]:
        raise problem

    return Check(name="failing", group="Group", look=look)


async def results_of(*checks: Check) -> list[CheckResult]:
    return [result async for result in examine(site(), checks)]


async def test_results_come_in_the_tables_order_and_run_at_one_time() -> None:
    all_have_begun = asyncio.Barrier(4)

    async def look(_: Site) -> Sequence[Finding]:
        await all_have_begun.wait()
        return [ok("x")]

    results = await results_of(*(Check(name=name, group="Group", look=look) for name in "dacb"))
    assert [result.check.name for result in results] == list("dacb")
    assert {result.findings for result in results} == {(ok("x"),)}


@pytest.mark.parametrize("problem", [RuntimeError("broken"), TimeoutError(), DnsTrouble("A x: no answer")])
async def test_what_goes_wrong_in_a_check_is_a_finding(problem: Exception) -> None:
    broken, other = await results_of(failing(problem), check("other", ok("x")))
    assert [finding.state for finding in broken.findings] == [State.NOT_CHECKED]
    assert [finding.state for finding in other.findings] == [State.OK]


async def test_a_check_that_takes_too_long_is_cut_off() -> None:
    async def look(_: Site) -> Sequence[Finding]:
        await asyncio.sleep(60)
        return [ok("never")]

    [result] = await results_of(Check(name="slow", group="Group", look=look, seconds=0.05))
    assert result.findings == (not_checked("no result within 0.05 s"),)


@pytest.mark.parametrize(
    ("findings", "looked"),
    [
        ([failure("a", "b")], False),
        ([failure("a", "b"), failure("c", "d")], False),
        ([failure("a", "b"), ok("c")], True),
        ([warning("a", "b")], True),
    ],
)
async def test_what_another_check_needs(findings: list[Finding], *, looked: bool) -> None:
    _, second = await results_of(check("first", *findings), check("second", ok("x"), needs="first"))
    assert (second.findings == (ok("x"),)) is looked
    assert looked or second.findings[0].state is State.NOT_CHECKED


def test_the_table_names_each_check_once_and_what_it_needs_stands_before_it() -> None:
    names = [entry.name for entry in CHECKS]
    assert len(set(names)) == len(names)
    for place, entry in enumerate(CHECKS):
        assert not entry.needs or entry.needs in names[:place]
    groups = [entry.group for entry in CHECKS]
    changes = [group for group, before in zip(groups, ["", *groups], strict=False) if group != before]
    assert len(set(changes)) == len(changes)


def test_chosen_brings_what_is_needed() -> None:
    assert [entry.name for entry in chosen(CHECKS, ["mx"])] == ["settings", "resolver", "mx"]
    assert [entry.name for entry in chosen(CHECKS, ["clock", "policy"])] == ["settings", "policy", "clock"]
    assert chosen(CHECKS, []) == list(CHECKS)


def test_settings_with_mistakes_keep_everything_else_unchecked() -> None:
    problem = ConfigError([Mistake(file=Path("postfax.yaml"), line=1, column=1, problem="has no domain")])
    results = unreadable_settings(Path("postfax.yaml"), problem, CHECKS)
    assert results[0].findings[0].found == "postfax.yaml:1:1  has no domain"
    assert summary(results) == f"0 ok, 1 failure, {len(CHECKS) - 1} not checked"


def test_the_report_fits_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    long = "word " * 40 + "\x1b[31m"
    findings = (ok("fine", subject="a"), failure(long, long))
    result = CheckResult(check=check("reverse-name"), findings=findings, seconds=0.1)
    Report(name_width=12, width=80).add(result)
    lines = capsys.readouterr().out.splitlines()
    assert all(len(line) <= 80 for line in lines)
    assert lines[:2] == ["Group", "  ok           reverse-name  a: fine"]
    assert lines[2].startswith("  failure                    word")
    assert any("→ word" in line for line in lines)
    assert not any("\x1b" in line for line in lines)


def test_the_report_for_programs() -> None:
    result = CheckResult(check=check("mx"), findings=(warning("a", "b", subject="c"),), seconds=0.1234)
    assert json.loads(json.dumps(plain([result]))) == {
        "findings": [
            {
                "check": "mx",
                "group": "Group",
                "subject": "c",
                "state": "warning",
                "found": "a",
                "advice": "b",
                "seconds": 0.123,
            }
        ],
        "counts": {"ok": 0, "warning": 1, "failure": 0, "not_checked": 0},
    }
