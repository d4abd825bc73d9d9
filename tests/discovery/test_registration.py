"""What a broker tells its lookup daemons: who it is, what it has, what changes."""

import json
import socket

import pytest

from pluqtest import eventually


def test_identify_bytes(launch, fake):
    d = launch(lookupd_tcp_address=fake.address, broadcast_address="q1.example", topology_region="r", topology_zone='z"')
    p = fake.peer()
    assert p.magic == b"  V1"
    assert p.body == ('{"broadcast_address":"q1.example","hostname":"%s","http_port":%d,"tcp_port":%d,'
                      '"topology_region":"r","topology_zone":"z\\"","version":"1.3.0"}'
                      % (socket.gethostname(), d.http_at[1], d.tcp[1])).encode()


def test_identity_by_default(launch, fake):
    launch(lookupd_tcp_address=fake.address)
    me = fake.peer().identity
    assert me["broadcast_address"] == socket.gethostname()
    assert me["topology_region"] == me["topology_zone"] == ""


def test_announced_ports(launch, fake):
    launch(lookupd_tcp_address=fake.address, broadcast_tcp_port=1234, broadcast_http_port=2345)
    me = fake.peer().identity
    assert (me["tcp_port"], me["http_port"]) == (1234, 2345)


def test_ports_that_are_not_there_are_zero(launch, fake, tmp_path):
    d = launch.make(lookupd_tcp_address=fake.address, tcp=str(tmp_path / "tcp"), http_address="")
    d.start()
    me = fake.peer().identity
    assert (me["tcp_port"], me["http_port"]) == (0, 0)


def test_every_event_is_told(launch, fake):
    d = launch(lookupd_tcp_address=fake.address)
    p = fake.peer()
    fake.wait_state({})
    assert p.lines == ["IDENTIFY"]
    del p.lines[:]
    d.post("/topic/create", topic="t")
    fake.wait_state({"t": []})
    d.post("/channel/create", topic="t", channel="c")
    fake.wait_state({"t": ["c"]})
    for what in "pause", "unpause", "empty":
        d.post(f"/topic/{what}", topic="t")
        d.post(f"/channel/{what}", topic="t", channel="c")
    d.post("/channel/create", topic="t", channel="d")
    fake.wait_state({"t": ["c", "d"]})
    d.post("/channel/delete", topic="t", channel="c")
    fake.wait_state({"t": ["d"]})
    d.post("/topic/delete", topic="t")
    fake.wait_state({})
    eventually(lambda: p.lines[-1] == "UNREGISTER t")
    assert sorted(p.lines) == sorted(["REGISTER t", "REGISTER t c", "REGISTER t d", "UNREGISTER t c", "UNREGISTER t d",
                                      "UNREGISTER t"])
    assert p is fake.peer()


def test_publish_and_subscribe_create_too(launch, fake):
    d = launch(lookupd_tcp_address=fake.address)
    fake.peer()
    d.client().pub("by_pub", "x")
    fake.wait_state({"by_pub": []})
    d.consumer("by_sub", "c")
    fake.wait_state({"by_pub": [], "by_sub": ["c"]})


def test_ephemeral_ones_go_with_their_last_consumer(launch, fake):
    d = launch(lookupd_tcp_address=fake.address)
    p = fake.peer()
    a, b = d.consumer("t#ephemeral", "c#ephemeral"), d.consumer("durable", "c#ephemeral")
    fake.wait_state({"t#ephemeral": ["c#ephemeral"], "durable": ["c#ephemeral"]})
    a.close()
    b.close()
    fake.wait_state({"durable": []})
    assert "UNREGISTER t#ephemeral c#ephemeral" in p.lines
    assert "UNREGISTER t#ephemeral" in p.lines
    d.consumer("t#ephemeral", "d")
    fake.wait_state({"t#ephemeral": ["d"], "durable": []})


def test_a_topic_deleted_and_made_again(launch, fake):
    d = launch(lookupd_tcp_address=fake.address)
    fake.peer()
    for _ in range(20):
        d.post("/channel/create", topic=d.post("/topic/create", topic="t") and "t", channel="c")
        d.post("/topic/delete", topic="t")
    d.post("/topic/create", topic="t")
    fake.wait_state({"t": []})


def test_full_state_on_every_connect(launch, fake):
    d = launch(lookupd_tcp_address=fake.address)
    fake.peer()
    held = d.consumer("e#ephemeral", "c#ephemeral")
    d.post("/topic/create", topic="none")
    for topic in "one", "two":
        d.post("/topic/create", topic=topic)
        d.post("/channel/create", topic=topic, channel="c")
    d.post("/channel/create", topic="two", channel="d")
    wanted = {"none": [], "one": ["c"], "two": ["c", "d"], "e#ephemeral": ["c#ephemeral"]}
    fake.wait_state(wanted)
    fake.drop()
    eventually(lambda: len(fake.peers) == 2)
    fake.wait_state(wanted)
    assert fake.peers[1].lines[0] == "IDENTIFY"
    held.close()
    del wanted["e#ephemeral"]
    fake.wait_state(wanted)
    d.restart()
    fake.wait_state(wanted)


def test_what_happens_while_it_is_away_is_in_the_full_state(launch, fake):
    d = launch(lookupd_tcp_address=fake.address)
    fake.peer()
    d.post("/topic/create", topic="goes")
    d.post("/topic/create", topic="stays")
    fake.wait_state({"goes": [], "stays": []})
    fake.refuse()
    fake.drop()
    eventually(lambda: fake.peers[0].ended)
    d.post("/topic/delete", topic="goes")
    d.post("/channel/create", topic="stays", channel="c")
    fake.listen()
    fake.wait_state({"stays": ["c"]})


def test_a_clean_exit_says_nothing(launch, fake):
    d = launch(lookupd_tcp_address=fake.address)
    d.post("/topic/create", topic="t")
    fake.wait_state({"t": []})
    p = fake.peer()
    d.stop()
    eventually(lambda: p.ended)
    assert p.lines == ["IDENTIFY", "REGISTER t"]
    assert len(fake.peers) == 1


def test_all_are_told_and_one_that_is_listed_twice_once(launch, fakes):
    a, b = fakes(), fakes()
    d = launch(lookupd_tcp_address=[a.address, b.address, a.address])
    a.peer(), b.peer()
    d.post("/topic/create", topic="t")
    a.wait_state({"t": []})
    b.wait_state({"t": []})
    assert len(a.peers) == len(b.peers) == 1
    assert json.loads(d.http("GET", "/config/nsqlookupd_tcp_addresses").body) == [a.address, b.address]


@pytest.mark.parametrize("bad", ["localhost", "localhost:", "localhost:0", "localhost:65536", "localhost:1x", "::1:4160",
                                 "[::1:4160", "with blank:4160", "localhost:0004160", "/" + "x" * 108, "h" * 254 + ":1"])
def test_an_address_that_is_none_stops_the_start(launch, bad):
    d = launch.make(lookupd_tcp_address=["127.0.0.1:4160", bad])
    d.spawn()
    assert d.wait() == 1
    assert f"lookupd_tcp_address: '{bad[:150]}' is neither host:port nor tls://host:port nor the path of a socket" in d.log()
