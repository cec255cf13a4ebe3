"""Mails to senders: what is said (pure), and how it is sent.

Modules:
    facts                all that a notice can say
    language             sentences in the reader's language, those of other stages among them
    recipients           numbers and names as people read them
    wording              the sentences and subjects that notices share
    content              a notice before it has a form: sentences, facts, sections
    calls                the calls of a fax, as notices and reports tell them
    initial              the notice about a mail that was taken on or refused
    delivery             the notice about a fax in its final state, to its sender and to others
    summary              one notice in place of many, about a mail to many
    alert                the mail to those who are called when something needs an administrator
    welcome              the mail to a user who is about to send faxes
    transmission_report  the sheet to keep, about a fax that was called
    rendering            content as plain text and as HTML, by built-in templates or own ones
    status_code          our statuses as enhanced status codes (RFC 3463)
    delivery_status      the part of a report that programs read (RFC 3464)
    returned_mail        what of the sender's mail a report carries
    report               the parts of a report put together (RFC 6522)
    compose              the mail itself: threading, headers, both forms, and what makes it a report
    signing              signatures before it (DKIM)
    mailer               SMTP to the smarthost, or to one server
    direct               SMTP to the servers of the recipient's domain
    mail_names           what that needs of the DNS
    mta_sts              what a domain asks of those who send it mail (RFC 8461)
    backoff              when an undelivered mail is tried again
"""
