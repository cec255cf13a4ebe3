"""Mail taken in by processes of its own, so that it neither waits for the steps nor shares their fate.

workers  the parent's end: binds the sockets, keeps the processes going, hands them the policy
channel  what parent and worker say to each other
worker   one process: sessions, sender proof, the book
"""
