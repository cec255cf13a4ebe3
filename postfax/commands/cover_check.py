"""`postfax cover check`: mistakes in own cover templates."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from postfax.failures import ExitCode
from postfax.terminal import print_json

if TYPE_CHECKING:
    from convert.cover_mistake import TemplateMistake
    from convert.cover_once import Check, CheckedTemplate


@click.command("check", short_help="Look for mistakes in own templates.")
@click.argument("templates", metavar="[NAME|FILE]…", nargs=-1)
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_obj
def command(settings_file: str, templates: tuple[str, ...], as_json: bool) -> int:  # noqa: FBT001 - passed by name
    """Look for mistakes in own templates: each with its place, and what may have been meant.

    Without a name, every own template of the policy. Exit code 0 if all are good, 4 if one has mistakes.
    """
    from convert.cover_once import cover_checks
    from postfax.chosen_template import custom_fields_in, file_of, own_files
    from postfax.logging import silence

    files = [file_of(settings_file, template) for template in templates] or own_files(settings_file)
    known = custom_fields_in(settings_file) if any(file.exists() for file in files) else None
    with cover_checks(before_office=silence) as check:
        checked = {file: _checked(check, file, known) for file in files}
    if as_json:
        print_json([_plain_check(file, result) for file, result in checked.items()])
    else:
        _print_checks(checked)
    return ExitCode.REFUSED if any(result.mistakes for result in checked.values()) else ExitCode.DONE


def _checked(check: "Check", file: Path, custom_fields: frozenset[str] | None) -> "CheckedTemplate":
    """Once with every fact and much text, and if that is good, once with little to say."""
    from convert.cover_facts import CoverFacts, CoverRecipient, CoverSender
    from convert.cover_mistake import TemplateMistake
    from convert.cover_tokens import spelling
    from postfax.opening import now
    from postfax.sample_fax import sample_facts, sample_job, sample_user

    moment = now()
    job = sample_job(sample_user(), file.stem, moment, long=True)
    full = replace(sample_facts(job, moment, long=True), own_file=str(file))
    bare = CoverFacts(
        template=full.template, paper=full.paper, own_file=full.own_file,
        recipient=CoverRecipient(number=full.recipient.number), date=full.date, time=full.time,
        sender=CoverSender(name=full.sender.name, company=full.sender.company),
    )  # fmt: skip
    result = check(full)
    if not result.mistakes:
        result = _with_mistakes(result, check(bare).mistakes)
    unknown = [] if custom_fields is None else [
        TemplateMistake(problem=f"nobody in the policy has a custom field {name}")
        for name in result.custom_fields if spelling(name) not in custom_fields
    ]  # fmt: skip
    return replace(result, remarks=(*result.remarks, *unknown))


def _with_mistakes(result: "CheckedTemplate", found: tuple["TemplateMistake", ...]) -> "CheckedTemplate":
    """What the template does with little to say: to be blank then is a remark."""
    from convert.cover_mistake import TemplateMistake
    from convert.own_cover import BLANK

    if [each.problem for each in found] != [BLANK]:
        return replace(result, mistakes=found)
    told = "it is blank for a fax without subject and text, which gets the built-in default instead"
    return replace(result, remarks=(*result.remarks, TemplateMistake(problem=told)))


def _print_checks(checked: dict[Path, "CheckedTemplate"]) -> None:
    from notify.wording import count

    for file, result in checked.items():
        for found in (*result.mistakes, *result.remarks):
            place = f"{file}:{found.line}" if found.line else f"{file}  {found.place}".rstrip()
            click.echo("  ".join(part for part in (place, found.problem, found.hint) if part))
    bad = sum(len(result.mistakes) for result in checked.values())
    if bad:
        click.echo(f"{count(bad, 'mistake')}; faxes get the built-in default instead until mended")
    elif checked:
        click.echo(f"no mistakes in {count(len(checked), 'template')}")
    else:
        click.echo("the policy has no own templates; `postfax cover export default` gives one to start from")


def _plain_check(file: Path, result: "CheckedTemplate") -> dict[str, Any]:
    return {
        "file": str(file),
        "good": not result.mistakes,
        "mistakes": result.mistakes,
        "remarks": result.remarks,
        "pages": result.pages,
    }
