"""A fax as the provider tells of it (Sinch Fax API 3.0, the schema `Fax`). Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

LABEL = "postfax"
"""The label that carries the id of our attempt."""


class FaxStage(StrEnum):
    """The states of a fax."""

    QUEUED = "QUEUED"
    IN_PROGRESS = "IN_PROGRESS"
    COMPLETED = "COMPLETED"
    FAILURE = "FAILURE"

    @property
    def final(self) -> bool:
        """Whether the provider is done with it."""
        return self in {FaxStage.COMPLETED, FaxStage.FAILURE}


@dataclass(frozen=True, kw_only=True, slots=True)
class ProviderFax:
    """A fax."""

    fax_id: str
    stage: FaxStage
    tag: str = ""
    """The id of our attempt."""
    pages: int | None = None
    """Of the document, as the provider counts them."""
    pages_sent: int | None = None
    """Pages that the far end confirmed; None where that is not told."""
    error_type: str = ""
    error_code: int = 0
    error: str = ""


def fax_of(told: object) -> ProviderFax:
    """The fax that a JSON object tells of.

    Raises:
        ValueError: it tells of none.
    """
    if not isinstance(told, Mapping) or not isinstance(told.get("id"), str):
        raise ValueError("no fax")  # noqa: TRY004 - of data, not of types
    labels = told.get("labels")
    return ProviderFax(
        fax_id=told["id"],
        stage=_stage(told.get("status")),
        tag=str(labels.get(LABEL, "")) if isinstance(labels, Mapping) else "",
        pages=_number(told, "numberOfPages"),
        pages_sent=_number(told, "pagesSentSuccessfully"),
        error_type=_text(told, "errorType"),
        error_code=_number(told, "errorCode") or 0,
        error=_text(told, "errorMessage"),
    )


def _stage(value: object) -> FaxStage:
    """A state that is not known yet is none that a fax ends in."""
    known = {stage.value: stage for stage in FaxStage}
    return known.get(str(value), FaxStage.IN_PROGRESS)


def _number(told: Mapping[str, Any], name: str) -> int | None:
    value = told.get(name)
    if isinstance(value, str) and value.isascii() and value.isdigit():
        value = int(value[:9])
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def _text(told: Mapping[str, Any], name: str) -> str:
    value = told.get(name)
    return " ".join(value.split())[:200] if isinstance(value, str) else ""
