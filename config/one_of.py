"""A group of settings that is of one of several kinds, told apart by the setting that only this kind has."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import GetCoreSchemaHandler, ValidationInfo
from pydantic_core import CoreSchema, core_schema

from config.section import Section
from config.values import expected, incomplete


@dataclass(frozen=True, kw_only=True)
class OneOf:
    """Stands in the annotation of such a group.

    Mistakes are those of the kind that the group names; a group that names none, or two, is a mistake itself.
    """

    kinds: tuple[type[Section], ...]
    what: str
    """What it is, as "a telephone line"."""

    @property
    def by_setting(self) -> dict[str, type[Section]]:
        """The kinds by the setting that names each: its first of its own, which it needs."""
        return {next(iter(kind.__annotations__)): kind for kind in self.kinds}

    def kind_of(self, written: object) -> type[Section] | None:
        """The kind that a group names; None where it names none or several."""
        named = self._named(written) if isinstance(written, Mapping) else []
        return self.by_setting[named[0]] if len(named) == 1 else None

    def _named(self, written: Mapping[str, Any]) -> list[str]:
        return [setting for setting in self.by_setting if setting in written]

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """As pydantic asks for it."""
        del source, handler
        return core_schema.with_info_plain_validator_function(self._validated)

    def _validated(self, written: Any, info: ValidationInfo) -> Section:
        if isinstance(written, self.kinds):
            return written
        if not isinstance(written, Mapping | None):
            raise expected("a group of settings")
        if kind := self.kind_of(written):
            return kind.model_validate(written, context=info.context)
        named = self._named(written or {})
        listed = ", ".join(self.by_setting)
        if named:
            raise incomplete(f"is {self.what} of several kinds ({' and '.join(named)}); keep one of them")
        raise incomplete(f"does not say of what kind it is: {self.what} has one of {listed}")
