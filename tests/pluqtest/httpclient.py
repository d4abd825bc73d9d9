"""HTTP: whole requests through http.client, and raw ones over a socket."""

from http.client import HTTPConnection, HTTPSConnection
import json
import socket
from typing import NamedTuple
from urllib.parse import urlencode

from .wait import scaled


class Response(NamedTuple):
    status: int
    headers: dict  # lower-case names
    body: bytes

    def json(self, **kw):
        return json.loads(self.body, **kw)

    @property
    def message(self):
        """The text of an error body, whose exact form is asserted."""
        text = self.json()["message"]
        assert self.body == b'{"message":%s}' % json.dumps(text).encode(), self.body
        return text


class _UnixConnection(HTTPConnection):
    def __init__(self, path, timeout):
        super().__init__("localhost", timeout=timeout)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


def connection(address, timeout=10, tls=None):
    """tls: an ssl.SSLContext; the server's name is its address."""
    if tls:
        return HTTPSConnection(*address, timeout=scaled(timeout), context=tls)
    if isinstance(address, str):
        return _UnixConnection(address, scaled(timeout))
    return HTTPConnection(*address, timeout=scaled(timeout))


def exchange(c, method, target, body=None, headers=None):
    c.request(method, target, body=body, headers=headers or {})
    r = c.getresponse()
    return Response(r.status, {k.lower(): v for k, v in r.getheaders()}, r.read())


def http(address, method, path, params=None, body=None, headers=None, timeout=10, tls=None):
    """One request on a connection of its own. Redirects are not followed."""
    target = path + ("?" + urlencode(params) if params else "")
    c = connection(address, timeout, tls)
    try:
        return exchange(c, method, target, body, headers)
    finally:
        c.close()


class RawHttp:
    """A socket to an HTTP listener: bytes out, parsed responses back."""

    def __init__(self, address, timeout=5):
        family = socket.AF_UNIX if isinstance(address, str) else socket.AF_INET
        self.sock = socket.socket(family, socket.SOCK_STREAM)
        self.sock.settimeout(scaled(timeout))
        self.sock.connect(address)
        self.file = self.sock.makefile("rb")

    def send(self, data):
        self.sock.sendall(data if isinstance(data, bytes) else data.encode())

    def half_close(self):
        self.sock.shutdown(socket.SHUT_WR)

    def line(self):
        return self.file.readline()

    def head(self):
        """(status line, headers) of one response; EOF: (b"", {})."""
        status = self.line().rstrip(b"\r\n")
        headers = {}
        while True:
            line = self.line().rstrip(b"\r\n")
            if not line:
                return status, headers
            name, _, value = line.partition(b":")
            headers[name.strip().lower().decode()] = value.strip().decode()

    def response(self, head_only=False):
        status, headers = self.head()
        assert status.startswith(b"HTTP/1."), f"no response: {status!r}"
        code = int(status.split()[1])
        body = b""
        if not head_only and code not in (100, 204, 304):
            body = self._body(headers)
        return Response(code, headers, body)

    def _body(self, headers):
        if headers.get("transfer-encoding") == "chunked":
            body = b""
            while True:
                n = int(self.line(), 16)
                body += self.file.read(n)
                self.line()
                if n == 0:
                    return body
        if "content-length" in headers:
            return self.file.read(int(headers["content-length"]))
        return self.file.read()

    def eof(self):
        """True when the daemon has closed and nothing is left to read."""
        try:
            return self.file.read(1) == b""
        except ConnectionResetError:
            return True

    def close(self):
        self.file.close()
        self.sock.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
