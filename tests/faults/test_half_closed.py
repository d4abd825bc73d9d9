"""A dialogue that ends at each of its bytes, by half-close, close and reset."""

import pytest

from pluqtest import eventually
from pluqtest.client import Closed, mpub_body, sized


def dialogue(topic):
    return (b"  V2IDENTIFY\n" + sized(b'{"client_id":"x","feature_negotiation":true}') + f"PUB {topic}\n".encode() + sized(b"body")
            + f"MPUB {topic}\n".encode() + mpub_body([b"1", b"2"]) + f"SUB {topic} c\nRDY 5\nNOP\nCLS\n".encode())


@pytest.mark.parametrize("way", ["half_close", "close", "reset"])
def test_ending_at_each_byte(broker, topic, way):
    whole = dialogue(topic)
    base = broker.descriptors()
    for end in range(1, len(whole) + 1):
        c = broker.client(magic=whole[:end])
        getattr(c, way)()
        if way != "half_close":
            continue
        try:
            while True:
                c.frame()
        except (Closed, OSError):
            c.close()
    broker.client().pub(topic, "x")
    eventually(lambda: broker.channel_stats(topic, "c")["client_count"] == 0)
    eventually(lambda: broker.descriptors() <= base + 10, what="every connection is closed")


def test_a_half_closed_subscriber_is_let_go(broker, topic):
    c = broker.consumer(topic, "c", 1)
    broker.client().pub(topic, "x")
    c.message()
    c.half_close()
    c.closed()
    eventually(lambda: broker.channel_stats(topic, "c")["client_count"] == 0)


@pytest.mark.parametrize("way", ["close", "reset"])
def test_leaving_while_answers_and_messages_are_under_way(broker, topic, way):
    base = broker.descriptors()
    for _ in range(30):
        p = broker.client()
        p.send((f"PUB {topic}\n".encode() + sized(b"x" * 1000)) * 100)
        getattr(p, way)()
        c = broker.client()
        c.send(f"SUB {topic} c\nRDY 2500\n")
        getattr(c, way)()
    eventually(lambda: broker.descriptors() <= base + 10, what="every connection is closed")
    broker.client().pub(topic, "x")
    s = broker.channel_stats(topic, "c")
    assert s is None or s["client_count"] == 0  # None: every SUB was overtaken by its client's end


def test_http_requests_ending_at_each_byte(broker, topic):
    whole = (f"POST /pub?topic={topic} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
             "4\r\nbody\r\n0\r\n\r\n").encode()
    for end in range(1, len(whole)):
        for way in ("half", "close"):
            h = broker.raw_http()
            h.send(whole[:end])
            if way == "half":
                h.half_close()
                h.file.read()
            h.close()
    t = broker.topic_stats(topic)
    assert t is None or t["message_count"] == 0
