"""A new topic waits for the channels that other nodes have of it, and its publishers do not."""

import json
import random

import pytest

from pluqtest import eventually, never
from pluqtest.shim import Clock


def registered(d, *fakes):
    for f in fakes:
        f.peer()
    eventually(lambda: d.log().count(": registered") == len(fakes))


def channels(d, topic):
    t = d.topic_stats(topic)
    return sorted(c["channel_name"] for c in t["channels"]) if t else None


def test_the_first_message_reaches_all_of_them(launch, fakes):
    a, b = fakes(), fakes()
    a.channels["t"], b.channels["t"] = ["c2", "c1"], ["c3", "c1"]
    d = launch(lookupd_tcp_address=[a.address, b.address])
    registered(d, a, b)
    p = d.client()
    for n in range(20):
        p.pub("t", str(n))
    eventually(lambda: channels(d, "t") == ["c1", "c2", "c3"])
    for channel in "c1", "c2", "c3":
        assert d.consumer("t", channel, 100).bodies(20) == [str(n).encode() for n in range(20)]
    a.wait_state({"t": ["c1", "c2", "c3"]})
    (target, headers), = a.asked
    assert target == "/channels?topic=t"
    assert headers["accept"] == "application/vnd.nsq; version=1.0"
    assert headers["host"] == f"127.0.0.1:{a.http_port}"
    assert len(b.asked) == 1


@pytest.mark.parametrize("how", ["pub", "sub", "http"])
def test_whatever_creates_the_topic(launch, fake, how):
    fake.channels["t"] = ["c"]
    d = launch(lookupd_tcp_address=fake.address)
    registered(d, fake)
    if how == "pub":
        d.client().pub("t", "x")
    elif how == "sub":
        d.consumer("t", "mine")
    else:
        d.post("/topic/create", topic="t")
    eventually(lambda: "c" in channels(d, "t"))
    assert len(fake.asked) == 1


def test_publishers_do_not_wait_and_consumers_do(launch, fake):
    fake.channels["t"] = ["c"]
    fake.on_ask = fake.hang
    d = launch(lookupd_tcp_address=fake.address, http_client_request_timeout="100s", mem_queue_size=3)
    registered(d, fake)
    p = d.client()
    p.pub("t", "0")
    fake.wait_asked()
    c = d.consumer("t", "early", 100)
    p.mpub("t", [str(n) for n in range(1, 10)])
    assert d.topic_stats("t")["depth"] == 10
    c.nothing(0.2)
    fake.on_ask = type(fake).on_ask.__get__(fake)
    p.pub("other", "x")  # other topics are not held up
    assert d.consumer("other", "c", 1).message().body == b"x"
    fake.wait_state({"t": ["early"], "other": ["c"]})  # nor is the registration
    fake.release()
    assert c.bodies(10) == [str(n).encode() for n in range(10)]
    assert d.consumer("t", "c", 100).bodies(10) == [str(n).encode() for n in range(10)]


def test_a_deadline_ends_the_waiting(launch, fakes):
    """Of the one that hangs nothing is known; what the other says counts."""
    clock = Clock()
    hangs, good = fakes(), fakes()
    hangs.on_ask = hangs.hang
    good.channels["t"] = ["c"]
    d = launch(lookupd_tcp_address=[hangs.address, good.address], **clock.options())
    registered(d, hangs, good)
    c = d.consumer("t", "early", 10)
    d.client().pub("t", "x")
    hangs.wait_asked()
    good.wait_asked()
    clock.advance(4)
    c.nothing(0.2)
    clock.advance(1.1)
    assert c.message().body == b"x"
    d.wait_log("does not tell the channels of topic t: .*: no complete answer in time")
    assert d.consumer("t", "c", 1).message().body == b"x"


def test_a_topic_deleted_while_it_waits(launch, fake):
    fake.channels["t"] = ["c"]
    fake.on_ask = fake.hang
    d = launch(lookupd_tcp_address=fake.address)
    registered(d, fake)
    d.client().pub("t", "x")
    fake.wait_asked()
    d.post("/topic/delete", topic="t")
    fake.wait_state({})
    fake.release()
    never(lambda: d.topic_stats("t"), 0.2)
    d.client().pub("t", "y")
    fake.wait_asked(2)
    assert d.consumer("t", "c", 10).message().body == b"y"


def test_stop_while_it_waits_loses_nothing(launch, fake):
    fake.on_ask = fake.hang
    d = launch(lookupd_tcp_address=fake.address, http_client_request_timeout="100s")
    registered(d, fake)
    c = d.consumer("t", "c", 10)
    d.client().mpub("t", ["a", "b"])
    fake.wait_asked()
    c.close()
    d.stop(deadline=4)
    d.start()
    assert sorted(d.consumer("t", "c", 10).bodies(2)) == [b"a", b"b"]
    assert len(fake.asked) == 1  # a topic that was loaded waits for nothing


def test_what_is_no_name_and_what_is_ephemeral_is_left_out(launch, fake):
    fake.channels["t"] = ["good", "", "with blank", "x" * 65, "x" * 64, "a\nb", "é", "e#ephemeral", "#ephemeral", "a#b",
                          "good", 5, None, ["good2"], "../../etc", "ok-1.2_3"]
    d = launch(lookupd_tcp_address=fake.address)
    registered(d, fake)
    d.client().pub("t", "x")
    eventually(lambda: channels(d, "t") == sorted(["good", "x" * 64, "ok-1.2_3"]))
    assert d.consumer("t", "good", 1).message().body == b"x"


def test_an_ephemeral_topic_is_asked_about_escaped(launch, fake):
    fake.channels["t#ephemeral"] = ["c"]
    d = launch(lookupd_tcp_address=fake.address)
    registered(d, fake)
    d.client().pub("t#ephemeral", "x")
    fake.wait_asked()
    assert fake.asked[0][0] == "/channels?topic=t%23ephemeral"
    eventually(lambda: channels(d, "t#ephemeral") == ["c"])


def _raw(data):
    return lambda fake: lambda sock, target: sock.sendall(data)


def _body(text, status="200 OK"):
    return lambda fake: lambda sock, target: fake.tell(sock, text, status)


ANSWERS = {
    "404": (_body('{"message":"TOPIC_NOT_FOUND"}', "404 Not Found"), "it answered with status 404"),
    "403": (_body('{"message":"FORBIDDEN"}', "403 Forbidden"), "it answered with status 403"),
    "elsewhere": (_body('{"https_port":1}', "403 Forbidden"), "https://127.0.0.1:1: does not tell the channels"),
    "nowhere": (_body('{"https_port":0}', "403 Forbidden"), "it wants TLS and has no port for that"),
    "500": (_body("x", "500 Internal Server Error"), "it answered with status 500"),
    "redirect": (_raw(b"HTTP/1.1 301 Moved\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"),
                 "it answered with status 301"),
    "no JSON": (_body("channels"), "its answer is not a list of them"),
    "empty": (_body(""), "its answer is not a list of them"),
    "other JSON": (_body('{"channels":{"a":"b"}}'), "its answer is not a list of them"),
    "no member": (_body('{"message":"ok"}'), "its answer is not a list of them"),
    "deep": (_body("[" * 500000), "its answer is not a list of them"),
    "garbage": (_raw(random.Random(2).randbytes(5000)), "does not tell the channels"),
    "half": (_raw(b'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"channels":["a"'), "does not tell the channels"),
    "too much": (_body('{"channels":["' + "x" * (1 << 20) + '"]}'), "the answer is longer than allowed"),
    "endless": (_raw(b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * (3 << 20)), "the answer is longer than allowed"),
    "closes": (lambda fake: lambda sock, target: None, "does not tell the channels"),
}


@pytest.mark.parametrize("answer", ANSWERS)
def test_answers_that_are_none(launch, fakes, answer):
    bad, good = fakes(), fakes()
    good.channels["t"] = ["c"]
    make, text = ANSWERS[answer]
    bad.on_ask = make(bad)
    d = launch(lookupd_tcp_address=[bad.address, good.address])
    registered(d, bad, good)
    d.client().pub("t", "x")
    d.wait_log(rf"warn nsqd: lookupd 127\.0\.0\.1:{bad.http_port}: .*topic t.*{text}|{text}")
    assert d.consumer("t", "c", 1).message().body == b"x"
    eventually(lambda: channels(d, "t") == ["c"])


def test_a_flood_of_names_is_cut(launch, fake):
    fake.channels["t"] = [f"channel_{n}" for n in range(20000)]
    d = launch(lookupd_tcp_address=fake.address)
    registered(d, fake)
    d.client().pub("t", "x")
    d.wait_log("topic t: more channels elsewhere than can be made at once: it begins with 4096 of them")
    eventually(lambda: len(channels(d, "t")) == 4096, 20)


def test_the_same_channels_everywhere_count_once(launch, fakes):
    three = [fakes() for _ in range(3)]
    for f in three:
        f.channels["t"] = [f"c{n}" for n in range(3000)]
    d = launch(lookupd_tcp_address=[f.address for f in three])
    registered(d, *three)
    d.client().pub("t", "x")
    eventually(lambda: len(channels(d, "t")) == 3000, 20)
    assert "more channels elsewhere" not in d.log()


@pytest.mark.parametrize("identity", [
    {"broadcast_address": "", "http_port": 1}, {"http_port": 1}, {"broadcast_address": "h"}, {},
    {"broadcast_address": "h", "http_port": 0}, {"broadcast_address": "h", "http_port": 70000},
    {"broadcast_address": 5, "http_port": 1}, {"broadcast_address": "a b", "http_port": 1},
    {"broadcast_address": "a\r\nX: y", "http_port": 1}, {"broadcast_address": "/tmp/x", "http_port": 1},
    {"broadcast_address": "h" * 1000, "http_port": 1}], ids=lambda i: json.dumps(i)[:40])
def test_one_that_tells_no_address_is_registered_with_but_not_asked(launch, fake, identity):
    fake.identity = identity
    d = launch(lookupd_tcp_address=fake.address)
    d.wait_log("error nsqd: lookupd .*: tells no address of its own: it is not asked for channels")
    d.client().pub("t", "x")
    fake.wait_state({"t": []})
    d.wait_log("error nsqd: no available nsqlookupd to query for channels to pre-create for topic t")
    assert d.consumer("t", "c", 1).message().body == b"x"
    assert not fake.asked


def test_one_that_is_away_is_asked_where_it_was(launch, fake):
    fake.channels["t"] = ["c"]
    d = launch(lookupd_tcp_address=fake.address)
    registered(d, fake)
    fake.refuse()
    fake.drop()
    d.wait_log("tried again")
    d.client().pub("t", "x")
    fake.wait_asked()
    assert d.consumer("t", "c", 1).message().body == b"x"


def test_without_lookup_daemons_nobody_waits_and_nothing_is_said(launch):
    d = launch()
    d.client().pub("t", "x")
    assert d.consumer("t", "c", 1).message().body == b"x"
    assert "nsqlookupd" not in d.log()
