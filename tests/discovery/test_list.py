"""The list of lookup daemons changes while the broker runs: by PUT and by SIGHUP."""

import json
import signal

import pytest

from pluqtest import eventually, never

PATH = "/config/nsqlookupd_tcp_addresses"


def put(d, value):
    return d.http("PUT", PATH, body=value if isinstance(value, (str, bytes)) else json.dumps(value))


def get(d):
    r = d.http("GET", PATH)
    assert r.status == 200, r
    return json.loads(r.body)


def test_put_adds_keeps_and_leaves(launch, fakes):
    a, b, c = fakes(), fakes(), fakes()
    d = launch(lookupd_tcp_address=[a.address, b.address])
    eventually(lambda: d.log().count(": registered\n") == 2)  # what is made during the registration may be told twice
    d.post("/topic/create", topic="t")
    a.wait_state({"t": []})
    b.wait_state({"t": []})
    r = put(d, [c.address, b.address, c.address])
    assert (r.status, r.json()) == (200, [c.address, b.address])
    c.wait_state({"t": []})
    eventually(lambda: a.peers[0].ended)
    assert a.peers[0].lines == ["IDENTIFY", "REGISTER t"]  # no farewell
    d.post("/channel/create", topic="t", channel="c")
    for f in b, c:
        f.wait_state({"t": ["c"]})
        assert len(f.peers) == 1
    assert len(a.peers) == 1
    assert get(d) == [c.address, b.address]


@pytest.mark.parametrize("nothing", ["[]", "null", " [ ] "])
def test_put_of_nothing_leaves_all(launch, fakes, nothing):
    a, b = fakes(), fakes()
    d = launch(lookupd_tcp_address=[a.address, b.address])
    a.peer(), b.peer()
    r = put(d, nothing)
    assert (r.status, r.body) == (200, b"[]")
    eventually(lambda: a.peers[0].ended and b.peers[0].ended)
    d.client().pub("t", "x")
    assert d.consumer("t", "c", 1).message().body == b"x"
    assert put(d, [a.address]).status == 200
    a.wait_state({"t": ["c"]})


@pytest.mark.parametrize("bad", ["x", "{}", '"127.0.0.1:4160"', "5", "true", "[5]", "[null]", '["127.0.0.1"]', '["127.0.0.1:0"]',
                                 '["127.0.0.1:65536"]', '["a b:1"]', '["a:1", ""]', '["a:1"', '["a:1"] x', '["::1:4160"]', b"\xff",
                                 '["a\\u0000:1"]', "[" + ",".join(f'"h:{n}"' for n in range(1, 1026)) + "]"],
                         ids=lambda b: repr(b)[:30])
def test_put_of_what_is_no_list_changes_nothing(launch, fake, bad):
    d = launch(lookupd_tcp_address=fake.address)
    p = fake.peer()
    r = put(d, bad)
    assert (r.status, r.message) == (400, "INVALID_VALUE")
    assert get(d) == [fake.address]
    assert p is fake.peer() and len(fake.peers) == 1


@pytest.mark.parametrize("body", [b"", b" " * 1025])
def test_put_of_nothing_at_all_or_too_much(launch, fake, body):
    d = launch(lookupd_tcp_address=fake.address, max_msg_size=1024, max_body_size=2048)
    r = put(d, body)
    assert (r.status, r.message) == (413, "INVALID_VALUE")
    assert get(d) == [fake.address]


def test_one_that_is_left_while_it_is_being_asked(launch, fake):
    fake.channels["t"] = ["c"]
    fake.on_ask = fake.hang
    d = launch(lookupd_tcp_address=fake.address)
    fake.peer()
    d.wait_log("registered")
    d.client().pub("t", "x")
    fake.wait_asked()
    assert put(d, "[]").status == 200
    eventually(lambda: fake.peers[0].ended)
    fake.release()
    assert d.consumer("t", "c", 1).message().body == b"x"


def test_one_that_is_left_while_it_is_being_connected(launch, fake):
    d = launch()
    for _ in range(50):
        assert put(d, [fake.address, "192.0.2.1:4160"]).status == 200
        assert put(d, "[]").status == 200
    assert put(d, [fake.address]).status == 200
    d.post("/topic/create", topic="t")
    fake.wait_state({"t": []})
    eventually(lambda: sum(not p.ended for p in fake.peers) == 1)


def yaml(*addresses):
    return f"plugins:\n  - nsqd: {{lookupd_tcp_address: {json.dumps(list(addresses))}}}\n  - diskqueue: {{}}\n"


def reload(d, config):
    n = d.log().count(" reloaded")
    (d.home / "pluqd.yaml").write_text(config)
    d.config = config
    d.signal(signal.SIGHUP)
    eventually(lambda: d.log().count(" reloaded") > n)


def test_hangup_takes_the_list_of_the_file(launch, fakes):
    a, b, c = fakes(), fakes(), fakes()
    d = launch(config=yaml(a.address, b.address))
    d.post("/topic/create", topic="t")
    a.wait_state({"t": []})
    b.wait_state({"t": []})
    reload(d, yaml(b.address, c.address))
    c.wait_state({"t": []})
    eventually(lambda: a.peers[0].ended)
    assert get(d) == [b.address, c.address]
    assert put(d, [a.address]).status == 200
    eventually(lambda: len(a.peers) == 2 and b.peers[0].ended and c.peers[0].ended)
    reload(d, yaml(a.address, b.address))  # the file is what counts then
    b.wait_state({"t": []})
    d.post("/channel/create", topic="t", channel="c")
    a.wait_state({"t": ["c"]})
    assert len(a.peers) == 2


def test_hangup_with_the_same_list_disturbs_nobody(launch, fake):
    d = launch(config=yaml(fake.address))
    p = fake.peer()
    for _ in range(5):
        reload(d, yaml(fake.address))
    d.post("/topic/create", topic="t")
    fake.wait_state({"t": []})
    assert p is fake.peer() and len(fake.peers) == 1


def test_hangup_with_a_bad_list_changes_nothing(launch, fake):
    d = launch(config=yaml(fake.address))
    p = fake.peer()
    reload(d, yaml("nowhere"))
    d.wait_log("reload failed, the old options stay: lookupd_tcp_address: 'nowhere' is neither host:port")
    never(lambda: p.ended, 0.1)
    assert get(d) == [fake.address]
    reload(d, yaml())
    eventually(lambda: p.ended)
    assert get(d) == []
