"""From topic to channels, and from a channel to its consumers."""

import time

from pluqtest import eventually, scaled


def test_every_channel_gets_its_own_copy(broker, topic):
    consumers = [broker.consumer(topic, f"c{i}", 100) for i in range(5)]
    bodies = [b"%d" % i for i in range(100)]
    broker.client().mpub(topic, bodies)
    seen = [c.messages(100, finish=True) for c in consumers]
    assert [m.body for m in seen[0]] == bodies
    assert all(s == seen[0] for s in seen)
    for i, c in enumerate(consumers):
        c.sync()
        s = broker.channel_stats(topic, f"c{i}")
        assert (s["message_count"], s["depth"], s["in_flight_count"]) == (100, 0, 0)


def test_channels_are_answered_independently(broker, topic):
    a, b = broker.consumer(topic, "a", 1), broker.consumer(topic, "b", 1)
    broker.client().pub(topic, "x")
    m = a.message()
    b.message()
    for attempts in (2, 3):
        a.req(m)
        assert a.message().attempts == attempts
    a.fin(m)
    a.sync()
    assert broker.channel_stats(topic, "b")["in_flight_count"] == 1


def test_the_first_channel_gets_the_backlog_and_later_ones_do_not(broker, topic):
    p = broker.client()
    p.mpub(topic, ["old%d" % i for i in range(50)])
    assert broker.topic_stats(topic)["depth"] == 50
    first = broker.consumer(topic, "first", 100)
    assert first.bodies(50) == [b"old%d" % i for i in range(50)]
    broker.wait_channel(topic, "first", depth=0, in_flight_count=0, message_count=50)
    second = broker.consumer(topic, "second", 100)
    p.pub(topic, "new")
    assert first.message().body == b"new"
    assert second.message().body == b"new"
    second.nothing()
    t = broker.topic_stats(topic)
    assert t["depth"] == 0
    assert [c["message_count"] for c in t["channels"]] == [51, 1]


def test_a_topic_without_its_last_channel_keeps_messages_again(broker, topic):
    broker.post("/topic/create", topic=topic)
    broker.post("/channel/create", topic=topic, channel="a")
    p = broker.client()
    p.pub(topic, "lost with its channel")
    broker.post("/channel/delete", topic=topic, channel="a")
    p.pub(topic, "kept")
    assert broker.topic_stats(topic)["depth"] == 1
    assert broker.consumer(topic, "b", 5).message().body == b"kept"


def test_idle_consumers_are_served_in_turn(broker, topic):
    consumers = [broker.consumer(topic, "c", 1) for _ in range(3)]
    for c in consumers:
        c.sync()
    p = broker.client()
    order = []
    for i in range(9):
        p.pub(topic, f"{i}")
        order.append(eventually(lambda: receive_any(consumers), what="delivery")[0])
    assert sorted(order[:3]) == [0, 1, 2]
    assert order[3:] == order[:3] * 2


def receive_any(consumers):
    """Finishes one message of whoever got it; (who,) or nothing."""
    for i, c in enumerate(consumers):
        try:
            m = c.message(timeout=0)
        except AssertionError:
            continue
        c.fin(m)
        c.sync()
        return (i,)
    return ()


def test_equal_readiness_means_equal_shares(broker, topic):
    consumers = [broker.consumer(topic, "c", 1000) for _ in range(3)]
    for c in consumers:
        c.sync()
    p = broker.client()
    for i in range(90):
        p.mpub(topic, ["x"] * 10)
    eventually(lambda: broker.channel_stats(topic, "c")["depth"] == 0)
    shares = [c["message_count"] for c in broker.channel_stats(topic, "c")["clients"]]
    assert sum(shares) == 900
    assert min(shares) >= 225, shares


def test_equal_shares_of_a_backlog_under_finishing(broker, topic):
    """Consumers with small windows that answer as they read share a backlog about evenly."""
    p = broker.client()
    for _ in range(6):
        p.mpub(topic, ["x"] * 1000)
    consumers = [broker.consumer(topic, "c") for _ in range(3)]
    for c in consumers:
        c.rdy(5)
    left = 6000
    while left:
        for c in consumers:
            batch = min(5, left)
            for _ in range(batch):
                try:
                    c.fin(c.message(timeout=0.5 / scaled(1)))
                    left -= 1
                except AssertionError:
                    break
    for c in consumers:
        c.sync()
    shares = [c["finish_count"] for c in broker.channel_stats(topic, "c")["clients"]]
    assert sum(shares) == 6000
    assert min(shares) > 1000, shares


def test_a_consumer_that_stops_reading_does_not_delay_others(launch):
    d = launch(max_rdy_count=100000)
    body = "z" * 10000
    stuck = d.consumer("t", "c", 100000)
    stuck.sync()
    good = d.consumer("t", "c", 50)
    p = d.client(timeout=30)
    total = 5000
    for _ in range(total // 100):
        p.mpub("t", [body] * 100)
    received = 0
    start = time.monotonic()

    def drain():
        nonlocal received
        try:
            while True:
                good.fin(good.message(timeout=0.2))
                received += 1
        except AssertionError:
            return d.channel_stats("t", "c")["depth"] == 0

    eventually(drain, 30, "the other consumer drains the channel")
    s = d.channel_stats("t", "c")
    held = {c["remote_address"]: c["in_flight_count"] for c in s["clients"]}[stuck.local]
    assert received + held == total
    # What the kernel's two buffers hold can be some megabytes; past that nothing may be given to who does not read.
    assert held * len(body) < 12_000_000, held
    assert received > total // 2, (received, held, time.monotonic() - start)


def test_messages_published_before_rdy_are_in_order_for_one_consumer(broker, topic):
    c = broker.consumer(topic, "c")
    p = broker.client()
    bodies = [b"%d" % i for i in range(3000)]
    p.pub_all(topic, bodies)
    c.rdy(7)
    assert c.bodies(3000) == bodies


def test_200_consumers_of_one_channel(broker, topic):
    consumers = [broker.consumer(topic, "c", 10) for _ in range(200)]
    p = broker.client()
    p.mpub(topic, [b"%d" % i for i in range(2000)])
    eventually(lambda: broker.channel_stats(topic, "c", include_clients="false")["in_flight_count"] == 2000)
    got = []
    for c in consumers:
        got += c.bodies(10)
    assert sorted(got, key=int) == [b"%d" % i for i in range(2000)]


def test_200_channels_of_one_topic(broker, topic):
    consumers = [broker.consumer(topic, f"c{i:03}", 10) for i in range(200)]
    broker.client().mpub(topic, ["a", "b", "c"])
    for c in consumers:
        assert c.bodies(3) == [b"a", b"b", b"c"]
