"""Who listens where statsd does: a socket that keeps what comes, and the real daemon from npm."""

import json
import os
import re
import socket
import subprocess
import tempfile
import threading
import time
from pathlib import Path

from .wait import eventually, scaled

BACKEND = Path(__file__).resolve().parent.parent / "metrics" / "statsd_backend.js"
LINE = re.compile(r"([^:|\n]+):(-?\d+(?:\.\d+)?)\|([cg])(?:\|#(\S+))?\n")


class Sink:
    """Keeps all datagrams, and when they came. where: "127.0.0.1", "::1", or the path of a unix socket. port: 0 for any."""

    def __init__(self, where="127.0.0.1", port=0):
        if "/" in str(where):
            self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            self.socket.bind(str(where))
            self.address = f"unix://{where}"
        else:
            self.socket = socket.socket(socket.AF_INET6 if ":" in where else socket.AF_INET, socket.SOCK_DGRAM)
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
            self.socket.bind((where, port))
            host = f"[{where}]" if ":" in where else where
            self.address = f"{host}:{self.socket.getsockname()[1]}"
        self.datagrams = []
        self.times = []
        self.thread = threading.Thread(target=self._receive, daemon=True)
        self.thread.start()

    def _receive(self):
        while True:
            data = self.socket.recv(65536)
            if data == b"end":
                return
            self.times.append(time.monotonic())
            self.datagrams.append(data)

    def _end(self):
        """Behind everything that was sent by now."""
        with socket.socket(self.socket.family, socket.SOCK_DGRAM) as s:
            s.sendto(b"end", self.socket.getsockname())
        self.thread.join()

    def close(self):
        """No more: what was sent before this call is there when it returns."""
        if self.thread.is_alive():
            self._end()
        self.socket.close()
        return self

    def lines(self):
        """(name, value, type) or (name, value, type, tags) of each, in their order."""
        lines = []
        for datagram in list(self.datagrams):
            text = datagram.decode()
            found = list(LINE.finditer(text))
            assert "".join(m[0] for m in found) == text, text
            lines += [(m[1], float(m[2]), m[3], *([m[4]] if m[4] else [])) for m in found]
        return lines

    def names(self):
        return [line[0] for line in self.lines()]

    def total(self, name):
        """Of a counter's changes."""
        return sum(line[1] for line in self.lines() if line[0] == name and line[2] == "c")

    def values(self, name):
        return [line[1] for line in self.lines() if line[0] == name]

    def last(self, name):
        return self.values(name)[-1]


class Statsd:
    """The real one. Flushes often, into a file of JSON lines."""

    def __init__(self, modules, folder):
        self.output = Path(folder) / "flushed"
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s, socket.create_server(("127.0.0.1", 0)) as m:
            s.bind(("127.0.0.1", 0))
            self.port, management = s.getsockname()[1], m.getsockname()[1]
        config = Path(folder) / "statsd.js"
        config.write_text(json.dumps({"address": "127.0.0.1", "port": self.port, "mgmt_address": "127.0.0.1", "mgmt_port": management,
                                      "flushInterval": 200, "deleteIdleStats": False, "backends": [str(BACKEND)]}))
        self.log = tempfile.TemporaryFile()
        self.process = subprocess.Popen(["node", str(modules / "statsd" / "stats.js"), str(config)], stdout=self.log, stderr=self.log,
                                        env={**os.environ, "FLUSHED": str(self.output)})
        self.address = f"127.0.0.1:{self.port}"
        try:
            eventually(self._answers, 30, "statsd counts")
        except AssertionError:
            self.close()
            raise

    def _answers(self):
        assert self.process.poll() is None, os.pread(self.log.fileno(), 4000, 0)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.sendto(b"probe:1|c\n", ("127.0.0.1", self.port))
        return self.total("probe") > 0

    def flushed(self):
        text = self.output.read_text() if self.output.exists() else ""
        return [json.loads(line) for line in text[:text.rfind("\n") + 1].splitlines()]

    def total(self, name):
        return sum(f["counters"].get(name, 0) for f in self.flushed())

    def gauges(self):
        return (self.flushed() or [{"gauges": {}}])[-1]["gauges"]

    def close(self):
        self.process.kill()
        self.process.wait(scaled(10))
        self.log.close()
