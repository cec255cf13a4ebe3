"""`postfax help`: the commands with a line each, or one of them."""

import click

from config.values import did_you_mean
from postfax.command import SECTIONS
from postfax.failures import ExitCode, Failure


@click.command("help")
@click.argument("name", metavar="[COMMAND]", default="")
@click.pass_context
def command(context: click.Context, name: str) -> None:
    """List the commands with a line each, or tell of one."""
    root = context.find_root()
    group = root.command
    assert isinstance(group, click.Group)  # noqa: S101 - `postfax` is one
    if not name:
        click.echo(_listed())
        return
    found = group.get_command(root, name)
    if found is None:
        near = did_you_mean(name, group.list_commands(root))
        raise Failure(" ".join(filter(None, (f"there is no command {name};", near))), ExitCode.NOT_FOUND)
    with click.Context(found, info_name=name, parent=root) as of_it:
        click.echo(found.get_help(of_it))


def _listed() -> str:
    width = max(len(name) for section in SECTIONS.values() for name in section)
    blocks = []
    for title, section in SECTIONS.items():
        lines = [f"  {name:<{width}}  {line}" for name, line in section.items()]
        blocks.append("\n".join([f"{title}:", *lines]))
    return "\n\n".join(blocks)
