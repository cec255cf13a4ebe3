"""How the facts of a page reach the task that draws it: in a file of the task's folder.

A request to a task holds 200 kB (`sandbox.nursery`), a mail's body may be larger.
"""

import json
from pathlib import Path
from typing import Any


def hand_over(facts: dict[str, Any], *, folder: Path, name: str) -> dict[str, Any]:
    """Write the facts as `folder`/`name`; what is returned are the arguments for the task.

    Raises:
        OSError: The file cannot be written.
    """
    (folder / name).write_text(json.dumps(facts), encoding="ascii")
    return {"facts": name}


def handed_over(arguments: dict[str, Any]) -> dict[str, Any]:
    """Within the task: the facts that `hand_over` wrote."""
    facts: dict[str, Any] = json.loads(Path(arguments["facts"]).read_text(encoding="ascii"))
    return facts
