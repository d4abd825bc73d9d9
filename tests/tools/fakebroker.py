"""A broker that does what the test says: one connection at a time, raw frames, no queue."""

import socket
import struct

from pluqtest.wait import scaled

RESPONSE, ERROR, MESSAGE = 0, 1, 2


def frame(kind, data):
    return struct.pack(">ii", 4 + len(data), kind) + data


def ident(number):
    return b"%016x" % number


def message(number, body, attempts=1):
    return frame(MESSAGE, struct.pack(">qH", 1, attempts) + ident(number) + body)


class FakeBroker:
    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.listener.settimeout(scaled(5))
        self.address = "127.0.0.1:%d" % self.listener.getsockname()[1]
        self.socket = self.input = None

    def close(self):
        self.hang_up()
        self.listener.close()

    def accept(self):
        self.socket, _ = self.listener.accept()
        self.socket.settimeout(scaled(5))
        self.input = self.socket.makefile("rb")
        assert self.input.read(4) == b"  V2"

    def hang_up(self):
        if self.socket:
            self.input.close()
            self.socket.close()
            self.socket = None

    def line(self):
        """The next command, without its line end; empty at the end of the stream."""
        return self.input.readline().rstrip(b"\n")

    def send(self, *frames):
        self.socket.sendall(b"".join(frames))

    def subscriber(self, identified=b"OK"):
        """Takes a consumer up to its RDY and returns (IDENTIFY's body, the SUB line, the RDY line)."""
        self.accept()
        assert self.line() == b"IDENTIFY"
        (size,) = struct.unpack(">i", self.input.read(4))
        body = self.input.read(size)
        self.send(frame(RESPONSE, identified))
        sub = self.line()
        self.send(frame(RESPONSE, b"OK"))
        return body, sub, self.line()

    def finish(self):
        """Answers CLS; the client must then end the stream."""
        self.send(frame(RESPONSE, b"CLOSE_WAIT"))
        assert self.input.read() == b""
        self.hang_up()
