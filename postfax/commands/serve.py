"""`postfax serve`: the service in the foreground; systemd keeps it running."""

from typing import Any

import click
import uvloop
from click import Context, Parameter

from config.monitoring import MonitoringSettings
from config.roles import Role
from config.server import ServerSettings
from config.values import HostPort, did_you_mean
from postfax.logging import configure
from postfax.opening import settings_in


class _Roles(click.ParamType[tuple[Role, ...]]):
    """Roles with commas between them."""

    name = "roles"

    def convert(self, value: Any, param: Parameter | None, ctx: Context | None) -> tuple[Role, ...]:
        known = [role.value for role in Role]
        named = [part.strip().lower() for part in value.split(",") if part.strip()]
        for name in named:
            if name not in known:
                hint = did_you_mean(name, known) or f"there are {', '.join(known)}."
                self.fail(f"there is no role {name}; {hint}", param, ctx)
        if not named:
            self.fail(f"name at least one of {', '.join(known)}.", param, ctx)
        return tuple(role for role in Role if role.value in named)


class _Address(click.ParamType[HostPort]):
    """HOST:PORT."""

    name = "address"

    def convert(self, value: Any, param: Parameter | None, ctx: Context | None) -> HostPort:
        host, colon, port = value.rpartition(":")
        if not colon or not port.isdecimal() or int(port) > 65535:  # noqa: PLR2004 - the last port
            self.fail(f"'{value}' is no address such as 127.0.0.1:9090.", param, ctx)
        return HostPort(host.strip("[]"), int(port))


@click.command("serve")
@click.option(
    "--roles",
    type=_Roles(),
    metavar="ROLE,...",
    help="What this process does: mta, convert, transmit, notify, archive. By default what `roles` in the "
    "settings says, which is everything.",
)
@click.option(
    "--monitoring",
    type=_Address(),
    metavar="HOST:PORT",
    help="Where it answers programs that watch it, in place of monitoring.listen: several processes on one "
    "host need an address each.",
)
@click.option(
    "--allow-removal",
    is_flag=True,
    help="Let a changed policy take departments away together with their users.",
)
@click.pass_obj
def command(
    settings_file: str, *, roles: tuple[Role, ...] | None, monitoring: HostPort | None, allow_removal: bool
) -> None:
    """Run the service: take mail, place calls, send notices.

    SIGTERM stops it: calls in progress have a minute to finish, and what is cut off is done again at the next
    start. A changed policy is taken over by itself, and after SIGHUP at once. One with mistakes changes
    nothing; one that would let users vanish with their department waits for `postfax policy approve`.

    With roles, several processes share the work, on this host or on others over a book in PostgreSQL: see
    `postfax nodes`.
    """
    settings = settings_in(settings_file)
    if roles:
        settings = settings.model_copy(update={"roles": roles})
    if monitoring:
        settings = settings.model_copy(update={"monitoring": _listening(settings.monitoring, monitoring)})
    configure(settings.log_format)
    uvloop.run(_serve(settings, allow_removal=allow_removal))


def _listening(settings: MonitoringSettings, address: HostPort) -> MonitoringSettings:
    return settings.model_copy(update={"listen": address})


async def _serve(settings: ServerSettings, *, allow_removal: bool) -> None:
    from postfax.service import Service

    await Service(settings, allow_removal=allow_removal).run()
