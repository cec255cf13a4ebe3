"""A stored mail taken apart: subject, text, attachments.

take_apart  asks for it, in the sandbox
task        what runs there
structure   the parts of a mail, found without copying it
part        one of them: what its header says, and its content
fields      header fields
parameters  the values of Content-Type and Content-Disposition
transfer    transfer encodings undone
shown_pictures  pictures in an HTML text that are pages
clear_signed  inline PGP in a plain text
html_words  whether an HTML text says anything
uuencoded   files in the midst of a plain text
parts       what is body, what is attached, what is not to be seen
text        charsets and encoded words
wide_charsets  those of two octets a character, as programs write them
names       file names
letter      a mail as people know one, with its head, its body and its enclosures
unpacking   winmail.dat and mails within the mail, opened to documents in their order
forwarded_page  a mail within the mail as a page
tnef, saved_message, mapi, compressed_rtf, rtf_text, outlook_letter  what Outlook makes of mails
signed_data what an S/MIME signature is around
"""
