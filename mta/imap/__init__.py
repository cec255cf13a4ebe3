"""Mail fetched from a shared mailbox (IMAP4rev1, RFC 3501), each exactly once.

pickup            one mailbox: connects, looks, waits for news, comes back after trouble
taking            one mail: from the mailbox to the book, then to its folder
decision          a fetched mail is taken on, quarantined or refused
trusted_results   what the delivering server found out of the sender (RFC 8601)
trace             which header fields our own servers wrote
recipients        the envelope of a mail of which only the header is left
subject_numbers   `[FAX] 2065551234, +4930123456`
connection        what is asked of the server: login, folders, messages, news
dialogue          how it is asked: TLS, and an end to every wait
protocol          what aioimaplib leaves to be done
replies           what the server's lines say
folder_name       names of folders as IMAP writes them (modified UTF-7)
oauth             access tokens (RFC 6749)
secret_file       passwords, secrets and refresh tokens in files of their own
waiting           how long to wait after trouble
trouble           what can go wrong, each with a sentence
"""
