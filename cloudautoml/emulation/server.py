"""Server: a vendor's service over HTTP, on this machine's loopback address and nowhere else."""

from __future__ import annotations

import contextlib
import ipaddress
import socket
import threading
import time
import traceback
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

from typing_extensions import override

from cloudautoml.emulation.clock import SettableClock
from cloudautoml.emulation.control import PREFIX, control
from cloudautoml.emulation.faults import FaultKind, FaultScript
from cloudautoml.emulation.service import Reply, Request
from cloudautoml.errors import ConfigError

if TYPE_CHECKING:
    from ssl import SSLContext

    from cloudautoml.emulation.service import Service

_LAST_SECONDS = 2.0
_LAST_BYTES = 64 << 20


class EmulationServer:
    """Serves one vendor's API.

    Use it as a context manager, or call `start` and `close`.

    Args:
        service: The vendor.
        host: A loopback address.
        port: 0 takes a free one.
        faults: What goes wrong; nothing unless given.
        clock: The emulator's time of day.
        tls: A server's context, for vendors whose clients send no token in the clear.

    Raises:
        ConfigError: The host is not a loopback address: an emulator is open to whoever reaches it.
    """

    def __init__(
        self,
        service: Service,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        faults: FaultScript | None = None,
        clock: SettableClock | None = None,
        tls: SSLContext | None = None,
    ) -> None:
        if not is_loopback(host):
            raise ConfigError(f"an emulator listens on loopback only, not on {host!r}", where="host", hint="127.0.0.1")
        self.service = service
        self.faults = faults or FaultScript()
        self.clock = clock or SettableClock()
        self._scheme = "http" if tls is None else "https"
        self._http = _Http(host, port, self)
        if tls is not None:  # hands are shaken by each connection's own thread, so that none waits for another
            self._http.socket = tls.wrap_socket(self._http.socket, server_side=True, do_handshake_on_connect=False)
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.05,), daemon=True, name="emulator")

    @property
    def url(self) -> str:
        """Its address, without a slash at the end."""
        host, port = self._http.server_address[:2]
        shown = f"[{host!s}]" if ":" in str(host) else str(host)
        return f"{self._scheme}://{shown}:{port}"

    def start(self) -> Self:
        """Serve, in a thread of its own; returns at once and can be called at the address from then on."""
        self._thread.start()
        return self

    def close(self) -> None:
        """Stop serving; open connections are closed and their threads have ended on return."""
        if self._thread.is_alive():
            self._http.shutdown()
            self._thread.join()
        self._http.server_close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.close()

    def answer(self, request: Request) -> Reply | None:
        """Answer a call, faults included; None closes the connection in place of a reply."""
        if request.path.startswith(PREFIX):
            return control(request, faults=self.faults, clock=self.clock)
        fault = self.faults.take(self.service.operation(request))
        if fault is None:
            return self.service.handle(request)
        if fault.kind is FaultKind.SLOW:
            time.sleep(fault.seconds)
        elif fault.kind is FaultKind.UNKNOWN_STATUS:
            request = replace(request, fault=fault)
        elif fault.kind is FaultKind.REFUSED:
            return None
        elif fault.kind is not FaultKind.LOST_REPLY:
            return self.service.refuse(request, fault)
        reply = self.service.handle(request)
        return None if fault.kind is FaultKind.LOST_REPLY else reply


def is_loopback(host: str) -> bool:
    """Whether a host is this machine and cannot be reached from another."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class _Http(HTTPServer):
    """An HTTP server with a thread a connection, which knows its connections so that it can end them."""

    allow_reuse_address = True
    request_queue_size = 64

    def __init__(self, host: str, port: int, server: EmulationServer) -> None:
        self.emulation = server
        self._open: dict[socket.socket, threading.Thread] = {}
        self._lock = threading.Lock()
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        super().__init__((host, port), _Handler)

    @override
    def server_bind(self) -> None:
        self.socket.bind(self.server_address)  # HTTPServer's own would look the host's name up, which can take long
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = str(self.server_address[0]), int(self.server_address[1])

    @override
    def process_request(self, request: Any, client_address: Any) -> None:
        thread = threading.Thread(target=self._serve, args=(request, client_address), daemon=True)
        with self._lock:
            self._open[request] = thread
        thread.start()

    def _serve(self, request: socket.socket, client_address: Any) -> None:
        try:
            self.finish_request(request, client_address)
        except OSError:
            pass  # the client has gone, or does not trust us
        finally:
            with self._lock:
                self._open.pop(request, None)
            self.shutdown_request(request)

    @override
    def server_close(self) -> None:
        super().server_close()
        with self._lock:
            still = dict(self._open)
        for connection, thread in still.items():
            with contextlib.suppress(OSError):  # it was closed in between
                # the socket's own way: a thread that waits for the next call sees the end, encrypted or not
                socket.socket.shutdown(connection, socket.SHUT_RDWR)
            thread.join(timeout=5)


class _Handler(BaseHTTPRequestHandler):
    """Reads calls off one connection and writes each reply at once."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # head and body leave in one packet: two writes cost 40 ms a call
    server: _Http  # pyright: ignore[reportIncompatibleVariableOverride] - only that one makes handlers

    def _any(self) -> None:
        host = urlsplit(f"//{self.headers.get('Host', '')}").hostname or ""
        length = self.headers.get("Content-Length", "0")
        if not is_loopback(host):  # a page in a browser may name this machine, and must not reach it
            self._send(Reply(403, b'{"error": "an emulator is called by a loopback address"}'))
        elif "Transfer-Encoding" in self.headers or not length.isdigit():
            self._send(Reply(411, b'{"error": "the length of the body must be given"}', {"Connection": "close"}))
            self._read_out()
        else:
            headers = {name.lower(): value for name, value in self.headers.items()}
            self._reply(Request(self.command, self.path, headers, self.rfile.read(int(length))))

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = _any  # noqa: N815 - the base class calls them so

    def _read_out(self) -> None:
        """Take what is still coming before the connection is closed, or the caller would lose the reply to a reset."""
        self.connection.settimeout(_LAST_SECONDS)
        left = _LAST_BYTES
        with contextlib.suppress(OSError):
            self.connection.shutdown(socket.SHUT_WR)
            while left > 0 and (read := len(self.rfile.read1(min(left, 65536)))):
                left -= read

    def _reply(self, request: Request) -> None:
        try:
            reply = self.server.emulation.answer(request)
        except Exception:  # noqa: BLE001 - a mistake of the emulator's is to reach the caller, not to hang him
            reply = Reply(
                500, f"the emulator failed:\n{traceback.format_exc()}".encode(), {"Content-Type": "text/plain"}
            )
        if reply is None:
            self.close_connection = True
        else:
            self._send(reply)

    def _send(self, reply: Reply) -> None:
        self.send_response(reply.status)
        for name, value in {**reply.headers, "Content-Length": str(len(reply.body))}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(reply.body)
        self.wfile.flush()

    @override
    def log_message(self, format: str, *args: Any) -> None:
        """Calls are not logged: the emulator's console belongs to whoever started it."""
