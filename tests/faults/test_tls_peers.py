"""Peers under TLS that break off, send garbage, renegotiate; and a broker that is killed under them."""

import os
import random
import socket
import ssl
import threading
import time

import pytest

from pluqtest import Client, Closed, NoFrame, disk, eventually, sclient
from pluqtest.client import sized
from pluqtest.load import drain
from pluqtest.tls import Failed

SEED = int(os.environ.get("PLUQ_TEST_SEED", random.SystemRandom().randrange(1 << 32)))
OFTEN = 40


@pytest.fixture
def secured(launch, certs):
    return launch(https_address="127.0.0.1:0", **certs.server.options)


def alive(d, certs):
    c = d.client()
    c.secure(certs.context())
    c.pub("alive", "x")
    c.close()
    assert d.https(certs.context(), "GET", "/ping").body == b"OK"


def wait_end(c):
    """Reads until the daemon closes; what comes before does not matter."""
    end = time.monotonic() + c.deadline(10)
    while (data := c.receive_raw(end)) != b"":
        assert data is not None, "the daemon neither answers nor closes"


def no_more(c):
    """Half-closes; the daemon may have closed already."""
    try:
        c.half_close()
    except OSError:
        pass


def consumer(d, certs, **kw):
    c = d.client()
    c.secure(certs.context(**kw))
    return c.sub("t", "c", 10)


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3], ids=["1.2", "1.3"])
def test_garbage_in_the_stream(secured, certs, version):
    """That connection is closed, and no other."""
    print(f"PLUQ_TEST_SEED={SEED}")
    rng = random.Random(SEED)
    other = consumer(secured, certs)
    for n in range(OFTEN):
        c = secured.client()
        c.secure(certs.context(version=version))
        kind = n % 5
        record = bytearray(c.wired(b"PUB t\n" + sized(b"body")))
        if kind == 0:
            garbage = rng.randbytes(rng.randrange(5, 5000))
        elif kind == 1:
            record[rng.randrange(5, len(record))] ^= 1 << rng.randrange(8)
            garbage = bytes(record)
        elif kind == 2:
            garbage = bytes(record) * 2  # the same record twice
        elif kind == 3:
            garbage = b"\x17\x03\x03\xff\xff" + rng.randbytes(70000)  # longer than a record may be
        else:
            garbage = b"PUB t\n" + sized(b"in the clear")
        c.send_raw_lenient(garbage)
        c.send_raw_lenient(b"\x15\x03\x03\x00\x02\x02\x28")
        wait_end(c)
        c.close()
    secured.client().pub("t", "x")
    bodies = []
    while (body := other.message().body) != b"x":
        bodies.append(body)
    assert set(bodies) <= {b"body"}, "nothing of the garbage was taken for a message"
    alive(secured, certs)


def test_garbage_in_the_handshake(secured, certs):
    print(f"PLUQ_TEST_SEED={SEED}")
    rng = random.Random(SEED)
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = certs.context().wrap_bio(incoming, outgoing, server_hostname="localhost")
    with pytest.raises(ssl.SSLWantReadError):
        tls.do_handshake()
    hello = outgoing.read()
    for n in range(3 * OFTEN):
        data = bytearray(hello)
        for _ in range(rng.choice([1, 1, 2, 20])):
            at = rng.randrange(len(data))
            if rng.randrange(3):
                data[at] = rng.randrange(256)
            else:
                del data[at:at + rng.randrange(1, 10)]
        if n % 2:
            c = secured.client()
            assert c.identify(feature_negotiation=True, tls_v1=True)["tls_v1"]
        else:
            c = Client(secured.https_at, magic=None)
        c.send_raw_lenient(bytes(data))
        no_more(c)
        wait_end(c)
        c.close()
    alive(secured, certs)


def test_renegotiation_is_refused(secured, certs):
    """It would cost the server a handshake for a few bytes."""
    other = consumer(secured, certs)
    r = sclient.renegotiate(secured.https_at, certs)
    assert r.has("RENEGOTIATING") and r.has("no renegotiation"), r
    secured.client().pub("t", "x")
    assert other.message().body == b"x"
    alive(secured, certs)


@pytest.mark.parametrize("leave", ["close", "reset", "half_close"])
def test_peers_that_vanish_in_the_midst(secured, certs, leave):
    before = secured.descriptors()
    for n in range(OFTEN):
        c = secured.client()
        c.secure(certs.context())
        if n % 2:
            c.sub("t", "c", 10)
        wired = c.wired(b"PUB t\n" + sized(b"x" * 40000))
        c.send_raw_lenient(wired[:[5, 100, 20000, len(wired)][n % 4]])
        getattr(c, leave)()
        if leave == "half_close":
            wait_end(c)
            c.close()
    eventually(lambda: secured.descriptors() <= before + 2, 10, "nothing has stayed behind")
    alive(secured, certs)


def test_a_reader_that_stops_reading(launch, certs):
    """Under TLS too: others get their messages, and the memory that waits for it is bounded."""
    d = launch(**certs.server.options)
    slow, quick = consumer(d, certs), d.client()
    slow.rdy(2500)
    quick.secure(certs.context())
    quick.sub("t", "other", 2500)
    p = d.client()
    for n in range(50):
        p.mpub("t", [b"%d" % n + b"x" * 50000] * 10)
    got = quick.messages(500, timeout=20, finish=True)
    assert len(got) == 500
    if not d.sanitized():
        assert d.rss_kib() < 300000
    slow.close()
    d.wait_channel("t", "c", deadline=10, client_count=0)


@pytest.mark.parametrize("coding", ["snappy", "deflate"])
def test_garbage_in_compression(launch, certs, coding):
    """In the clear and under TLS: that connection only."""
    print(f"PLUQ_TEST_SEED={SEED}")
    rng = random.Random(SEED)
    d = launch(**certs.server.options)
    other = d.consumer("t", "c", 10)
    for n in range(2 * OFTEN):
        c = d.client()
        if n % 2:
            assert c.secure(certs.context(), **{coding: True})[coding]
        else:
            assert c.identify(feature_negotiation=True, **{coding: True})[coding]
        data = rng.randbytes(rng.choice([1, 10, 100, 5000, 70000]))
        if n % 4 >= 2 and coding == "snappy":
            data = b"\xff\x06\0\0sNaPpY" + data
        c.send_lenient(data)
        no_more(c)
        wait_end(c)
        c.close()
    d.client().pub("t", "x")
    assert other.message().body == b"x"
    assert d.topic_stats("t")["message_count"] == 1


# kill -9 with clients under TLS


class Reconnecting(threading.Thread):
    """Publishes over TLS, and comes back whenever the broker does; acked holds what was answered with OK."""

    def __init__(self, d, certs, number, acked):
        super().__init__(daemon=True)
        self.d, self.context, self.number, self.acked = d, certs.context(), number, acked
        self.ending = threading.Event()
        self.failure = None
        self.connected = 0

    def run(self):
        n = 0
        while not self.ending.is_set():
            try:
                c = Client(self.d.tcp)
            except OSError:
                continue
            try:
                c.secure(self.context)
                self.connected += 1
                while not self.ending.is_set():
                    body = f"{self.number}-{n}".encode()
                    n += 1
                    c.pub("t", body)
                    self.acked.add(body)
            except (Closed, OSError, Failed, NoFrame):
                pass
            except Exception as e:  # shown by the test
                self.failure = e
                return
            finally:
                c.close()


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as s:
        return s.getsockname()[1]


def test_kill_with_clients_under_tls(launch, certs):
    """Killed while they publish and while their handshakes are under way: each comes back, and what was acknowledged is there."""
    d = launch(tcp=f"127.0.0.1:{free_port()}", mem_queue_size=0, sync_every=50, msg_timeout="1s", **certs.server.options)
    d.consumer("t", "c").close()
    acked = set()
    clients = [Reconnecting(d, certs, n, acked) for n in range(4)]
    for c in clients:
        c.start()
    try:
        for _ in range(8):
            before = [c.connected for c in clients]
            known = len(acked)
            eventually(lambda: all(c.connected > 0 for c in clients) and len(acked) > known + 20, 20)
            d.kill()
            d.start()
            eventually(lambda: all(c.connected > b for c, b in zip(clients, before)), 20, "everybody is back")
    finally:
        for c in clients:
            c.ending.set()
        for c in clients:
            c.join(30)
    assert [c.failure for c in clients] == [None] * 4
    seen = {}
    drain(d, "t", "c", seen)
    assert acked <= seen.keys()
    d.stop()
    for name in d.files("*.bad"):
        with pytest.raises((AssertionError, IndexError)):
            disk.parse_records((d.data / name).read_bytes())
