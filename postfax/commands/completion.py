"""`postfax completion`: what a shell has to load so that it completes commands, options and values."""

import click
from click.shell_completion import get_completion_class

from postfax.failures import ExitCode, Failure

_VARIABLE = "_POSTFAX_COMPLETE"


_HELP = """Print what makes a shell complete the `postfax` command.

\b
bash  postfax completion bash > /etc/bash_completion.d/postfax
zsh   postfax completion zsh > "${fpath[1]}/_postfax"
fish  postfax completion fish > ~/.config/fish/completions/postfax.fish
"""


@click.command("completion", help=_HELP)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def command(shell: str) -> None:
    """Print what makes a shell complete the `postfax` command."""
    click.echo(script(shell), nl=False)


def script(shell: str) -> str:
    """The script of a shell. It asks the program itself, and so knows every command and option.

    Raises:
        Failure: There is none for this shell.
    """
    from postfax.command import postfax

    completion = get_completion_class(shell)
    if completion is None:
        raise Failure(f"there is no completion for {shell}.", ExitCode.USAGE)
    text = completion(postfax, {}, "postfax", _VARIABLE).source_template
    names = {
        "complete_func": "_postfax_completion",
        "complete_var": _VARIABLE,
        "prog_name": "postfax",
    }
    return (text % names) + "\n"
