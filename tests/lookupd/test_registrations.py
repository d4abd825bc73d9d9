"""Who is registered for what: REGISTER, UNREGISTER, the end of a connection, activity, tombstones."""

import pytest

from pluqtest import eventually, never


def gone(d, b):
    """The broker's connection ends, and the daemon knows."""
    local = b.local
    b.close()
    eventually(lambda: local not in d.nodes(), what="the broker is gone")


def test_register(lookupd, topic):
    with lookupd.broker() as b:
        b.register(topic)
        assert lookupd.lookup(topic) == ([], [b.local])
        b.register(topic, "c")
        b.register(topic, "c")
        b.register(topic + "2", "d")
        assert lookupd.lookup(topic) == (["c"], [b.local])
        assert lookupd.lookup(topic + "2") == (["d"], [b.local])
        assert lookupd.nodes()[b.local] == {topic: False, topic + "2": False}
        assert {topic, topic + "2"} <= set(lookupd.topics())


def test_unregister_a_channel(lookupd, topic):
    with lookupd.broker() as b, lookupd.broker() as other:
        for x in (b, other):
            x.register(topic, "c")
            x.register(topic, "c#ephemeral")
        b.unregister(topic, "c")
        b.unregister(topic, "c#ephemeral")
        assert lookupd.lookup(topic) == (["c", "c#ephemeral"], sorted([b.local, other.local]))
        other.unregister(topic, "c")
        other.unregister(topic, "c#ephemeral")
        assert lookupd.channels(topic) == ["c"], "the ephemeral one goes with its last producer"


def test_unregister_a_topic(lookupd, topic):
    with lookupd.broker() as b:
        b.register(topic, "c")
        b.register(topic, "e#ephemeral")
        b.unregister(topic)
        assert lookupd.lookup(topic) == (["c", "e#ephemeral"], []), "channels stay, also ephemeral ones"
        assert f"channel:{topic}:c" not in lookupd.get("/debug")
        assert lookupd.nodes()[b.local] == {}


def test_unregister_an_ephemeral_topic(lookupd, topic):
    topic += "#ephemeral"
    with lookupd.broker() as b, lookupd.broker() as other:
        b.register(topic, "c")
        other.register(topic)
        b.unregister(topic)
        assert lookupd.lookup(topic) == (["c"], [other.local])
        other.unregister(topic)
        assert lookupd.lookup(topic) is None and topic not in lookupd.topics()
        assert lookupd.channels(topic) == ["c"], "its channels stay behind, unseen"
        b.register(topic)
        assert lookupd.lookup(topic) == (["c"], [b.local])
        b.unregister(topic)
        lookupd.post("/channel/delete", topic=topic, channel="c")
        assert lookupd.channels(topic) == [] and lookupd.lookup(topic) is None


def test_unregister_what_is_not_there(lookupd, topic):
    with lookupd.broker() as b, lookupd.broker() as other:
        other.register(topic, "c")
        b.unregister(topic)
        b.unregister(topic, "c")
        b.unregister(topic, "d")
        b.unregister(topic + "none", "d")
        assert lookupd.lookup(topic) == (["c"], [other.local])
        assert lookupd.lookup(topic + "none") is None


def test_unregister_removes_an_ephemeral_channel_that_nobody_has(lookupd, topic):
    lookupd.post("/channel/create", topic=topic, channel="c#ephemeral")
    lookupd.post("/topic/create", topic=topic + "#ephemeral")
    with lookupd.broker() as b:
        b.unregister(topic, "c#ephemeral")
        b.unregister(topic + "#ephemeral")
    assert lookupd.lookup(topic) == ([], []) and lookupd.lookup(topic + "#ephemeral") is None


def test_disconnect(lookupd, topic):
    b, other = lookupd.broker(), lookupd.broker()
    for x in (b, other):
        x.register(topic, "c")
        x.register(topic + "#ephemeral", "c")
        x.register(topic, "c#ephemeral")
    gone(lookupd, b)
    assert lookupd.lookup(topic) == (["c", "c#ephemeral"], [other.local])
    other.reset()
    eventually(lambda: lookupd.lookup(topic) == (["c"], []), what="names stay, but for ephemeral ones")
    assert topic + "#ephemeral" not in lookupd.topics()


def test_a_fatal_error_is_a_disconnect(lookupd, topic):
    b = lookupd.broker()
    b.register(topic)
    b.send(b"NOPE\n")
    b.fatal("E_INVALID invalid command NOPE")
    eventually(lambda: lookupd.lookup(topic) == ([], []))


def test_peers_are_connections(lookupd, topic):
    """Two that announce the same address are two producers."""
    b, twin = lookupd.broker(), lookupd.broker()
    b.register(topic)
    twin.register(topic)
    assert lookupd.lookup(topic) == ([], sorted([b.local, twin.local]))
    assert {b.local, twin.local} <= set(lookupd.nodes())
    gone(lookupd, b)
    assert lookupd.lookup(topic) == ([], [twin.local])


def test_topic_delete_over_http_tells_no_broker(lookupd, topic):
    with lookupd.broker() as b:
        b.register(topic, "c")
        b.register(topic + "2")
        lookupd.post("/topic/delete", topic=topic)
        assert lookupd.lookup(topic) is None and lookupd.nodes()[b.local] == {topic + "2": False}
        b.ping()
        assert lookupd.lookup(topic) is None
        b.unregister(topic, "c")
        b.register(topic)
        assert lookupd.lookup(topic) == ([], [b.local])


def test_channel_delete_over_http(lookupd, topic):
    with lookupd.broker() as b:
        b.register(topic, "c")
        lookupd.post("/channel/delete", topic=topic, channel="c")
        assert lookupd.lookup(topic) == ([], [b.local])
        b.register(topic, "c")
        assert lookupd.lookup(topic) == (["c"], [b.local])


def test_create_leaves_entries_alone(lookupd, topic):
    with lookupd.broker() as b:
        b.register(topic, "c")
        lookupd.post("/topic/create", topic=topic)
        lookupd.post("/channel/create", topic=topic, channel="c")
        assert lookupd.lookup(topic) == (["c"], [b.local])


# activity


def test_inactive_producers(launch_lookupd):
    d = launch_lookupd(inactive_producer_timeout="300ms")
    b = d.broker()
    b.register("t", "c")
    eventually(lambda: d.nodes() == {} and d.lookup("t") == (["c"], []), what="it becomes inactive")
    assert d.topics() == ["t"] and "topic:t:" in d.get("/debug")
    b.register("t", "d")
    never(lambda: d.nodes() or d.lookup("t")[1], 0.1, "REGISTER is no sign of life")

    def alive():
        b.ping()
        return d.lookup("t") == (["c", "d"], [b.local]) and d.nodes() == {b.local: {"t": False}}
    eventually(alive, what="a PING brings it back with all it had")


def test_last_update_is_moved_by_ping(lookupd):
    def last(b):
        return [p["last_update"] for p in lookupd.get("/debug")["client::"] if p["id"] == b.local][0]

    with lookupd.broker() as b:
        first = last(b)
        eventually(lambda: b.ping() or last(b) > first + 100e6)


# tombstones


def test_tombstone(launch_lookupd):
    d = launch_lookupd(tombstone_lifetime="1h")
    b, twin, other = d.broker(), d.broker(), d.broker(broadcast_address="q2.example")
    for x in (b, twin, other):
        x.register("t", "c")
        x.register("u")
    d.post("/topic/tombstone", topic="t", node="q1.example:4151")
    assert d.lookup("t") == (["c"], [other.local]), "all that announce the node"
    assert len(d.lookup("u")[1]) == 3, "for this topic only"
    assert d.nodes() == {b.local: {"t": True, "u": False}, twin.local: {"t": True, "u": False},
                         other.local: {"t": False, "u": False}}
    b.register("t")
    b.register("t", "c")
    b.ping()
    assert d.lookup("t") == (["c"], [other.local]), "it survives a repeated REGISTER"
    b.unregister("t", "c")
    assert d.lookup("t") == (["c"], [other.local]), "and the UNREGISTER of a channel"
    b.unregister("t")
    b.register("t")
    assert d.lookup("t") == (["c"], sorted([b.local, other.local])), "but not that of the topic"
    d.post("/topic/delete", topic="t")
    twin.register("t")
    assert d.lookup("t") == ([], [twin.local]), "nor the topic's deletion"


@pytest.mark.parametrize("topic_,node", [("none", "q1.example:4151"), ("t", "q1.example:4150"), ("t", "q1.example"), ("t", ""),
                                         ("t", ":4151"), ("t", "Q1.example:4151"), ("t", "q1.example:4151 "),
                                         ("t", "q1.example:04151"), ("*", "q1.example:4151"), ("t", "*")])
def test_tombstone_of_nothing(lookupd, topic_, node):
    with lookupd.broker() as b:
        b.register("t")
        lookupd.post("/topic/tombstone", topic=topic_, node=node)
        assert lookupd.lookup("t")[1] == [b.local]
    eventually(lambda: lookupd.lookup("t") == ([], []))


@pytest.mark.parametrize("announced", ["::1", "[::1]"])
@pytest.mark.parametrize("node", ["::1:4151", "[::1]:4151"])
def test_tombstone_of_an_ipv6_node(lookupd, topic, announced, node):
    with lookupd.broker(broadcast_address=announced) as b:
        b.register(topic)
        lookupd.post("/topic/tombstone", topic=topic, node=node)
        assert lookupd.lookup(topic) == ([], []) and lookupd.nodes()[b.local] == {topic: True}


def test_a_tombstone_ends_with_its_lifetime(launch_lookupd):
    d = launch_lookupd(tombstone_lifetime="300ms")
    b = d.broker()
    b.register("t")
    d.post("/topic/tombstone", topic="t", node="q1.example:4151")
    eventually(lambda: d.lookup("t") == ([], [b.local]))
    assert d.nodes() == {b.local: {"t": False}}
    assert d.get("/debug")["topic:t:"][0]["tombstoned"] is True, "as in the original"


def test_a_tombstone_ends_with_the_connection(lookupd, topic):
    b = lookupd.broker()
    b.register(topic)
    lookupd.post("/topic/tombstone", topic=topic, node="q1.example:4151")
    gone(lookupd, b)
    with lookupd.broker() as again:
        again.register(topic)
        assert lookupd.lookup(topic) == ([], [again.local])
