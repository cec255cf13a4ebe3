"""The one durable record: the nouns of a fax's way, the book that alone changes them, and the bodies.

The nouns:
    mail          a received mail, its envelope, what is proven of its sender, its parts
    job           a fax job, its document, its attempts and their outcomes
    page_word     a word where it stands on its page
    new_document  a document that was just made
    outbox        notices and copies that a transition causes
    archive_standing
                  how an archive's copies stand
    quarantine    automatic mail that is kept and not faxed
    credential    that a user has a password
    block         a number that is blocked while the service runs
    lock          that a user may not send
    audit_entry   who did what
    seen_policy   the policy that was in force
    pickup        a message in an IMAP mailbox
    retention     when what is kept has been kept long enough
    purge         what was removed, when, and by which rule
    retained      what is still kept, and until when
    node          a process of the service, as it tells of itself
    erasure       what is to be erased on request, and what became of it
    page_budget   how many pages a user may fax in a day
    refused       a submission that was refused during SMTP
    history       a transition that happened
    status        the words people read
    lifecycle     the states of a job and every transition between them
    job_filter    which jobs a look-up asks for
    errors        what can go wrong with the book

The book:
    book            the only door; every change is one transaction
    calling         its part about calls, and claims of services that are no more
    nodes           its part about the processes that work on it
    administration  its part about quarantine, refusals and purges
    upkeep          its part about retention and alerts
    erasing         its part about erasing on request
    archiving       its part about copies in archives
    live_facts      its part about blocked numbers, locks, passwords, and who did what
    address         where it is, and the way to it: `sqlite_access` or `postgresql_access`
    access          how it is reached: readers in threads, one writer
    writer          the thread that writes, in groups; `write_group` runs one in a transaction
    changes         waiting for a change, whoever makes it
    records         what is written and read of each noun: the SQL
    tables          the tables of a fax's way; `migrations` brings a book to them, `version` compares
    administration_tables, upkeep_tables, node_tables
                    the others; `columns` is what all of them are made of
    sqlite          SQLite as the book: connections, the lock between processes, failures in sentences
    postgresql      PostgreSQL as the book: its address, connections, failures in sentences
    copying         a book is copied into another database; `copy_ends` keeps others away
    json_text       what stands in columns of JSON
    bodies          mails and documents: their rows, and what these say
    body_places     where their octets are: in rows, in files (`body_folder`), in objects (`body_objects`)
    object_store    an S3 store, asked with patience; its failures in sentences
    body_migration  moves them from one place to another
    disk            whether there is room to take on more
    ids             ids that people read, write down and say aloud
    owner           who holds a claim, and whether they are gone
"""
