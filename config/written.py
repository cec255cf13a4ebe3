"""Values as they would stand in a file: the reverse of reading them."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from config.inheritance import SettingPath
from config.section import Section
from config.values import HostPort, UnixSocket, duration_text


def written(value: Any) -> str:  # noqa: PLR0911 - one for each kind
    """A value as it would stand in a file, without the quotes that YAML may want."""
    match value:
        case None | "":
            return "~" if value is None else "''"
        case bool():
            return "true" if value else "false"
        case timedelta():
            return duration_text(value)
        case HostPort() | UnixSocket():
            return str(value)
        case tuple() | list():
            return f"[{', '.join(written(item) for item in value)}]"
        case dict():
            return f"{{{', '.join(f'{name}: {written(item)}' for name, item in value.items())}}}"
        case _:
            return str(value)


def leaves(value: Any, above: SettingPath = ()) -> Iterator[tuple[SettingPath, Any]]:
    """Every single value of a section with the path to it, in the order of the reference."""
    if isinstance(value, Section):
        for name in type(value).model_fields:
            yield from leaves(getattr(value, name), (*above, name))
    elif isinstance(value, dict) and value:
        for name, item in value.items():
            yield from leaves(item, (*above, name))
    else:
        yield above, value
