"""A lookup daemon that does what a test tells it, and keeps what a broker says to it: TCP V1 and HTTP on loopback."""

import json
import socket
import struct
import threading
import time

from .client import sized
from .wait import eventually

ANY = object()


class Peer:
    """One connection of a broker."""

    def __init__(self, fake, sock):
        self.fake, self.sock = fake, sock
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.opened = time.monotonic()
        self.magic = self.body = b""
        self.lines = []       # commands, IDENTIFY included
        self.ended = False    # by the broker, or by us
        self.file = sock.makefile("rb")

    @property
    def identity(self):
        return json.loads(self.body)

    def send(self, data):
        try:
            self.sock.sendall(data)
        except OSError:
            pass

    def close(self):
        try:
            self.sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass

    def serve(self):
        try:
            self.fake.on_connect(self)
            self.magic = self.file.read(4)
            while line := self.file.readline():
                line = line.decode().rstrip("\n")
                if line == "IDENTIFY":
                    size, = struct.unpack(">i", self.file.read(4))
                    self.body = self.file.read(size)
                self.lines.append(line)
                self.fake.on_command(self, line)
        except (OSError, ValueError, struct.error):
            pass
        self.ended = True
        self.sock.close()

    def state(self):
        """What is registered over this connection: {topic: {channels}}"""
        known = {}
        for line in list(self.lines):
            word, *names = line.split(" ")
            if word == "REGISTER":
                known.setdefault(names[0], set()).update(names[1:])
            elif word == "UNREGISTER" and len(names) == 2:
                known.get(names[0], set()).discard(names[1])
            elif word == "UNREGISTER":
                known.pop(names[0], None)
        return known


class FakeLookupd:
    """Replace on_connect, on_command and on_ask (also of an object that runs) to make it misbehave."""

    def __init__(self, host="127.0.0.1", tcp_port=0, listening=True, tls=None):
        """tls: an ssl.SSLContext for its TCP side; its HTTP side stays in the clear."""
        self.host = host
        self.tls = tls
        self.peers = []
        self.asked = []          # (target, {header: value}) over HTTP
        self.channels = {}       # told over HTTP
        self.identity = ANY      # or the object that answers IDENTIFY
        self.over = False
        self._released = threading.Event()
        self._place = self._bind(tcp_port)  # never listens: keeps the port while nobody does
        self._tcp, self._http = None, self._bind(0)
        self.tcp_port = self._place.getsockname()[1]
        self.address = f"{host}:{self.tcp_port}"
        self.http_port = self._http.getsockname()[1]
        self._run(self._http, self._serve_http)
        if listening:
            self.listen()

    def _bind(self, port):
        s = socket.socket()
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        s.bind((self.host, port))
        return s

    def _run(self, listener, serve):
        listener.listen(128)

        def loop():
            while not self.over:
                try:
                    sock, _ = listener.accept()
                except OSError:
                    return
                threading.Thread(target=serve, args=(sock,), daemon=True).start()

        threading.Thread(target=loop, daemon=True).start()

    # life

    def listen(self):
        self._tcp = self._bind(self.tcp_port)
        self._run(self._tcp, self._serve_tcp)

    @staticmethod
    def _close(listener):
        try:
            listener.shutdown(socket.SHUT_RDWR)  # wakes the thread that accepts
        except OSError:
            pass
        listener.close()

    def refuse(self):
        """Connections are refused from now on; the port stays ours."""
        self._close(self._tcp)

    def drop(self):
        """Ends every connection there is."""
        for p in list(self.peers):
            p.close()

    def end(self):
        self.over = True
        self.release()
        for s in (self._tcp, self._http, self._place):
            if s:
                self._close(s)
        self.drop()

    # TCP

    def _serve_tcp(self, sock):
        if self.tls:
            try:
                sock = self.tls.wrap_socket(sock, server_side=True)
            except OSError:
                return
        p = Peer(self, sock)
        self.peers.append(p)
        p.serve()

    def on_connect(self, peer):
        pass

    def on_command(self, peer, line):
        self.answer(peer, line)

    def answer(self, peer, line):
        """As a good one does."""
        peer.send(sized(self.hello() if line == "IDENTIFY" else b"OK"))

    def hello(self):
        me = self.identity
        if me is ANY:
            me = {"broadcast_address": self.host, "hostname": "fake", "http_port": self.http_port, "tcp_port": 1,
                  "version": "1.3.0"}
        return json.dumps(me).encode()

    # HTTP

    def _serve_http(self, sock):
        f = sock.makefile("rb")
        try:
            target = f.readline().decode().split(" ")[1]
            headers = {}
            while (line := f.readline().strip()):
                name, _, value = line.decode().partition(":")
                headers[name.lower()] = value.strip()
            self.asked.append((target, headers))
            self.on_ask(sock, target)
        except (OSError, IndexError):
            pass
        f.close()
        sock.close()

    def on_ask(self, sock, target):
        topic = target.partition("topic=")[2].replace("%23", "#")
        self.tell(sock, json.dumps({"channels": self.channels.get(topic, [])}))

    def hang(self, sock, target):
        """An on_ask that answers only when `release` has been called."""
        self._released.wait(120)
        FakeLookupd.on_ask(self, sock, target)

    def release(self):
        self._released.set()

    @staticmethod
    def tell(sock, body, status="200 OK"):
        body = body.encode() if isinstance(body, str) else body
        sock.sendall(b"HTTP/1.1 %s\r\nContent-Length: %d\r\n\r\n%s" % (status.encode(), len(body), body))

    # what a test wants to see

    def peer(self, deadline=10):
        """The latest connection, once IDENTIFY has come over it."""
        def there():
            return self.peers and self.peers[-1].lines and not self.peers[-1].ended and self.peers[-1]
        return eventually(there, deadline, "a broker identifies itself")

    def wait_state(self, wanted, deadline=10):
        """Waits until exactly that is registered, over the latest connection."""
        wanted = {t: set(c) for t, c in wanted.items()}

        def same():
            state = self.peers[-1].state() if self.peers and not self.peers[-1].ended else None
            assert state == wanted, state
            return True
        eventually(same, deadline, f"{wanted} is registered")

    def wait_asked(self, n=1, deadline=10):
        eventually(lambda: len(self.asked) >= n, deadline, f"it is asked for channels, {n} times")
