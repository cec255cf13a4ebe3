"""`postfax user`: who may send faxes, who may not for the time being, and the passwords.

roster    who there is
locks     who may not send
changes   users come, move and go: in the policy's files
password  what they log in with
accounts  what all of these have in common
"""

import click

from postfax.commands.user import changes, locks, password, roster


@click.group("user")
def command() -> None:
    """See to users: who they are, locks, passwords.

    USER is an account address, or one that the user sends from.
    """


for part in (
    roster.list_command,
    roster.show_command,
    locks.lock_command,
    locks.unlock_command,
    changes.add_command,
    changes.move_command,
    changes.delete_command,
    password.command,
):
    command.add_command(part)
