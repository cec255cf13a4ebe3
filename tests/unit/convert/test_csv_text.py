import pytest

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
        ("", ""),
    ],
)
def test_values_are_taken_apart_where_the_table_has_its_columns(text: str, quoted: str) -> None:
    assert as_quoted(text).decode() == quoted


def test_what_is_no_table_is_handed_on_as_it_is() -> None:
    text = 'a,"' + "x" * (2 << 20)
    assert as_quoted(text).decode() == text
