"""`postfax cover`: cover templates, the built-in ones and a policy's own."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from postfax.commands import cover_check, cover_preview
from postfax.failures import ExitCode, Failure
from postfax.terminal import print_json, print_table

if TYPE_CHECKING:
    from postfax.cover_templates import PlacedTemplate

_LEVELS = ("company", "department", "user")


@click.group("cover")
def command() -> None:
    """See to the cover pages: which there are, what they look like, what is wrong with them."""


command.add_command(cover_preview.command)
command.add_command(cover_check.command)


@command.command("list", short_help="List the templates, their levels and who uses them.")
@click.option(
    "--level", type=click.Choice(_LEVELS, case_sensitive=False), help="Only those that are placed there."
)
@click.option("--own", is_flag=True, help="Without the built-in ones.")
@click.option("--user", metavar="USER", help="Only those that this user can use.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_obj
def list_command(settings_file: str, level: str | None, own: bool, user: str | None, as_json: bool) -> None:  # noqa: FBT001 - passed by name
    """List the cover templates, the level that each is placed at, and how many users' faxes get it."""
    from postfax.chosen_template import policy_in, user_in
    from postfax.cover_templates import LevelKind, placed_templates, usable_by

    policy = policy_in(settings_file)
    templates = placed_templates(policy)
    if own:
        templates = [each for each in templates if each.kind is not LevelKind.BUILT_IN]
    if level:
        templates = [each for each in templates if each.kind == level.lower()]
    if user:
        somebody = user_in(policy, user)
        templates = [each for each in templates if usable_by(somebody, each)]
    if as_json:
        print_json([_plain(each) for each in templates])
        return
    columns = ("NAME", "LEVEL", "FILE", "NAMED IN", "USED BY")
    print_table(columns, map(_row, templates), folding=("FILE",))


def _row(template: "PlacedTemplate") -> tuple[str, ...]:
    from notify.wording import count

    used = count(len(template.users), "user") if template.users else "nobody"
    file = str(template.file) if template.file else template.description
    return template.name, template.level, file, template.where, used


def _plain(template: "PlacedTemplate") -> dict[str, Any]:
    return {
        "name": template.name,
        "kind": template.kind,
        "level": template.level,
        "file": str(template.file) if template.file else None,
        "named_in": template.where or None,
        "description": template.description or None,
        "users": template.users,
    }


@command.command("tokens", short_help="List what a template can say.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def tokens_command(as_json: bool) -> None:  # noqa: FBT001 - passed by name
    """List what a template can say, in both styles. The case of ~Token~ does not count."""
    from convert.cover_tokens import TOKENS

    if as_json:
        print_json(TOKENS)
        return
    rows = ((f"{{{{ {each.name} }}}}", f"~{each.field}~", each.meaning) for each in TOKENS)
    print_table(("IN JINJA", "IN WORD OR HTML", "MEANING"), rows, folding=("MEANING",))


@command.command("export", short_help="Write a built-in template, to make an own one from.")
@click.argument("name", metavar="NAME")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="The file; else it is printed.")
@click.option("--force", is_flag=True, help="Write over a file that is there.")
def export_command(name: str, output: Path | None, force: bool) -> None:  # noqa: FBT001 - passed by name
    """Write a built-in template (default, healthcare) as one HTML file, to make an own one from."""
    from convert.cover_export import exported
    from convert.templates import cover_templates

    try:
        text = exported(name.lower())
    except KeyError as problem:
        known = ", ".join(each.name for each in cover_templates())
        told = f"there is no built-in template {name}; there are {known}."
        raise Failure(told, ExitCode.NOT_FOUND) from problem
    if output is None:
        click.echo(text, nl=False)
        return
    if output.exists() and not force:
        raise Failure(f"{output} is there already; --force writes over it.")
    output.write_text(text, encoding="utf-8")
    click.echo(f"{output}: change it, then `postfax cover check {output}`")
