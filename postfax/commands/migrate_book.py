"""`postfax migrate-book`: copies the book into another database."""

import click

from notify.wording import count
from postfax.failures import ExitCode, Failure
from postfax.how_far import clear, tell
from postfax.terminal import print_json
from store.address import shown
from store.copy_ends import copy
from store.copying import Copied, CopyDiffers, CopyRefused


@click.command("migrate-book")
@click.argument("source", metavar="FROM")
@click.argument("target", metavar="TO")
@click.option("--anew", is_flag=True, help="Begin again with a copy that was begun.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def command(source: str, target: str, anew: bool, as_json: bool) -> int:  # noqa: FBT001 - options, by name
    """Copy a whole book into another database, and compare both.

    FROM and TO are addresses as `store` of the settings has them: sqlite:PATH, or
    postgresql://USER@HOST/DATABASE. Stop the service before. A copy that is broken off goes on where it was
    when the command is run again. FROM is left as it is, and so are the documents: their folder stays.
    Exit code 0 if the copy is whole and the same, 1 if it is not the same, 4 if nothing was copied.
    """
    try:
        copied = copy(source, target, tell, anew=anew)
    except CopyRefused as problem:
        raise Failure(str(problem)) from None
    except CopyDiffers as problem:
        raise Failure(str(problem), ExitCode.PARTLY) from None
    finally:
        clear()
    if as_json:
        print_json({"target": shown(target), "before": copied.before, "rows": dict(copied.rows)})
    else:
        click.echo(_sentence(source, target, copied))
    return ExitCode.DONE


def _sentence(source: str, target: str, copied: Copied) -> str:
    rows, old = copied.rows, shown(source)
    before = f" ({copied.before:,} were there)" if copied.before else ""
    faxes = "1 fax" if rows["jobs"] == 1 else f"{rows['jobs']:,} faxes"
    return (
        f"{shown(target)} has all of {old}: {count(rows['mails'], 'mail')} with {faxes}, "
        f"{sum(rows.values()):,} rows{before}, compared row by row.\n"
        f"Now set `store` in the settings to it, start the service, and keep {old} for a while."
    )
