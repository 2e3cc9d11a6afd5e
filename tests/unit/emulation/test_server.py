"""The loopback server of emulators: what it answers, what it gets wrong on demand, and whom it refuses."""

from __future__ import annotations

import http.client
import json
import threading
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from typing_extensions import override

from cloudautoml.emulation import EmulationServer, Fault, FaultKind, Reply, Request, Service, SettableClock
from cloudautoml.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator


class Echo(Service):
    """Answers with what it was asked, and counts."""

    def __init__(self) -> None:
        self.calls: list[str] = []

    @override
    def operation(self, request: Request) -> str:
        return request.path.strip("/")

    @override
    def handle(self, request: Request) -> Reply:
        self.calls.append(self.operation(request))
        if request.path == "/broken":
            raise ZeroDivisionError
        said = {"body": request.body.decode(), "query": request.query, "odd": request.fault is not None}
        return Reply(200, json.dumps(said).encode())

    @override
    def refuse(self, request: Request, fault: Fault) -> Reply:
        return Reply(400, fault.kind.value.encode())


@pytest.fixture
def server() -> Iterator[EmulationServer]:
    with EmulationServer(Echo(), clock=SettableClock(datetime(2026, 1, 1, tzinfo=UTC), rate=0)) as running:
        yield running


@pytest.fixture
def line(server: EmulationServer) -> Iterator[http.client.HTTPConnection]:
    connection = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=5)
    yield connection
    connection.close()


def call(line: http.client.HTTPConnection, method: str, path: str, body: str | None = None) -> tuple[int, str]:
    line.request(method, path, body)
    reply = line.getresponse()
    return reply.status, reply.read().decode()


def calls(server: EmulationServer) -> list[str]:
    assert isinstance(server.service, Echo)
    return server.service.calls


def test_many_calls_share_one_connection(line: http.client.HTTPConnection) -> None:
    assert call(line, "POST", "/first?a=1&a=2", "hello")[0] == 200
    kept = line.sock
    status, text = call(line, "POST", "/second?a=1&a=2", "hello")
    assert (status, json.loads(text)) == (200, {"body": "hello", "query": {"a": ["1", "2"]}, "odd": False})
    assert line.sock is kept


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.1", "example.com", ""])
def test_it_listens_on_loopback_only(host: str) -> None:
    with pytest.raises(ConfigError, match="loopback"):
        EmulationServer(Echo(), host=host)


def test_a_caller_who_names_another_host_is_refused(server: EmulationServer, line: http.client.HTTPConnection) -> None:
    line.request("POST", "/x", "{}", headers={"Host": "evil.example"})
    assert line.getresponse().status == 403
    assert calls(server) == []


def test_a_body_of_unknown_length_is_refused(server: EmulationServer, line: http.client.HTTPConnection) -> None:
    line.request("POST", "/x", iter([b"a", b"b"]), encode_chunked=True, headers={"Transfer-Encoding": "chunked"})
    assert line.getresponse().status == 411
    assert calls(server) == []


def test_a_mistake_of_the_service_reaches_the_caller(line: http.client.HTTPConnection) -> None:
    status, text = call(line, "GET", "/broken")
    assert status == 500
    assert "ZeroDivisionError" in text


@pytest.mark.parametrize("kind", ["throttle", "server_error", "access_denied", "expired_token", "quota"])
def test_a_call_fails_in_the_words_of_the_service(
    kind: str, server: EmulationServer, line: http.client.HTTPConnection
) -> None:
    server.faults.add(Fault(kind=FaultKind(kind), operation="x"))
    assert call(line, "GET", "/y")[0] == 200
    assert call(line, "GET", "/x") == (400, kind)
    assert call(line, "GET", "/x")[0] == 200
    assert calls(server) == ["y", "x"]


@pytest.mark.parametrize(("kind", "carried_out"), [(FaultKind.LOST_REPLY, ["x"]), (FaultKind.REFUSED, [])])
def test_a_connection_is_lost_after_or_before_the_call(
    kind: FaultKind, carried_out: list[str], server: EmulationServer, line: http.client.HTTPConnection
) -> None:
    server.faults.add(Fault(kind=kind))
    with pytest.raises((http.client.RemoteDisconnected, ConnectionError)):
        call(line, "GET", "/x")
    assert calls(server) == carried_out


def test_a_slow_call_comes_late_and_an_odd_one_is_the_services(
    server: EmulationServer, line: http.client.HTTPConnection
) -> None:
    server.faults.add(Fault(kind=FaultKind.SLOW, seconds=0.2), Fault(kind=FaultKind.UNKNOWN_STATUS))
    start = time.monotonic()
    assert call(line, "GET", "/x")[0] == 200
    assert time.monotonic() - start >= 0.2
    assert json.loads(call(line, "GET", "/x")[1])["odd"] is True


def test_other_processes_script_faults_and_set_the_clock(line: http.client.HTTPConnection) -> None:
    status, text = call(line, "POST", "/_emulator/faults", '{"kind": "throttle", "operation": "x", "count": 2}')
    assert status == 200
    assert json.loads(text)[0]["count"] == 2
    assert call(line, "GET", "/x")[1] == "throttle"
    assert call(line, "DELETE", "/_emulator/faults") == (200, "[]")
    assert call(line, "GET", "/x")[0] == 200
    assert json.loads(call(line, "POST", "/_emulator/clock", '{"advance": 60}')[1]) == {
        "now": "2026-01-01T00:01:00+00:00"
    }
    assert json.loads(call(line, "GET", "/_emulator/health")[1]) == {"emulated": True}


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "faults", '{"kind": "earthquake"}', 400),
        ("POST", "faults", "{", 400),
        ("POST", "clock", '{"advance": -1}', 400),
        ("POST", "clock", "{}", 400),
        ("GET", "nothing", None, 404),
    ],
)
def test_a_wrong_control_call_is_told_so(
    method: str, path: str, body: str | None, status: int, line: http.client.HTTPConnection
) -> None:
    seen, text = call(line, method, f"/_emulator/{path}", body)
    assert seen == status
    assert "error" in json.loads(text)


def test_it_stops_with_connections_open_and_leaves_no_thread() -> None:
    before = threading.active_count()
    server = EmulationServer(Echo()).start()
    line = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=5)
    assert call(line, "GET", "/x")[0] == 200
    server.close()
    line.close()
    assert threading.active_count() == before
    with pytest.raises(ConnectionError):
        call(http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=5), "GET", "/x")
