"""`postfax manual`: the manual pages."""

from pathlib import Path

import click

from postfax.failures import Failure


@click.command("manual")
@click.argument("folder", type=click.Path(path_type=Path))
def command(folder: Path) -> None:
    """Write the manual pages into a FOLDER, as /usr/local/share/man/man1.

    Then there are `man postfax`, `man postfax-activity` and so on.
    """
    from postfax.manual import write_pages

    try:
        count = write_pages(folder)
    except OSError as problem:
        raise Failure(f"{problem.filename or folder} cannot be written: {problem.strerror}.") from problem
    click.echo(f"{folder}  {count} pages")
