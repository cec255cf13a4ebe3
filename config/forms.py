"""What a value looks like in a file: for people (`words`), and for editors that complete and check YAML."""

import re
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Form:
    """Stands in the annotation of a kind of values."""

    words: str
    """What may stand there, as "a duration such as 5 min"."""
    pattern: str = ""
    """A regular expression (ECMA-262) that the text as a whole matches."""
    choices: tuple[str, ...] = ()
    """All texts that may stand there, where they can be listed."""
    any_case: bool = False
    """Whether the case of a choice does not count."""
    as_number: bool = False
    """Whether a text may look like a number: `+12065550100`."""
    example: str = "…"

    def schema(self) -> dict[str, object]:
        """As JSON Schema."""
        if self.choices and self.any_case:
            listed = "|".join(_in_any_case(choice) for choice in self.choices)
            return {"anyOf": [{"enum": list(self.choices)}, {"type": "string", "pattern": f"^({listed})$"}]}
        if self.choices:
            return {"enum": list(self.choices)}
        kinds = ["string", "number"] if self.as_number else "string"
        return {"type": kinds, "pattern": f"^(?:{self.pattern})$"} if self.pattern else {"type": kinds}


def _in_any_case(word: str) -> str:
    return "".join(f"[{one.upper()}{one.lower()}]" if one.isalpha() else re.escape(one) for one in word)
