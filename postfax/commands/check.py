"""`postfax check`: are the settings and the policy right? Nothing is run."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from config.mistakes import Caution, ConfigError, Mistake
from config.policy import read_policy
from config.server import read_server_settings
from notify.wording import count
from postfax.failures import ExitCode
from postfax.mail_out_check import failing_templates, unusable_keys
from postfax.terminal import print_json


@dataclass(frozen=True, kw_only=True, slots=True)
class _Findings:
    mistakes: tuple[Mistake, ...] = ()
    cautions: tuple[Caution, ...] = ()
    users: int = 0
    lines: int = 0


@click.command("check")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_obj
def command(settings_file: str, as_json: bool) -> int:  # noqa: FBT001 - click passes it by name
    """Check the settings and the policy; tell every mistake with its place.

    Exit code 0 if all is well, 4 if there are mistakes.
    """
    findings = _look_at(Path(settings_file))
    if as_json:
        print_json(_plain(findings))
    else:
        _print(findings)
        if not Path(settings_file).exists():
            click.echo("to check another file: `postfax -c FILE check`, or name it in POSTFAX_CONFIG")
    return ExitCode.REFUSED if findings.mistakes else ExitCode.DONE


def _look_at(file: Path) -> _Findings:
    """The settings first: they say where the policy is and which lines it may name."""
    try:
        settings = read_server_settings(file)
        policy = read_policy(settings.policy, lines=settings.lines)
    except ConfigError as problem:
        return _Findings(mistakes=problem.mistakes)
    return _Findings(
        mistakes=tuple(unusable_keys(settings, file)),
        cautions=(*policy.cautions, *failing_templates(policy)),
        users=len(policy),
        lines=len(settings.lines),
    )


def _print(findings: _Findings) -> None:
    for finding in (*findings.mistakes, *findings.cautions):
        click.echo(str(finding))
    if findings.mistakes:
        told = count(len(findings.mistakes), "mistake")
        click.echo(f"{told}; a running service keeps the policy that it has")
        return
    if not findings.lines:
        click.echo("there is no line under lines: in the settings, so `postfax serve` will not start")
    users, lines = count(findings.users, "user"), count(findings.lines, "line")
    click.echo(f"no mistakes; {users} may fax, over {lines}")


def _plain(findings: _Findings) -> dict[str, Any]:
    return {
        "mistakes": [
            {
                "file": str(mistake.file),
                "line": mistake.line,
                "column": mistake.column,
                "path": mistake.path,
                "value": mistake.value,
                "expected": mistake.expected,
                "problem": mistake.problem,
                "hint": mistake.hint,
            }
            for mistake in findings.mistakes
        ],
        "cautions": [
            {
                "file": str(caution.file),
                "line": caution.line,
                "column": caution.column,
                "path": caution.path,
                "remark": caution.remark,
            }
            for caution in findings.cautions
        ],
        "users": findings.users,
        "lines": findings.lines,
    }
