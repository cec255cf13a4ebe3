"""`postfax policy lint`: what is allowed in the policy, and may not be meant."""

from dataclasses import asdict
from pathlib import Path

import click

from config.lint import lint
from config.mistakes import Caution
from config.policy import read_policy
from notify.wording import count
from postfax.failures import ExitCode
from postfax.opening import settings_in
from postfax.terminal import print_json, printable


@click.command("lint")
@click.option("--strict", is_flag=True, help="Exit with 4 if there is anything to tell.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_obj
def command(settings_file: str, *, strict: bool, as_json: bool) -> ExitCode:
    """Tell what the policy says and may not mean, and what to do.

    Mistakes are told by `postfax check`; what is told here keeps nothing from working: notices of failure
    that are off, cover pages and lines that nobody uses, settings that change nothing, departments without
    users, secrets that everybody may read.
    """
    settings = settings_in(settings_file)
    policy = read_policy(settings.policy, lines=settings.lines)
    cautions = lint(policy, lines=settings.lines, settings_file=Path(settings_file), server=settings)
    if as_json:
        print_json([asdict(caution) for caution in cautions])
    else:
        _print(cautions)
    return ExitCode.REFUSED if strict and cautions else ExitCode.DONE


def _print(cautions: list[Caution]) -> None:
    for caution in cautions:
        click.echo(printable(str(caution)))
        if caution.advice:
            click.echo(f"    {printable(caution.advice)}")
    click.echo(f"{count(len(cautions), 'remark')}; nothing keeps the policy from working")
