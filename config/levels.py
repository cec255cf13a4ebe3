"""A level of the policy, company, department or user: what it says, and where, and what applies at it."""

from dataclasses import dataclass
from functools import cached_property, reduce
from typing import Any

from config.archive import ArchiveSettings
from config.inheritance import SettingPath, overlay, said
from config.mistakes import Step
from config.places import Place
from config.reading import Document
from config.settings import Settings

COMPANY = "company"
USER = "user"
BETWEEN = " › "


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """A place that a level's settings are written at: a level may be said in several files."""

    document: Document
    steps: tuple[Step, ...]
    """The way from the file's top to where setting paths begin."""

    def place(self, *way: Step) -> Place:
        """Where something within it is written, or what is nearest to it."""
        return self.document.place((*self.steps, *way))

    def within(self, *steps: Step) -> "Source":
        """A place further in."""
        return Source(document=self.document, steps=(*self.steps, *steps))


@dataclass(frozen=True, kw_only=True, eq=False)
class Level:
    """One level, joined of all its sources."""

    name: str
    """`company`, `user`, or the departments from the top down: `Radiology › CT`."""
    own: Settings
    """What the level says itself."""
    sources: tuple[Source, ...]
    above: "Level | None"

    @cached_property
    def effective(self) -> Settings:
        """What applies at this level: nearest wins."""
        return overlay(self.above.effective if self.above else Settings(), self.own)

    @cached_property
    def archives(self) -> tuple[ArchiveSettings, ...]:
        """Every enabled archive from the company down to this level."""
        above = self.above.archives if self.above else ()
        return (*above, self.own.archive) if self.own.archive.enabled else above

    @cached_property
    def said(self) -> frozenset[SettingPath]:
        """The settings that the level says itself."""
        return frozenset(said(self.own))

    @property
    def knows_template(self) -> bool:
        """Whether the cover page that applies here is built in, or named by this level or one above."""
        cover = self.effective.coverpage
        return cover.template_named(cover.template) is not None

    def own_value(self, setting: SettingPath) -> Any:
        """What the level says of a setting itself."""
        return reduce(getattr, setting, self.own)

    @property
    def chain(self) -> tuple["Level", ...]:
        """This level and all above it, the nearest first."""
        return (self, *self.above.chain) if self.above else (self,)

    def place(self, setting: SettingPath) -> Place:
        """Where this level says a setting; it must say it."""
        return self.source_of(setting).place(*setting)

    def source_of(self, setting: SettingPath) -> Source:
        """The place that says a setting; it must be one of them."""
        found = (one for one in self.sources if one.document.has((*one.steps, *setting)))
        # A name that is understood in several spellings, such as a status, is not found by the one in use.
        return next(found, self.sources[0])
