"""Runs the checks at one time and gives their results in the table's order. Nothing raises.

A check that another one needs runs even if only the other was asked for. What goes wrong in a check itself is
a finding too: it is then not checked, with the reason.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from pathlib import Path

from config.mistakes import ConfigError
from mta.dns_lookup import DnsTrouble
from notify.wording import count
from postfax.doctor.check import Check, CheckResult
from postfax.doctor.finding import Finding, State, failure, not_checked, reason_of
from postfax.doctor.site import Site

SETTINGS = "settings"
"""The check that every other one needs."""


async def examine(site: Site, checks: Sequence[Check]) -> AsyncIterator[CheckResult]:
    """The result of each check as soon as it and those before it are there.

    Args:
        site: what is looked at.
        checks: the chosen ones and those that they need (`chosen`).
    """
    running: dict[str, asyncio.Task[CheckResult]] = {}
    for check in checks:
        running[check.name] = asyncio.create_task(_result(site, check, running), name=check.name)
    for task in running.values():
        yield await task


def chosen(checks: Sequence[Check], names: Collection[str]) -> list[Check]:
    """The named checks with those that they need, in the table's order; all where none is named.

    Every check needs the settings.
    """
    if not names:
        return list(checks)
    by_name = {check.name: check for check in checks}
    wanted = {SETTINGS}
    for name in names:
        while name and name not in wanted:
            wanted.add(name)
            name = by_name[name].needs  # noqa: PLW2901 - up the chain
    return [check for check in checks if check.name in wanted]


def unreadable_settings(file: Path, problem: ConfigError, checks: Sequence[Check]) -> list[CheckResult]:
    """The results where the settings have mistakes: each of these, and nothing else can be checked."""
    advice = "Correct it; `postfax check` tells when it is right."
    mistakes = tuple(failure(str(mistake), advice) for mistake in problem.mistakes)
    unknown = (not_checked(f"{file.name} has {count(len(mistakes), 'mistake')}"),)
    return [
        CheckResult(check=check, findings=mistakes if check.name == SETTINGS else unknown, seconds=0.0)
        for check in checks
    ]


async def _result(site: Site, check: Check, running: Mapping[str, asyncio.Task[CheckResult]]) -> CheckResult:
    needed = running.get(check.needs)
    if needed and _failed((await needed).findings):
        why = not_checked(f"{check.needs} failed, and nothing can be told without it")
        return CheckResult(check=check, findings=(why,), seconds=0.0)
    began = time.monotonic()
    findings = await _findings(site, check)
    return CheckResult(check=check, findings=tuple(findings), seconds=time.monotonic() - began)


async def _findings(site: Site, check: Check) -> Sequence[Finding]:
    """The check's findings, or the one that says why there are none."""
    clock = asyncio.timeout(check.seconds)
    try:
        async with clock:
            return await check.look(site)
    except DnsTrouble as trouble:
        return [not_checked(f"the name servers did not answer: {reason_of(trouble)}", "Try again later.")]
    except Exception as problem:  # noqa: BLE001 - the last place: a doctor who falls ill helps nobody
        if clock.expired():
            return [not_checked(f"no result within {check.seconds:g} s")]
        return [not_checked(f"the check itself failed: {problem!r}", "Please report it.")]


def _failed(findings: Sequence[Finding]) -> bool:
    """Whether all is lost: one good finding among several is enough to go on with."""
    states = {finding.state for finding in findings}
    return State.FAILURE in states and not states & {State.OK, State.WARNING}
