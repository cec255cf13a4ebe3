"""Mail in: who delivers, what is proven of the sender, and MIME taken apart in a limited process.

Folders and modules, along the way of a mail:
    smtp/           SMTP and LMTP sessions
    imap/           mails fetched from a shared mailbox
    intake          from a complete message to its acceptance or refusal
    header_scan     the few facts of a header block that the decision needs, in bounded time
    address_field   the mailboxes of a From, To or Cc field
    proof/          SPF, DKIM, ARC and DMARC, and the verdict over them
    dns_lookup      the resolver that they ask: absolute names, a cache, no trouble hidden
    domain_name     domains as they are compared; organisational domains
    dedupe          the key by which a re-delivered mail is recognised
    reply           an SMTP reply with its enhanced status code
    mime/           a stored mail taken apart, in the sandbox
"""
