from submission_facts import DOMAIN, a_mail, a_user, to

from store.mail import Envelope
from store.status import Status
from submission.allowance import Blocks
from submission.decide import Submission, decide


def statuses(submission: Submission) -> list[tuple[str, Status | None]]:
    return [(job.recipient.number, job.refusal.status if job.refusal else None) for job in submission.jobs]


def test_a_mail_makes_one_job_for_each_recipient_in_order() -> None:
    submission = decide(a_mail(), to("425-555-0199", "+12065551234"), a_user(), domain=DOMAIN)
    assert statuses(submission) == [("+14255550199", None), ("+12065551234", None)]
    assert (submission.cover, submission.body_as_page) == (True, False)
    assert {job.cover_template for job in submission.jobs} == {"default"}


def test_a_number_that_is_named_twice_has_one_job() -> None:
    envelope = to("+12065551234", "(206) 555-1234".replace(" ", ""), "FAX=+12065551234", "12065551234")
    assert statuses(decide(a_mail(), envelope, a_user(), domain=DOMAIN)) == [("+12065551234", None)]


def test_two_subaddresses_of_a_number_are_two_recipients() -> None:
    envelope = to("FAX=+12065551234/T33S=1", "FAX=+12065551234/T33S=2", "fax=+12065551234/t33s=1")
    jobs = decide(a_mail(), envelope, a_user(), domain=DOMAIN).jobs
    assert [job.recipient.subaddress for job in jobs] == ["1", "2"]


def test_a_bad_recipient_is_refused_and_the_good_ones_are_faxed() -> None:
    user = a_user(fax={"blocked_numbers": ["+1425*"]})
    envelope = to("+12065551234", "911", "+14255550199", "+19005551234", "John", "911")
    submission = decide(a_mail(), envelope, user, domain=DOMAIN)
    assert statuses(submission) == [
        ("+12065551234", None),
        ("911", Status.INVALID_FAX_NUMBER),
        ("+14255550199", Status.BLOCKED),
        ("+19005551234", Status.BLOCKED),
        ("John", Status.INVALID_FAX_NUMBER),
    ]


def test_live_blocks_count_beside_the_policys() -> None:
    submission = decide(
        a_mail(), to("+12065551234"), a_user(), domain=DOMAIN, live_blocks=Blocks(["+12065551234", "+49*"])
    )
    assert statuses(submission) == [("+12065551234", Status.BLOCKED)]


def test_the_default_region_is_the_senders() -> None:
    submission = decide(a_mail(), to("030123456"), a_user(fax={"default_region": "DE"}), domain=DOMAIN)
    assert statuses(submission) == [("+4930123456", None)]


def test_an_address_elsewhere_is_no_fax() -> None:
    envelope = Envelope(
        return_path="a@b.example", recipients=("+12065551234@elsewhere.example", "+1206@FAX.example.com")
    )
    submission = decide(a_mail(), envelope, a_user(), domain=DOMAIN)
    [elsewhere, _] = submission.jobs
    assert elsewhere.refusal is not None
    assert elsewhere.refusal.explanation == (
        "'+12065551234@elsewhere.example' is not an address of fax.example.com."
    )


def test_the_display_name_names_the_recipient() -> None:
    names = {"+12065551234@fax.example.com": "John Doe"}
    [job] = decide(a_mail(names=names), to("+12065551234"), a_user(), domain=DOMAIN).jobs
    assert job.recipient.name == "John Doe"


def test_directives_reach_every_job() -> None:
    mail = a_mail(
        names={"+12065551234@fax.example.com": "John Doe"},
        x_fax_to="Jane Roe",
        x_fax_company="Acme",
        x_fax_reference="4711",
        x_fax_billing="R-17",
        x_fax_cover="healthcare",
    )
    for job in decide(mail, to("+12065551234", "+14255550199"), a_user(), domain=DOMAIN).jobs:
        assert (job.recipient.name, job.recipient.company) == ("Jane Roe", "Acme")
        assert (job.reference, job.billing, job.cover_template) == ("4711", "R-17", "healthcare")


def test_without_a_cover_page_the_body_text_is_the_first_page() -> None:
    submission = decide(a_mail(), to("+12065551234"), a_user(coverpage={"mode": "none"}), domain=DOMAIN)
    assert (submission.cover, submission.body_as_page) == (False, True)
    assert submission.jobs[0].cover_template == ""


def test_a_body_that_is_html_alone_counts() -> None:
    user = a_user(coverpage={"mode": "with_body_text"})
    assert decide(a_mail("", html="<p>Hello</p>"), to("+12065551234"), user, domain=DOMAIN).cover
    assert not decide(a_mail("", html="<p></p>"), to("+12065551234"), user, domain=DOMAIN).cover


def test_a_mail_without_the_attachment_that_is_required_refuses_every_recipient() -> None:
    user = a_user(coverpage={"mode": "automatic_requires_attachment"})
    submission = decide(a_mail(attachments=0), to("+12065551234", "+14255550199"), user, domain=DOMAIN)
    assert [status for _, status in statuses(submission)] == [Status.NO_ATTACHMENT, Status.NO_ATTACHMENT]
    assert not submission.cover
    assert submission.reason == "Your policy requires an attachment, and the mail has none."


def test_an_unknown_directive_fails_the_submission() -> None:
    submission = decide(a_mail(x_fax_retries="3"), to("+12065551234"), a_user(), domain=DOMAIN)
    [job] = submission.jobs
    assert job.refusal is not None
    assert job.refusal.status is Status.GENERAL_ERROR
    assert "'X-Fax-Retries: 3'" in job.refusal.explanation


def test_what_is_wrong_with_recipient_and_mail_is_told_together() -> None:
    [job] = decide(a_mail(x_fax_retries="3"), to("911"), a_user(), domain=DOMAIN).jobs
    assert job.refusal is not None
    assert job.refusal.status is Status.INVALID_FAX_NUMBER
    assert "'911' is not a complete" in job.refusal.explanation
    assert "'X-Fax-Retries: 3'" in job.refusal.explanation
    assert "country code" in job.refusal.advice
    assert "Known are X-Fax-Cover" in job.refusal.advice


def test_more_recipients_than_allowed_are_refused_together() -> None:
    numbers = [f"+1206555{n:04}" for n in range(1000, 1004)]
    user = a_user(fax={"recipients_per_mail": 3})
    enough = decide(a_mail(), to(*numbers[:3], "FAX=" + numbers[0]), user, domain=DOMAIN)
    assert [job.refusal for job in enough.jobs] == [None, None, None]
    submission = decide(a_mail(), to(*numbers), user, domain=DOMAIN)
    assert len(submission.jobs) == 4
    assert {job.refusal.explanation for job in submission.jobs if job.refusal} == {
        "The mail has 4 recipients, and your policy allows 3."
    }
