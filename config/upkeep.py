"""How long things are kept, and who is called when something is wrong."""

from datetime import timedelta
from typing import Annotated, Self

from pydantic import Field, model_validator

from config.mail_values import EmailAddress
from config.section import Section
from config.values import Duration, Toggle, incomplete

LONGEST_DOCUMENTS = timedelta(days=7)
"""How long documents are kept at most where nobody says that they may be kept longer."""


class RetentionSettings(Section):
    """How long things are kept after a fax has come to its end."""

    documents: Duration = LONGEST_DOCUMENTS
    """The mail and its pages. Never shorter than a copy or a notice still needs them."""
    allow_longer: Toggle = False
    """Whether documents may be kept longer than 7 days."""
    metadata: Duration = timedelta(days=90)
    """What is recorded of the fax: recipient, attempts, statuses."""
    audit: Duration = timedelta(days=2190)
    """Who did what: locks, blocks, passwords. The company's setting counts."""

    @model_validator(mode="after")
    def _documents_not_too_long(self) -> Self:
        if self.documents > LONGEST_DOCUMENTS and not self.allow_longer:
            raise incomplete("keeps documents for more than 7 days; that needs allow_longer: true beside it")
        return self


class AlertSettings(Section):
    """Who is told when something needs an administrator."""

    contacts: Annotated[tuple[EmailAddress, ...], Field(max_length=3)] = ()
    """Up to three addresses."""
