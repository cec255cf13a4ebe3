"""The receiving station: a fax machine that answers over SIP, for demonstration, tests and rehearsals.

Modules:
    behaviour  what it does when a number is called: fax, busy, a voice, …
    record     what it keeps of each call
    answering  the course of one incoming call
    station    the station itself
"""
