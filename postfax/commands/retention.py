"""`postfax retention`: what was removed and what is kept, and erasing on request."""

import click

from postfax.commands import retention_erase, retention_report


@click.group("retention")
def command() -> None:
    """Tell what was removed and what is kept; erase on request."""


for _module in (retention_report, retention_erase):
    command.add_command(_module.command)
