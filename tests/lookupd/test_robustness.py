"""Bad, strange and many peers cost nobody else anything."""

import random
import socket
import struct

from pluqtest import eventually
from pluqtest.client import sized
from pluqtest.lookupd import identity_body

QUIET = {"log.level": "info"}  # no line for each of tens of thousands of registrations


def check_alive(d):
    """Others are served, and nothing has stayed behind."""
    with d.broker() as b:
        b.register("alive", "c")
        assert d.lookup("alive") == (["c"], [b.local])
    eventually(lambda: d.nodes() == {}, what="all brokers are gone")


def test_garbage(launch_lookupd):
    d = launch_lookupd()
    dice = random.Random(4160)
    words = [b"IDENTIFY\n", b"REGISTER t", b"UNREGISTER t c", b"PING\n", b"\n", b" ", b"\0\0\0\2{}", identity_body(), b"\xff\xff\xff\xff",
             b"t#ephemeral", sized(b"null")]
    for _ in range(300):
        b = d.stranger(magic=dice.choice([b"", b"  V1", b"  V1", b"  V1", b"  V"]))
        for _ in range(dice.randrange(1, 8)):
            b.send_lenient(dice.choice(words) if dice.random() < 0.8 else dice.randbytes(dice.randrange(1, 2000)))
        if dice.random() < 0.5:
            b.half_close() if dice.random() < 0.5 else b.reset()
            if b.sock.fileno() >= 0:
                b.closed_after_replies()
        b.close()
    check_alive(d)


def test_many_connections(launch_lookupd):
    d = launch_lookupd(threads=4)
    before = d.descriptors()
    brokers = [d.stranger() for _ in range(1000)]
    for i, b in enumerate(brokers):
        b.send(b"IDENTIFY\n" + identity_body(broadcast_address=f"q{i}.example") + f"REGISTER all c\nREGISTER only-{i} c\n".encode())
    for b in brokers:
        assert b'"version"' in b.reply()
        b.ok()
        b.ok()
    nodes = d.nodes()
    assert len(nodes) == 1000 and nodes[brokers[7].local] == {"all": False, "only-7": False}
    channels, producers = d.lookup("all")
    assert channels == ["c"] and producers == sorted(b.local for b in brokers)
    assert d.lookup("only-999") == (["c"], [brokers[999].local])
    assert len(d.topics()) == 1001 and len(d.get("/debug")) == 2003
    for i, b in enumerate(brokers):
        b.reset() if i % 2 else b.close()
    eventually(lambda: d.nodes() == {} and d.lookup("all") == (["c"], []), 20)
    eventually(lambda: d.descriptors() <= before + 2, 20, "every connection is closed")
    check_alive(d)


def test_many_registrations_of_one(launch_lookupd):
    """More than is rendered in one go, while others ask and go."""
    d = launch_lookupd(**QUIET)
    b, other = d.broker(), d.broker()
    n = 20000
    b.send(b"".join(f"REGISTER t{i} c\n".encode() for i in range(n)))
    for _ in range(n):
        b.ok()
    other.register("t1", "d")
    assert len(d.topics()) == n and len(d.nodes()[b.local]) == n
    assert len(d.get("/debug")) == 2 * n + 2
    b.send(b"".join(f"UNREGISTER t{i}\n".encode() for i in range(0, n, 2)))
    for _ in range(n // 2):
        b.ok()
    assert len(d.nodes()[b.local]) == n // 2
    b.reset()
    eventually(lambda: list(d.nodes()) == [other.local])
    assert d.lookup("t1") == (["c", "d"], [other.local])


def test_answers_while_things_change(launch_lookupd):
    """Each answer is well-formed, whatever comes and goes while it is made."""
    d = launch_lookupd(**QUIET)
    steady = [d.broker() for _ in range(20)]
    for b in steady:
        b.send(b"".join(f"REGISTER t{i} c\n".encode() for i in range(1000)))
        for _ in range(1000):
            b.ok()
    wanted = {b.local for b in steady}
    asked = [d.raw_http() for _ in range(4)]
    for round_ in range(10):
        for a in asked:
            a.send("GET %s HTTP/1.1\r\nHost: x\r\n\r\n" % ("/nodes" if round_ % 2 else "/topics"))
        passing = d.broker()
        passing.register(f"p{round_}#ephemeral", "c")
        passing.reset()
        d.post("/topic/delete", topic=f"t{round_}")
        for a in asked:
            answer = a.response().json()
            if round_ % 2:
                assert wanted <= {p["remote_address"] for p in answer["producers"]}
            else:
                assert {f"t{i}" for i in range(20, 1000)} <= set(answer["topics"])
                assert len(answer["topics"]) == len(set(answer["topics"]))
    for a in asked:
        a.close()


def test_a_peer_that_leaves_while_its_answer_is_made(launch_lookupd):
    d = launch_lookupd(**QUIET)
    b = d.broker()
    b.send(b"".join(f"REGISTER t{i}\n".encode() for i in range(20000)))
    for _ in range(20000):
        b.ok()
    for _ in range(50):
        a = d.raw_http()
        a.send("GET /topics HTTP/1.1\r\nHost: x\r\n\r\n")
        a.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        a.close()
    assert len(d.topics()) == 20000


def test_a_stop_while_answers_are_made(launch_lookupd):
    d = launch_lookupd(**QUIET)
    b = d.broker()
    b.send(b"".join(f"REGISTER t{i} c\n".encode() for i in range(20000)))
    for _ in range(20000):
        b.ok()
    asked = [d.raw_http() for _ in range(8)]
    for a in asked:
        a.send("GET /debug HTTP/1.1\r\nHost: x\r\n\r\n")
    d.stop()
    for a in asked:
        a.close()
