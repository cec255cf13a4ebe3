"""The rules: a mail and its sender's policy become one fax job per recipient, or refusals that say why.

Pure: values in, values out. No sockets, files or clock.

Modules:
    decide      the whole decision over a mail
    recipient   an envelope address becomes a number, a subaddress and a name
    number      digits as people write them become one E.164 number, or are refused
    allowance   what the policy says of a number: premium rates, countries, blocked numbers
    directives  the `X-Fax-…` header fields
    coverpage   the seven modes: cover page, body as a page, or nothing to send
    trimming    quotations and signatures at a body's end left out (with `quotation`, `mail_lines`)
"""
