"""`postfax policy import`: users from a table into the policy."""

import sys
from pathlib import Path
from typing import Any

import click

from config.editing import CannotEdit, NewUser, add_users
from config.policy import policy_files, read_policy
from config.server import ServerSettings, read_server_settings
from config.users_csv import Department, UserTable, users_in
from config.yaml_text import in_lines
from notify.wording import count
from postfax.failures import ExitCode, Failure
from postfax.terminal import print_json


@click.command("import")
@click.argument("table_file", metavar="USERS.csv", type=click.Path(path_type=Path, allow_dash=True))
@click.option(
    "--into", type=click.Path(path_type=Path), metavar="FILE", help="Write into a file of the policy."
)
@click.option("--json", "as_json", is_flag=True, help="For programs: how many, and the YAML.")
@click.pass_obj
def command(settings_file: str, table_file: Path, into: Path | None, *, as_json: bool) -> None:
    """Make users of a table, as YAML on standard output, or into a file of the policy.

    The first row names the columns, in any order: name, email, department (A › B or A/B), sending_emails
    (several with spaces between; none for log-in only), title, phone, fax, address, custom:NAME. UTF-8; with
    commas, semicolons or tabs.

    Nothing is written if a row has a mistake. Users whom the policy has already are left out, so that the
    same table may come again. What else stands in FILE stays as it is.
    """
    server = read_server_settings(Path(settings_file)) if Path(settings_file).exists() else None
    path = _policy_path(server, into)
    policy = read_policy(path, lines=server.lines if server else None) if path else None
    table = users_in(_text(table_file), policy)
    if table.mistakes:
        raise Failure(f"{table_file} has mistakes; nothing was written:\n" + "\n".join(table.mistakes))
    if into and path:
        _write(path, into, table, server)
    if as_json:
        counted = {"users": _new(table), "already_there": len(table.there), "written_into": into}
        print_json({**counted, "yaml": None if into else _yaml(table.users)})
        return
    if not into:
        click.echo(_yaml(table.users), nl=False)
    _tell(table, into)


def _policy_path(server: ServerSettings | None, into: Path | None) -> Path | None:
    """The policy that the users come into: the server's, or the file alone if it is no part of that."""
    if server and server.policy.exists():
        files = {file.resolve() for file in policy_files(server.policy)}
        if into is None or into.resolve() in files:
            return server.policy
    if into and not into.exists():
        raise Failure(
            f"{into} is not there. Begin it with `company: …` or `departments:`.", ExitCode.NOT_FOUND
        )
    return into


def _text(file: Path) -> str:
    try:
        octets = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
        return octets.decode("utf-8-sig")
    except OSError as problem:
        raise Failure(f"{file} cannot be read: {problem.strerror}.", ExitCode.NOT_FOUND) from problem
    except UnicodeDecodeError as problem:
        line = problem.object[: problem.start].count(b"\n") + 1
        raise Failure(f"{file} is not UTF-8 (row {line}); save it as CSV in UTF-8.") from problem


def _write(path: Path, into: Path, table: UserTable, server: ServerSettings | None) -> None:
    if not table.users:
        return
    lines = server.lines if server else None
    there = next((file for file in policy_files(path) if file.resolve() == into.resolve()), into)
    try:
        add_users(path, table.users, into=there, lines=lines, create=True)
    except CannotEdit as problem:
        raise Failure(str(problem)) from problem


def _yaml(users: dict[Department, list[NewUser]]) -> str:
    tree: dict[str, Any] = {}
    for department, entries in users.items():
        place = tree
        for name in department:
            place = place.setdefault("departments", {}).setdefault(name, {})
        place["users"] = [user.as_written() for user in entries]
    return "".join(f"{line}\n" for line in in_lines(tree))


def _new(table: UserTable) -> int:
    return sum(map(len, table.users.values()))


def _tell(table: UserTable, into: Path | None) -> None:
    new = _new(table)
    told = [f"{count(new, 'user')} written into {into}" if into else f"{count(new, 'user')} to be written"]
    if table.there:
        told.append(f"{count(len(table.there), 'user')} already there")
    click.echo("; ".join(told), err=True)
