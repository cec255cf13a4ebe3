"""`postfax nodes`, and what `postfax serve --roles` takes."""

import asyncio
from datetime import timedelta
from pathlib import Path

import click
import pytest
from command_line import CommandLine

from config.server import ServerSettings
from postfax.commands import serve
from postfax.failures import ExitCode
from postfax.opening import documents_folder, now, settings_in
from store.book import Book
from store.node import NodeFacts
from store.owner import this_process

ROLES = ("mta", "convert", "transmit", "notify", "archive")
AFTER_LOST = timedelta(minutes=11)


@pytest.fixture
def postfax(tmp_path: Path) -> CommandLine:
    return CommandLine(tmp_path)


def tell(
    postfax: CommandLine,
    owner: str,
    roles: tuple[str, ...] = ROLES,
    *,
    ago: timedelta = timedelta(),
    duty: str = "",
    **down: str,
) -> None:
    """Have a node tell of itself."""

    async def telling() -> None:
        settings = settings_in(str(postfax.settings_file))
        documents = documents_folder(settings)
        async with Book(settings.store, documents, owner=owner, clock=lambda: now() - ago) as book:
            await book.announce_node(NodeFacts(roles=roles, version="1.2.3", lines_down=down))
            if duty:
                await book.claim_duty(duty, timedelta(hours=1))

    asyncio.run(telling())


def test_nodes_are_listed_with_what_they_do(postfax: CommandLine) -> None:
    tell(postfax, this_process(), duty="housekeeping")
    tell(postfax, "beta/7/1.1", ("convert", "transmit"), main="no answer")
    said = postfax("nodes")
    assert said.code == ExitCode.DONE
    heading, beta, own = said.out.splitlines()
    assert heading.split() == ["NODE", "STATE", "ROLES", "UP", "HEARD", "CALLS", "IN", "HAND", "VERSION"]
    assert beta.startswith("beta/7 ")
    assert "convert, transmit" in beta
    assert "line main is down: no answer" in beta
    assert " all " in own
    assert "housekeeping" in own
    told = postfax("nodes", "--json").json
    assert told["roles_without_a_node"] == []
    assert [(node["name"], node["state"], node["version"]) for node in told["nodes"]] == [
        ("beta/7", "running", "1.2.3"),
        (this_process().rpartition("/")[0], "running", "1.2.3"),
    ]
    assert told["nodes"][1]["duties"] == ["housekeeping"]


def test_a_node_that_is_gone_and_a_role_that_nobody_does_are_said(postfax: CommandLine) -> None:
    tell(postfax, "alpha/7/1.1", ("mta", "convert", "transmit"))
    tell(postfax, "beta/7/1.1", ("notify", "archive"), ago=AFTER_LOST)
    tell(postfax, "gamma/7/1.1", ("notify",), ago=timedelta(minutes=2))
    said = postfax("nodes", "--json")
    assert said.code == ExitCode.PARTLY
    assert [node["state"] for node in said.json["nodes"]] == ["running", "gone", "late"]
    assert said.json["roles_without_a_node"] == ["archive"]


def test_without_a_node_the_list_says_so(postfax: CommandLine) -> None:
    said = postfax("nodes")
    assert (said.code, said.out) == (ExitCode.PARTLY, "no node is running: start `postfax serve`\n")


def test_a_node_is_forgotten_only_if_it_is_gone_or_by_force(postfax: CommandLine) -> None:
    tell(postfax, "alpha/7/1.1")
    tell(postfax, "beta/7/1.1", ago=AFTER_LOST)
    refused = postfax("nodes", "forget", "alpha/7")
    assert refused.code == ExitCode.REFUSED
    assert refused.failure.startswith("alpha/7 is not gone: ")
    assert postfax("nodes", "forget", "beta").out == "beta/7 is forgotten\n"
    unknown = postfax("nodes", "forget", "beta")
    assert (unknown.code, unknown.failure) == (
        ExitCode.NOT_FOUND,
        "there is no node beta; there are alpha/7.",
    )
    assert postfax("nodes", "forget", "alpha/7", "--force").code == ExitCode.DONE
    assert postfax.of_book(lambda book: book.nodes()) == ()


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> list[ServerSettings]:
    """What the service would be started with."""
    found: list[ServerSettings] = []

    async def note(settings: ServerSettings, *, allow_removal: bool) -> None:
        assert not allow_removal
        found.append(settings)

    monkeypatch.setattr(serve, "_serve", note)
    return found


def test_roles_are_those_of_the_option_or_of_the_settings(
    postfax: CommandLine, served: list[ServerSettings]
) -> None:
    postfax("serve")
    postfax("serve", "--roles", "transmit,MTA", "--monitoring", "[::1]:9091")
    with postfax.settings_file.open("a") as settings:
        settings.write("roles: [notify]\n")
    postfax("serve")
    assert [settings.roles for settings in served] == [ROLES, ("mta", "transmit"), ("notify",)]
    assert str(served[1].monitoring.listen) == "[::1]:9091"


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        ("--roles", "transmitt", "there is no role transmitt; did you mean transmit?"),
        ("--roles", ",", "name at least one of mta, convert, transmit, notify, archive."),
        ("--monitoring", "9091", "'9091' is no address such as 127.0.0.1:9090."),
    ],
)
def test_what_is_no_role_and_no_address_is_said(
    postfax: CommandLine, served: list[ServerSettings], option: str, value: str, said: str
) -> None:
    with pytest.raises(click.BadParameter, match=said.replace("?", r"\?")):
        postfax("serve", option, value)
    assert served == []
