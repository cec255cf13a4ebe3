"""`postfax doctor`: does everything around the service work, and if not, what is to be done?"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path

import click

from config.mistakes import ConfigError
from config.server import read_server_settings
from postfax.doctor.check import Check, CheckResult
from postfax.doctor.checks import CHECKS
from postfax.doctor.examination import chosen, examine, unreadable_settings
from postfax.doctor.finding import State
from postfax.doctor.report import Report, counts, plain, summary
from postfax.doctor.site import Site
from postfax.failures import ExitCode
from postfax.logging import silence
from postfax.opening import now
from postfax.terminal import print_json


@click.command("doctor")
@click.option(
    "--only",
    type=click.Choice([check.name for check in CHECKS]),
    multiple=True,
    metavar="CHECK",
    help="Only this check; may be given again. One of " + ", ".join(check.name for check in CHECKS) + ".",
)
@click.option(
    "--recipient", metavar="ADDRESS", default="",
    help="Ask the smarthost whether it takes notices to this address; by default to the first user.",
)  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_obj
def command(settings_file: str, only: tuple[str, ...], recipient: str, as_json: bool) -> int:  # noqa: FBT001 - click passes it by name
    """Look at everything around the service: names, ports, certificate, smarthost, trunk, tools, disk.

    The service may run meanwhile and is not disturbed; no mail is sent, and no call is placed. Run it as the
    service's user, or as root. Exit code 0 if nothing fails (there may be warnings), 1 if something does.
    """
    silence()
    report = Report(name_width=max(len(check.name) for check in CHECKS))
    show = _nothing if as_json else report.add
    results = asyncio.run(_examine(Path(settings_file), only, recipient, show))
    if as_json:
        print_json(plain(results))
    else:
        click.echo(f"\n{summary(results)}")
    return ExitCode.PARTLY if counts(results)[State.FAILURE] else ExitCode.DONE


async def _examine(
    file: Path, only: Sequence[str], recipient: str, show: Callable[[CheckResult], None]
) -> list[CheckResult]:
    """The results that were asked for, each shown as soon as it is there."""
    checks = chosen(CHECKS, only)
    results = []
    async for result in _results(file, checks, recipient):
        if not only or result.check.name in only or _keeps_others_back(result):
            show(result)
            results.append(result)
    return results


async def _results(file: Path, checks: Sequence[Check], recipient: str) -> AsyncIterator[CheckResult]:
    try:
        settings = read_server_settings(file)
    except ConfigError as problem:
        for result in unreadable_settings(file, problem, checks):
            yield result
        return
    site = Site(settings_file=file, settings=settings, now=now(), recipient=recipient)
    async for result in examine(site, checks):
        yield result


def _keeps_others_back(result: CheckResult) -> bool:
    """Whether a check that was not asked for is why others could not be made."""
    return any(finding.state is State.FAILURE for finding in result.findings)


def _nothing(_result: CheckResult) -> None:
    """Show nothing."""
