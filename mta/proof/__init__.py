"""What is proven of a mail's sender.

verdict    facts about a mail in, admitted or refused out; pure
spf_check  SPF (RFC 7208) by pyspf
"""
