"""The whole service in one process, on a clock that jumps, with everything outside played and broken by seed.

    virtual_time    an event loop that never waits: time goes on when nothing else is to be done
    chance          everything that a seed decides: latencies, faults, what people and machines do
    objects         an object store, where the seed has one
    disk            the database of one seed, in memory, and how a node reaches it
    node            one running Postfax: the service's own steps, dying and starting again
    far_ends        the telephones that are called
    mail_server     the smarthost, which loses replies
    documents       parsing and conversion without processes of their own
    senders         people who mail until they are told 250
    world           all of them together, from the first mail until nothing is left to do
    invariants      what has to hold, whatever happened
    mutations       the service broken on purpose: proof that the invariants see it

What is not played is the service's own: decisions, book, records, retries, outbox, notices, upkeep. A seed
decides everything, so a run that went wrong is repeated exactly by its number.
"""
