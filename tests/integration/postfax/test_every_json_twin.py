"""Every command has a twin for programs, but those that show, run or print what is a document already."""

import click

from postfax.command import postfax

WITHOUT = {
    "serve", "station", "view", "help", "completion", "manual",
    "cover export", "archive schema", "config reference", "config schema", "blocklist export",
}  # fmt: skip


def without_json(command: click.Command, name: str, context: click.Context) -> set[str]:
    if isinstance(command, click.Group):
        inner = {each: command.get_command(context, each) for each in command.list_commands(context)}
        return {
            lacking
            for each, one in inner.items()
            if one
            for lacking in without_json(one, f"{name} {each}".strip(), click.Context(one, parent=context))
        }
    options = {option for parameter in command.params for option in parameter.opts}
    return set() if "--json" in options else {name}


def test_every_command_has_a_twin_for_programs() -> None:
    assert without_json(postfax, "", click.Context(postfax)) == WITHOUT
