"""What an administrator writes: server settings and policy; reading, merging, explaining.

Modules:
    values, fax_values  the kinds of values, each read from its text
    settings     the models of everything that may stand at company, department or user level
    server       the models of the server's settings, and how they are read
    policy_file  the models of a policy's files
    reading      YAML as nodes that know their places; syntax: its errors in words
    validating   nodes against a model: the model, or every mistake with its place
    mistakes     a mistake, a caution, and how they are told
    inheritance  nearest wins, and what adds up
    levels, policy_tree  company → departments → users, put together of one or several files
    policy       who a sender is, and what applies to them
    cautions     what is allowed and may not be meant
    explain      the level and line behind every effective value
    datetimes    moments written as the policy says
"""
