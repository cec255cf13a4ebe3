"""The fax engine: T.30 sessions by libspandsp, run in worker processes of their own.

The service asks `pool.EnginePool` for a session with an `order.SessionOrder`, steers it through a
`pool.EngineCall`, and reads `events`. Only a worker ever loads libspandsp: a malformed packet that crashes it
costs that worker's calls, never the service.
"""
