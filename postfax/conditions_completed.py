"""What a shell offers while somebody writes a condition or the name of a saved query."""

import click
from click.shell_completion import CompletionItem

from postfax.conditions import FIELDS
from postfax.failures import Failure
from postfax.saved_queries import saved_queries
from store.activity import Field
from store.lifecycle import JobState
from store.status import Status

_VALUES = {
    Field.STATUS: tuple(status.value for status in Status),
    Field.STATE: tuple(state.value for state in JobState),
}


def complete_condition(_: click.Context, __: click.Parameter, begun: str) -> list[CompletionItem]:
    """Fields, and behind one with few values these."""
    name, comparison, value = begun.partition("=")
    if not comparison:
        return [
            CompletionItem(f"{field.value}=", help=what)
            for field, what in FIELDS.items()
            if field is not Field.CUSTOM and field.value.startswith(name.lower())
        ]
    known = {field.value: values for field, values in _VALUES.items()}.get(name.lower(), ())
    return [
        CompletionItem(f"{name}={word}") for word in known if word.casefold().startswith(value.casefold())
    ]


def complete_query(_: click.Context, __: click.Parameter, begun: str) -> list[CompletionItem]:
    """Names of saved queries."""
    try:
        return [CompletionItem(name) for name in saved_queries() if name.startswith(begun)]
    except (Failure, OSError):
        return []  # whoever asks for one is told
