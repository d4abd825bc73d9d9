"""Bodies at and past their limits, with the defaults and with small ones."""

import struct

import pytest

from pluqtest.client import mpub_body, sized

OPTIONS = {"max_msg_size": 100, "max_body_size": 1000}
COUNT_MAX = (1000 - 4) // 5


@pytest.mark.parametrize("size", [1, 99, 100])
@pytest.mark.parametrize("line", ["PUB {}", "DPUB {} 0"])
def test_body_up_to_the_limit(broker, topic, line, size):
    c = broker.client()
    c.command(line.format(topic), b"x" * size)
    c.response()
    assert broker.consumer(topic, "c", 1).message().body == b"x" * size


@pytest.mark.parametrize("line", ["PUB {}", "DPUB {} 0"])
def test_body_past_the_limit(broker, topic, line):
    c = broker.client()
    c.send(line.format(topic) + "\n" + "\0\0\0\x65")
    c.fatal(f"E_BAD_MESSAGE {line.split()[0]} message too big 101 > 100")
    assert broker.topic_stats(topic) is None


def test_mpub_messages_up_to_the_limit(broker, topic):
    c = broker.client()
    c.mpub(topic, ["a" * 100, "b", "c" * 100])
    assert broker.consumer(topic, "c", 5).bodies(3) == [b"a" * 100, b"b", b"c" * 100]


def test_mpub_message_past_the_limit(broker, topic):
    c = broker.client()
    c.send(f"MPUB {topic}\n".encode() + struct.pack(">iii", 500, 2, 100) + b"x" * 100 + struct.pack(">i", 101))
    c.fatal("E_BAD_MESSAGE MPUB message too big 101 > 100")


def test_mpub_body_at_the_limit(broker, topic):
    bodies = ["x" * 100] * 9 + ["y" * 56]
    assert len(mpub_body([b.encode() for b in bodies])) == 4 + 1000
    c = broker.client()
    c.mpub(topic, bodies)
    assert broker.topic_stats(topic)["message_bytes"] == 956


def test_mpub_body_past_the_limit(broker, topic):
    c = broker.client()
    c.send(f"MPUB {topic}\n".encode() + struct.pack(">i", 1001))
    c.fatal("E_BAD_BODY MPUB body too big 1001 > 1000")


def test_mpub_count_at_the_limit(broker, topic):
    c = broker.client()
    c.mpub(topic, ["z"] * COUNT_MAX)
    assert broker.topic_stats(topic)["message_count"] == COUNT_MAX


def test_mpub_count_past_the_limit(broker, topic):
    c = broker.client()
    c.send(f"MPUB {topic}\n".encode() + struct.pack(">ii", 1000, COUNT_MAX + 1))
    c.fatal(f"E_BAD_BODY MPUB invalid message count {COUNT_MAX + 1}")


def test_identify_body_at_the_limit(broker):
    c = broker.client()
    c.identify_raw(b'{"client_id":"x"}' + b" " * (1000 - 17))
    c.response()


def test_identify_body_past_the_limit(broker):
    c = broker.client()
    c.send(b"IDENTIFY\n" + struct.pack(">i", 1001))
    c.fatal("E_BAD_BODY IDENTIFY body too big 1001 > 1000")


def test_auth_body_past_the_limit(broker):
    c = broker.client()
    c.send(b"AUTH\n" + struct.pack(">i", 1001))
    c.fatal("E_BAD_BODY AUTH body too big 1001 > 1000")


def test_default_largest_message_and_largest_mpub(launch, topic):
    d = launch()
    big = bytes(range(256)) * 4096
    c = d.client(timeout=20)
    c.pub(topic, big)
    c.mpub(topic, [big, big[::-1], big, big, big[:1048576 - 4 - 5 * 4]])
    consumer = d.consumer(topic, "c", 1)
    got = consumer.bodies(6, timeout=20)
    assert got[:3] == [big, big, big[::-1]]
    assert sum(map(len, got)) == 6 * 1048576 - 24


def test_the_largest_default_mpub_count(launch, topic):
    d = launch()
    count = (5242880 - 4) // 5
    c = d.client(timeout=30)
    c.send(f"MPUB {topic}#ephemeral\n".encode() + sized(struct.pack(">i", count) + sized(b"m") * count))
    c.response(timeout=30)
    assert d.topic_stats(topic + "#ephemeral")["message_count"] == count
