"""What is kept as JSON comes back as it was, whichever encoder wrote it."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.json_text import json_text

_SCALARS = st.none() | st.booleans() | st.integers() | st.text() | st.text(alphabet="\udc80\udcffa")
_VALUES = st.recursive(
    _SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4)
)


@given(_VALUES)
def test_a_value_comes_back_as_it_was(value: Any) -> None:
    assert json.loads(json_text(value)) == value


@pytest.mark.parametrize("value", [datetime(2026, 1, 1, tzinfo=UTC), {"a": object()}, b"octets"])
def test_what_json_does_not_know_is_refused(value: Any) -> None:
    with pytest.raises(TypeError):
        json_text(value)
