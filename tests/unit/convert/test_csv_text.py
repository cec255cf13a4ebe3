import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from convert.csv_text import as_quoted


@pytest.mark.parametrize(
    ("text", "quoted"),
    [
        ("a,b\n1,2\n", '"a","b"\n"1","2"\n'),
        ("a;b\n1,80;0049\n", '"a","b"\n"1,80","0049"\n'),
        ("a\tb, c\n1\t2, 3\n", '"a","b, c"\n"1","2, 3"\n'),
        ("a|b\n1|2\n", '"a","b"\n"1","2"\n'),
        ('"a;b",c\n"x;y",d\n', '"a;b","c"\n"x;y","d"\n'),
        ("one column\nonly\n", '"one column"\n"only"\n'),
        ("sep=,\na;b,c\nd,e\n", '"a;b","c"\n"d","e"\n'),
        ("a,b\n1,2,3\n", '"a","b"\n"1","2","3"\n'),
        ('a,b\n"two\nlines",2\n', '"a","b"\n"two\nlines","2"\n'),
        (
            "Report, 2026\n\nName;Sum\nAna;1,5\nBob;2,5\n",
            '"Report, 2026"\n\n"Name","Sum"\n"Ana","1,5"\n"Bob","2,5"\n',
        ),
        ("a,b,c\n1\n2,3,4\n5,6,7\n", '"a","b","c"\n"1"\n"2","3","4"\n"5","6","7"\n'),
        ('a,b\n"","\t0"\n"","\t"\n', '"a","b"\n"","\t0"\n"","\t"\n'),
        ("", ""),
    ],
)
def test_values_are_taken_apart_where_the_table_has_its_columns(text: str, quoted: str) -> None:
    assert as_quoted(text).decode() == quoted


@pytest.mark.parametrize(
    "value", ["word " * 2000, "line\n" * 300, "x" * 5000, " " * 5000 + "end", "a\n\n" * 200]
)
def test_a_value_that_is_longer_than_a_page_goes_on_in_rows_below(value: str) -> None:
    text = f'a,b\n"{value}",x\nlast,y\n'
    first, *rows, last = csv.reader(io.StringIO(as_quoted(text).decode()))
    assert (first, last) == (["a", "b"], ["last", "y"])
    assert "".join(row[0] for row in rows) == value
    assert [row[1] for row in rows] == ["x"] + [""] * (len(rows) - 1)
    assert all(len(row[0]) <= 1400 and row[0].count("\n") <= 26 for row in rows if row[0].strip())


@given(
    st.lists(
        st.lists(st.text(st.characters(exclude_characters="\r\0", codec="utf-8")), min_size=2, max_size=2)
    )
)
def test_whatever_the_values_are_they_stay(table: list[list[str]]) -> None:
    written = io.StringIO()
    csv.writer(written, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows([["head", "head"], *table])
    rows = list(csv.reader(io.StringIO(as_quoted(written.getvalue()).decode())))
    assert rows == [["head", "head"], *table]


def test_what_is_no_table_is_handed_on_as_it_is() -> None:
    text = 'a,"' + "x" * (2 << 20)
    assert as_quoted(text).decode() == text
