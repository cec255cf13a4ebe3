"""Whoever adds a column says whether it tells of a person; then erasing forgets it."""

import inspect

import pytest
from sqlalchemy import JSON, String

from store.records import erasure
from store.tables import metadata

STAYS = {
    "mails": {"id", "state", "body", "return_content", "owner"},
    "jobs": {
        *("id", "mail_id", "state", "status", "policy", "lines", "cover_template", "billing", "department"),
        *("cancel_requested_by", "resend_of"),
    },
    "attempts": {
        *("id", "job_id", "line", "owner", "status", "t30_result", "transport", "compression"),
        *("remote_finest", "shares_call_of"),
    },
    "notices": {"id", "kind", "mail_id", "job_id", "state", "owner", "topic"},
    "transitions": {"job_id", "name", "from_state", "to_state", "by"},
    "documents": {"job_id", "body", "sha256", "resolution", "pages"},
}
"""What counting and accounting need, states, and what names no sender and no recipient."""


@pytest.mark.parametrize("name", STAYS)
def test_a_text_stays_or_is_forgotten(name: str) -> None:
    texts = {
        column.name for column in metadata.tables[name].columns if isinstance(column.type, String | JSON)
    }
    source = inspect.getsource(erasure)
    forgotten = {
        column for column in texts - STAYS[name] if f'"{column}"' in source or f"{column}=" in source
    }
    assert texts == STAYS[name] | forgotten
