"""A fax provider as a way to place calls: Sinch Fax, version 3.

fax: a fax as the provider tells of it
statuses: what it came to, as a status
service: what is asked of the provider: send, find, read
news: where it tells that a fax is over
"""
