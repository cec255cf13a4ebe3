"""The program: the `postfax` command and the service that joins the stages.

Modules:
    command        the command line, which finds its subcommands in `commands/`
    service        the service: what runs, in which order it starts and stops
    journey        the steps of a fax's way: claim a piece of work, hand it to a stage, record what came
    demonstration  a private world on loopback in which a mail becomes a fax
"""
