"""The one durable record: the nouns of a fax's way, the book that alone changes them, and the bodies.

Modules:
    mail      a received mail, its envelope, what is proven of its sender, its parts
    job       a fax job, its document, its attempts and their outcomes
    outbox    notices and copies that a transition causes
    status    the words people read
    lifecycle the states of a job and every transition between them
    book      the only door to the database
"""
