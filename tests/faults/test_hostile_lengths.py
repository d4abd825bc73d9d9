"""Every length field of the protocol with every kind of wrong value."""

import struct

import pytest

from pluqtest import NoFrame, SLOW, eventually
from pluqtest.client import Closed

VALUES = [-2147483648, -2147483647, -1048577, -1, 0, 1, 25, 64, 65, 1048575, 1048576, 1048577, 5242879, 5242880, 5242881,
          16777216, 2147483643, 2147483646, 2147483647]
FIELDS = {
    "IDENTIFY body": b"IDENTIFY\n%s",
    "AUTH body": b"AUTH\n%s",
    "PUB body": b"PUB @\n%s",
    "DPUB body": b"DPUB @ 0\n%s",
    "MPUB body": b"MPUB @\n%s",
    "MPUB count": b"MPUB @\n\0\0\1\0%s",
    "MPUB first message": b"MPUB @\n\0\0\1\0\0\0\0\2%s",
    "MPUB second message": b"MPUB @\n\0\0\1\0\0\0\0\2\0\0\0\1x%s",
}


@pytest.mark.parametrize("field", list(FIELDS))
def test_length_field(broker, topic, field):
    for value in VALUES:
        for tail in (b"", b"x" * 64, struct.pack(">i", value) * 16):
            c = broker.client(timeout=10)
            try:
                c.send(FIELDS[field].replace(b"@", topic.encode()) % struct.pack(">i", value) + tail)
                c.half_close()
                while True:
                    f = c.frame()
                    assert f.kind == 1 or f.data == b"OK", f
            except (Closed, OSError):
                pass
            except NoFrame:
                raise AssertionError(f"neither answered nor closed: {value} then {tail[:8]!r}") from None
            c.close()
    broker.client().pub(topic, "x")


def test_promised_bodies_that_never_come_cost_no_memory(launch):
    """300 clients promise a megabyte each and send a byte of it."""
    d = launch()
    d.client().pub("t", "x")
    before = d.rss_kib()
    clients = []
    for _ in range(300):
        c = d.client()
        c.send(b"PUB t\n" + struct.pack(">i", 1048576) + b"x")
        clients.append(c)
    d.client().pub("t", "y")
    if SLOW == 1:
        assert d.rss_kib() - before < 100_000
    for c in clients:
        c.close()
    eventually(lambda: d.http("GET", "/ping").status == 200)
    d.client().pub("t", "z")


def test_many_small_messages_claimed_and_never_sent(launch):
    """The largest count of an MPUB is claimed; room for it must not be taken at once by everybody who asks."""
    d = launch()
    d.client().pub("t", "x")
    before = d.rss_kib()
    clients = []
    for _ in range(200):
        c = d.client()
        c.send(b"MPUB t\n" + struct.pack(">iii", 5242880, 1048575, 1) + b"x")
        clients.append(c)
    d.client().pub("t", "y")
    if SLOW == 1:
        assert d.rss_kib() - before < 200_000
    for c in clients:
        c.reset()


def test_length_fields_that_arrive_byte_by_byte(broker, topic):
    c = broker.client()
    for b in b"MPUB " + topic.encode() + b"\n" + struct.pack(">iii", 13, 1, 5) + b"12345":
        c.send(bytes([b]))
    c.response()
