"""A monitoring system that asks a session for its metrics over HTTP."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from socket import AF_INET, AF_INET6
from typing import Any

from dissectors.commands import inputs
from dissectors.live.metrics import CONTENT_TYPE, Metrics

REQUEST_SECONDS = 2.0
"""Who connects and asks nothing is let go."""


class MetricsServer:
    """Serves the metrics over HTTP at `address` (`host:port`, `:port`, `port`), on the loopback unless it says a host.

    Raises Refused where nobody can listen there.
    """

    def __init__(self, address: str, metrics: Metrics) -> None:
        host, port = endpoint(address)

        class Handler(BaseHTTPRequestHandler):
            """Answers one request."""

            timeout = REQUEST_SECONDS

            def do_GET(self) -> None:
                """Give the page."""
                found = self.path.partition("?")[0] in ("/", "/metrics")
                text = (metrics.text() if found else "the metrics are at /metrics\n").encode()
                self.send_response(200 if found else 404)
                self.send_header("Content-Type", CONTENT_TYPE if found else "text/plain")
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, format: str, *args: Any) -> None:
                """Say nothing."""

        class Server(HTTPServer):
            """One request at a time: who scrapes comes every few seconds."""

            address_family = AF_INET6 if ":" in host else AF_INET

            def handle_error(self, request: Any, client_address: Any) -> None:
                """Who left before the answer is no error of ours."""

        try:
            self._server = Server((host, port), Handler)
        except OSError as error:
            raise inputs.Refused(f"--metrics {address}: {(error.strerror or str(error)).lower()}") from None
        self.port = int(self._server.server_address[1])
        self._thread = threading.Thread(target=self._server.serve_forever, name="metrics", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Serve no more."""
        self._server.shutdown()
        self._server.server_close()


def endpoint(text: str) -> tuple[str, int]:
    """`host:port`, `[host]:port`, `:port` or `port`; the host is the loopback where none is named."""
    host, port = inputs.host_and_port(text)
    if port is None:
        raise inputs.Refused(f"--metrics {text!r}: the form is HOST:PORT, such as 127.0.0.1:9100")
    return host or "127.0.0.1", port
