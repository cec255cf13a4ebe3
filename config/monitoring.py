"""How the service is watched by programs, and when it calls for an administrator by itself."""

from datetime import timedelta

from config.section import Section
from config.values import Address, Duration


class MonitoringSettings(Section):
    """How the service is watched."""

    listen: Address | None = None
    """Where programs ask it by HTTP: /metrics for Prometheus, /healthz and /readyz; such as 127.0.0.1:9187.
    By default nowhere. Who can connect can read it: it tells no addresses and no numbers."""
    stuck_after: Duration = timedelta(minutes=30)
    """How long a fax, a notice or a copy may be overdue until administrators get an alert."""
