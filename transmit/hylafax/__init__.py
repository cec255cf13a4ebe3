"""HylaFAX as a way to place calls: hfaxd's client protocol, its jobs, and what they came to.

control: the connection: commands, replies, data
job: a job as its file in HylaFAX's queue tells it
submission: an order as the parameters of a job
statuses: what a job came to, as a status
server: what is asked of a server: submit, find, read, kill
"""
