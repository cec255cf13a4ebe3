"""`postfax serve`: the service in the foreground; systemd keeps it running."""

import click
import uvloop

from config.server import ServerSettings
from postfax.logging import configure
from postfax.opening import settings_in


@click.command("serve")
@click.option(
    "--allow-removal",
    is_flag=True,
    help="Let a changed policy take departments away together with their users.",
)
@click.pass_obj
def command(settings_file: str, allow_removal: bool) -> None:  # noqa: FBT001 - click passes it by name
    """Run the service: take mail, place calls, send notices.

    SIGTERM stops it: calls in progress have a minute to finish, and what is cut off is done again at the next
    start. A changed policy is taken over by itself, and after SIGHUP at once. One with mistakes changes
    nothing; one that would let users vanish with their department waits for `postfax policy approve`.
    """
    settings = settings_in(settings_file)
    configure(settings.log_format)
    uvloop.run(_serve(settings, allow_removal=allow_removal))


async def _serve(settings: ServerSettings, *, allow_removal: bool) -> None:
    from postfax.service import Service

    await Service(settings, allow_removal=allow_removal).run()
