from dataclasses import replace
from datetime import timedelta

from submission_facts import a_mail, a_user, surroundings, to

from config.fax import Paper, Resolution
from config.settings import UserPolicy
from store.job import Priority
from store.mail import Envelope, MailContent
from store.status import Status
from submission.allowance import Blocks
from submission.decide import Submission, decide


def decided(content: MailContent, envelope: Envelope, user: UserPolicy) -> Submission:
    return decide(content, envelope, user, surroundings())


def statuses(submission: Submission) -> list[tuple[str, Status | None]]:
    return [(job.recipient.number, job.refusal.status if job.refusal else None) for job in submission.jobs]


def test_a_mail_makes_one_job_for_each_recipient_in_order() -> None:
    submission = decided(a_mail(), to("425-555-0199", "+12065551234"), a_user())
    assert statuses(submission) == [("+14255550199", None), ("+12065551234", None)]
    assert [one.cover and one.cover.body_as_page for one in submission.recipients] == [False, False]
    assert {job.cover_template for job in submission.jobs} == {"default"}


def test_a_number_that_is_named_twice_has_one_job() -> None:
    envelope = to("+12065551234", "(206) 555-1234".replace(" ", ""), "FAX=+12065551234", "12065551234")
    assert statuses(decided(a_mail(), envelope, a_user())) == [("+12065551234", None)]


def test_a_number_that_is_named_twice_has_the_name_that_one_of_them_gives() -> None:
    mail = a_mail(names={"+12065551234@fax.example.com": "Dr Lee"})
    [job] = decided(mail, to("12065551234", "+12065551234"), a_user()).jobs
    assert (job.recipient.name, job.refusal) == ("Dr Lee", None)


def test_a_number_is_the_same_fax_at_each_of_the_fax_domains() -> None:
    domains = ("fax.example.com", "Fax.Example.ORG", "fax.bücher.example", "fax.example.net")
    envelope = Envelope(
        return_path="ana@hospital.example", recipients=tuple(f"+12065551234@{domain}" for domain in domains)
    )
    ours = surroundings(other_domains=("fax.example.org", "fax.xn--bcher-kva.example"))
    submission = decide(a_mail(), envelope, a_user(), ours)
    assert statuses(submission) == [
        ("+12065551234", None),
        ("+12065551234@fax.example.net", Status.INVALID_FAX_NUMBER),
    ]
    assert len(submission.jobs[0].addresses) == 3


def test_two_subaddresses_of_a_number_are_two_recipients() -> None:
    envelope = to("FAX=+12065551234/T33S=1", "FAX=+12065551234/T33S=2", "fax=+12065551234/t33s=1")
    jobs = decided(a_mail(), envelope, a_user()).jobs
    assert [job.recipient.subaddress for job in jobs] == ["1", "2"]


def test_a_bad_recipient_is_refused_and_the_good_ones_are_faxed() -> None:
    user = a_user(fax={"blocked_numbers": ["+1425*"]})
    envelope = to("+12065551234", "911", "+14255550199", "+19005551234", "John", "911")
    submission = decided(a_mail(), envelope, user)
    assert statuses(submission) == [
        ("+12065551234", None),
        ("911", Status.INVALID_FAX_NUMBER),
        ("+14255550199", Status.BLOCKED),
        ("+19005551234", Status.BLOCKED),
        ("John", Status.INVALID_FAX_NUMBER),
    ]


def test_live_blocks_count_beside_the_policys() -> None:
    live = surroundings(live_blocks=Blocks(["+12065551234", "+49*"]))
    submission = decide(a_mail(), to("+12065551234"), a_user(), live)
    assert statuses(submission) == [("+12065551234", Status.BLOCKED)]


def test_the_default_region_is_the_senders() -> None:
    submission = decided(a_mail(), to("030123456"), a_user(fax={"default_region": "DE"}))
    assert statuses(submission) == [("+4930123456", None)]


def test_an_address_elsewhere_is_no_fax() -> None:
    envelope = Envelope(
        return_path="a@b.example", recipients=("+12065551234@elsewhere.example", "+1206@FAX.example.com")
    )
    submission = decided(a_mail(), envelope, a_user())
    [elsewhere, _] = submission.jobs
    assert elsewhere.refusal is not None
    assert elsewhere.refusal.explanation == (
        "'+12065551234@elsewhere.example' is not an address of fax.example.com."
    )


def test_the_display_name_names_the_recipient() -> None:
    names = {"+12065551234@fax.example.com": "John Doe"}
    [job] = decided(a_mail(names=names), to("+12065551234"), a_user()).jobs
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
    for job in decided(mail, to("+12065551234", "+14255550199"), a_user()).jobs:
        assert (job.recipient.name, job.recipient.company) == ("Jane Roe", "Acme")
        assert (job.reference, job.billing, job.cover_template) == ("4711", "R-17", "healthcare")


def test_without_a_cover_page_the_body_text_is_the_first_page() -> None:
    submission = decided(a_mail(), to("+12065551234"), a_user(coverpage={"mode": "none"}))
    assert [one.cover and one.cover.body_as_page for one in submission.recipients] == [True]
    assert submission.jobs[0].cover_template == ""


def test_a_body_that_is_html_alone_counts() -> None:
    user = a_user(coverpage={"mode": "with_body_text"})
    [job] = decided(a_mail("", html="<p>Hello</p>"), to("+12065551234"), user).jobs
    assert job.cover_template == "default"
    [job] = decided(a_mail("", html="<p></p>"), to("+12065551234"), user).jobs
    assert job.cover_template == ""


def test_a_mail_without_the_attachment_that_is_required_refuses_every_recipient() -> None:
    user = a_user(coverpage={"mode": "automatic_requires_attachment"})
    submission = decided(a_mail(attachments=0), to("+12065551234", "+14255550199"), user)
    assert [status for _, status in statuses(submission)] == [Status.NO_ATTACHMENT, Status.NO_ATTACHMENT]
    assert {job.refusal.explanation for job in submission.jobs if job.refusal} == {
        "Your policy requires an attachment, and the mail has none."
    }


def test_an_unknown_directive_fails_the_submission() -> None:
    submission = decided(a_mail(x_fax_tries="3"), to("+12065551234"), a_user())
    [job] = submission.jobs
    assert job.refusal is not None
    assert job.refusal.status is Status.GENERAL_ERROR
    assert "'X-Fax-Tries: 3'" in job.refusal.explanation


def test_what_is_wrong_with_recipient_and_mail_is_told_together() -> None:
    [job] = decided(a_mail(x_fax_tries="3"), to("911"), a_user()).jobs
    assert job.refusal is not None
    assert job.refusal.status is Status.INVALID_FAX_NUMBER
    assert "'911' is not a complete" in job.refusal.explanation
    assert "'X-Fax-Tries: 3'" in job.refusal.explanation
    assert "country code" in job.refusal.advice
    assert "You may use cover, to, company" in job.refusal.advice


def test_more_recipients_than_allowed_are_refused_together() -> None:
    numbers = [f"+1206555{n:04}" for n in range(1000, 1004)]
    user = a_user(fax={"recipients_per_mail": 3})
    enough = decided(a_mail(), to(*numbers[:3], "FAX=" + numbers[0]), user)
    assert [job.refusal for job in enough.jobs] == [None, None, None]
    submission = decided(a_mail(), to(*numbers), user)
    assert len(submission.jobs) == 4
    assert {job.refusal.explanation for job in submission.jobs if job.refusal} == {
        "The mail has 4 recipients, and your policy allows 3."
    }


def explanation(submission: Submission) -> str:
    [job] = submission.jobs
    assert job.refusal is not None
    return job.refusal.explanation


def test_each_place_says_what_the_fax_is_to_be() -> None:
    mail = a_mail(
        "#fax title: Dr\n#fax reference: body\nPlease see.", subject="Scan /ref=subject /priority=low"
    )
    submission = decided(mail, to("12065551234/to=John_Doe/co=Acme"), a_user())
    [job] = submission.jobs
    assert (job.recipient.name, job.recipient.company, job.recipient.title) == ("John Doe", "Acme", "Dr")
    assert (job.reference, job.wishes.priority) == ("body", Priority.LOW)
    assert submission.printed.content.text == "Please see."
    assert submission.printed.content.subject == "Scan"
    assert submission.printed.original_subject == "Scan /ref=subject /priority=low"


def test_the_address_goes_before_the_header_the_header_before_the_body_and_that_before_the_subject() -> None:
    for places in range(1, 5):
        text = "#fax reference: 3\ntext" if places > 1 else "text"
        mail = a_mail(text, subject="S /ref=4")
        if places > 2:
            mail = replace(mail, fields={"x-fax-reference": "2"})
        address = "+12065551234/ref=1" if places > 3 else "+12065551234"
        [job] = decided(mail, to(address), a_user()).jobs
        assert job.reference == str(5 - places)


def test_recipients_of_one_mail_may_ask_for_different_things() -> None:
    envelope = to("+12065551234/cover=none/res=standard", "+14255550199^RETRIES=0^A4")
    plain, other = decided(a_mail(), envelope, a_user(coverpage={"mode": "on_demand"})).jobs
    assert plain.user is not None
    assert plain.user.settings.fax.resolution is Resolution.STANDARD
    assert other.user is not None
    assert (other.user.settings.fax.paper, other.user.settings.retry.attempts) == (Paper.A4, 1)


def test_a_fax_that_asks_for_nothing_has_the_policy_of_its_sender() -> None:
    [job] = decided(a_mail(x_fax_resolution="fine", x_fax_paper="letter"), to("+12065551234"), a_user()).jobs
    assert job.user is None


def test_more_calls_than_the_policy_gives_a_status_are_not_had_by_asking() -> None:
    user = a_user(retry={"attempts": 4, "statuses": {"BUSY": {"attempts": 2}, "No Answer": {"attempts": 9}}})
    [job] = decided(a_mail(x_fax_retries="5", x_fax_retry_interval="10 min"), to("+12065551234"), user).jobs
    assert job.user is not None
    retry = job.user.settings.retry
    assert (retry.attempts, retry.statuses["BUSY"].attempts, retry.statuses["No Answer"].attempts) == (
        6,
        2,
        6,
    )
    assert {retry.interval, *(one.interval for one in retry.statuses.values())} == {timedelta(minutes=10)}


def test_a_line_may_be_chosen_among_those_that_the_sender_may_use() -> None:
    [job] = decided(a_mail(x_fax_line="Backup"), to("+12065551234"), a_user()).jobs
    assert job.user is not None
    assert job.user.settings.lines == ("backup",)
    told = explanation(decided(a_mail(x_fax_line="backup"), to("+12065551234"), a_user(lines=["main"])))
    assert told == "'X-Fax-Line: backup' names no line that you may use."


def test_what_the_policy_forbids_is_refused_with_what_it_allows() -> None:
    user = a_user(fax={"directives": ["to", "reference"]})
    [job] = decided(a_mail(x_fax_priority="high"), to("+12065551234"), user).jobs
    assert job.refusal is not None
    assert job.refusal.explanation == "'X-Fax-Priority: high' asks for what your policy does not allow."
    assert job.refusal.advice.startswith("You may use to, reference.")


def test_where_notices_say_nothing_of_a_mail_a_refusal_quotes_nothing() -> None:
    user = a_user(notifications={"phi_free": True})
    for mail, named in (
        (a_mail(x_fax_tries="Jane Roe"), "allowed."),
        (a_mail(x_fax_at="Jane Roe"), "(at)."),
        (a_mail(x_fax_cover="Jane"), "(cover)."),
    ):
        [job] = decided(mail, to("+12065551234"), user).jobs
        assert job.refusal is not None
        assert job.refusal.explanation.endswith(named)
        assert job.refusal.quotes_nothing
        assert "Jane" not in job.refusal.explanation + job.refusal.advice
        assert "You may use cover, to" in job.refusal.advice


def test_nor_does_the_refusal_of_an_address() -> None:
    user = a_user(notifications={"phi_free": True})
    [job] = decided(a_mail(), to("+12065551234/Jane_Roe"), user).jobs
    assert job.refusal is not None
    assert job.refusal.quotes_nothing
    assert "Jane" not in job.refusal.explanation + job.refusal.advice


def test_a_name_in_the_address_counts_as_one() -> None:
    user = a_user(fax={"directives": []})
    assert "'John.12065551234'" in explanation(decided(a_mail(), to("John.12065551234"), user))
    [job] = decided(a_mail(), to("Dr_John_Doe.206-555-1234"), a_user()).jobs
    assert (job.recipient.number, job.recipient.name) == ("+12065551234", "Dr John Doe")


def test_a_number_that_is_named_twice_for_different_things_is_refused() -> None:
    told = explanation(decided(a_mail(), to("+12065551234/ref=1", "+12065551234/ref=2"), a_user()))
    assert "is named twice" in told


def test_an_option_that_is_not_understood_is_told_also_where_the_number_is_named_before() -> None:
    submission = decided(a_mail(), to("+12065551234", "+12065551234/hold=1"), a_user())
    assert "'/hold=1' is not understood" in explanation(submission)


def test_a_field_that_contradicts_itself_is_told() -> None:
    told = explanation(decided(a_mail(x_fax_cover="none\nyes"), to("+12065551234"), a_user()))
    assert told == "'X-Fax-Cover: none' and 'X-Fax-Cover: yes' contradict each other."


def test_a_directive_in_the_html_alone_is_followed() -> None:
    mail = a_mail("This mail is in HTML.", html="<p>#fax ref: 4711</p><p>Hello</p>")
    [job] = decided(mail, to("+12065551234"), a_user()).jobs
    assert job.reference == "4711"


def test_a_line_of_ours_that_only_the_html_has_not_understood_is_told() -> None:
    for html in ("<p>#fax colour: red</p><p>Hi</p>", "<p>Hi</p><p>#fax cover: no</p>"):
        told = explanation(decided(a_mail("Hi", html=html), to("+12065551234"), a_user()))
        assert told.endswith("is not understood.")


def test_notices_go_only_to_those_who_may_fax() -> None:
    known = surroundings(registered=lambda address: address == "desk@hospital.example")
    mail = a_mail(x_fax_notify="ana@hospital.example, desk@hospital.example")
    [job] = decide(mail, to("+12065551234"), a_user(), known).jobs
    assert job.wishes.notify == ("ana@hospital.example", "desk@hospital.example")
    told = explanation(decide(a_mail(x_fax_notify="x@evil.example"), to("+12065551234"), a_user(), known))
    assert "x@evil.example is not registered here" in told


def test_a_line_of_ours_below_other_text_is_told() -> None:
    told = explanation(decided(a_mail("Hello\n#fax cover: none\n"), to("+12065551234"), a_user()))
    assert told == "'#fax cover: none' is not understood."
    quoted = "Hello\n\nOn Monday Ana Ruiz wrote:\n> #fax cover: none\n"
    assert decided(a_mail(quoted), to("+12065551234"), a_user()).jobs[0].refusal is None


def test_a_mail_of_directives_alone_has_no_text() -> None:
    user = a_user(coverpage={"mode": "with_body_text"})
    [job] = decided(a_mail("#fax ref: 1\n\n"), to("+12065551234"), user).jobs
    assert (job.cover_template, job.reference) == ("", "1")


def test_what_is_forwarded_is_no_quotation() -> None:
    user = a_user(coverpage={"trim_quotes": True})
    text = (
        "See below.\n\nFrom: Jo <jo@x.example>\nSent: Monday\nTo: Ana\nSubject: Scan\n\nThe scan is there.\n"
    )
    for subject, kept in (("FW: Scan", True), ("Re: Scan", False)):
        submission = decided(a_mail(text, subject=subject), to("+12065551234"), user)
        assert ("The scan is there." in submission.printed.content.text) is kept


def test_a_signature_alone_is_no_text_where_it_is_trimmed() -> None:
    user = a_user(coverpage={"mode": "with_body_text", "trim_quotes": True})
    mail = a_mail("Yes.\n\n> Shall we?\n")
    assert decided(mail, to("+12065551234"), user).printed.content.text.strip() == "Yes."
