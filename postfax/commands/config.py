"""`postfax config`: what may be written in the settings and the policy, for people and for editors."""

import json

import click

from config.policy_file import PolicyFile
from config.reference import reference_of
from config.schema import schema_of
from config.section import Section
from config.server import ServerSettings

FILES: dict[str, tuple[type[Section], str]] = {
    "server": (ServerSettings, "The server's settings: /etc/postfax/postfax.yaml"),
    "policy": (PolicyFile, "The policy: a file of /etc/postfax/policy/"),
}
"""What each kind of file is as a whole, and what it is called."""


@click.group("config")
def command() -> None:
    """Print the reference of all settings, or their JSON Schema."""


@command.command("reference")
@click.option("--server", "only", flag_value="server", help="The server's settings alone.")
@click.option("--policy", "only", flag_value="policy", help="The policy alone.")
def reference_command(only: str | None) -> None:
    """Print every setting with a remark and its built-in value, as YAML.

    A file of it changes nothing: take from it what you want otherwise.
    """
    click.echo("\n".join(reference(kind) for kind in FILES if only in {None, kind}), nl=False)


@command.command("schema")
@click.argument("kind", metavar="server|policy", type=click.Choice(list(FILES)))
def schema_command(kind: str) -> None:
    """Print the JSON Schema (2020-12) by which editors complete and check YAML.

    Write it into a file, and begin the YAML with the line `# yaml-language-server: $schema=FILE`.
    """
    click.echo(schema(kind), nl=False)


def reference(kind: str) -> str:
    """The reference of the server's settings or of the policy."""
    model, title = FILES[kind]
    return f"# {title}\n\n{reference_of(model)}"


def schema(kind: str) -> str:
    """Their JSON Schema, as a text."""
    model, title = FILES[kind]
    return json.dumps(schema_of(model, title), indent=2, ensure_ascii=False) + "\n"
