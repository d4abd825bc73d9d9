"""PUB, DPUB and MPUB: what is queued, and in which order things are checked."""

import struct
import time

import pytest

from pluqtest.client import mpub_body, sized


def test_pub_keeps_every_byte(broker, topic):
    bodies = [bytes([b]) for b in range(256)] + [bytes(range(256)) * 16]
    c = broker.client()
    c.pub_all(topic, bodies)
    assert broker.consumer(topic, "c", 300).bodies(len(bodies)) == bodies


def test_mpub_queues_in_the_order_of_the_body(broker, topic):
    bodies = [b"%d" % i for i in range(500)]
    broker.client().mpub(topic, bodies)
    consumer = broker.consumer(topic, "c", 500)
    got = consumer.messages(500, finish=True)
    assert [m.body for m in got] == bodies
    assert [m.id for m in got] == sorted({m.id for m in got})
    assert all(a.timestamp <= b.timestamp for a, b in zip(got, got[1:]))


@pytest.mark.parametrize("claimed", [1, 4, 5, 5242880])
def test_mpub_body_size_is_only_range_checked(broker, topic, claimed):
    inner = mpub_body([b"one", b"two"])[4:]
    c = broker.client()
    c.send(f"MPUB {topic}\n".encode() + struct.pack(">i", claimed) + inner)
    c.response()
    c.pub(topic, "three")
    assert broker.consumer(topic, "c", 9).bodies(3) == [b"one", b"two", b"three"]


@pytest.mark.parametrize("body", [
    struct.pack(">i", 0), struct.pack(">ii", 4, 0), struct.pack(">iii", 99, 2, 0),
    struct.pack(">ii", 99, 2) + sized(b"good") + struct.pack(">i", -1),
    struct.pack(">ii", 99, 2) + sized(b"good") + struct.pack(">i", 2000000),
])
def test_a_malformed_mpub_queues_nothing_and_leaves_an_empty_topic(broker, topic, body):
    c = broker.client()
    c.send(f"MPUB {topic}\n".encode() + body)
    assert c.frame().kind == 1
    c.closed()
    s = broker.topic_stats(topic)
    assert (s["depth"], s["message_count"], s["channels"]) == (0, 0, [])


@pytest.mark.parametrize("line", ["PUB {}", "DPUB {} 5"])
def test_a_malformed_pub_leaves_no_topic(broker, topic, line):
    c = broker.client()
    c.send(line.format(topic).encode() + b"\n" + struct.pack(">i", 5) + b"four")
    c.half_close()
    assert c.frame().kind == 1
    c.closed()
    assert broker.topic_stats(topic) is None


def test_dpub_checks_the_topic_before_the_delay_and_the_delay_before_the_body(broker, topic):
    c = broker.client()
    c.send(b"DPUB t* x\n")
    c.fatal('E_BAD_TOPIC DPUB topic name "t*" is not valid')
    c = broker.client()
    c.send(f"DPUB {topic} x\n".encode())  # no body is waited for
    c.fatal("E_INVALID DPUB could not parse timeout x")


@pytest.mark.parametrize("delay", ["0", "", "00", "000000000000000000000"])
def test_dpub_with_no_delay_is_a_pub(broker, topic, delay):
    consumer = broker.consumer(topic, "c", 1)
    c = broker.client()
    c.command(f"DPUB {topic} {delay}", b"now")
    c.response()
    start = time.monotonic()
    assert consumer.message().body == b"now"
    assert time.monotonic() - start < 1


@pytest.mark.parametrize("delay", [1, 3600000])
def test_dpub_delay_range_is_inclusive(broker, topic, delay):
    broker.client().dpub(topic, delay, b"x")
    assert broker.topic_stats(topic)["message_count"] == 1


def test_dpub_range_follows_max_req_timeout(launch):
    d = launch(max_req_timeout="2s")
    d.client().dpub("t", 2000, "x")
    c = d.client()
    c.send("DPUB t 2001\n")
    c.fatal("E_INVALID DPUB timeout 2001 out of range 0-2000")


def test_counters_of_the_topic_and_of_the_publisher(broker, topic):
    c = broker.client()
    c.pub(topic, "12345")
    c.mpub(topic, ["1", "22", "333"])
    c.dpub(topic, 1, "4444")
    s = broker.stats(topic=topic)
    t = s["topics"][0]
    assert (t["message_count"], t["message_bytes"], t["depth"]) == (5, 15, 5)
    mine = [p for p in s["producers"] if p["remote_address"] == c.local][0]
    assert mine["pub_counts"] == [{"topic": topic, "count": 5}]


def test_a_consumer_may_publish_on_its_own_connection(broker, topic):
    c = broker.consumer(topic, "c", 10)
    c.command(f"PUB {topic}", "mine")
    frames = sorted(c.live_frame() for _ in range(2))
    assert frames[0] == (0, b"OK")
    assert frames[1].kind == 2 and frames[1].data[26:] == b"mine"


def test_one_connection_publishes_to_many_topics(broker, topic):
    c = broker.client()
    for i in range(300):
        c.command(f"PUB {topic}_{i % 30}", "%d" % i)
    for _ in range(300):
        c.response()
    for i in range(30):
        assert broker.consumer(f"{topic}_{i}", "c", 50).bodies(10) == [b"%d" % n for n in range(i, 300, 30)]


def test_publishers_in_parallel_lose_and_double_nothing(broker, topic):
    publishers = [broker.client() for _ in range(8)]
    for n, c in enumerate(publishers):
        c.send(b"".join(f"PUB {topic}\n".encode() + sized(b"%d-%d" % (n, i)) for i in range(500)))
    for c in publishers:
        for _ in range(500):
            c.response()
    got = broker.consumer(topic, "c", 2500).bodies(4000)
    for n in range(8):
        assert [b for b in got if b.startswith(b"%d-" % n)] == [b"%d-%d" % (n, i) for i in range(500)]
