"""A group of settings: what every model of settings and policy is made of."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from functools import cache
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, GetCoreSchemaHandler, model_validator
from pydantic_core import CoreSchema, core_schema


class Inheritance(Enum):
    """How a setting that does not follow nearest-wins comes down the levels: written into its annotation."""

    ADDS_UP = "the union of all levels"
    STAYS = "belongs to its level alone"


@dataclass(frozen=True, kw_only=True)
class WrittenAs:
    """Marks a value that is written as a section, and kept as something smaller."""

    model: "type[Section]"
    kept_as: Callable[[Any], Any]
    """Makes it of the section."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """As pydantic asks for it."""
        del source
        return core_schema.no_info_after_validator_function(self.kept_as, handler.generate_schema(self.model))


class Section(BaseModel):
    """A group of settings. Unknown names are mistakes; values do not change after reading."""

    # A model is built when the first value of it is made: most commands need few of them.
    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    def __deepcopy__(self, memo: dict[int, Any] | None = None) -> Self:
        """Itself: pydantic copies defaults, and what does not change need not be copied."""
        return self

    @classmethod
    def kept(cls, text: str) -> Self:
        """What was kept as JSON, by this or another version of the program.

        While hosts are upgraded one after the other, an older service meets what a newer one keeps: what
        that says of settings which are not known here is passed over.

        Raises:
            ValidationError: a value is none of those that are known here.
        """
        return cls.model_validate_json(text, extra="ignore")

    @model_validator(mode="before")
    @classmethod
    def _nothing_below_a_heading(cls, data: Any) -> Any:
        """A group, a list or a table with nothing behind its name says nothing."""
        if data is None:
            return {}
        if isinstance(data, dict) and None in data.values():
            return {
                name: value for name, value in data.items() if value is not None or name not in _groups(cls)
            }
        return data


@cache
def _groups(section: type[Section]) -> frozenset[str]:
    """Names of the fields that hold groups, lists or tables."""
    fields = section.model_fields.items()
    return frozenset(name for name, field in fields if isinstance(field.default, Section | tuple | dict))
