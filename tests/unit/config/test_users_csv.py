from pathlib import Path

import pytest

from config.editing import NewUser, add_users
from config.policy import Policy, read_policy
from config.users_csv import users_in

POLICY = """\
company: X
departments:
  Radiology: {users: [{name: Ana Ruiz, email: ana@x.example, contact: {title: MD}}]}
users: [{name: Desk, email: desk@x.example, sending_emails: [scan@x.example, "*@scan.example"]}]
"""


@pytest.fixture
def policy(tmp_path: Path) -> Policy:
    (tmp_path / "a.yaml").write_text(POLICY, encoding="utf-8")
    return read_policy(tmp_path / "a.yaml")


@pytest.mark.parametrize("divider", [",", ";", "\t"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_users_of_a_table(divider: str, line_end: str) -> None:
    rows = [
        ["E-Mail".replace("-", ""), "Name", "custom:cost_center", "Phone", "Department", "sending_emails"],
        ["ana@x.example", " Ana   Ruiz ", "R-17", "+1 206 555 0101", "Radiology › CT", ""],
        ["ben@x.example", '"Ben ""B"" Bo"', "", "", "Radiology/CT", "ben@x.example *@ben.example"],
        ["cy@x.example", "Cy", "", "", "", "none"],
        ["", "", "", "", "", ""],
    ]
    table = users_in(line_end.join(divider.join(row) for row in rows) + line_end)
    assert table.mistakes == []
    assert table.users == {
        ("Radiology", "CT"): [
            NewUser(
                name="Ana Ruiz",
                email="ana@x.example",
                contact={"phone": "+1 206 555 0101"},
                custom_fields={"cost_center": "R-17"},
            ),
            NewUser(
                name='Ben "B" Bo', email="ben@x.example", sending_emails=("ben@x.example", "*@ben.example")
            ),
        ],
        (): [NewUser(name="Cy", email="cy@x.example", sending_emails=())],
    }


@pytest.mark.parametrize(
    ("text", "mistakes"),
    [
        ("name,email,emial\n", ["row 1, column 'emial': is not known; did you mean email?"]),
        ("name,email,name\n", ["row 1, column name: is there twice"]),
        ("name,email\nA,a@x\n,b@x.example\n", ["row 2, column email: 'a@x' is not an e-mail address", "row 3, column name: is empty"]),  # noqa: E501 - one case, one line
        ("name,email\nA,a@x.example,more\n", ["row 2: has 3 fields, and the first row 2"]),
        ("name,email\nA,a@x.example\nB,A@X.example\n", ["row 3, column email: 'A@X.example' is in row 2 already"]),  # noqa: E501 - one case, one line
        ("name,email,sending_emails\nA,a@x.example,b@x.example\nB,b@x.example,\n", ["row 3, column email: 'b@x.example' is in row 2 already"]),  # noqa: E501 - one case, one line
        ("name,email,sending_emails\nA,a@x.example,b@x\n", ["row 2, column sending_emails: 'b@x' is not an e-mail address, or *@ and a domain for every address in it"]),  # noqa: E501 - one case, one line
        ('name,email\n"A"x,a@x.example\n', ["row 2: the quotes do not fit (',' expected after '\"')"]),
    ],
)  # fmt: skip
def test_mistakes_are_told_with_row_and_column(text: str, mistakes: list[str]) -> None:
    table = users_in(text)
    assert (table.mistakes, table.users) == (mistakes, {}) or (table.mistakes == mistakes and mistakes)


def test_who_is_there_just_so_is_left_out(policy: Policy) -> None:
    table = users_in("name,email,department,title\nAna Ruiz,ANA@x.example,Radiology,MD\n", policy)
    assert (table.there, table.users, table.mistakes) == (["ANA@x.example"], {}, [])


@pytest.mark.parametrize(
    ("row", "mistake"),
    [
        ("Ana R,ana@x.example,Radiology,,", "row 2, column email: ana@x.example is in the policy otherwise (a.yaml:3); change it there"),  # noqa: E501 - one case, one line
        ("Ana Ruiz,ana@x.example,,MD,", "row 2, column email: ana@x.example is in the policy otherwise (a.yaml:3); change it there"),  # noqa: E501 - one case, one line
        ("Scan,scan@x.example,,,", "row 2, column email: 'scan@x.example' belongs to Desk in the policy"),
        ("New,n@x.example,,,*@SCAN.example", "row 2, column sending_emails: '*@SCAN.example' belongs to Desk in the policy"),  # noqa: E501 - one case, one line
    ],
)  # fmt: skip
def test_what_does_not_go_with_the_policy_is_told(row: str, mistake: str, policy: Policy) -> None:
    table = users_in(f"name,email,department,title,sending_emails\n{row}\n", policy)
    assert table.mistakes == [mistake]


def test_the_same_table_a_second_time_changes_nothing(tmp_path: Path, policy: Policy) -> None:
    text = (
        "name;email;department;sending_emails;custom:x\n"
        "B;b@x.example;Radiology/CT;;1\nC;c@x.example;;none;\nD;d@x.example;New;d@x.example *@d.example;\n"
    )
    first = users_in(text, policy)
    changed = add_users(tmp_path / "a.yaml", first.users, create=True).policy
    second = users_in(text, changed)
    assert second.mistakes == []
    assert second.users == {}
    assert second.there == ["b@x.example", "c@x.example", "d@x.example"]


@pytest.mark.parametrize("text", ["", "\n\n", "  "])
def test_an_empty_table_is_told_what_it_needs(text: str) -> None:
    (mistake,) = users_in(text).mistakes
    assert mistake == "the table is empty; its first row must name the columns, such as name,email,department"
