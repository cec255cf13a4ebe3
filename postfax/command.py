"""The `postfax` command.

Each subcommand is a module of its own in `postfax.commands`, imported only when it is called: `postfax
convert` must not pay for the service. A failure becomes one sentence on the error stream and an exit code
(`postfax.failures`); a traceback is for `--debug`.
"""

import importlib
import sys
from typing import Any

import click

from postfax.collector import collector_paused
from postfax.failures import ExitCode, Failure

SECTIONS: dict[str, dict[str, str]] = {
    "Run it": {
        "serve": "Run the service: take mail, place calls, send notices.",
        "check": "Check the settings and the policy without running anything.",
        "doctor": "Look at everything around the service, and say what to do.",
        "station": "Be the receiving end: answer calls and keep the pages.",
        "demo": "Watch a mail become a fax, everything on this machine.",
        "nodes": "List the processes of the service, on every host.",
        "backup": "Copy the book and its documents while they are in use.",
        "restore": "Put a backup back.",
        "migrate-book": "Copy the book into another database.",
        "migrate-bodies": "Move mails and documents into an object store.",
    },
    "Send": {
        "send": "Fax a mail file, or documents to a number.",
        "convert": "Make fax pages of documents, without sending them.",
        "cover": "See to the cover pages: list, preview, check, export.",
        "notice": "See what the mails to senders look like.",
    },
    "Follow": {
        "list": "List fax jobs.",
        "show": "Show everything about one fax job.",
        "call": "Write what went over the wire in a fax's calls.",
        "view": "Look at the pages of a fax.",
        "download": "Write the pages of a fax into a file.",
        "events": "Tell what happens to faxes, as it happens.",
        "stats": "Tell how the service stands.",
    },
    "Act": {
        "cancel": "Cancel fax jobs, one or many.",
        "resend": "Send faxes again, to the same number or another one.",
        "hold": "Keep faxes from being called.",
        "release": "Let held faxes be called.",
        "archive": "See how the archives stand; have copies tried again.",
    },
    "Look back": {
        "activity": "Search the faxes, and export what was found.",
        "report": "Report on times, failures, numbers and usage.",
        "cdr": "Write the call detail record of a month.",
        "refused": "List submissions that were refused at the door.",
        "quarantine": "See to automatic mail, which is not faxed.",
        "audit": "Show who did what, and when.",
        "retention": "Tell what was removed and what is kept; erase on request.",
    },
    "Set rules": {
        "policy": "Ask the policy what applies to whom, and why.",
        "config": "Print the reference of all settings, and their schema.",
        "user": "See to users: who they are, locks, passwords.",
        "welcome": "Send users a mail that says how to fax.",
        "blocklist": "See to the numbers that may not be faxed.",
        "line": "See to the telephone lines: list, show, hold, release, test.",
        "destination": "See to what calls have taught about numbers.",
    },
    "At hand": {
        "help": "List the commands with a line each, or tell of one.",
        "completion": "Make a shell complete commands and options.",
        "manual": "Write the manual pages.",
    },
}
"""The commands by what they are for, each with its line."""

COMMANDS: dict[str, str] = {name: line for section in SECTIONS.values() for name, line in section.items()}


def command_named(name: str) -> click.Command:
    """The command with this name, of `COMMANDS`; its module is loaded."""
    module = importlib.import_module(f"postfax.commands.{name.replace('-', '_')}")
    command: click.Command = module.command
    return command


class _Subcommands(click.Group):
    """Finds a subcommand's module by its name."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - as above
        if cmd_name not in COMMANDS:
            return None
        with collector_paused():  # what is loaded stays
            return command_named(cmd_name)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - as above
        with formatter.section("Commands"):
            formatter.write_dl([(name, ", ".join(section)) for name, section in SECTIONS.items()])
        formatter.write_paragraph()
        formatter.write_text("`postfax help` has a line for each, `postfax help COMMAND` all of one.")


_HELP = """Mail in, fax out. Commands that answer a question have a --json twin.
Exit codes: 0 done, 1 in part, 2 usage, 3 not found, 4 refused, 5 not reachable."""


@click.group(cls=_Subcommands, help=_HELP, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "-c", "--config", "settings_file", metavar="FILE", envvar="POSTFAX_CONFIG",
    default="/etc/postfax/postfax.yaml", help="The server's settings: /etc/postfax/postfax.yaml.",
)  # fmt: skip
@click.option("--debug", is_flag=True, help="Show the traceback of a failure.")
@click.version_option(package_name="postfax")
@click.pass_context
def postfax(ctx: click.Context, settings_file: str, debug: bool) -> None:  # noqa: ARG001, FBT001 - main() looks at debug
    """Mail in, fax out."""
    ctx.obj = settings_file


def main() -> None:
    """Run the command line; the entry point of the installed program."""
    try:
        status: Any = postfax.main(standalone_mode=False)
    except click.ClickException as mistake:
        mistake.show()
        sys.exit(ExitCode.USAGE)
    except (click.Abort, KeyboardInterrupt):
        sys.exit(130)  # 128 + SIGINT, as shells count
    except BrokenPipeError:
        sys.exit(141)  # 128 + SIGPIPE: whoever read us has gone
    except Exception as problem:  # the last place: a sentence, never a traceback
        if "--debug" in sys.argv:
            raise
        failure = _as_failure(problem)
        click.echo(f"postfax: {failure}", err=True)
        sys.exit(failure.exit_code)
    sys.exit(int(status) if isinstance(status, int) else ExitCode.DONE)


def _as_failure(problem: Exception) -> Failure:
    """The one place where the stages' exceptions become exit codes; imported only now that one has come."""
    from config.mistakes import ConfigError
    from convert.request import ConverterUnavailable
    from mta.smtp.places import ListenerError
    from notify.signing import SigningTrouble
    from sandbox import TaskFailed
    from store.errors import BodyMissing, BookAddressError, BookUnavailable, BookVersionError
    from transmit.engine.pool import EngineUnavailable
    from transmit.line import LineError

    match problem:
        case Failure():
            return problem
        case ConfigError():
            return Failure(f"the settings have mistakes:\n{problem}")
        case BookAddressError():
            return Failure(str(problem))
        case (
            BodyMissing()
            | BookUnavailable()
            | BookVersionError()
            | ConverterUnavailable()
            | EngineUnavailable()
            | LineError()
            | ListenerError()
            | SigningTrouble()
            | TaskFailed()
        ):
            return Failure(str(problem), ExitCode.UNREACHABLE)
        case OSError():
            return Failure(
                f"{problem.filename or 'the system'}: {problem.strerror or problem}.", ExitCode.UNREACHABLE
            )
    return Failure(
        f"a fault of our own: {problem!r}. Run it again with --debug to see where.", ExitCode.PARTLY
    )


if __name__ == "__main__":
    main()
