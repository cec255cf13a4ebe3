"""/metrics, /healthz and /readyz, by HTTP, in a thread of their own: they answer while the service hangs.

/metrics  what Prometheus collects
/healthz  200 while the service's loop turns, 503 once it has not for a while: a supervisor may restart it
/readyz   200 while mail can be taken on, 503 while it cannot: a load balancer sends it elsewhere
"""

import socket
import threading
from collections.abc import Callable, Iterable
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

from prometheus_client import CollectorRegistry
from prometheus_client.exposition import ThreadingWSGIServer, make_wsgi_app

from config.values import HostPort
from postfax.failures import Failure

Verdict = Callable[[], str]
"""Says what is wrong; an empty text where nothing is."""


class DoorNotOpened(Failure):
    """The address cannot be listened on; the text says why and what to do."""


class HttpDoor:
    """Answers programs that watch."""

    def __init__(
        self, listen: HostPort, registry: CollectorRegistry, *, healthy: Verdict, ready: Verdict
    ) -> None:
        """Nothing is opened yet. `healthy` and `ready` are asked in other threads."""
        self._listen = listen
        self._metrics = make_wsgi_app(registry)
        self._verdicts = {"/healthz": healthy, "/readyz": ready}
        self._server: Any = None

    def open(self) -> HostPort:
        """Answer from now on; the address, with the port that was chosen where 0 was asked for.

        Raises:
            DoorNotOpened: that is not possible.
        """
        server_class = type("_Server", (ThreadingWSGIServer,), {"address_family": _family(self._listen.host)})
        try:
            self._server = make_server(
                self._listen.host, self._listen.port, self._answer, server_class, handler_class=_SilentHandler
            )
        except OSError as problem:
            raise DoorNotOpened(
                f"{self._listen} cannot be opened for monitoring: {problem.strerror or problem}. "
                "Give another address: monitoring.listen."
            ) from problem
        threading.Thread(target=self._server.serve_forever, name="monitoring", daemon=True).start()
        return HostPort(self._listen.host, self._server.server_port)

    def close(self) -> None:
        """Answer nobody any more."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def _answer(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        if path == "/metrics":
            answer: Iterable[bytes] = self._metrics(environ, start_response)
            return answer
        verdict = self._verdicts.get(path)
        wrong = "there are /metrics, /healthz and /readyz" if verdict is None else verdict()
        status = "404 Not Found" if verdict is None else "503 Service Unavailable" if wrong else "200 OK"
        start_response(status, [("Content-Type", "text/plain; charset=utf-8")])
        return [f"{wrong or 'ok'}\n".encode()]


class _SilentHandler(WSGIRequestHandler):
    """Does not log every question."""

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - as its base names it
        """Say nothing."""


def _family(host: str) -> int:
    return socket.AF_INET6 if ":" in host else socket.AF_INET
