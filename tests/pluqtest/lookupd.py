"""A pluqd that is a discovery daemon alone, and a broker as it sees one: raw bytes of the V1 protocol."""

import json
import struct

from . import daemon
from .client import Client, Closed, NoFrame, encoded, sized
from .daemon import Pluqd

MAGIC = b"  V1"
IDENTITY = {"broadcast_address": "q1.example", "hostname": "q1", "tcp_port": 4150, "http_port": 4151, "version": "1.3.0"}


class Lookupd(Pluqd):
    """Keyword options are the lookupd handler's, but for those of the daemon."""

    handler = "lookupd"

    def command(self):
        config = self.home / "lookupd.yaml"
        config.write_text(self.config or self._config(self.handler))
        argv = [daemon.PROGRAM, "--config", str(config)]
        if daemon.PLUGIN_DIR:
            argv += ["--set", f"plugin_dir={daemon.PLUGIN_DIR}"]
        for key, value in {**self.listen, **self.options}.items():
            name = key if "." in key or key in daemon._DAEMON else f"lookupd.{key}"
            argv += ["--set", f"{name}={daemon._value(value)}"]
        return argv

    def broker(self, **fields):
        """An identified one."""
        b = self.stranger()
        b.identify(**fields)
        return b

    def stranger(self, magic=MAGIC, tls=None, **kw):
        """tls: an ssl.SSLContext; under TLS from the first byte."""
        if not tls:
            return Broker(self.tcp, magic=magic, **kw)
        b = Broker(self.tls_at, magic=None, **kw)
        b.start_tls(tls)
        b.send(magic)
        return b

    # what it says

    def get(self, path, status=200, **params):
        """The JSON of a GET; its headers and form are asserted."""
        r = self.http("GET", path, params)
        assert r.status == status, r
        assert r.headers["content-type"] == "application/json; charset=utf-8", r
        assert r.headers["x-nsq-content-type"] == "nsq; version=1.0", r
        text = r.json()
        assert r.body == json.dumps(text, separators=(",", ":"), ensure_ascii=False).encode(), "not compact"
        return text

    def topics(self):
        return sorted(self.get("/topics")["topics"])

    def channels(self, topic):
        return sorted(self.get("/channels", topic=topic)["channels"])

    def lookup(self, topic):
        """(channels, remote addresses of the producers), or None for 404."""
        r = self.http("GET", "/lookup", {"topic": topic})
        if r.status == 404:
            assert r.message == "TOPIC_NOT_FOUND"
            return None
        answer = self.get("/lookup", topic=topic)
        return sorted(answer["channels"]), sorted(p["remote_address"] for p in answer["producers"])

    def nodes(self):
        """{remote address: {topic: tombstoned}}"""
        seen = {}
        for p in self.get("/nodes")["producers"]:
            assert len(p["tombstones"]) == len(p["topics"]) == len(set(p["topics"])), p
            seen[p["remote_address"]] = dict(zip(p["topics"], p["tombstones"]))
        return seen


class Broker(Client):
    def __init__(self, address, magic=MAGIC, **kw):
        super().__init__(address, magic=magic, **kw)

    def reply(self, timeout=None):
        size, = struct.unpack(">i", self.read_exact(4, timeout))
        assert size >= 0, size
        return self.read_exact(size, timeout)

    def ok(self):
        r = self.reply()
        assert r == b"OK", r

    def fatal(self, text, timeout=None):
        r = self.reply(timeout)
        assert r == encoded(text), f"wanted {text!r}, got {r!r}"
        self.closed(timeout)

    def closed(self, timeout=None):
        try:
            data = self.read_exact(1, timeout)
        except Closed:
            assert not self.rest, self.rest
            return
        except NoFrame:
            raise AssertionError("the daemon has not closed the connection") from None
        raise AssertionError(f"wanted a closed connection, got {data!r}")

    def closed_after_replies(self, timeout=None):
        """The daemon closes; what it said before (a reset may have destroyed it)."""
        seen = []
        try:
            while True:
                seen.append(self.reply(timeout))
        except Closed:
            return seen

    def identify(self, **fields):
        """Identifies with a good identity but for these fields (None: without it); the answer."""
        body = {k: v for k, v in {**IDENTITY, **fields}.items() if v is not None}
        self.command("IDENTIFY", json.dumps(body))
        return json.loads(self.reply())

    def do(self, line):
        self.command(line)
        self.ok()

    def register(self, topic, channel=""):
        self.do(f"REGISTER {topic} {channel}".rstrip())

    def unregister(self, topic, channel=""):
        self.do(f"UNREGISTER {topic} {channel}".rstrip())

    def ping(self):
        self.do("PING")


def identity_body(**fields):
    """IDENTIFY's body, its size included."""
    return sized(json.dumps({**IDENTITY, **fields}).encode())
