"""The figures' server on a real socket: GET /metrics and nothing else."""

from __future__ import annotations

import http.client
import socket
from collections.abc import Iterator

import pytest

from mailgate.edges.metrics_server import MetricsServer
from mailgate.errors import ConfigError


@pytest.fixture
def server() -> Iterator[MetricsServer]:
    made = MetricsServer("127.0.0.1:0", lambda: b"x 1\n")
    yield made
    made.close()


def ask(server: MetricsServer, method: str, path: str) -> http.client.HTTPResponse:
    line = http.client.HTTPConnection("127.0.0.1", server.port, timeout=5)
    line.request(method, path)
    answer = line.getresponse()
    answer.text = answer.read()  # type: ignore[attr-defined]
    line.close()
    return answer


def said(server: MetricsServer, raw: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", server.port), timeout=5) as line:
        line.sendall(raw)
        line.shutdown(socket.SHUT_WR)
        found = b""
        while piece := line.recv(4096):
            found += piece
    return found


@pytest.mark.parametrize("path", ["/metrics", "/metrics?name[]=x"])
def test_metrics_are_served_as_text(server: MetricsServer, path: str) -> None:
    answer = ask(server, "GET", path)
    assert (answer.status, answer.text) == (200, b"x 1\n")  # type: ignore[attr-defined]
    assert answer.headers["Content-Type"].startswith("text/plain; version=")
    assert "Python" not in answer.headers["Server"]


@pytest.mark.parametrize("path", ["/", "/metrics/", "/../metrics", "*", "/metric", "/%6detrics"])
def test_other_paths_are_not_found(server: MetricsServer, path: str) -> None:
    assert ask(server, "GET", path).status == 404


@pytest.mark.parametrize("method", ["HEAD", "POST", "PUT", "DELETE", "OPTIONS", "TRACE", "FOO"])
def test_other_methods_are_not_allowed(server: MetricsServer, method: str) -> None:
    answer = ask(server, method, "/metrics")
    assert (answer.status, answer.headers["Allow"]) == (405, "GET")
    if method == "HEAD":
        assert answer.text == b""  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "raw", [b"", b"\r\n", b"nonsense\r\n\r\n", b"GET\r\n", b"\x16\x03\x01\x00", b"GET /metrics HTTP/9.9\r\n\r\n"]
)
def test_nonsense_is_answered_or_dropped_and_the_next_is_served(
    server: MetricsServer, raw: bytes, capfd: pytest.CaptureFixture[str]
) -> None:
    assert b"x 1" not in said(server, raw)
    assert ask(server, "GET", "/metrics").status == 200
    assert capfd.readouterr().err == ""


def test_endless_headers_are_refused(server: MetricsServer) -> None:
    lines = b"".join(b"X-%d: x\r\n" % n for n in range(200))
    assert b" 431 " in said(server, b"GET /metrics HTTP/1.0\r\n" + lines + b"\r\n").split(b"\r\n")[0]


def test_a_port_in_use_is_a_sentence(server: MetricsServer) -> None:
    with pytest.raises(ConfigError, match=r"\[metrics\] listen 127.0.0.1:\d+ cannot be used: Address already in use"):
        MetricsServer(f"127.0.0.1:{server.port}", lambda: b"")


def test_after_closing_nobody_answers() -> None:
    server = MetricsServer("127.0.0.1:0", lambda: b"")
    server.close()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", server.port), timeout=5)


def test_ipv6() -> None:
    server = MetricsServer("[::1]:0", lambda: b"x 1\n")
    try:
        with socket.create_connection(("::1", server.port), timeout=5) as line:
            line.sendall(b"GET /metrics HTTP/1.0\r\n\r\n")
            assert b"200" in line.recv(4096)
    finally:
        server.close()
