"""The service as programs and administrators watch it.

Modules:
    metrics     what is counted and measured, by the names that Prometheus knows it under
    condition   what the service looked like a moment ago
    alarms      which conditions need an administrator (pure)
    http_door   /metrics, /healthz and /readyz
    watch       looks again and again, alerts, and tells systemd that the service lives
"""
