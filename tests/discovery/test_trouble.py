"""Lookup daemons that are of no use: they cost nobody anything, and are there again once they are good."""

import random
import struct
import time

import pytest

from pluqtest import eventually
from pluqtest.client import sized
from pluqtest.fakelookupd import Peer


def silent(fake):
    fake.on_command = lambda peer, line: None


def garbage(fake):
    fake.on_command = lambda peer, line: peer.send(random.Random(1).randbytes(3000))


def huge(fake):
    fake.on_command = lambda peer, line: peer.send(struct.pack(">i", 0x7FFFFFFF) + b"x" * 100000)


def just_too_long(fake):
    fake.on_command = lambda peer, line: peer.send(struct.pack(">i", 65537))


def negative(fake):
    fake.on_command = lambda peer, line: peer.send(struct.pack(">i", -1))


def half(fake):
    fake.on_command = lambda peer, line: (peer.send(sized(fake.hello())[:9]), peer.close())


def empty_answer(fake):
    fake.on_command = lambda peer, line: peer.send(sized(b""))


def refuses_identity(fake):
    fake.on_command = lambda peer, line: (peer.send(sized(b"E_BAD_BODY IDENTIFY missing fields")), peer.close())


def very_old(fake):
    fake.on_command = lambda peer, line: peer.send(sized(b"E_INVALID"))


def says_ok(fake):
    fake.on_command = lambda peer, line: peer.send(sized(b"OK"))


def json_but_no_object(fake):
    fake.on_command = lambda peer, line: peer.send(sized(b'["OK"]'))


def unasked(fake):
    fake.on_connect = lambda peer: peer.send(sized(b"OK") * 1000)


def too_much(fake):
    fake.on_command = lambda peer, line: peer.send(sized(fake.hello()) + sized(b"OK") * 3)


def closes_at_once(fake):
    fake.on_connect = lambda peer: peer.close()


def closes_after_identify(fake):
    fake.on_command = lambda peer, line: (fake.answer(peer, line), peer.close())


def refuses_commands(fake):
    fake.on_command = lambda peer, line: (
        fake.answer(peer, line) if line == "IDENTIFY" else peer.send(sized(b"E_BAD_TOPIC REGISTER")))


def unreachable(fake):
    fake.refuse()


TROUBLE = [silent, garbage, huge, just_too_long, negative, half, empty_answer, refuses_identity, very_old, says_ok,
           json_but_no_object, unasked, too_much, closes_at_once, closes_after_identify, refuses_commands, unreachable]


def use(d, topic):
    """Everything a broker is for."""
    p = d.client()
    c = d.consumer(topic, "c", 10)
    p.pub(topic, "one")
    p.mpub(topic, ["two", "three"])
    assert c.bodies(3) == [b"one", b"two", b"three"]
    d.post("/channel/delete", topic=topic, channel="c")
    d.post("/topic/delete", topic=topic)


@pytest.mark.parametrize("trouble", TROUBLE, ids=lambda t: t.__name__)
def test_costs_nobody_anything_and_heals(launch, fakes, trouble):
    good, bad = fakes(), fakes()
    trouble(bad)
    d = launch(lookupd_tcp_address=[bad.address, good.address])
    good.peer()
    for n in range(3):
        use(d, f"t{n}")
    d.post("/topic/create", topic="stays")
    good.wait_state({"stays": []})
    if trouble is not silent:
        d.wait_log(rf"warn nsqd: lookupd {bad.address}: .* \(1 in a row\); tried again")
    assert len(good.peers) == 1
    bad.on_command, bad.on_connect = bad.answer, lambda peer: None
    if trouble is unreachable:
        bad.listen()
    bad.drop()
    bad.wait_state({"stays": []}, deadline=20)
    use(d, "again")
    assert "SAN" not in d.log()


def test_answers_in_pieces_are_answers(launch, fake):
    def dribble(peer, line):
        for byte in sized(fake.hello() if line == "IDENTIFY" else b"OK"):
            peer.send(bytes([byte]))
    fake.on_command = dribble
    d = launch(lookupd_tcp_address=fake.address)
    for n in range(5):
        d.post("/topic/create", topic=f"t{n}")
    fake.wait_state({f"t{n}": [] for n in range(5)})
    assert len(fake.peers) == 1


def test_what_it_refuses_is_in_the_log_in_its_words(launch, fake):
    refuses_identity(fake)
    d = launch(lookupd_tcp_address=fake.address)
    d.wait_log(rf'lookupd {fake.address}: answers IDENTIFY with "E_BAD_BODY IDENTIFY missing fields"')


def test_the_largest_answer_is_taken(launch, fake):
    fake.identity = {"broadcast_address": "h", "http_port": 1, "padding": "x" * (65536 - 56)}
    assert len(fake.hello()) == 65536 - 56 + len(fake.hello()) - len(fake.identity["padding"])
    fake.identity["padding"] = "x" * (65536 - (len(fake.hello()) - len(fake.identity["padding"])))
    assert len(fake.hello()) == 65536
    d = launch(lookupd_tcp_address=fake.address)
    d.wait_log("registered")


def test_one_that_does_not_read(launch, fake, monkeypatch):
    """What it is told fills the sockets; the broker gives it up and goes on."""
    monkeypatch.setattr(Peer, "serve", lambda self: time.sleep(3600))
    d = launch(lookupd_tcp_address=fake.address)
    for n in range(200):
        d.post("/topic/create", topic=f"t{n}")
    use(d, "t")
    d.wait_log("lookupd .* in a row", deadline=15)


def test_stop_is_quick_while_everything_hangs(launch, fakes):
    mute, gone, hanging = fakes(), fakes(listening=False), fakes()
    silent(mute)
    hanging.on_ask = hanging.hang
    d = launch(lookupd_tcp_address=[mute.address, gone.address, hanging.address, "192.0.2.1:4160"])
    hanging.peer(), mute.peer()
    d.wait_log(f"{hanging.address}: registered")
    c = d.consumer("t", "c", 10)
    d.client().mpub("t", ["a", "b"])
    hanging.wait_asked()
    c.close()
    d.stop(deadline=4)  # less than the patience with any of them, 5 s
    d.options["lookupd_tcp_address"] = []
    d.start()
    assert sorted(d.consumer("t", "c", 10).bodies(2)) == [b"a", b"b"]


def test_ten_thousand_topics(launch, fakes):
    """All are registered, again after a reconnect, and nobody waits for that."""
    a, b = fakes(), fakes()
    silent(b)
    d = launch(lookupd_tcp_address=[a.address, b.address], mem_queue_size=10, **{"log.level": "info"})
    a.peer()
    p = d.client(timeout=60)
    names = [f"topic_{n}" for n in range(10000)]
    for i in range(0, len(names), 500):
        p.send(b"".join(f"PUB {name}\n".encode() + sized(b"x") for name in names[i:i + 500]))
        for _ in range(500):
            p.response(timeout=60)
    wanted = {name: [] for name in names}
    eventually(lambda: len(a.peers[-1].lines) > 10000, 60)
    a.wait_state(wanted, 60)
    a.drop()
    eventually(lambda: len(a.peers) > 1)
    eventually(lambda: len(a.peers[-1].lines) > 10000, 60)
    a.wait_state(wanted, 60)
    use(d, "another")
    d.stop(deadline=120)
