"""What notices say, in the reader's language.

Sentences stand in the code in English, and in `languages/*.po` in the other languages (gettext). What the
stages before us wrote down in English - why a mail was refused, what a status means - is translated by its
pattern: a sentence of the catalogue with gaps, marked with the context `told`, is recognised by what stands
around the gaps. A sentence that no catalogue has stays English.
"""

import io
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cache, cached_property
from gettext import GNUTranslations, NullTranslations
from importlib.resources import files
from typing import get_args

from babel.dates import get_month_names
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from config.datetimes import ENGLISH_MONTHS, Months, written
from config.notifications import Language
from config.settings import DatetimeSettings

_TOLD = "told"
"""The gettext context of what the stages wrote."""
_GAP = re.compile(r"\{(\w+)\}")
_OPENING = {
    "en": re.compile(r"(?:The|This|That|There|An?|Your|It|No|Nothing|Nobody|Faxes) "),
    "es": re.compile(r"(?:El|La|Los|Las|Este|Esta|Un|Una|No|Nadie|Había|Se|Su|Ya) "),
    "fr": re.compile(r"(?:Le|La|Les|Ce|Cet|Cette|Un|Une|Il|On|Personne|Rien|Aucun|Aucune|Votre) |L['’]"),
}
"""How a sentence can begin whose first letter is a capital only for that. German has none: there a whole
sentence behind a colon begins with a capital."""


@dataclass(frozen=True)
class Speech:
    """One language."""

    language: Language

    def __call__(self, sentence: str, /, **values: str | int) -> str:
        """The sentence in this language, with its gaps filled."""
        return self._catalogue.gettext(sentence).format(**values)

    def counted(self, one: str, many: str, number: int, /, **values: str | int) -> str:
        """One of two sentences, as the number asks for; it fills the gap `{number}`."""
        return self._catalogue.ngettext(one, many, number).format(number=number, **values)

    def told(self, sentence: str) -> str:
        """A sentence that a stage wrote in English, or several; as it is if it is not known."""
        whole = self._told(sentence)
        if whole is not None:
            return whole
        parts = re.split(r"(?<=[.!?]) (?=[A-Z'\"+])", sentence)
        return " ".join(self._told(part) or part for part in parts)

    def following(self, sentence: str) -> str:
        """A sentence as it stands behind a colon."""
        opening = _OPENING.get(self.language)
        return sentence[:1].lower() + sentence[1:] if opening and opening.match(sentence) else sentence

    def moment(self, at: datetime, settings: DatetimeSettings) -> str:
        """A moment in the policy's zone and form, with the months of this language."""
        return written(at, settings, months=_months(self.language))

    @property
    def _catalogue(self) -> NullTranslations:
        return _catalogue(self.language)

    def _told(self, sentence: str) -> str | None:
        if self.language == "en":
            return sentence
        found = (fill(sentence) for fill in _fillers(self.language))
        return next((translation for translation in found if translation is not None), None)


def speech(language: str) -> Speech:
    """The language of a setting; English where there is no such one."""
    known: tuple[Language, ...] = get_args(Language)
    return Speech(next((one for one in known if one == language), "en"))


@cache
def _months(language: Language) -> Months:
    if language == "en":
        return ENGLISH_MONTHS
    wide, short = (get_month_names(width, locale=language) for width in ("wide", "abbreviated"))
    months = range(1, 13)
    return Months(tuple(wide[month] for month in months), tuple(short[month] for month in months))


@cache
def _messages(language: Language) -> Catalog:
    with files("notify").joinpath("languages", f"{language}.po").open("rb") as lines:
        return read_po(lines, locale=language, abort_invalid=True)


@cache
def _catalogue(language: Language) -> NullTranslations:
    if language == "en":
        return NullTranslations()
    compiled = io.BytesIO()
    write_mo(compiled, _messages(language))
    compiled.seek(0)
    return GNUTranslations(compiled)


@cache
def _fillers(language: Language) -> tuple[Callable[[str], str | None], ...]:
    """For each sentence of the stages what makes a translation of it; the most exact first."""
    told = [message for message in _messages(language) if message.context == _TOLD and message.string]
    told.sort(key=lambda message: -len(_GAP.sub("", str(message.id))))
    return tuple(_Pattern(str(message.id), str(message.string), speech(language)) for message in told)


@dataclass(frozen=True)
class _Pattern:
    """A sentence with gaps, and its translation with the same ones."""

    sentence: str
    translation: str
    say: Speech

    @cached_property
    def _expression(self) -> re.Pattern[str]:
        pieces = _GAP.split(self.sentence)
        pattern = "".join(
            f"(?P<{piece}>.*?)" if number % 2 else re.escape(piece) for number, piece in enumerate(pieces)
        )
        return re.compile(pattern, re.DOTALL)

    def __call__(self, sentence: str) -> str | None:
        found = self._expression.fullmatch(sentence)
        if found is None:
            return None
        # What fills the gap of a reason is a sentence of a stage itself.
        values = {
            name: self.say._told(value) or value if name == "reason" else value  # noqa: SLF001 - its own kind
            for name, value in found.groupdict().items()
        }
        return self.translation.format(**values)
