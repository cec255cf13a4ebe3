"""A small SIP user agent (RFC 3261) over UDP, TCP and TLS, each layer on the one before it.

Modules:
    transport          datagrams in and out; `streams` are connections, cut into messages by `framing`
    message            requests and responses, read and composed (over the `sipmessage` parser); `addresses`
                       are taken apart
    transaction        requests matched with responses (`transaction_layer`), repeated until answered
    digest             answers to 401 and 407 challenges; the `authenticator` keeps them
    locating           where a domain's servers are: NAPTR, SRV, addresses (`dns_records`)
    dialog             what two ends agree on for the length of a call
    requesting         requests of ours: fail-over, challenges, ACK, PRACK (`reliable`)
    sdp                session descriptions: G.711 audio and T.38 image
    call               an INVITE session: re-INVITE both ways, BYE, `session_timer`; `outgoing` and `incoming`
                       begin one
    registration       a registrar told where we are
    options            whether a peer answers
    user_agent         many calls over one transport; `reach` is how peers reach it
"""
