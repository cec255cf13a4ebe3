"""`postfax user` as far as it is not about passwords, and `postfax policy approve`."""

from pathlib import Path

import click
import pytest
from command_line import POLICY, CommandLine

from postfax.failures import ExitCode
from postfax.live_policy import read_with_digest
from postfax.person import person
from store.book import Book
from store.job import NewJob, Recipient
from store.mail import Envelope, NewMail, ProofMethod, SenderProof

ANA = "ana@hospital.example"


@pytest.fixture
def postfax(tmp_path: Path) -> CommandLine:
    return CommandLine(tmp_path)


def queue_fax(postfax: CommandLine) -> str:
    """A fax of Ana's that waits; its id."""
    proof = SenderProof(
        method=ProofMethod.LOCAL, client_address="", helo="", spf_result="", spf_domain="", aligned=True
    )
    user = read_with_digest(postfax.policy_file.parent, ("main",)).policy.user(ANA)

    async def queue(book: Book) -> str:
        envelope = Envelope(return_path=ANA, recipients=("+12065550100@fax.example.com",))
        mail = NewMail(
            envelope=envelope,
            header_from=ANA,
            user_email=ANA,
            proof=proof,
            message_id="",
            dedupe_key="1",
            body=b"x",
        )
        mail_id = (await book.accept_mail(mail)).mail_id
        jobs = [NewJob(recipient=Recipient(number="+12065550100"))]
        recorded = await book.record_submission(
            mail_id, subject="", message_id="", references=(), user=user, jobs=jobs
        )
        return recorded[0].id

    job_id: str = postfax.of_book(queue)
    return job_id


def test_users_are_listed_and_found(postfax: CommandLine) -> None:
    postfax("user", "lock", "ben.low@hospital.example", "--reason", "left")
    table = postfax("user", "list").out.splitlines()
    assert [line.split()[0] for line in table] == [
        "USER",
        ANA,
        "ben@hospital.example",
        "cem@hospital.example",
        "or-desk@hospital.example",
    ]
    assert "Radiology › CT" in table[3]
    assert [user["email"] for user in postfax("user", "list", "radio", "--json").json] == [
        ANA, "ben@hospital.example", "cem@hospital.example",
    ]  # fmt: skip
    [locked] = postfax("user", "list", "--locked", "--json").json
    assert (locked["email"], locked["lock"]["reason"]) == ("ben@hospital.example", "left")
    assert postfax("user", "list", "nobody").out == "no user matches\n"
    assert postfax("user", "list", "--limit", "1").out.endswith("… and 3 more\n")


def test_a_user_is_locked_with_who_when_and_why_and_told_of_faxes_that_wait(postfax: CommandLine) -> None:
    job_id = queue_fax(postfax)
    said = postfax("user", "lock", "ANA@hospital.example", "--reason", "left the house")
    assert said.out == (
        f"{ANA} is locked\n"
        f"1 fax that was accepted before still goes out; to end that: postfax cancel {job_id}\n"
    )
    assert f"{ANA} is locked since " in postfax("user", "lock", ANA).out
    shown = postfax("user", "show", ANA).out
    assert f", by {person()}: left the house" in shown
    assert job_id in shown
    explained = postfax("policy", "explain", ANA, "locked", "--json").json
    assert explained[0]["value"].endswith(f"by {person()}: left the house")
    assert postfax("user", "unlock", ANA).out == f"{ANA} may send again\n"
    again = postfax("user", "unlock", ANA)
    assert (again.code, again.out) == (ExitCode.NOT_FOUND, f"{ANA} is not locked\n")
    assert postfax("policy", "explain", ANA, "locked", "--json").json[0]["value"] == "false"


def test_nothing_is_submitted_on_this_host_for_who_is_locked(postfax: CommandLine, tmp_path: Path) -> None:
    postfax("user", "lock", ANA)
    (tmp_path / "letter.txt").write_text("Hello", encoding="utf-8")
    said = postfax("send", tmp_path / "letter.txt", "--from", ANA, "--to", "+12065550100")
    assert (said.code, said.failure) == (
        ExitCode.REFUSED, f"{ANA} is locked, by {person()}. `postfax user show` tells more.",
    )  # fmt: skip
    assert postfax("list", "--json").json == []


def test_some_of_several_were_locked(postfax: CommandLine) -> None:
    postfax("user", "lock", ANA)
    assert postfax("user", "unlock", ANA, "cem@hospital.example").code == ExitCode.PARTLY


def test_an_account_that_is_gone_from_the_policy_can_be_unlocked(postfax: CommandLine) -> None:
    postfax("user", "lock", ANA)
    postfax("user", "delete", ANA)
    assert postfax("user", "lock", ANA).code == ExitCode.NOT_FOUND
    added = postfax("user", "add", ANA, "Ana Ruiz", "--department", "Surgery").out
    assert f"but {ANA} is locked since " in added
    assert postfax("user", "unlock", ANA).code == ExitCode.DONE


def test_a_user_is_added_moved_and_deleted_and_the_rest_stays_as_it_is(postfax: CommandLine) -> None:
    said = postfax("user", "add", "dia@hospital.example", "Dia Novak", "--department", "radiology/ct")
    assert said.out.startswith("dia@hospital.example is in Radiology › CT now (hospital.yaml)")
    assert postfax("user", "move", "dia@hospital.example", "Surgery").out.startswith(
        "dia@hospital.example moved from Radiology › CT to Surgery (hospital.yaml)"
    )
    assert postfax("user", "move", "dia@hospital.example", ".").out.startswith(
        "dia@hospital.example moved from Surgery to General Hospital"
    )
    [dia] = postfax("user", "list", "dia", "--json").json
    assert dia["departments"] == []
    assert postfax("user", "delete", "dia@hospital.example").out.startswith(
        "dia@hospital.example is not a user any more"
    )
    text = postfax.policy_file.read_text(encoding="utf-8")
    assert [line for line in POLICY.splitlines() if line not in text.splitlines()] == []
    deeds = postfax("audit", "--subject", "dia@hospital.example", "--json").json
    assert [(deed["action"], deed["detail"]) for deed in deeds] == [
        ("delete user", "from General Hospital"),
        ("move user", "from Surgery to the company itself"),
        ("move user", "from Radiology › CT to Surgery"),
        ("add user", "to Radiology › CT"),
    ]


def test_a_deleted_users_password_goes_with_them_and_their_faxes_stay(postfax: CommandLine) -> None:
    job_id = queue_fax(postfax)
    postfax("user", "password", ANA, "--stdin", typed="correct horse battery\n")
    said = postfax("user", "delete", ANA)
    assert f"postfax cancel {job_id}" in said.out
    assert postfax.of_book(lambda book: book.password_hash(ANA)) is None
    assert postfax("show", job_id, "--json").json["user"] == ANA


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("show", "eve@else.example"), ExitCode.NOT_FOUND, "no user of the policy"),
        (("lock", ANA, "eve@else.example"), ExitCode.NOT_FOUND, "no user of the policy"),
        (
            ("add", "eva@hospital.example", "Eva", "--department", "Nowhere"),
            ExitCode.REFUSED,
            "no department Nowhere",
        ),
        (("move", ANA, "Radiology"), ExitCode.REFUSED, "is in Radiology already"),
        (("delete", "eve@else.example"), ExitCode.NOT_FOUND, "no user of the policy"),
    ],
)
def test_what_cannot_be_done_is_a_sentence_and_changes_nothing(
    postfax: CommandLine, arguments: tuple[str, ...], code: ExitCode, said: str
) -> None:
    ran = postfax("user", *arguments)
    assert ran.code == code
    assert said in ran.failure
    assert postfax.policy_file.read_text(encoding="utf-8") == POLICY
    assert postfax("audit").out == "nothing was done\n"


def test_without_a_record_the_policy_is_changed_and_that_is_told(postfax: CommandLine) -> None:
    (postfax.settings_file.parent / "book.db").unlink()
    assert postfax("user", "move", ANA, "Surgery").out.startswith(f"{ANA} moved from Radiology to Surgery")
    assert [user["email"] for user in _users(postfax, "Surgery")] == ["or-desk@hospital.example", ANA]


def _users(postfax: CommandLine, department: str) -> list[dict[str, str]]:
    policy = read_with_digest(postfax.policy_file.parent, ("main",)).policy
    return [{"email": user.email} for user in policy.users if user.departments == (department,)]


def remember_policy_in_force(postfax: CommandLine) -> None:
    """As the service does when it takes a policy over."""
    users = {"Radiology": [ANA, "ben@hospital.example"], "Surgery": ["or-desk@hospital.example"]}
    postfax.of_book(lambda book: book.policy_taken_over("0" * 64, users))


def test_users_who_vanish_are_approved_of_for_exactly_these_files(postfax: CommandLine) -> None:
    remember_policy_in_force(postfax)
    assert postfax("policy", "approve").out.startswith("no user vanishes")
    postfax.policy_file.write_text(POLICY.partition("  Surgery")[0], encoding="utf-8")
    examined = postfax("doctor", "--only", "policy", "--json")
    assert "would vanish with Surgery (or-desk@hospital.example)" in examined.out
    with pytest.raises(click.Abort):
        postfax("policy", "approve", typed="n\n")
    said = postfax("policy", "approve", "--yes").out
    assert said.startswith("1 user would vanish with their department:\n")
    assert "or-desk@hospital.example" in said
    assert postfax("policy", "approve", "--yes").out == f"approved already, by {person()}\n"
    assert "would vanish" not in postfax("doctor", "--only", "policy", "--json").out
    [deed] = postfax("audit", "--json").json
    assert (deed["action"], deed["detail"]) == ("approve policy", "1 user vanishes with Surgery")
    digest = read_with_digest(postfax.policy_file.parent, ("main",)).digest
    assert deed["subject"] == digest
    postfax.policy_file.write_text(POLICY.partition("  Surgery")[0] + "# changed\n", encoding="utf-8")
    assert "would vanish" in postfax("doctor", "--only", "policy", "--json").out


DIA = "dia@hospital.example"


def test_programs_are_told_what_was_changed(postfax: CommandLine) -> None:
    [added] = postfax("user", "add", DIA, "Dia Novak", "--department", "Surgery", "--json").json
    assert (added["about"], added["changed"], added["departments"]) == (DIA, True, ["Surgery"])
    assert added["files"] == [str(postfax.policy_file)]
    [moved] = postfax("user", "move", DIA, "Radiology", "--json").json
    assert moved["detail"].startswith("dia@hospital.example moved from Surgery to Radiology")
    [locked] = postfax("user", "lock", DIA, "--json").json
    assert (locked["changed"], locked["waiting"]) == (True, [])
    [again] = postfax("user", "lock", DIA, "--json").json
    assert again["changed"] is False
    assert postfax("user", "unlock", DIA, "--json").json[0]["changed"] is True
    said = postfax("user", "unlock", DIA, "--json")
    assert (said.code, said.json[0]["changed"]) == (ExitCode.NOT_FOUND, False)
    secret = "a long enough password\n"
    set_ = postfax("user", "password", DIA, "--stdin", "--json", typed=secret)
    assert set_.json[0]["about"] == DIA
    hashed = postfax("user", "password", "--hash-only", "--stdin", "--json", typed=secret).json
    assert hashed["password_hash"].startswith("$argon2id$")
    [gone] = postfax("user", "delete", DIA, "--json").json
    assert gone["waiting"] == []
