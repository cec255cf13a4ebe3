"""Values written as YAML, in one line or in several: what the editing commands put into a file."""

import json
import re
from collections.abc import Mapping

from config.places import Value

_PLAIN = re.compile(r"/?[^\W_](?:[\w .@+/()&'…–—›×*-]*[\w.)*-])?")
# What an editor that knows YAML 1.1 or 1.2 would take for something else than a text.
_OTHER = re.compile(
    r"(?:~|null|true|false|yes|no|on|off|y|n|[-+]?[0-9][0-9_,.:eExXoOa-fA-F+-]*|\.inf|\.nan)", re.IGNORECASE
)


def scalar(text: str | None) -> str:
    """A text, with quotes where it would be read as something else."""
    if text is None:
        return "~"
    if _PLAIN.fullmatch(text) and not _OTHER.fullmatch(text):
        return text
    escaped = json.dumps(text, ensure_ascii=False)
    return "".join(one if one.isprintable() else f"\\u{ord(one):04x}" for one in escaped)


def in_one_line(value: Value) -> str:
    """A value in one line: `{name: Ana Ruiz, email: ana@hospital.example}`."""
    match value:
        case dict():
            return f"{{{', '.join(f'{scalar(name)}: {in_one_line(item)}' for name, item in value.items())}}}"
        case list():
            return f"[{', '.join(map(in_one_line, value))}]"
        case _:
            return scalar(value)


def in_lines(value: Mapping[str, Value]) -> list[str]:
    """A table in lines: tables within it further in, and each item of a list in a line."""
    lines: list[str] = []
    for name, item in value.items():
        if isinstance(item, dict) and item:
            lines += [f"{scalar(name)}:", *(f"  {line}" for line in in_lines(item))]
        elif isinstance(item, list) and item:
            lines += [f"{scalar(name)}:", *(f"  - {in_one_line(one)}" for one in item)]
        else:
            lines.append(f"{scalar(name)}: {in_one_line(item)}")
    return lines
