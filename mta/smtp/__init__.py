"""The SMTP service.

listener     binds the addresses, holds the sessions, stops them gently
port_holder  who has a port that is in use
connection   what a session needs of its connection: time-outs, TLS, last words
session      the commands (RFC 5321), on aiosmtpd's protocol
transaction  what MAIL and RCPT build up, and what they are answered; pure
command      their arguments: paths and ESMTP parameters
data         the octets between DATA and its final dot
"""
