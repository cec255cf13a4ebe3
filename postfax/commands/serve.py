"""`postfax serve`: the service in the foreground; systemd keeps it running."""

import click
import uvloop

from config.server import ServerSettings
from postfax.logging import configure
from postfax.opening import settings_in


@click.command("serve")
@click.pass_obj
def command(settings_file: str) -> None:
    """Run the service: take mail, place calls, send notices.

    SIGTERM stops it: calls in progress have a minute to finish, and what is cut off is done again at the next
    start. SIGHUP reads the policy again; one with mistakes changes nothing.
    """
    settings = settings_in(settings_file)
    configure(settings.log_format)
    uvloop.run(_serve(settings))


async def _serve(settings: ServerSettings) -> None:
    from postfax.service import Service

    await Service(settings).run()
