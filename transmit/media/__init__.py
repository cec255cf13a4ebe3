"""What travels beside SIP: UDPTL datagrams, RTP packets, G.711 samples, and what can be heard in them.

Pure: nothing here knows a socket or a clock.
"""
