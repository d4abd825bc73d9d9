"""The age of the oldest message, and how long deferred ones still have, by a clock that the tests move."""

import pytest

from pluqtest.metricsdump import Dump, asked
from pluqtest.shim import Clock
from pluqtest.wait import eventually

HERE = {"topic": "t", "channel": "c"}


@pytest.fixture
def timed(launch, tmp_path):
    def start(**options):
        clock = Clock()
        d = launch(plugins=Dump(tmp_path, interval="1h").plugins(), max_heartbeat_interval="4h", msg_timeout="10m", **clock.options(),
                   **options)
        d.clock = clock
        return d
    return start


def age(d, metric="channel_oldest_message_age", **labels):
    return asked(d).value(metric, **(labels or HERE))


def publish(d, *bodies):
    with d.client() as p:
        p.pub_all("t", bodies)


def consume(d, ready=10):
    return d.consumer("t", "c", ready, heartbeat_interval=3 * 3600 * 1000)  # the clock leaps past those of every day


def near(value, seconds):
    return seconds - 0.1 <= value < seconds + 30  # the machine may be slow


def with_channel(d):
    d.post("/topic/create", topic="t")
    d.post("/channel/create", topic="t", channel="c")


def test_a_message_given_back_keeps_its_age(timed):
    """Behind younger ones, in flight and requeued."""
    d = timed()
    with consume(d) as c:
        publish(d, b"old")
        old = c.message()
        d.clock.advance(200)
        publish(d, *[b"young"] * 3)
        young = c.messages(3)
        c.req(old, 0)
        old = c.message()
        assert near(age(d), 200)  # in flight, delivered last
        c.rdy(0)
        c.req(young[0], 0)
        c.req(old, 0)
        d.wait_channel("t", "c", depth=2)
        assert near(age(d), 200)  # requeued last
        c.rdy(10)
        for m in c.messages(2) + young[1:]:
            c.fin(m)
        d.wait_channel("t", "c", depth=0, in_flight_count=0)
        assert age(d) == 0


@pytest.mark.parametrize("memory", [0, 1000])
def test_a_restart_keeps_ages(timed, memory):
    """Nobody consumes, so nothing but the question for its age has the message read."""
    d = timed(mem_queue_size=memory)
    with_channel(d)
    d.post("/topic/create", topic="w")
    for topic in ["t", "w"]:
        for body in [b"old", b"young"]:
            with d.client() as p:
                p.pub(topic, body)
            d.clock.advance(500)
    d.restart()
    eventually(lambda: asked(d).all("channel_oldest_message_age", **HERE), 10, "it is known")
    assert near(age(d), 2000)
    eventually(lambda: asked(d).all("topic_oldest_message_age", topic="w"), 10, "it is known")
    assert near(age(d, "topic_oldest_message_age", topic="w"), 1000)
    assert d.channel_stats("t", "c")["depth"] == 2 and d.topic_stats("w")["depth"] == 2
    with consume(d) as c:
        assert [m.body for m in c.messages(2)] == [b"old", b"young"]


def test_what_is_emptied_leaves_no_age(timed):
    d = timed(mem_queue_size=0)
    with_channel(d)
    publish(d, b"old")
    d.clock.advance(1000)
    d.post("/channel/empty", topic="t", channel="c")
    assert age(d) == 0
    publish(d, b"young")
    assert age(d) < 500


def due(d):
    return {x["detail"]: x["value"] for x in asked(d).all("channel_deferred_messages_due", **HERE) if x["value"]}


@pytest.mark.parametrize("memory", [0, 1000])
def test_deferred_messages_come_nearer(timed, memory):
    d = timed(mem_queue_size=memory)
    with_channel(d)
    with consume(d) as c:
        with d.client() as p:
            p.dpub("t", 3_500_000, b"dpub")
        publish(d, b"req")
        c.req(c.message(), 3_400_000)
        d.wait_channel("t", "c", deferred_count=2)
        assert due(d) == {"1h": 2}
        d.clock.advance(3000)  # 500 s and 400 s are left
        eventually(lambda: due(d) == {"10m": 2}, 10, "within ten minutes")
        d.clock.advance(355)   # 145 s and 45 s
        eventually(lambda: due(d) == {"10m": 1, "1m": 1}, 10, "one within a minute")
        d.clock.advance(50)
        assert c.message().body == b"req"
        eventually(lambda: due(d) == {"10m": 1}, 10, "one is due")
        d.clock.advance(50)    # 45 s
        eventually(lambda: due(d) == {"1m": 1}, 10, "within a minute")
        d.clock.advance(50)
        assert c.message().body == b"dpub"
        eventually(lambda: due(d) == {}, 10, "all are due")


def test_a_stop_keeps_due_times(timed):
    """Of all that are deferred, far and near."""
    d = timed()
    with_channel(d)
    with d.client() as p:
        for seconds in [3500, 500, 100]:
            p.dpub("t", seconds * 1000, str(seconds).encode())
    assert due(d) == {"1h": 1, "10m": 2}
    d.restart()
    with consume(d) as c:
        d.wait_channel("t", "c", deferred_count=3, depth=0)
        assert due(d) == {"1h": 1, "10m": 2}
        for step, body in [(110, b"100"), (400, b"500"), (3000, b"3500")]:
            d.clock.advance(step)
            m = c.message()
            assert m.body == body
            c.fin(m)
