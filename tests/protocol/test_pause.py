"""Pausing topics and channels."""

from pluqtest import disk


def test_a_paused_channel_sends_nothing(broker, topic):
    c = broker.consumer(topic, "c", 10)
    broker.post("/channel/pause", topic=topic, channel="c")
    broker.client().mpub(topic, ["a", "b"])
    c.nothing()
    s = broker.channel_stats(topic, "c")
    assert (s["paused"], s["depth"]) == (True, 2)
    broker.post("/channel/unpause", topic=topic, channel="c")
    assert c.bodies(2) == [b"a", b"b"]
    assert broker.channel_stats(topic, "c")["paused"] is False


def test_messages_in_flight_of_a_paused_channel_may_be_answered(broker, topic):
    c = broker.consumer(topic, "c", 3)
    broker.client().mpub(topic, ["a", "b", "c"])
    a, b, _ = c.messages(3)
    broker.post("/channel/pause", topic=topic, channel="c")
    c.fin(a)
    c.req(b)
    c.sync()
    s = broker.channel_stats(topic, "c")
    assert (s["in_flight_count"], s["depth"]) == (1, 1)
    c.nothing()


def test_other_channels_go_on(broker, topic):
    a, b = broker.consumer(topic, "a", 5), broker.consumer(topic, "b", 5)
    broker.post("/channel/pause", topic=topic, channel="a")
    broker.client().pub(topic, "x")
    assert b.message().body == b"x"
    a.nothing(0.05)


def test_timeouts_go_on_in_a_paused_channel(broker, topic):
    c = broker.consumer(topic, "c", 1, msg_timeout=1000)
    broker.client().pub(topic, "x")
    c.message()
    broker.post("/channel/pause", topic=topic, channel="c")
    broker.wait_channel(topic, "c", timeout_count=1, depth=1, in_flight_count=0)
    c.nothing(0.05)


def test_a_paused_topic_keeps_its_messages(broker, topic):
    c = broker.consumer(topic, "c", 10)
    p = broker.client()
    p.pub(topic, "before")
    broker.wait_channel(topic, "c", message_count=1)
    broker.post("/topic/pause", topic=topic)
    p.mpub(topic, ["a", "b"])
    assert c.message().body == b"before"
    c.nothing()
    t = broker.topic_stats(topic)
    assert (t["paused"], t["depth"]) == (True, 2)
    broker.post("/topic/unpause", topic=topic)
    assert c.bodies(2) == [b"a", b"b"]


def test_channels_of_a_paused_topic_go_on_with_what_they_have(broker, topic):
    c = broker.consumer(topic, "c", 0)
    broker.client().pub(topic, "x")
    broker.wait_channel(topic, "c", depth=1)
    broker.post("/topic/pause", topic=topic)
    c.rdy(1)
    m = c.message()
    c.req(m)
    assert c.message().attempts == 2


def test_pausing_twice_is_fine(broker, topic):
    broker.post("/topic/create", topic=topic)
    broker.post("/channel/create", topic=topic, channel="c")
    for _ in range(2):
        broker.post("/topic/pause", topic=topic)
        broker.post("/channel/pause", topic=topic, channel="c")
    for _ in range(2):
        broker.post("/topic/unpause", topic=topic)
        broker.post("/channel/unpause", topic=topic, channel="c")


def test_the_metadata_is_written_before_the_answer(broker, topic):
    broker.post("/topic/create", topic=topic)
    broker.post("/channel/create", topic=topic, channel="c")
    for verb, state in (("pause", True), ("unpause", False)):
        broker.post(f"/topic/{verb}", topic=topic)
        assert disk.metadata(broker.data)[topic][0] is state
        broker.post(f"/channel/{verb}", topic=topic, channel="c")
        assert disk.metadata(broker.data)[topic][1] == {"c": state}


def test_order_is_kept_across_a_pause_with_spill(launch):
    d = launch(mem_queue_size=10)
    c = d.consumer("t", "c", 20)
    p = d.client()
    d.post("/topic/pause", topic="t")
    p.pub_all("t", ["%d" % i for i in range(100)])
    d.post("/topic/unpause", topic="t")
    assert c.bodies(100) == [b"%d" % i for i in range(100)]
