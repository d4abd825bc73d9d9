"""Topic and channel actions over HTTP, with their errors in the order in which they are checked."""

import pytest

from pluqtest import disk

TOPIC_VERBS = ["delete", "empty", "pause", "unpause"]
CHANNEL_VERBS = ["create", "delete", "empty", "pause", "unpause"]


def answer(broker, path, **params):
    r = broker.http("POST", path, params, body=b"ignored")
    return (r.status, r.message if r.status != 200 else r.body)


def test_topic_create(broker, topic):
    for _ in range(2):
        assert answer(broker, "/topic/create", topic=topic) == (200, b"")
    t = broker.topic_stats(topic)
    assert (t["depth"], t["channels"], t["paused"]) == (0, [], False)


def test_topic_create_errors(broker):
    assert answer(broker, "/topic/create") == (400, "MISSING_ARG_TOPIC")
    for name in ("", "a b", "x" * 65, "#ephemeral"):
        assert answer(broker, "/topic/create", topic=name) == (400, "INVALID_TOPIC")


@pytest.mark.parametrize("verb", TOPIC_VERBS)
def test_topic_errors(broker, verb):
    assert answer(broker, f"/topic/{verb}") == (400, "MISSING_ARG_TOPIC")
    bad = (400, "INVALID_TOPIC") if verb == "empty" else (404, "TOPIC_NOT_FOUND")
    assert answer(broker, f"/topic/{verb}", topic="bad!") == bad
    assert answer(broker, f"/topic/{verb}", topic="") == bad
    assert answer(broker, f"/topic/{verb}", topic="nobody-made-it") == (404, "TOPIC_NOT_FOUND")


@pytest.mark.parametrize("verb", CHANNEL_VERBS)
def test_channel_errors(broker, topic, verb):
    path = f"/channel/{verb}"
    assert answer(broker, path) == (400, "MISSING_ARG_TOPIC")
    assert answer(broker, path, topic="bad!") == (400, "INVALID_ARG_TOPIC")
    assert answer(broker, path, topic="") == (400, "INVALID_ARG_TOPIC")
    assert answer(broker, path, topic="unknown") == (400, "MISSING_ARG_CHANNEL")
    assert answer(broker, path, topic="unknown", channel="bad!") == (400, "INVALID_ARG_CHANNEL")
    assert answer(broker, path, topic="unknown", channel="") == (400, "INVALID_ARG_CHANNEL")
    assert answer(broker, path, topic="unknown", channel="c") == (404, "TOPIC_NOT_FOUND")
    broker.post("/topic/create", topic=topic)
    wanted = (200, b"") if verb == "create" else (404, "CHANNEL_NOT_FOUND")
    assert answer(broker, path, topic=topic, channel="c") == wanted


def test_channel_life(broker, topic):
    broker.post("/topic/create", topic=topic)
    for _ in range(2):
        broker.post("/channel/create", topic=topic, channel="c")
    assert [c["channel_name"] for c in broker.topic_stats(topic)["channels"]] == ["c"]
    broker.post("/channel/delete", topic=topic, channel="c")
    assert broker.topic_stats(topic)["channels"] == []
    assert answer(broker, "/channel/delete", topic=topic, channel="c") == (404, "CHANNEL_NOT_FOUND")


def test_topic_delete_and_create_again(broker, topic):
    for i in range(10):
        broker.client().pub(topic, "x")
        broker.post("/channel/create", topic=topic, channel="c")
        broker.post("/topic/delete", topic=topic)
        assert broker.topic_stats(topic) is None
        broker.post("/topic/create", topic=topic)
        t = broker.topic_stats(topic)
        assert (t["depth"], t["channels"]) == (0, [])


def test_channel_empty_frees_the_window(broker, topic):
    c = broker.consumer(topic, "c", 2)
    broker.client().mpub(topic, ["1", "2", "3"])
    old = c.messages(2)
    broker.post("/channel/empty", topic=topic, channel="c")
    s = broker.channel_stats(topic, "c")
    assert (s["depth"], s["in_flight_count"], s["clients"][0]["in_flight_count"]) == (0, 0, 0)
    broker.client().mpub(topic, ["4", "5"])
    assert [m.body for m in c.messages(2)] == [b"4", b"5"]
    c.fin(old[0])
    c.error(f"E_FIN_FAILED FIN {old[0].id.decode()} failed ID not in flight")
    c.nothing(0.05)


def test_topic_empty_keeps_channels(broker, topic):
    broker.client().mpub(topic, ["x"] * 10)
    broker.post("/topic/empty", topic=topic)
    assert broker.topic_stats(topic)["depth"] == 0
    c = broker.consumer(topic, "c", 5)
    c.nothing(0.05)
    broker.client().pub(topic, "y")
    assert c.message().body == b"y"


def test_creations_reach_the_metadata(broker, topic):
    broker.post("/topic/create", topic=topic)
    broker.post("/channel/create", topic=topic, channel="c")
    from pluqtest import eventually
    eventually(lambda: disk.metadata(broker.data).get(topic) == (False, {"c": False}))


def test_deletions_reach_the_metadata_before_the_answer(broker, topic):
    broker.post("/topic/create", topic=topic)
    broker.post("/channel/create", topic=topic, channel="c")
    broker.post("/channel/pause", topic=topic, channel="c")
    assert disk.metadata(broker.data)[topic] == (False, {"c": True})
    broker.post("/channel/delete", topic=topic, channel="c")
    assert disk.metadata(broker.data)[topic] == (False, {})
    broker.post("/topic/delete", topic=topic)
    assert topic not in disk.metadata(broker.data)


def test_pause_of_ephemerals_is_answered(broker, topic):
    name = topic + "#ephemeral"
    broker.post("/topic/create", topic=name)
    broker.post("/channel/create", topic=name, channel="c#ephemeral")
    broker.post("/topic/pause", topic=name)
    broker.post("/channel/pause", topic=name, channel="c#ephemeral")
    t = broker.topic_stats(name)
    assert t["paused"] and t["channels"][0]["paused"]
