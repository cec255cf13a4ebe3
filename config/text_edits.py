"""Users put into the text of a policy's file, or taken out of it, and nothing else touched: pure."""

import re
from collections.abc import Sequence

from config.layout import Entry, Span, layout_of
from config.places import Value
from config.yaml_text import in_lines, in_one_line

Department = tuple[str, ...]
"""Names from the top down; empty for the company itself."""


class UnusualLayout(ValueError):  # noqa: N818 - named as what was found
    """The text cannot be changed by program; the offset of the place is in `args`."""


def insert_users(text: str, department: Department, entries: Sequence[dict[str, Value]]) -> str:
    """The text with users at the end of a department's list; what is missing of the department is made."""
    table = layout_of(text)
    missing: Department = ()
    entry: Entry | None = None
    for index, name in enumerate(department):
        inner = table.names.get("departments")
        if inner is None or name not in inner.value.names:
            missing = department[index:]
            break
        entry = inner.value.names[name]
        table = entry.value
    new: dict[str, Value] = {"users": list(entries)}
    for name in reversed(missing):
        new = {"departments": {name: new}}
    return _said_too(text, entry, table, new)


def _said_too(text: str, above: Entry | None, table: Span, new: dict[str, Value]) -> str:
    """The text with something more in a table: into what stands there under the name, or under a new one."""
    [(name, value)] = new.items()
    there = table.names.get(name)
    if there is None:
        return _appended(text, above, table, new)
    if isinstance(value, dict):
        return _appended(text, there, there.value, value)
    items = value if isinstance(value, list) else []
    if there.value.empty:
        lines = [f"- {in_one_line(item)}" for item in items]
        return _below(text, there, table, lines)
    if there.value.kind != "list":
        raise UnusualLayout(there.value.start)
    return _more_items(text, there.value, [in_one_line(item) for item in items])


def _appended(text: str, above: Entry | None, table: Span, new: dict[str, Value]) -> str:
    """The text with a new name at the end of a table."""
    if table.empty and above:
        return _below(text, above, None, in_lines(new))
    if table.kind != "table":
        raise UnusualLayout(table.start)
    if not table.flow:
        return _after_line(text, table.end, _indented(in_lines(new), table.column))
    written = in_one_line(new)[1:-1]
    last = max((entry.value.end for entry in table.names.values()), default=table.start + 1)
    return _spliced(text, last, last, f", {written}" if table.names else written)


def _below(text: str, above: Entry, table: Span | None, lines: list[str]) -> str:
    """The text with lines below a name behind which nothing stands."""
    if table is not None and table.flow:
        raise UnusualLayout(above.name.start)
    return _after_line(text, above.name.end, _indented(lines, above.name.column + 2))


def _more_items(text: str, users: Span, items: list[str]) -> str:
    last = users.items[-1] if users.items else None
    if not users.flow:
        return _after_line(text, users.end, _indented([f"- {item}" for item in items], users.column))
    if last is None:
        return _spliced(text, users.start + 1, users.start + 1, ", ".join(items))
    begun = _line_start(text, last.start)
    indent = text[begun : last.start]
    if indent.strip():
        return _spliced(text, last.end, last.end, "".join(f", {item}" for item in items))
    comma = re.compile(r"\s*,").match(text, last.end)
    text = text if comma else _spliced(text, last.end, last.end, ",")
    lines = [f"{indent}{item}," for item in items]
    lines[-1] = lines[-1] if comma else lines[-1][:-1]
    return _after_line(text, comma.end() if comma else last.end + 1, lines)


def remove_user(text: str, department: Department, position: int) -> str:
    """The text without a user; comments in lines of their own stay."""
    users = _users(text, department)
    item = users.items[position]
    if users.flow:
        return _without_piece(text, users, position)
    begun, end = _line_start(text, item.start), _line_end(text, item.end)
    if not re.fullmatch(r"[ \t]*-[ \t]+", text[begun : item.start]):
        raise UnusualLayout(item.start)
    return _spliced(text, begun, end, "")


def _without_piece(text: str, users: Span, position: int) -> str:
    item = users.items[position]
    if position + 1 < len(users.items):
        return _spliced(text, item.start, users.items[position + 1].start, "")
    if position == 0:
        return _spliced(text, item.start, item.end, "")
    before = users.items[position - 1].end
    between = text[before : item.start]
    return _spliced(text, before, item.end, between.replace(",", "", 1).rstrip(" ") if "#" in between else "")


def _users(text: str, department: Department) -> Span:
    table = layout_of(text)
    for name in department:
        table = table.names["departments"].value.names[name].value
    users = table.names["users"].value
    if users.kind != "list":
        raise UnusualLayout(users.start)
    return users


def _indented(lines: list[str], column: int) -> list[str]:
    return [f"{' ' * column}{line}" for line in lines]


def _after_line(text: str, offset: int, lines: list[str]) -> str:
    """The text with lines below the one that an offset is in."""
    end = _line_end(text, offset)
    ending = "\r\n" if "\r\n" in text else "\n"
    first = "" if end and text[end - 1] == "\n" else ending
    return _spliced(text, end, end, first + "".join(f"{line}{ending}" for line in lines))


def _line_start(text: str, offset: int) -> int:
    return text.rfind("\n", 0, offset) + 1


def _line_end(text: str, offset: int) -> int:
    """Behind the line feed of the line that an offset is in, or the end of the text."""
    found = text.find("\n", offset)
    return len(text) if found < 0 else found + 1


def _spliced(text: str, start: int, end: int, new: str) -> str:
    return f"{text[:start]}{new}{text[end:]}"
