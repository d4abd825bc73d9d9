"""The bytes of a message frame, and what is in an id."""

import struct
import time

from pluqtest.client import Message

OPTIONS = {"node_id": 1023}
EPOCH = 1288834974288  # of ids, in units of 2^20 ns


def test_layout_is_byte_exact(broker, topic):
    c = broker.consumer(topic, "c", 1)
    before = time.time_ns()
    broker.client().pub(topic, b"\x00body\n")
    head = c.read_exact(8)
    assert head == struct.pack(">ii", 4 + 26 + 6, 2)
    data = c.read_exact(32)
    m = Message.parse(data)
    assert before - 1_000_000_000 <= m.timestamp <= time.time_ns()
    assert data[8:10] == b"\x00\x01"
    assert all(b in b"0123456789abcdef" for b in m.id)
    assert data[26:] == b"\x00body\n"


def test_ids_rise_strictly_and_hold_time_and_node(broker, topic):
    c = broker.client()
    for _ in range(10):
        c.mpub(topic, ["x"] * 2000)
    ids = [int(m.id, 16) for m in broker.consumer(topic, "c", 2500).messages(20000, finish=True)]
    assert all(a < b for a, b in zip(ids, ids[1:]))
    assert all((n >> 12) & 1023 == 1023 for n in ids)
    now = (time.time_ns() >> 20) - EPOCH
    assert all(abs((n >> 22) - now) < 120_000 for n in ids)  # within about two minutes: it may run ahead of the clock
    assert all(n >> 63 == 0 for n in ids)


def test_a_burst_of_ids_is_not_waited_for(broker, topic):
    """4096 ids per millisecond are in the layout; a generator that waits would need 50 ms for these."""
    c = broker.client()
    bodies = ["x"] * 100_000
    c.mpub(topic + "#ephemeral", ["first"])
    start = time.monotonic()
    for _ in range(5):
        c.mpub(topic + "#ephemeral", bodies)
    print(f"500,000 messages published in {time.monotonic() - start:.3f} s")
    assert broker.topic_stats(topic + "#ephemeral")["message_count"] == 500_001


def test_timestamp_and_id_never_change(broker, topic):
    a, b = broker.consumer(topic, "a", 1), broker.consumer(topic, "b", 1)
    broker.client().pub(topic, "x")
    first, other = a.message(), b.message()
    assert first == other
    for attempt in range(2, 5):
        a.req(first)
        again = a.message()
        assert again == first._replace(attempts=attempt)


def test_node_id_is_an_option(launch):
    for node in (0, 5):
        d = launch(node_id=node)
        d.client().pub("t", "x")
        assert (int(d.consumer("t", "c", 1).message().id, 16) >> 12) & 1023 == node


def test_ids_are_unique_across_restarts(launch):
    d = launch(sync_every=1, mem_queue_size=0)
    seen = set()
    for stop in (d.stop, d.kill, d.stop):
        d.client().mpub("t", ["x"] * 5000)
        stop()
        d.start()
    c = d.consumer("t", "c", 2500)
    seen.update(m.id for m in c.messages(15000, finish=True))
    assert len(seen) == 15000
    d.client().pub("t", "y")
    assert c.message().id > max(seen)
