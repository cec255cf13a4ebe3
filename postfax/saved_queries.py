"""Queries that a person saved under a name: `~/.config/postfax/queries.json`, theirs alone.

They are kept as they were written, so that `--since 7d` is about the last seven days whenever it is asked.
"""

import json
import os
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from config.values import did_you_mean
from postfax.failures import ExitCode, Failure

MOST = 100
_NAME = re.compile(r"[\w][\w. -]{0,39}")


@dataclass(frozen=True, kw_only=True, slots=True)
class SavedQuery:
    """What was asked, as it was written."""

    since: str = ""
    until: str = ""
    failed: bool = False
    unfinished: bool = False
    where: tuple[str, ...] = ()
    zone: str = ""
    columns: tuple[str, ...] = ()
    rows: int = 0
    """0 where it was not said."""


def queries_file(environment: Mapping[str, str] = os.environ) -> Path:
    """Where they are kept."""
    own = environment.get("XDG_CONFIG_HOME", "")
    return (Path(own) if own.startswith("/") else Path.home() / ".config") / "postfax" / "queries.json"


def saved_queries(file: Path | None = None) -> dict[str, SavedQuery]:
    """All of them, by name.

    Raises:
        Failure: The file cannot be read, or is not ours any more.
    """
    place = file or queries_file()
    try:
        kept: dict[str, dict[str, Any]] = json.loads(place.read_text(encoding="utf-8"))
        return {name: _read(query) for name, query in sorted(kept.items())}
    except FileNotFoundError:
        return {}
    except OSError as problem:
        raise Failure(f"{place} cannot be read: {problem.strerror}.") from problem
    except (ValueError, TypeError, AttributeError) as problem:
        raise Failure(f"{place} holds no saved queries: {problem}. Mend it, or remove it.") from problem


def _read(query: dict[str, Any]) -> SavedQuery:
    known = {each.name for each in fields(SavedQuery)}
    said: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in query.items()
    }
    return SavedQuery(**{name: value for name, value in said.items() if name in known})


def saved_query(name: str, file: Path | None = None) -> SavedQuery:
    """The one of this name.

    Raises:
        Failure: There is none.
    """
    found = saved_queries(file)
    if name in found:
        return found[name]
    guess = did_you_mean(name, list(found))
    known = f"there are {', '.join(found)}" if found else "save one with `postfax activity … --save NAME`"
    raise Failure(
        f"there is no saved query '{name}': {guess or known}.".replace("?.", "?"), ExitCode.NOT_FOUND
    )


def save_query(name: str, query: SavedQuery, file: Path | None = None) -> bool:
    """Keep a query under a name; whether another one had the name before.

    Raises:
        Failure: It is no name, there are too many, or the file cannot be written.
    """
    if not _NAME.fullmatch(name):
        raise Failure(
            f"'{name}' is no name for a query: letters, digits, spaces, dots, dashes.", ExitCode.USAGE
        )
    found = saved_queries(file)
    known = name in found
    if not known and len(found) >= MOST:
        raise Failure(f"there are {MOST} saved queries already; remove one with --forget.")
    _write(found | {name: query}, file)
    return known


def forget_query(name: str, file: Path | None = None) -> None:
    """Remove the one of this name.

    Raises:
        Failure: There is none, or the file cannot be written.
    """
    saved_query(name, file)
    found = saved_queries(file)
    del found[name]
    _write(found, file)


def _write(queries: Mapping[str, SavedQuery], file: Path | None) -> None:
    place = file or queries_file()
    text = json.dumps({name: asdict(query) for name, query in queries.items()}, indent=2, ensure_ascii=False)
    new = place.with_suffix(f".{os.getpid()}")
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        new.write_text(text + "\n", encoding="utf-8")
        new.replace(place)
    except OSError as problem:
        raise Failure(f"{place} cannot be written: {problem.strerror}.") from problem
    finally:
        with suppress(OSError):
            new.unlink(missing_ok=True)
