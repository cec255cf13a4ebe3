"""The steps of a fax's way, one module each.

Each step claims one piece of work from the book, hands it to a stage, and records what came back; it answers
whether there was anything to do. A step that was cut off is done again, from the claim on. A step that fails,
for whatever reason, counts as a try and is put off, so that nothing is tried for ever and somebody is told in
the end; only what fails because the book itself cannot be used waits uncounted until its lease ends.

Modules:
    decide        a received mail becomes jobs or refusals
    make          a mail's jobs get their documents
    expire        a job whose time is up is ended
    dial          a due job is called
    tell          a notice is sent
    faxed_pages   what of a fax goes with the notice to its sender
    file          a copy is delivered
    giving_up     what was tried for days is given up, and administrators are told
    withheld      a notice that will not be sent is said in the log
    trying_again  when a step that failed is tried again
    wording       what pages and header lines say of a job
"""
