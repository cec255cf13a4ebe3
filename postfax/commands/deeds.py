"""What a command changed: told to people as it goes, and to programs at its end."""

from typing import Any

import click

from postfax.terminal import print_json

json_option = click.option("--json", "as_json", is_flag=True, help="For programs.")


class Deeds:
    """Each thing that a command was to change, with what it came to."""

    def __init__(self, *, as_json: bool) -> None:
        self._as_json = as_json
        self._told: list[dict[str, Any]] = []

    def tell(self, about: str, words: str, *, changed: bool = True, **facts: Any) -> None:
        """Tell what it came to for one thing.

        Args:
            about: A user, a line, a number, a node.
            words: The sentence for people, `detail` for programs.
            changed: Whether anything was.
            facts: What programs get beside these.
        """
        self._told.append({"about": about, "changed": changed, "detail": words, **facts})
        if not self._as_json:
            click.echo(words)

    def add(self, words: str, **facts: Any) -> None:
        """Tell something more of what was told last."""
        self._told[-1] |= facts
        if words and not self._as_json:
            click.echo(words)

    def end(self) -> None:
        """Tell programs."""
        if self._as_json:
            print_json(self._told)
