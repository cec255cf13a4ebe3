"""A small SIP user agent (RFC 3261) over UDP, each layer on the one before it.

Modules:
    transport    datagrams in and out
    message      requests and responses, read and composed (over the `sipmessage` parser)
    transaction  requests matched with responses, repeated until answered, timed out
    digest       answers to 401 and 407 challenges
    dialog       what two ends agree on for the length of a call
    sdp          session descriptions: G.711 audio and T.38 image
    call         an INVITE session: re-INVITE both ways, BYE; `outgoing` and `incoming` begin one
    user_agent   many calls over one socket
"""
