"""Three brokers and two discovery daemons: what happens when one of them is gone, and when it is back."""

import re
import signal
import time

import pytest

from pluqtest import eventually
from pluqtest.cluster import HEARTBEAT, Publisher, in_time
from pluqtest.network import Namespaces
from pluqtest.shim import Clock

VANISHED = 2 * HEARTBEAT  # s after which a peer that says nothing more is out
SOON = 5                  # s for what needs no heartbeat


def make_topic(cluster, topic, channel="c"):
    """On every broker, with its channel."""
    for b in cluster.brokers:
        b.post("/topic/create", topic=topic)
        b.post("/channel/create", topic=topic, channel=channel)
    cluster.wait_producers(topic, cluster.brokers, SOON)


def wait_connected(reader, brokers):
    eventually(lambda: reader.look().connected == {b.tcp for b in brokers}, 15, "the consumer is connected to exactly those")


def wait_received(reader, publishers):
    """Nothing that was accepted is missing."""
    for p in publishers:
        p.finish()
        assert p.acked
        eventually(lambda: p.acked <= reader.look().bodies, 30, f"all that {p.host.address} has accepted is there")


def trouble_with(lookupd, times=1):
    """What a broker logs when so many attempts in a row have failed."""
    return rf"lookupd {re.escape(lookupd.host.address)}:.*\({times} in a row\)"


def test_consumers_find_all_producers(make_cluster, read, topic):
    c = make_cluster()
    make_topic(c, topic)
    readers = [read(c, topic, "c") for _ in range(2)]
    for r in readers:
        wait_connected(r, c.brokers)
    publishers = [Publisher(b, topic) for b in c.brokers]
    for p in publishers:
        eventually(lambda: len(p.acked) > 20, what="it publishes")
        p.finish()
    acked = set().union(*(p.acked for p in publishers))
    eventually(lambda: readers[0].look().bodies | readers[1].look().bodies >= acked, 20, "everything comes to one of them")


def test_a_topic_begins_with_the_channels_that_others_have(make_cluster, topic):
    c = make_cluster()
    c.brokers[0].post("/topic/create", topic=topic)
    for channel in ("archive", "live"):
        c.brokers[0].post("/channel/create", topic=topic, channel=channel)
    for d in c.lookupds:
        eventually(lambda: d.channels(topic) == ["archive", "live"], what="they are known")
    c.brokers[1].client().pub(topic, "the first")
    for channel in ("archive", "live"):
        c.brokers[1].wait_channel(topic, channel, message_count=1, depth=1)


def test_one_discovery_daemon_killed(make_cluster, read, topic):
    c = make_cluster()
    make_topic(c, topic)
    dead, other = c.lookupds
    reader = read(c, topic, "c")
    wait_connected(reader, c.brokers)
    publishers = [Publisher(b, topic) for b in c.brokers]

    dead.kill()
    late = topic + "_late"
    for b in c.brokers:
        b.wait_log(trouble_with(dead))
        b.client().pub(late, b.host.address)
        b.post("/channel/create", topic=late, channel="c")
        assert c.producers(other, topic) == c.of(c.brokers)
    c.wait_producers(late, c.brokers, SOON, [other])
    newcomer = read(c, late, "c")
    wait_connected(newcomer, c.brokers)
    eventually(lambda: newcomer.look().bodies == {b.host.address.encode() for b in c.brokers}, what="it gets what waited")
    assert reader.look().closed == []
    wait_received(reader, publishers)

    dead.start()
    c.wait_producers(topic, c.brokers, HEARTBEAT)
    c.wait_producers(late, c.brokers, HEARTBEAT)
    assert reader.look().closed == []


def test_both_discovery_daemons_killed(make_cluster, read, topic):
    c = make_cluster()
    make_topic(c, topic)
    reader = read(c, topic, "c")
    wait_connected(reader, c.brokers)
    publishers = [Publisher(b, topic) for b in c.brokers]
    for d in c.lookupds:
        d.kill()
    for b in c.brokers:
        for d in c.lookupds:  # by now they try again at long intervals
            b.wait_log(trouble_with(d, 4), 30)
    c.brokers[0].post("/channel/create", topic=topic, channel="meanwhile")
    for d in c.lookupds:
        d.start()
    c.wait_producers(topic, c.brokers, HEARTBEAT)
    for d in c.lookupds:
        in_time(lambda: d.channels(topic) == ["c", "meanwhile"], HEARTBEAT, "the channels are back")
    assert reader.look().closed == []
    wait_received(reader, publishers)
    wait_connected(read(c, topic, "c"), c.brokers)


def test_a_broker_killed(make_cluster, read, topic):
    c = make_cluster()
    make_topic(c, topic)
    reader = read(c, topic, "c")
    wait_connected(reader, c.brokers)
    dead, *others = c.brokers
    publishers = [Publisher(b, topic) for b in others]
    eventually(lambda: f'"{topic}"' in (dead.data / "nsqd.dat").read_text(), what="the topic is in its metadata")
    dead.kill()
    c.wait_producers(topic, others, SOON)
    wait_connected(reader, others)
    dead.start()
    c.wait_producers(topic, c.brokers, SOON)
    wait_connected(reader, c.brokers)
    wait_received(reader, publishers)
    dead.client().pub(topic, "risen")
    eventually(lambda: b"risen" in reader.look().bodies, 15, "it delivers again")


def test_a_broker_frozen(make_cluster, read, topic):
    """Its kernel goes on acknowledging, so its connections stay; but it does not ping."""
    c = make_cluster(clock=Clock(), lookupd_options={"inactive_producer_timeout": f"{VANISHED}s"})
    make_topic(c, topic)
    reader = read(c, topic, "c")
    wait_connected(reader, c.brokers)
    frozen, *others = c.brokers
    publishers = [Publisher(b, topic) for b in others]
    running = [*c.lookupds, *others]
    frozen.signal(signal.SIGSTOP)
    c.pass_time(VANISHED + 1, running)
    c.wait_producers(topic, others, 0)
    assert all(c.nodes(d) == c.of(others) for d in c.lookupds)
    c.pass_time(VANISHED, running)  # the others have pinged, and stay
    c.wait_producers(topic, others, 0)
    wait_connected(read(c, topic, "another"), others)
    frozen.signal(signal.SIGCONT)
    c.wait_producers(topic, c.brokers, SOON)
    wait_received(reader, publishers)
    frozen.client().pub(topic, "thawed")
    eventually(lambda: b"thawed" in reader.look().bodies, 15, "it delivers again")


def test_a_tombstone_is_kept_for_its_lifetime(make_cluster, read, topic):
    c = make_cluster(clock=Clock(), lookupd_options={"tombstone_lifetime": "5m"})
    other_topic = topic + "_other"
    make_topic(c, topic)
    make_topic(c, other_topic)
    node, *others = c.brokers
    for d in c.lookupds:
        d.post("/topic/tombstone", topic=topic, node=f"{node.host.address}:{node.http_at[1]}")
    c.wait_producers(topic, others, 0)
    node.post("/channel/create", topic=topic, channel="registered_again")
    for d in c.lookupds:
        eventually(lambda: "registered_again" in d.channels(topic), what="the broker has registered the topic again")
    wait_connected(read(c, topic, "c"), others)
    c.pass_time(240, c.daemons())
    c.wait_producers(topic, others, 0)
    c.wait_producers(other_topic, c.brokers, 0)
    c.pass_time(61, c.daemons())
    c.wait_producers(topic, c.brokers, 0)


@pytest.mark.parametrize("network", [Namespaces], indirect=True, ids=["namespaces"])
def test_cut_off_by_the_network(make_cluster, network, read, topic):
    """One broker can reach nobody, and the two discovery daemons are on different sides, each with one broker."""
    c = make_cluster()
    make_topic(c, topic)
    near, far, alone = c.brokers
    here, there = c.lookupds
    reader = read(c, topic, "c", heartbeatInterval=2, idleTimeout=8)
    wait_connected(reader, c.brokers)
    publisher = Publisher(near, topic)

    network.plug(alone.host, 1)
    network.plug(far.host, 2)
    network.plug(there.host, 2)
    deadline = time.monotonic() + VANISHED
    for d, brokers in ((here, [near]), (there, [far])):
        c.wait_producers(topic, brokers, deadline - time.monotonic(), [d])
    for b, lost in ((near, [there]), (far, [here]), (alone, [here, there])):
        for d in lost:  # the brokers have noticed, too
            in_time(lambda: re.search(trouble_with(d), b.log()), deadline - time.monotonic(), "it has noticed")
    wait_connected(reader, [near])
    for b in (far, alone):
        with network.on(b.host):
            b.client().pub(topic, f"apart {b.host.address}")

    for host in (alone.host, far.host, there.host):
        network.plug(host, 0)
    c.wait_producers(topic, c.brokers, HEARTBEAT)
    wait_connected(reader, c.brokers)
    wait_received(reader, [publisher])
    for b in (far, alone):
        eventually(lambda: f"apart {b.host.address}".encode() in reader.look().bodies, 15, "what it took while apart")
