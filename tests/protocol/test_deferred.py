"""Deferred messages: DPUB, HTTP defer, REQ with a delay."""

import time

import pytest

from pluqtest import scaled
from pluqtest.client import sized

LATE_S = 0.1


def due(consumer, start, delay_s, timeout=5, answered=None, late_s=LATE_S):
    """The delay began between start and answered (what may wait for a disk takes its time), and the test could be late."""
    latest = max(time.monotonic(), (answered or start) + delay_s) + scaled(late_s)
    m = consumer.message(timeout)
    now = time.monotonic()
    assert start + delay_s <= now < latest, f"{m.body!r} after {now - start:.3f} s, wanted {delay_s}"
    consumer.fin(m)
    return m


def publish(broker, how, topic, delay_ms, body):
    if how == "dpub":
        broker.client().dpub(topic, delay_ms, body)
    else:
        broker.post("/pub", body, topic=topic, defer=delay_ms)


@pytest.mark.parametrize("how", ["dpub", "http"])
def test_due_on_time(broker, topic, how):
    c = broker.consumer(topic, "c", 5)
    for delay in (50, 300):
        start = time.monotonic()
        publish(broker, how, topic, delay, "x")
        m = due(c, start, delay / 1000, answered=time.monotonic())
        assert m.attempts == 1


@pytest.mark.parametrize("how", ["dpub", "http"])
def test_counted_as_deferred_and_not_as_depth(broker, topic, how):
    broker.consumer(topic, "c", 0)
    publish(broker, how, topic, 60000, "x")
    s = broker.wait_channel(topic, "c", deferred_count=1)
    assert (s["depth"], s["message_count"], s["in_flight_count"]) == (0, 1, 0)
    assert broker.topic_stats(topic)["depth"] == 0


def test_due_in_the_order_of_their_times(broker, topic):
    c = broker.consumer(topic, "c", 50)
    p = broker.client()
    start = time.monotonic()
    delays = [400, 100, 300, 200, 250, 150, 350]
    p.send(b"".join(f"DPUB {topic} {d}\n".encode() + sized(b"%d" % d) for d in delays))
    for _ in delays:
        p.response()
    answered = time.monotonic()
    got = [due(c, start, d / 1000, answered=answered) for d in sorted(delays)]
    assert [int(m.body) for m in got] == sorted(delays)


def test_the_delay_starts_when_a_paused_topic_lets_go(broker, topic):
    c = broker.consumer(topic, "c", 5)
    broker.post("/topic/pause", topic=topic)
    broker.client().dpub(topic, 300, "x")
    c.nothing(0.5)
    assert broker.topic_stats(topic)["depth"] == 1
    start = time.monotonic()
    broker.post("/topic/unpause", topic=topic)
    due(c, start, 0.3, answered=time.monotonic())


def test_the_delay_starts_when_the_first_channel_appears(broker, topic):
    broker.client().dpub(topic, 300, "x")
    start = time.monotonic()
    c = broker.consumer(topic, "c", 5)
    answered = time.monotonic()
    c.nothing(max(0, start + 0.25 - time.monotonic()))
    due(c, start, 0.3, answered=answered)


def test_each_channel_defers_its_own_copy(broker, topic):
    a, b = broker.consumer(topic, "a", 1), broker.consumer(topic, "b", 1)
    start = time.monotonic()
    broker.client().dpub(topic, 200, "x")
    answered = time.monotonic()
    due(a, start, 0.2, answered=answered)
    due(b, start, 0.2, answered=answered)


def test_due_messages_of_a_paused_channel_enter_its_queue(broker, topic):
    c = broker.consumer(topic, "c", 5)
    broker.post("/channel/pause", topic=topic, channel="c")
    broker.client().dpub(topic, 100, "x")
    broker.wait_channel(topic, "c", depth=1, deferred_count=0)
    c.nothing(0.05)
    broker.post("/channel/unpause", topic=topic, channel="c")
    assert c.message().body == b"x"


def test_the_delay_survives_a_spill_to_disk(launch):
    """The original loses it here and delivers at once. What has spilled is due from its publish on."""
    d = launch(mem_queue_size=1)
    p = d.client()
    start = time.monotonic()
    for i in range(4):
        p.dpub("t", 500, f"{i}")
    answered = time.monotonic()
    c = d.consumer("t", "c", 10)
    got = [due(c, start, 0.5, answered=answered, late_s=1) for _ in range(4)]
    assert sorted(m.body for m in got) == [b"0", b"1", b"2", b"3"]


def test_deferred_through_disk_only(launch):
    d = launch(mem_queue_size=0)
    c = d.consumer("t", "c", 10)
    start = time.monotonic()
    d.client().dpub("t", 300, "x")
    due(c, start, 0.3, answered=time.monotonic(), late_s=1)


def test_empty_drops_deferred_messages(broker, topic):
    c = broker.consumer(topic, "c", 5)
    broker.client().dpub(topic, 300, "x")
    broker.wait_channel(topic, "c", deferred_count=1)
    broker.post("/channel/empty", topic=topic, channel="c")
    assert broker.channel_stats(topic, "c")["deferred_count"] == 0
    c.nothing(0.5)


def test_ten_thousand_due_together(broker, topic):
    c = broker.consumer(topic, "c", 2500)
    p = broker.client()
    body = b"".join(f"DPUB {topic} 500\n".encode() + b"\0\0\0\x05%05d" % i for i in range(10000))
    start = time.monotonic()
    p.send(body)
    for _ in range(10000):
        p.response(timeout=20)
    got = c.bodies(10000, timeout=20)
    assert len(set(got)) == 10000
    assert time.monotonic() - start >= 0.5
