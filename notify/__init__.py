"""Mails to senders: what is said (pure), and how it is sent.

Modules:
    facts            all that a notice can say
    recipients       numbers and names as people read them
    wording          the sentences and subjects that both notices share
    content          a notice before it has a form: sentences, facts, sections
    initial          the notice about a mail that was taken on or refused
    delivery         the notice about a fax in its final state, to its sender and to others
    alert            the mail to those who are called when something needs an administrator
    rendering        content as plain text and as HTML
    status_code      our statuses as enhanced status codes (RFC 3463)
    delivery_status  the part of a report that programs read (RFC 3464)
    returned_mail    what of the sender's mail a report carries
    report           the parts of a report put together (RFC 6522)
    compose          the mail itself: threading, headers, both forms, and what makes it a report
    mailer           SMTP to the smarthost
    backoff          when an undelivered mail is tried again
"""
