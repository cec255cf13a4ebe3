"""What an administrator writes: server settings and policy; reading, merging, explaining.

Modules:
    values       the kinds of values, each read from its text, with fax_values, mail_values and file_values;
                 forms: what each looks like in a file
    section      what every group of settings is made of
    settings     the models of everything that may stand at company, department or user level, with those of
                 fax, coverpage, attachments, notifications, retry, archive and upkeep
    server, mail the models of the server's settings, and how they are read; login: log-ins; credentials:
                 secrets of systemd
    policy_file  the models of a policy's files
    reading      YAML files as plain values that know their places; composing: the parser's events made into
                 them; places: where each stands; syntax: what the parser stumbled over, in words
    validating   values against a model: the model, or every mistake with its place
    mistakes     a mistake, a caution, and how they are told
    inheritance  nearest wins, and what adds up
    levels, policy_tree  company → departments → users, put together of one or several files
    policy       who a sender is, and what applies to them
    cautions, lint  what is allowed and may not be meant: at every load, and in a closer look
    explain      the level and line behind every effective value; who: the people behind a value
    difference   what changes for whom between two policies
    editing      users put into the files, moved, taken out (layout, text_edits, yaml_text, replacing);
                 users_csv: from a table
    kinds        what may be written for a setting; reference, schema: for people, for editors; docstrings:
                 the sentence on each
    written      values as they would stand in a file
    datetimes    moments written as the policy says; number_text: telephone numbers
"""
