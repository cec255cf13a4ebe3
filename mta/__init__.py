"""Mail in: SMTP sessions, what is proven of the sender, and MIME taken apart in a limited process.

Modules, along the way of a mail:
    smtp_listener     binds the addresses, holds the sessions, stops them gently
    port_holder       who has a port that is in use
    smtp_connection   what a session needs of its connection: time-outs, TLS, last words
    smtp_session      the SMTP commands (RFC 5321), on aiosmtpd's protocol
    smtp_transaction  what MAIL and RCPT build up, and what they are answered; pure
    smtp_command      their arguments: paths and ESMTP parameters
    smtp_data         the octets between DATA and its final dot
    reply             an SMTP reply with its enhanced status code
    intake            from a complete message to its acceptance or refusal
    header_scan       the few facts of a header block that the decision needs, in bounded time
    address_field     the mailboxes of a From, To or Cc field
    verdict           facts about a mail in, admitted or refused out; pure
    spf_check         SPF (RFC 7208) by pyspf
    dns_lookup        the resolver that pyspf asks: absolute names, a cache, no trouble hidden
    domain_name       domains as they are compared; organisational domains
    dedupe            the key by which a re-delivered mail is recognised
    mime              a stored mail taken apart, in the sandbox
    mime_task         what runs there
    mime_structure    a look at the structure before it is parsed
    mime_parts        what is body, what is attached, what is not to be seen
    mime_text         charsets and encoded words
    mime_names        file names
"""
