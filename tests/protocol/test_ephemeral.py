"""Ephemeral topics and channels: no disk, and gone with their last user."""

import pytest

from pluqtest import disk, eventually

OPTIONS = {"mem_queue_size": 5}
E = "#ephemeral"


def test_an_ephemeral_channel_goes_with_its_last_consumer(broker, topic):
    a = broker.consumer(topic, "c" + E)
    b = broker.consumer(topic, "c" + E)
    a.close()
    eventually(lambda: broker.channel_stats(topic, "c" + E)["client_count"] == 1)
    b.close()
    eventually(lambda: broker.topic_stats(topic)["channels"] == [])


def test_one_made_over_http_lives_until_a_consumer_has_come_and_gone(broker, topic):
    broker.post("/topic/create", topic=topic)
    broker.post("/channel/create", topic=topic, channel="c" + E)
    assert broker.channel_stats(topic, "c" + E)
    c = broker.consumer(topic, "c" + E)
    c.close()
    eventually(lambda: broker.topic_stats(topic)["channels"] == [])


def test_an_ephemeral_topic_goes_with_its_last_channel(broker, topic):
    c = broker.consumer(topic + E, "c" + E)
    c.close()
    eventually(lambda: broker.topic_stats(topic + E) is None)


def test_an_ephemeral_topic_stays_without_any_channel_ever(broker, topic):
    broker.client().pub(topic + E, "x")
    assert broker.topic_stats(topic + E)["depth"] == 1


def test_a_durable_channel_keeps_an_ephemeral_topic_until_deleted(broker, topic):
    durable = broker.consumer(topic + E, "durable")
    broker.consumer(topic + E, "c" + E).close()
    eventually(lambda: len(broker.topic_stats(topic + E)["channels"]) == 1)
    durable.close()
    eventually(lambda: broker.channel_stats(topic + E, "durable")["client_count"] == 0)
    broker.post("/channel/delete", topic=topic + E, channel="durable")
    eventually(lambda: broker.topic_stats(topic + E) is None)


def test_a_durable_topic_stays(broker, topic):
    broker.consumer(topic, "c" + E).close()
    eventually(lambda: broker.topic_stats(topic)["channels"] == [])
    broker.client().pub(topic, "x")
    assert broker.topic_stats(topic)["depth"] == 1


@pytest.mark.parametrize("suffix, channel", [(E, None), (E, "c" + E), ("", "c" + E)])
def test_a_full_memory_queue_drops_silently(broker, topic, suffix, channel):
    name = topic + suffix
    if channel:
        broker.consumer(name, channel)
    broker.client().pub_all(name, ["%d" % i for i in range(20)])
    t = broker.topic_stats(name)
    assert t["message_count"] == 20
    if channel:
        s = broker.wait_channel(name, channel, message_count=20)
        assert (s["depth"], s["backend_depth"]) == (5, 0)
    else:
        assert (t["depth"], t["backend_depth"]) == (5, 0)


def test_nothing_of_them_reaches_the_disk(broker, topic):
    broker.consumer(topic + E, "c" + E)
    broker.consumer(topic, "e" + E)
    broker.client().pub_all(topic + E, ["x"] * 20)
    broker.client().pub_all(topic, ["x"] * 20)
    broker.post("/topic/pause", topic=topic + E)
    broker.post("/topic/pause", topic=topic)
    assert disk.metadata(broker.data)[topic] == (True, {})
    assert [f for f in broker.files() if E in f] == []


def test_a_durable_channel_on_an_ephemeral_topic_spills_but_is_not_in_the_metadata(broker, topic):
    c = broker.consumer(topic + E, "durable", 0)
    broker.client().pub_all(topic + E, ["%d" % i for i in range(20)])
    s = broker.wait_channel(topic + E, "durable", depth=20)
    assert s["backend_depth"] > 0
    assert broker.files(f"{topic}#ephemeral:durable.diskqueue.*")
    assert topic + E not in disk.metadata(broker.data)
    c.rdy(5)
    assert c.bodies(20) == [b"%d" % i for i in range(20)]


def test_they_are_gone_after_a_restart(launch):
    d = launch()
    d.client().pub("t" + E, "x")
    c = d.consumer("d", "c" + E, 0)
    d.client().pub("d", "x")
    c.sync()
    d.restart()
    assert [t["topic_name"] for t in d.stats()["topics"]] == ["d"]
    assert d.topic_stats("d")["channels"] == []


def test_subscribing_over_and_over_while_it_goes(broker, topic):
    """SUB races with the deletion of the channel; it must succeed or say so, never hang."""
    for _ in range(100):
        c = broker.client()
        c.send(f"SUB {topic}{E} c{E}\n")
        c.response()
        c.close()
    eventually(lambda: broker.topic_stats(topic + E) is None)


def test_ephemeral_with_no_memory_queue(launch):
    """Only a consumer waiting at that very instant gets the message."""
    d = launch(mem_queue_size=0)
    c = d.consumer("t" + E, "c" + E, 5)
    c.sync()
    p = d.client()
    for i in range(20):
        p.pub("t" + E, f"{i}")
    assert d.topic_stats("t" + E)["message_count"] == 20
    assert d.files("*diskqueue*") == []
