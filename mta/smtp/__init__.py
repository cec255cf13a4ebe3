"""The SMTP and LMTP service.

listener             the sessions of one process; ends them gently
places               the addresses that are bound; who has a port that is in use (`port_holder`)
certificate          what TLS presents, renewed without a restart
rules                what holds for every session of a listener

session              a whole session of SMTP or LMTP, and the message by DATA or BDAT (`chunking`)
command_session      its other commands
dialogue             commands in, replies out
connection           TLS, time-outs, last words, on aiosmtpd's protocol
transaction          what MAIL and RCPT build up, and what they are answered; pure
data                 a message while it arrives

command_line, command, notice_parameters, xtext    what a client writes; pure
forwarded_client, proxy_protocol                   what a front end says of its client; pure
login                AUTH
patience, tolerance  how long, and how often; pure
limits               what clients may use, all worker processes together (`shared_counts`)
"""
