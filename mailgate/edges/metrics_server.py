"""Answers GET /metrics on this machine, on a thread of its own: what it is given, never the registry.

One connection at a time, each with a time limit: whoever sits on one keeps figures from a monitor, and nothing else.
It answers also while the program's loop hangs; how old the figures are is one of them.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import urlsplit

from prometheus_client import CONTENT_TYPE_LATEST

from mailgate.errors import ConfigError

_SECONDS = 5.0
_PLAIN = "text/plain; charset=utf-8"


class MetricsServer:
    """Serves what ``render`` returns. ``listen``: "127.0.0.1:9177" or "[::1]:9177"; port 0 takes a free one."""

    def __init__(self, listen: str, render: Callable[[], bytes]) -> None:
        host, _, port = listen.rpartition(":")
        try:
            self._server = _server(host.strip("[]"), int(port), render)
        except OSError as e:
            raise ConfigError(
                f"[metrics] listen {listen} cannot be used: {e.strerror}", hint="Set another port, or leave it empty"
            ) from None
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="metrics", daemon=True)
        self._thread.start()

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    def close(self) -> None:
        """Stop answering; the connection in hand is finished, within its time limit."""
        self._closing.set()
        self._server.socket.shutdown(socket.SHUT_RDWR)  # wakes the thread that waits for a connection
        self._thread.join()
        self._server.server_close()

    def _serve(self) -> None:
        """Without serve_forever, which wakes up twice a second to see whether it should end."""
        while not self._closing.is_set():
            self._server.handle_request()


def _server(host: str, port: int, render: Callable[[], bytes]) -> HTTPServer:
    class Server(HTTPServer):
        address_family = socket.AF_INET6 if ":" in host else socket.AF_INET

        def server_bind(self) -> None:
            """Without HTTPServer's look-up of the host's name, which may take long and is not needed."""
            super(HTTPServer, self).server_bind()

        def handle_error(self, request: object, client_address: object) -> None:
            """A client that goes away is no event; the standard one prints a traceback."""

    class Handler(_Handler):
        document = staticmethod(render)

    return Server((host, port), Handler)


class _Handler(BaseHTTPRequestHandler):
    document: Callable[[], bytes]
    timeout = _SECONDS
    server_version, sys_version = "mailgate", ""

    def do_GET(self) -> None:
        if urlsplit(self.path).path == "/metrics":
            self._answer(HTTPStatus.OK, self.document(), CONTENT_TYPE_LATEST)
        else:
            self._answer(HTTPStatus.NOT_FOUND, b"see /metrics\n", _PLAIN)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """In plain text; a method that http.server does not know of is one that is not allowed here."""
        status = HTTPStatus.METHOD_NOT_ALLOWED if code == HTTPStatus.NOT_IMPLEMENTED else HTTPStatus(code)
        self._answer(status, f"{status.phrase}\n".encode(), _PLAIN)

    def _answer(self, status: HTTPStatus, content: bytes, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        if status is HTTPStatus.METHOD_NOT_ALLOWED:
            self.send_header("Allow", "GET")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        """Who asks is not logged."""
