"""What an administrator writes: server settings and policy; reading, merging, explaining.

Modules:
    server    the models of the server's settings
    settings  the models of everything that may stand at company, department or user level
    policy    company → departments → users, nearest-wins, and who a sender is
    reading   YAML with the place of every value, and mistakes told all at once
"""
