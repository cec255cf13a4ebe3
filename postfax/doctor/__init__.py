"""`postfax doctor`: looks at everything around the service that must be right, and says what to do.

finding        what a check found
site           what is looked at: the settings, the names, this host
check          a check: its name, its group, its time
examination    all checks at one time; nothing raises
checks         the table of them, in the order in which people read it
report         findings on a terminal, and for programs

The other modules are the checks, one subject each. The service may run meanwhile: no port and no lock is
taken, nothing is written, no mail is sent and no call is placed.
"""
