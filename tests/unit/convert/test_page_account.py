import json

import pytest

from convert.page_account import WORDS, NoAccount, PageAccount, Step, told_by, without_blank_ends


def page(*, inked: bool) -> PageAccount:
    return PageAccount(steps=(Step.DRAWN,), has_content=inked, inked=inked)


def test_what_a_task_tells_is_what_is_read() -> None:
    pages = (page(inked=True), page(inked=False))
    answer = json.loads(json.dumps({"pages": [each.to_json() for each in pages]}))
    assert told_by(answer) == pages


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"pages": 3},
        {"pages": [{}]},
        {"pages": [{"steps": ["\x1b[2J"], "has_content": True, "inked": True}]},
        {"pages": [{"steps": "drawn", "has_content": True, "inked": True}]},
        {"pages": [{"steps": [["drawn"]], "has_content": True, "inked": True}]},
    ],
)
def test_what_no_task_of_ours_tells_is_not_believed(answer: dict[str, object]) -> None:
    with pytest.raises(NoAccount):
        told_by(answer)


def test_every_step_has_its_words() -> None:
    assert WORDS.keys() == set(Step)


@pytest.mark.parametrize(
    ("inked", "kept"),
    [
        ([True], 1),
        ([True, False], 1),
        ([True, False, True, False, False], 3),
        ([False, True], 2),
        ([False, False], 1),
        ([], 0),
    ],
)
def test_blank_pages_are_left_out_at_the_end_only(inked: list[bool], kept: int) -> None:
    assert without_blank_ends([page(inked=each) for each in inked]) == kept
