"""A private world on loopback in which a mail becomes a fax, for the demonstration and for tests.

Modules:
    dns_stub       a name server of its own zone
    mail_sink      a mail server that keeps what it is given
    sftp_server    an archive
    serve_process  `postfax serve` as a process, with its log to follow
    world          all of them together, with the settings that join them
    narration      what the log says, as lines for people
    identity       whether two faxes are the same, pixel by pixel
"""
