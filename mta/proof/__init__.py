"""What is proven of a mail's sender.

checks                  a mail in, its verdict out: the one way in for intake
verdict                 facts about a mail in; admitted, refused, quarantined or more facts wanted out; pure
claims                  what each method proves of the From address; pure
evidence                what SPF, DKIM, DMARC and ARC found out: the nouns
refusal_sentences       what a client is told; pure
findings                the same as an Authentication-Results field, and in words; pure
authentication_results  that field (RFC 8601), read and written; pure

spf_check               SPF (RFC 7208) by pyspf
dkim_check              DKIM (RFC 6376) by dkimpy
dmarc_check             DMARC records (RFC 7489), read by the dmarc package
arc_check               ARC chains (RFC 8617) by dkimpy
signed_message          a message as its signatures see it
body_hash               the canonical body's hash, piece by piece
signing_key             public keys, fetched and seen to be fit
kept_results            results that hold for a while
"""
