"""A client that sends and receives raw bytes of the V2 protocol and hides nothing of it."""

import json
import select
import socket
import struct
import time
from typing import NamedTuple

from .tls import TlsCoder
from .wait import scaled

RESPONSE, ERROR, MESSAGE = 0, 1, 2
HEARTBEAT = b"_heartbeat_"
MAGIC = b"  V2"


class NoFrame(AssertionError):
    """Nothing, or only part of a frame, came in time."""


class Closed(AssertionError):
    """The daemon closed the connection."""


class Frame(NamedTuple):
    kind: int
    data: bytes


class Message(NamedTuple):
    timestamp: int
    attempts: int
    id: bytes
    body: bytes

    @classmethod
    def parse(cls, data):
        assert len(data) >= 26, f"message frame of {len(data)} bytes"
        timestamp, attempts = struct.unpack(">qH", data[:10])
        return cls(timestamp, attempts, data[10:26], data[26:])


def sized(body):
    return struct.pack(">i", len(body)) + body


def mpub_body(bodies):
    """What follows the line of an MPUB, the body size included."""
    inner = struct.pack(">i", len(bodies)) + b"".join(sized(b) for b in bodies)
    return sized(inner)


def encoded(text):
    return text if isinstance(text, bytes) else text.encode()


def answer(c, topic, body):
    """What a PUB of these bytes, or of this as JSON, is answered with."""
    c.send(f"PUB {topic}\n".encode() + sized(body if isinstance(body, bytes) else json.dumps(body).encode()))
    return c.frame().data


class Client:
    alive = []  # every open one; the test's teardown closes them

    def __init__(self, address, magic=MAGIC, timeout=5, source=None):
        self.timeout = timeout
        family = socket.AF_UNIX if isinstance(address, str) else socket.AF_INET
        self.sock = socket.socket(family, socket.SOCK_STREAM)
        self.sock.settimeout(scaled(timeout))
        if source:
            self.sock.bind(source)
        self.sock.connect(address)
        if family == socket.AF_INET:
            self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.rest = bytearray()
        # What stands between this client and the wire, lowest first: TLS, then compression. A coder has encode(bytes) and
        # decode(bytes), both of which may keep something back.
        self.coders = []
        Client.alive.append(self)
        if magic:
            self.send(magic)

    # raw bytes

    def send(self, data):
        self.sock.sendall(self.wired(data))

    def wired(self, data):
        """What these bytes are on the wire."""
        data = encoded(data)
        for coder in reversed(self.coders):
            data = coder.encode(data)
        return data

    def send_lenient(self, data):
        """For bytes that the daemon may refuse by closing while they are under way."""
        self.send_raw_lenient(self.wired(data))

    def send_raw_lenient(self, data):
        """The same, past every coder."""
        try:
            self.sock.sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            pass

    def half_close(self):
        self.sock.shutdown(socket.SHUT_WR)

    def reset(self):
        """Closes with a TCP reset, as a crashed machine would seem to do."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close()

    def close(self):
        self.sock.close()
        if self in Client.alive:
            Client.alive.remove(self)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    @property
    def local(self):
        """ip:port, as the daemon shows it."""
        host, port = self.sock.getsockname()[:2]
        return f"{host}:{port}"

    def deadline(self, timeout=None):
        """Seconds."""
        return scaled(self.timeout if timeout is None else timeout)

    def receive_raw(self, end):
        """What arrives on the wire until `end`. b"": it was closed; None: nothing came."""
        poll = select.poll()  # select has a limit of 1024 descriptors
        poll.register(self.sock, select.POLLIN)
        if not poll.poll(max(0, end - time.monotonic()) * 1000):
            return None
        try:
            return self.sock.recv(1 << 18)
        except ConnectionResetError:
            return b""

    def _fill(self, end):
        """Adds what arrives until `end` to the rest. False: nothing came."""
        while True:
            data = self.receive_raw(end)
            if data is None:
                return False
            plain = self._decoded(data, self.coders)
            self.rest += plain
            if not data:
                raise Closed(f"connection closed; {len(self.rest)} bytes of a frame before: {bytes(self.rest[:80])!r}")
            if plain:
                return True

    def _decoded(self, data, coders):
        for coder in coders:
            data = coder.decode(data) if data else b""
            if owed := getattr(coder, "owed", bytes)():
                self.send_raw_lenient(owed)
        return data

    def add_coder(self, coder):
        """From now on everything goes through it too; so does what has been read and not used."""
        self.rest[:] = self._decoded(bytes(self.rest), [coder])
        self.coders.append(coder)

    def start_tls(self, context, hostname="localhost", session=None):
        """The client's side of a handshake; nothing may be in flight. pluqtest.tls.Failed. The coder, whose `object` is ssl's."""
        assert not self.rest and not self.coders, bytes(self.rest[:80])
        coder = TlsCoder(context, hostname, session)
        coder.handshake(self)
        self.add_coder(coder)
        self.rest += coder.decode(b"")  # what came in one piece with the end of the handshake
        return coder

    @property
    def tls(self):
        """ssl's object, or None."""
        return self.coders[0].object if self.coders and isinstance(self.coders[0], TlsCoder) else None

    def read_exact(self, n, timeout=None):
        end = time.monotonic() + self.deadline(timeout)
        while len(self.rest) < n:
            if not self._fill(end):
                raise NoFrame(f"{len(self.rest)} of {n} bytes came: {bytes(self.rest[:80])!r}")
        data = bytes(self.rest[:n])
        del self.rest[:n]
        return data

    # frames

    def _whole_frame(self):
        if len(self.rest) < 4:
            return False
        size, = struct.unpack_from(">i", self.rest)
        assert size >= 4, f"frame size {size}"
        return len(self.rest) >= 4 + size

    def frame(self, timeout=None):
        """The next frame, heartbeats included."""
        end = time.monotonic() + self.deadline(timeout)
        while not self._whole_frame():
            if not self._fill(end):
                raise NoFrame(f"no frame came; {len(self.rest)} bytes of one: {bytes(self.rest[:80])!r}")
        size, kind = struct.unpack_from(">ii", self.rest)
        data = bytes(self.rest[8:4 + size])
        del self.rest[:4 + size]
        return Frame(kind, data)

    def live_frame(self, timeout=None):
        """The next frame that is not a heartbeat; heartbeats are answered."""
        end = time.monotonic() + self.deadline(timeout)
        while True:
            f = self.frame(max(0, end - time.monotonic()) / scaled(1))
            if f != (RESPONSE, HEARTBEAT):
                return f
            self.send(b"NOP\n")

    def response(self, data=b"OK", timeout=None):
        f = self.live_frame(timeout)
        assert f == (RESPONSE, encoded(data)), f"wanted response {data!r}, got {f}"

    def error(self, text, timeout=None):
        f = self.live_frame(timeout)
        assert f == (ERROR, encoded(text)), f"wanted error {text!r}, got {f}"

    def fatal(self, text, timeout=None):
        self.error(text, timeout)
        self.closed(timeout)

    def closed(self, timeout=None):
        """The daemon closes now, and sends nothing before that."""
        try:
            f = self.frame(timeout)
        except Closed:
            assert not self.rest, f"part of a frame before the end: {bytes(self.rest)!r}"
            return
        except NoFrame:
            raise AssertionError("the daemon has not closed the connection") from None
        raise AssertionError(f"wanted a closed connection, got {f}")

    def closed_after_errors(self, timeout=None):
        """The daemon closes; error frames before that are returned (a reset may have destroyed them)."""
        seen = []
        try:
            while True:
                f = self.frame(timeout)
                assert f.kind == ERROR, f"wanted only errors, got {f}"
                seen.append(f.data)
        except Closed:
            return seen
        except NoFrame:
            raise AssertionError(f"the daemon has not closed the connection; it sent {seen}") from None

    def nothing(self, seconds=0.1):
        """Nothing arrives for so long, and the connection stays open."""
        assert not self.rest, f"unexpected bytes: {bytes(self.rest[:80])!r}"
        if self._fill(time.monotonic() + seconds):
            raise AssertionError(f"unexpected bytes: {bytes(self.rest[:80])!r}")

    def message(self, timeout=None):
        f = self.live_frame(timeout)
        assert f.kind == MESSAGE, f"wanted a message, got {f}"
        return Message.parse(f.data)

    def messages(self, n, timeout=None, finish=False):
        """n messages; the timeout is for each."""
        got = []
        for _ in range(n):
            m = self.message(timeout)
            if finish:
                self.fin(m)
            got.append(m)
        return got

    def bodies(self, n, timeout=None, finish=True):
        return [m.body for m in self.messages(n, timeout, finish)]

    # commands

    def command(self, line, body=None):
        """A line and, if there is one, the body with its size before it."""
        self.send(encoded(line) + b"\n" + (b"" if body is None else sized(encoded(body))))

    def identify_raw(self, body):
        self.command("IDENTIFY", body)

    def identify(self, **fields):
        """Sends the fields; with feature_negotiation returns the decoded answer."""
        self.identify_raw(json.dumps(fields))
        if not fields.get("feature_negotiation"):
            self.response()
            return None
        f = self.live_frame()
        assert f.kind == RESPONSE, f
        return json.loads(f.data)

    def secure(self, context, hostname="localhost", session=None, **fields):
        """Identifies, and goes on under TLS. The decoded answer."""
        answer = self.identify(feature_negotiation=True, tls_v1=True, **fields)
        assert answer["tls_v1"] is True, answer
        self.start_tls(context, hostname, session)
        self.response()
        return answer

    def auth(self, secret):
        """Must succeed. The decoded answer."""
        self.command("AUTH", secret)
        f = self.live_frame()
        assert f.kind == RESPONSE, f"wanted to be let in, got {f}"
        return json.loads(f.data)

    def sub(self, topic, channel, ready=None):
        self.command(f"SUB {topic} {channel}")
        self.response()
        if ready is not None:
            self.rdy(ready)
        return self

    def rdy(self, count):
        self.command(f"RDY {count}")

    def pub(self, topic, body):
        self.command(f"PUB {topic}", body)
        self.response()

    def dpub(self, topic, delay_ms, body):
        self.command(f"DPUB {topic} {delay_ms}", body)
        self.response()

    def send_mpub(self, topic, bodies):
        self.send(f"MPUB {topic}\n".encode() + mpub_body([encoded(b) for b in bodies]))

    def mpub(self, topic, bodies):
        self.send_mpub(topic, bodies)
        self.response()

    def pub_all(self, topic, bodies):
        """One PUB each, all in the pipe at once; waits for every answer."""
        self.send(b"".join(f"PUB {topic}\n".encode() + sized(encoded(b)) for b in bodies))
        for _ in bodies:
            self.response()

    def fin(self, m):
        self.send(b"FIN " + _id(m) + b"\n")

    def req(self, m, delay_ms=0):
        self.send(b"REQ " + _id(m) + f" {delay_ms}\n".encode())

    def touch(self, m):
        self.send(b"TOUCH " + _id(m) + b"\n")

    def cls(self):
        self.command("CLS")
        self.response("CLOSE_WAIT")

    def sync(self, skip=False):
        """Returns when the daemon has carried out every command sent before: a FIN that cannot succeed is answered.
        Subscribed connections only. skip: messages may come before the answer; they are returned, unfinished."""
        self.command("FIN " + "z" * 16)
        skipped = []
        while True:
            f = self.live_frame()
            if not (skip and f.kind == MESSAGE):
                break
            skipped.append(Message.parse(f.data))
        wanted = (ERROR, b"E_FIN_FAILED FIN " + b"z" * 16 + b" failed ID not in flight")
        assert f == wanted, f"wanted the answer to a FIN that cannot succeed, got {f}"
        return skipped


def _id(m):
    return m.id if isinstance(m, Message) else encoded(m)
