"""A stored mail taken apart: subject, text, attachments.

take_apart  asks for it, in the sandbox
task        what runs there
structure   a look at the structure before it is parsed
parts       what is body, what is attached, what is not to be seen
text        charsets and encoded words
names       file names
"""
