"""Handshakes that do not end, and many of them."""

import socket
import threading

import pytest

from pluqtest import Client, eventually
from pluqtest.client import Closed
from pluqtest.tls import Failed, TlsCoder

HELLO_PART = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"  # of a ClientHello of 512 bytes


def hello(certs):
    """The first flight of a client."""
    coder = TlsCoder(certs.context(), "localhost")
    try:
        coder.object.do_handshake()
    except OSError:
        pass
    return coder.outgoing.read()


@pytest.mark.parametrize("sent", [b"", HELLO_PART, "hello"], ids=["nothing", "a part", "the first flight"])
def test_a_stalled_handshake_is_cut(clocked, certs, sent):
    """After 5 seconds, over HTTPS and over V2; others go on."""
    d = clocked()
    data = hello(certs) if sent == "hello" else sent
    other = d.client()
    other.secure(certs.context(), heartbeat_interval=60000)
    stalled = Client(d.https_at, magic=None)
    stalled.send(data)
    v2 = d.client()
    assert v2.identify(feature_negotiation=True, tls_v1=True, heartbeat_interval=60000)["tls_v1"]
    v2.send(data)
    d.clock.advance(4)
    other.pub("t", "x")
    for c in (stalled, v2):
        if sent != "hello":
            c.nothing(0.1)
    d.clock.advance(2)
    for c in (stalled, v2):
        with pytest.raises(Closed):
            c.read_exact(1 << 20)
    if sent != "hello":
        assert b"E_IDENTIFY_FAILED IDENTIFY failed " in v2.rest
    d.wait_log(rf"{v2.local}")
    other.pub("t", "x")
    assert d.https(certs.context(), "GET", "/ping").body == b"OK"


def test_trickling_does_not_buy_time(clocked, certs):
    d = clocked(threads=1)
    other = d.client()
    c = Client(d.https_at, magic=None)
    data = hello(certs)
    for n in range(7):
        c.send_raw_lenient(data[n:n + 1])
        other.pub("t", "the loop has been there")
        d.clock.advance(1)
    with pytest.raises(Closed):
        c.read_exact(1 << 20)


def test_many_stalled_handshakes(clocked, certs):
    """They cost nobody anything, and are all gone in the end."""
    d = clocked(max_connections=0)
    before = d.descriptors()
    other = d.client()
    other.secure(certs.context(), heartbeat_interval=60000)
    stalled = [Client(d.https_at, magic=None) for _ in range(300)]
    for c in stalled:
        c.send(HELLO_PART)
    other.pub("t", "x")
    d.clock.advance(6)
    for c in stalled:
        with pytest.raises(Closed):
            c.read_exact(1 << 20)
        c.close()
    other.pub("t", "x")
    eventually(lambda: d.descriptors() <= before + 3, 10, "their descriptors are free")


class Flood(threading.Thread):
    """First flights on connection after connection, the answers unread."""

    def __init__(self, address, data):
        super().__init__(daemon=True)
        self.address, self.data = address, data
        self.ending = threading.Event()
        self.begun = 0

    def run(self):
        held = []
        while not self.ending.is_set():
            try:
                s = socket.create_connection(self.address, timeout=5)
                s.sendall(self.data)
                held.append(s)
                self.begun += 1
            except OSError:
                pass
            if len(held) > 200:
                held.pop(0).close()
        for s in held:
            s.close()


@pytest.mark.parametrize("threads", [1, 2])
def test_a_flood_starves_nobody(secured, certs, threads):
    """While handshakes begin without end, publishes over a connection that stands are answered; after it new clients come in."""
    d = secured(certs.server_rsa, threads=threads)
    p = d.client()
    p.secure(certs.context())
    floods = [Flood(d.https_at, hello(certs)) for _ in range(2)]
    for f in floods:
        f.start()
    answered = 0
    try:
        eventually(lambda: all(f.begun > 20 for f in floods), 20, "the flood has come")
        start = [f.begun for f in floods]
        while answered < 100 or any(f.begun < s + 100 for f, s in zip(floods, start)):
            p.pub("t", "x")
            answered += 1
            assert answered < 100000
    finally:
        for f in floods:
            f.ending.set()
        for f in floods:
            f.join(20)

    def comes_in():
        try:
            c = d.client()
            c.secure(certs.context())
        except Failed as e:
            raise AssertionError from e
        c.pub("t", "x")
        return True

    eventually(comes_in, 20)
    assert d.topic_stats("t")["message_count"] == answered + 1


def test_clients_that_vanish_in_the_handshake(secured, certs):
    d = secured()
    before = d.descriptors()
    data = hello(certs)
    for n in range(60):
        c = Client(d.https_at, magic=None) if n % 2 else d.client()
        if n % 2 == 0:
            assert c.identify(feature_negotiation=True, tls_v1=True)["tls_v1"]
        c.send(data[:[0, 3, 100, len(data)][n // 2 % 4]])
        c.reset() if n % 3 else c.close()
    eventually(lambda: d.descriptors() <= before + 2, 10, "nothing has stayed behind")
    c = d.client()
    c.secure(certs.context())
    c.pub("t", "x")


def test_nothing_is_left_of_many_connections(secured, certs):
    """Memory and descriptors of connections under TLS come back."""
    d = secured()
    context = certs.context()

    def round_of(n):
        for _ in range(n):
            c = d.client()
            c.secure(context)
            c.pub("t", "x")
            c.close()

    round_of(100)
    before = d.descriptors()
    held = d.rss_kib()
    round_of(300)
    eventually(lambda: d.descriptors() <= before, 10)
    if not d.sanitized():
        assert d.rss_kib() < held + 8192
