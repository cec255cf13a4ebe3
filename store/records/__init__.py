"""What is written and read of each noun: the SQL, as plain functions on a connection.

Functions that write take a `Turn` and run inside the writer's transaction; they raise to have all of it
undone. Functions that read take a connection. `store.book` is the only caller.

Modules:
    turn           what a writing function gets
    policies       the policy as it was when a mail was decided
    envelopes      an envelope as columns
    mails          a mail from its arrival to its answer
    pickups        which messages of an IMAP mailbox were taken on
    submissions    jobs come to be, get their documents, or are refused
    jobs           jobs as rows, their changes of state, look-ups
    resending      a fax is sent again as a job of its own
    conditions     the layers of a filter over jobs
    activity       which faxes a filter lets through, and what is told of each
    tallies        faxes counted, for reports
    happenings     what happened to faxes, followed
    days           what was faxed on each day, kept for two years
    detail_records faxes that came to their end, for accounting
    interventions  people cancel, hold and release
    audit          who did what
    blocks         numbers that are blocked while the service runs
    locks          accounts that may not send
    policies_seen  which policies were in force, and which were approved
    next_call      which job is called next, and on which line
    calls          a call is opened, and what came of it takes its job on
    attempts       attempts as rows
    outbox         notices and copies: owed once, delivered until done
    archives       how archives stand; copies tried again
    alerts         mails to those who are called: the same cause once an hour
    retention      what was kept long enough is removed
    purges         what was removed is written down
    retained       what is still kept
    erasure        what is kept of a sender or a number is erased
    page_budget    the pages that a user has faxed of late
    nodes          the processes that work on the book
    duties         what one of them does for all
    claims         leases are renewed; what dead owners held comes back
    quarantine     automatic mail is filed, released, removed
    credentials    hashes of passwords
    refusals       submissions refused during SMTP
    schedule       when something comes due, and how much there is
"""
