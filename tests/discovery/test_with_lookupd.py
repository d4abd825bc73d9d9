"""The same with our own lookup daemon."""

import json

import pytest

from pluqtest import eventually


@pytest.fixture
def pair(launch_lookupd):
    return [launch_lookupd(broadcast_address="127.0.0.1") for _ in range(2)]


def addresses(lookupds):
    return ["127.0.0.1:%d" % d.tcp[1] for d in lookupds]


def known(lookupd, topic):
    answer = lookupd.lookup(topic)
    return answer and (answer[0], len(answer[1]))


def test_brokers_find_each_others_channels(launch, pair):
    a, b = [launch(lookupd_tcp_address=addresses(pair), broadcast_address=f"q{n}") for n in range(2)]
    for d in a, b:
        eventually(lambda: d.log().count(": registered") == 2)
    a.consumer("t", "c")
    a.consumer("t", "d#ephemeral")
    for x in pair:
        eventually(lambda: known(x, "t") == (["c", "d#ephemeral"], 1))
    b.client().pub("t", "first")
    assert b.consumer("t", "c", 1).message().body == b"first"
    for x in pair:
        eventually(lambda: known(x, "t") == (["c", "d#ephemeral"], 2))
    names = {p["broadcast_address"] for p in json.loads(pair[0].http("GET", "/nodes").body)["producers"]}
    assert names == {"q0", "q1"}
    a.stop()
    for x in pair:
        eventually(lambda: known(x, "t")[1] == 1)


def test_ephemeral_channels_of_a_deleted_topic_are_forgotten(launch, pair):
    d = launch(lookupd_tcp_address=addresses(pair))
    c = d.consumer("t", "c#ephemeral")
    eventually(lambda: known(pair[0], "t") == (["c#ephemeral"], 1))
    d.post("/topic/delete", topic="t")
    eventually(lambda: known(pair[0], "t") == ([], 0))
    c.close()


def test_registrations_come_back_after_a_restart_of_all_lookup_daemons(launch, pair):
    d = launch(lookupd_tcp_address=addresses(pair))
    d.consumer("t", "c")
    for x in pair:
        eventually(lambda: known(x, "t") == (["c"], 1))
    for x in pair:
        x.listen["tcp_address"] = "127.0.0.1:%d" % x.tcp[1]
        x.kill()
    d.client().pub("meanwhile", "x")
    for x in pair:
        x.start()
    for x in pair:
        eventually(lambda: known(x, "t") == (["c"], 1), 15)
        eventually(lambda: known(x, "meanwhile") == ([], 1))
