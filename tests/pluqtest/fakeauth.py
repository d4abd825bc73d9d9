"""An auth server that does what a test tells it, and keeps what it was asked: HTTP or HTTPS on loopback, or a unix socket.

    fake = FakeAuth()
    Pluqd(plugins=[("auth-http", {"address": [fake.address]})])
    fake.answer = fake.allow({"topic": "^t$", "channels": [".*"], "permissions": ["publish"]})
"""

import json
import os
import socket
import ssl
import threading
from typing import NamedTuple
from urllib.parse import parse_qs, urlsplit

from .wait import eventually

EVERYTHING = {"topic": ".*", "channels": [".*"], "permissions": ["subscribe", "publish"]}


class Asked(NamedTuple):
    method: str
    target: str
    headers: dict  # names in lower case
    body: bytes
    certificate: dict  # of the client, under TLS

    @property
    def path(self):
        return urlsplit(self.target).path

    @property
    def query(self):
        return parse_qs(urlsplit(self.target).query, keep_blank_values=True)

    @property
    def secret(self):
        return (json.loads(self.body) if self.body else self.query)["secret"][0]


class FakeAuth:
    """answer: bytes that are sent, or a function of what was asked that returns them; None ends the connection without a word."""

    def __init__(self, *, host="127.0.0.1", tls=None, path=None):
        """tls: an ssl.SSLContext of the server's side. path: of a unix socket."""
        self.host, self.tls, self.path = host, tls, path
        self.asked = []
        self.over = False
        self.answer = self.allow(EVERYTHING)
        self._released = threading.Event()
        self._place = None if path else self._bind(0)  # never listens: keeps the port while nobody does
        self.port = 0 if path else self._place.getsockname()[1]
        self.address = str(path) if path else f"{host}:{self.port}"
        self._listener = None
        self.listen()

    def url(self, rest="/auth"):
        return f"http{'s' if self.tls else ''}://{self.address}{rest}"

    # life

    def _bind(self, port):
        s = socket.socket(socket.AF_UNIX if self.path else socket.AF_INET)
        if self.path:
            s.bind(str(self.path))
            return s
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        s.bind((self.host, port))
        return s

    def listen(self):
        self._listener = listener = self._bind(self.port)
        listener.listen(128)
        threading.Thread(target=self._accept, args=(listener,), daemon=True).start()

    def _accept(self, listener):
        while not self.over:
            try:
                sock, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(sock,), daemon=True).start()

    @staticmethod
    def _close(sock):
        try:
            sock.shutdown(socket.SHUT_RDWR)  # wakes the thread that accepts
        except OSError:
            pass
        sock.close()

    def refuse(self):
        """Connections are refused from now on; the port stays ours."""
        self._close(self._listener)
        if self.path:
            os.unlink(self.path)

    def end(self):
        self.over = True
        self.release()
        self._close(self._listener)
        if self._place:
            self._place.close()

    # requests

    def _serve(self, sock):
        try:
            if self.tls:
                sock = self.tls.wrap_socket(sock, server_side=True)
            f = sock.makefile("rb")
            method, target, _ = f.readline().decode().split(" ")
            headers = {}
            while line := f.readline().strip():
                name, _, value = line.decode().partition(":")
                headers[name.lower()] = value.strip()
            body = f.read(int(headers.get("content-length", 0)))
            asked = Asked(method, target, headers, body, (self.tls and sock.getpeercert()) or {})
            self.asked.append(asked)
            answer = self.answer(asked) if callable(self.answer) else self.answer
            if answer is not None:
                sock.sendall(answer)
        except (OSError, ValueError, ssl.SSLError):
            pass
        self._close(sock)

    def hang(self, asked):
        """An answer that comes only once `release` was called."""
        self._released.wait(120)
        return self.allow(EVERYTHING)

    def release(self):
        self._released.set()

    # answers

    @staticmethod
    def say(status, body=b"", **headers):
        """Of headers, _ stands for -."""
        body = body.encode() if isinstance(body, str) else body
        lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(body)}", *(f"{k.replace('_', '-')}: {v}" for k, v in headers.items())]
        return "".join(line + "\r\n" for line in lines).encode() + b"\r\n" + body

    @classmethod
    def tell(cls, **fields):
        return cls.say(200, json.dumps(fields))

    @classmethod
    def allow(cls, *authorizations, ttl=3600, **more):
        return cls.tell(ttl=ttl, authorizations=list(authorizations), **more)

    def wait_asked(self, n=1, deadline=10):
        eventually(lambda: len(self.asked) >= n, deadline, f"it is asked {n} times")
        return self.asked[n - 1]
