"""`postfax nodes`: the processes that work on the book, and what each has in hand."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import click

from config.roles import Role
from config.server import ServerSettings
from postfax.commands.deeds import Deeds, json_option
from postfax.failures import ExitCode, Failure
from postfax.opening import make_book, now, run, settings_in
from postfax.terminal import age, print_json, print_table
from store.node import InHand, Node, NodeState
from store.owner import is_gone


@click.group("nodes", invoke_without_command=True)
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_context
def command(context: click.Context, *, as_json: bool) -> int:
    """List the processes of the service: roles, state, calls and work in hand.

    A node tells of itself every 15 seconds. It is late after a minute of silence, and gone when its process
    has ended or it was silent for `lost_after`: then others take over. Ends with 1 where one is not running,
    or a role is nobody's.
    """
    if context.invoked_subcommand:
        return ExitCode.DONE
    settings = settings_in(context.obj)
    nodes, moment = run(_nodes(settings)), now()
    states = [(node, node.state(moment, settings.lost_after, is_gone)) for node in nodes]
    missing = _missing(states)
    if as_json:
        print_json(
            {"nodes": [_plain(node, state) for node, state in states], "roles_without_a_node": missing}
        )
    else:
        _print(states, moment)
        for role in missing if states else ():
            click.echo(f"no node does {role}: start `postfax serve --roles {role}` on a host", err=True)
    running = all(state is NodeState.RUNNING for _, state in states)
    return ExitCode.DONE if running and not missing else ExitCode.PARTLY


@command.command("forget")
@click.argument("name")
@click.option("--force", is_flag=True, help="Although it is running, or only late.")
@json_option
@click.pass_obj
def forget_command(settings_file: str, name: str, *, force: bool, as_json: bool) -> None:
    """Say that a node will not come back: what it has in hand is given back now, and its calls placed anew.

    NAME is as `postfax nodes` has it, or a host, for all that are gone there. Without this, others take over
    after `lost_after`.
    """
    settings = settings_in(settings_file)
    forgotten = run(_forget(settings, name, force=force))
    deeds = Deeds(as_json=as_json)
    for node, interrupted in forgotten:
        calls = f"; {interrupted} of its faxes are called anew" if interrupted else ""
        deeds.tell(node.name, f"{node.name} is forgotten{calls}", called_anew=interrupted)
    deeds.end()


async def _nodes(settings: ServerSettings) -> tuple[Node, ...]:
    async with make_book(settings) as book:
        return await book.nodes()


async def _forget(settings: ServerSettings, name: str, *, force: bool) -> list[tuple[Node, int]]:
    async with make_book(settings) as book:
        moment = now()
        known = await book.nodes()
        named = [node for node in known if name in {node.name, node.host}]
        if not named:
            there = ", ".join(node.name for node in known)
            raise Failure(f"there is no node {name}; {f'there are {there}.' if there else 'there is none.'}",
                          ExitCode.NOT_FOUND)  # fmt: skip
        gone = [node for node in named if force or _is_gone(node, moment, settings)]
        if not gone:
            raise Failure(
                f"{name} is not gone: its calls would be placed a second time while it goes on with them. "
                "Stop it, or say --force if it is surely dead.",
                ExitCode.REFUSED,
            )
        return [(node, len(await book.forget_node(node.owner))) for node in gone]


def _is_gone(node: Node, moment: datetime, settings: ServerSettings) -> bool:
    return node.state(moment, settings.lost_after, is_gone) is NodeState.GONE


def _missing(states: Sequence[tuple[Node, NodeState]]) -> list[str]:
    """Roles that no node does that is not gone."""
    done = {role for node, state in states if state is not NodeState.GONE for role in node.facts.roles}
    return [role.value for role in Role if role.value not in done]


def _print(states: Sequence[tuple[Node, NodeState]], moment: datetime) -> None:
    if not states:
        click.echo("no node is running: start `postfax serve`")
        return
    print_table(
        ("NODE", "STATE", "ROLES", "UP", "HEARD", "CALLS", "IN HAND", "VERSION"),
        (
            (
                node.name,
                state.value,
                _roles(node),
                age(node.since, moment),
                f"{age(node.heard_at, moment)} ago",
                str(node.in_hand.calls),
                "; ".join((*_in_hand(node.in_hand), *_lines_down(node))) or "–",
                node.facts.version,
            )
            for node, state in states
        ),
        folding=("ROLES", "IN HAND"),
        to_the_right=("CALLS",),
    )


def _roles(node: Node) -> str:
    return "all" if len(node.facts.roles) == len(Role) else ", ".join(node.facts.roles)


def _in_hand(has: InHand) -> list[str]:
    counted = ((has.mails, "mail"), (has.notices, "notice"), (has.copies, "copy"))
    words = [f"{number} {_plural(noun) if number > 1 else noun}" for number, noun in counted if number]
    return [*words, *has.duties]


def _plural(noun: str) -> str:
    return {"copy": "copies"}.get(noun, f"{noun}s")


def _lines_down(node: Node) -> list[str]:
    return [f"line {line} is down: {why}" for line, why in sorted(node.facts.lines_down.items())]


def _plain(node: Node, state: NodeState) -> dict[str, Any]:
    has = node.in_hand
    return {
        "name": node.name,
        "host": node.host,
        "state": state.value,
        "roles": node.facts.roles,
        "version": node.facts.version,
        "since": node.since,
        "heard_at": node.heard_at,
        "calls": has.calls,
        "mails": has.mails,
        "notices": has.notices,
        "copies": has.copies,
        "duties": has.duties,
        "lines_down": dict(node.facts.lines_down),
    }
