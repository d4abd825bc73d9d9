"""What becomes of messages that a validator does not accept, over both protocols."""

import socket
import struct

import pytest

from pluqtest import eventually, scaled
from pluqtest.client import Closed, mpub_body, sized

REASON = "rejected by mock: smells"


def drained(d, topic):
    """What a consumer of the topic sees, in order."""
    count = d.topic_stats(topic)["message_count"]
    return d.consumer(topic, "c", 2500).bodies(count)


def binary(bodies):
    return struct.pack(">i", len(bodies)) + b"".join(sized(b) for b in bodies)


# reject

def test_a_rejected_message_and_the_connection_goes_on(launch_mock, topic):
    d = launch_mock()
    consumer = d.consumer(topic, "c", 10)
    c = d.client()
    c.pub(topic, "one")
    c.send(f"PUB {topic}\n".encode() + sized(b"reject smells"))
    c.error(f"E_BAD_MESSAGE PUB {REASON}")
    c.send(f"DPUB {topic} 10\n".encode() + sized(b"reject smells"))
    c.error(f"E_BAD_MESSAGE DPUB {REASON}")
    c.send_mpub(topic, [b"two", b"reject smells", b"three"])
    c.error(f"E_BAD_MESSAGE MPUB message(1) {REASON}")
    c.pub(topic, "four")
    assert consumer.bodies(2) == [b"one", b"four"]
    consumer.nothing()
    assert d.topic_stats(topic)["message_count"] == 2


def test_answers_in_the_order_of_commands(launch_mock, topic):
    """Pipelined, over a topic whose directory entry is not there yet."""
    d = launch_mock()
    c = d.client()
    c.send(b"".join(f"PUB {topic}\n".encode() + sized(b"reject smells" if i % 3 == 1 else b"x") for i in range(300)))
    for i in range(300):
        c.error(f"E_BAD_MESSAGE PUB {REASON}") if i % 3 == 1 else c.response()
    assert d.topic_stats(topic)["message_count"] == 200


def test_http(launch_mock, topic):
    d = launch_mock()
    d.post("/topic/create", topic=topic)

    def refused(path, body, text, **params):
        r = d.http("POST", path, {"topic": topic, **params}, body=body)
        assert (r.status, r.json()["message"]) == (400, text)

    refused("/pub", b"reject smells", "MSG_REJECTED by mock: smells")
    refused("/pub", b"reject <\"\xff\n\xc3\xa9>", "MSG_REJECTED by mock: <\"? é>")
    refused("/pub", b"reject smells", "MSG_REJECTED by mock: smells", defer=5)
    refused("/mpub", b"a\n\nreject smells\nb", "MSG_REJECTED message(1) by mock: smells")
    refused("/mpub", binary([b"a", b"b", b"reject smells"]), "MSG_REJECTED message(2) by mock: smells", binary="true")
    assert d.topic_stats(topic)["message_count"] == 0
    d.post("/mpub", b"a\nb", topic=topic)
    assert drained(d, topic) == [b"a", b"b"]


@pytest.mark.parametrize("size", [100, 20000, 900000])
def test_bodies_of_every_size(launch_mock, topic, size):
    """From the receive buffer, and received straight into their message."""
    d = launch_mock()
    bad, good = b"reject smells".ljust(size), b"good".ljust(size)
    c = d.client()
    for body in (bad, good, bad, good):
        c.send(f"PUB {topic}\n".encode() + sized(body))
        frame = c.frame()
        assert frame.data == b"OK" if body is good else frame.data.startswith(b"E_BAD_MESSAGE PUB rejected by mock: smells")
    c.send_mpub(topic, [good, bad])
    assert c.frame().data.startswith(b"E_BAD_MESSAGE MPUB message(1) rejected by mock: smells")
    r = d.http("POST", "/pub", {"topic": topic}, body=bad)
    assert r.status == 400 and r.message.startswith("MSG_REJECTED by mock: smells")
    assert drained(d, topic) == [good, good]


# drop

@pytest.mark.parametrize("in_memory", [10000, 0])
def test_drop(launch_mock, topic, in_memory):
    d = launch_mock(daemon={"mem_queue_size": in_memory}, on_reject="drop")
    c = d.client()
    c.pub(topic, "reject smells")
    c.dpub(topic, 10, "reject smells")
    c.mpub(topic, [b"reject 1", b"a", b"reject 2", b"b"])
    c.mpub(topic, [b"reject 1", b"reject 2"])
    d.post("/pub", b"reject smells", topic=topic)
    d.post("/mpub", b"reject 1\nc\nreject 2", topic=topic)
    d.post("/mpub", binary([b"d", b"reject 1"]), topic=topic, binary="true")
    d.post("/mpub", b"\n".join(b"reject" if i % 2 else b"%d" % i for i in range(3000)), topic=topic)
    assert drained(d, topic) == [b"a", b"b", b"c", b"d"] + [b"%d" % i for i in range(0, 3000, 2)]


# divert

def test_divert(launch_mock, topic):
    d = launch_mock(on_reject="divert")
    c = d.client()
    c.mpub(topic, [b"reject 1", b"a", b"reject 2", b"b"])
    c.pub(topic, "reject 3")
    d.post("/pub", b"reject 4", topic=topic)
    d.post("/mpub", b"c\nreject 5\nreject 6", topic=topic)
    d.post("/mpub", binary([b"reject 7", b"d"]), topic=topic, binary="true")
    assert drained(d, topic) == [b"a", b"b", b"c", b"d"]
    assert drained(d, f"{topic}.rejected") == [f"reject {i}".encode() for i in range(1, 8)]  # and not judged again


def test_divert_to_a_named_topic(launch_mock, topic):
    d = launch_mock(on_reject="divert", divert_to="bin")
    d.client().mpub(topic, [b"reject 1", b"a"])
    assert drained(d, "bin") == [b"reject 1"]
    c = d.client()  # what is bad for the bin itself has nowhere to go
    c.send(b"PUB bin\n" + sized(b"reject 1"))
    c.error("E_BAD_MESSAGE PUB rejected by mock: 1")
    c.send(b"PUB bin\n" + sized(b"divert bin"))
    c.error("E_BAD_MESSAGE PUB rejected by mock: would be diverted to the topic that it is refused for")


def test_a_reason_of_any_length(launch_mock, topic):
    c = launch_mock().client()
    c.send(f"PUB {topic}\n".encode() + sized(b"reject " + b"x" * 254 + "é".encode() + b"y" * 1000))
    c.error("E_BAD_MESSAGE PUB rejected by mock: " + "x" * 254 + "?")
    c.pub(topic, "good")


def test_a_validator_that_names_topics(launch_mock, topic):
    d = launch_mock()
    c = d.client()
    c.mpub(topic, [b"divert x.y", b"a", b"divert", b"divert z#ephemeral"])
    assert drained(d, topic) == [b"a"]
    assert drained(d, "x.y") == [b"divert x.y"]
    assert drained(d, f"{topic}.rejected") == [b"divert"]
    assert d.topic_stats("z#ephemeral")["message_count"] == 1
    c.send(f"PUB {topic}\n".encode() + sized(b"divert no/name"))
    c.error("E_BAD_MESSAGE PUB rejected by mock: is diverted to a topic whose name is not valid")


@pytest.mark.parametrize("name,other", [("a" * 64, "a" * 55 + ".rejected"), ("e#ephemeral", "e.rejected#ephemeral"),
                                        ("b" * 54 + "#ephemeral", "b" * 45 + ".rejected#ephemeral")])
def test_names_of_every_length(launch_mock, name, other):
    d = launch_mock(on_reject="divert")
    d.client().pub(name, "reject it")
    assert d.topic_stats(other)["message_count"] == 1


def test_large_diverted_messages(launch_mock, topic):
    d = launch_mock(on_reject="divert")
    body = b"reject".ljust(700000, b"x")
    c = d.client()
    for _ in range(3):
        c.pub(topic, body)
        c.mpub(topic, [b"ok", body])
    assert drained(d, f"{topic}.rejected") == [body] * 6
    assert drained(d, topic) == [b"ok"] * 3


def test_many_topics_homes_and_clients(launch_mock):
    """Parts of a batch live on several loops."""
    d = launch_mock(daemon={"threads": 3})
    clients = [d.client() for _ in range(6)]
    for i in range(30):
        for n, c in enumerate(clients):
            c.send(f"MPUB t{n}\n".encode() + mpub_body([b"a", b"divert d%d" % (i % 7), b"divert d%d" % (n + 20), b"b"]))
    for c in clients:
        for _ in range(30):
            c.response()
    for n in range(6):
        assert d.topic_stats(f"t{n}")["message_count"] == 60
        assert d.topic_stats(f"d{n + 20}")["message_count"] == 30
    assert sum(d.topic_stats(f"d{i}")["message_count"] for i in range(7)) == 180


def test_counts_go_with_their_topic(launch_mock):
    d = launch_mock(daemon={"threads": 2}, more=[("prometheus", {})], on_reject="divert")
    c = d.client()
    for name in ("goes", "stays"):
        c.mpub(name, [b"reject", b"a", b"b"])
        d.post("/mpub", b"reject\na", topic=name)

    def counted(name):
        lines = d.http("GET", "/metrics").body.decode().splitlines()
        found = [line for line in lines if line.startswith("pluq_validator_verdicts_total{") and f'topic="{name}"' in line]
        return sorted((line.split('verdict="')[1].split('"')[0], float(line.split()[-1])) for line in found)
    assert counted("goes") == counted("stays") == [("accepted", 3), ("diverted", 2)]
    d.post("/topic/delete", topic="goes")
    eventually(lambda: counted("goes") == [], 10, "its counts are gone")
    assert counted("stays") == [("accepted", 3), ("diverted", 2)]


# order of checks

def test_validators_come_last(launch_mock, topic):
    """Name, size, permission and the topic itself come before; a topic that did not exist is there afterwards, as with any command that
    fails late."""
    d = launch_mock(daemon={"max_msg_size": 20})
    c = d.client()
    c.send(b"PUB $\n" + sized(b"reject x"))
    c.fatal('E_BAD_TOPIC PUB topic name "$" is not valid')
    c = d.client()
    c.send(f"PUB {topic}\n".encode() + sized(b"reject".ljust(21)))
    c.fatal("E_BAD_MESSAGE PUB message too big 21 > 20")
    assert d.topic_stats(topic) is None
    assert d.http("POST", "/pub", {"topic": topic}, body=b"reject".ljust(21)).message == "MSG_TOO_BIG"
    assert d.http("POST", "/pub", {"topic": topic, "defer": "x"}, body=b"reject").message == "INVALID_DEFER"
    c = d.client()
    c.send(f"PUB {topic}\n".encode() + sized(b"reject x"))
    c.error("E_BAD_MESSAGE PUB rejected by mock: x")
    assert d.topic_stats(topic)["message_count"] == 0


# trouble

@pytest.mark.parametrize("on_reject", ["reject", "drop", "divert"])
def test_a_validator_that_cannot_begin(launch_mock, topic, on_reject):
    """Its publisher hears so, whatever would become of a bad message: it may be a good one."""
    d = launch_mock(begin="fail", on_reject=on_reject)
    c = d.client()
    c.send(f"PUB {topic}\n".encode() + sized(b"x"))
    c.error("E_BAD_MESSAGE PUB rejected by mock: it cannot judge at present")
    d.wait_log("cannot begin on loop")
    r = d.http("POST", "/pub", {"topic": topic}, body=b"x")
    assert (r.status, r.message) == (400, "MSG_REJECTED by mock: it cannot judge at present")


def test_a_slow_one_is_told(launch_mock, topic):
    d = launch_mock(daemon={"slow_operation": "10ms"})
    c = d.client()
    for _ in range(20):
        c.pub(topic, "sleep")
    d.wait_log("mock: slow operation: judge took")


@pytest.mark.parametrize("over", ["tcp", "http"])
def test_a_slow_batch_holds_up_nobody(launch_mock, topic, over):
    """Four seconds of work on the only loop; what another client sends afterwards is accepted before."""
    d = launch_mock(daemon={"threads": 1})
    other = d.client()
    other.pub(topic, "first")
    bodies = [b"sleep"] * 200
    if over == "tcp":
        c = d.client()
        c.send_mpub(topic, bodies)
        other.pub(topic, "quick")
        c.response(timeout=scaled(30))
    else:
        body = b"\n".join(bodies)
        with socket.create_connection(d.http_at, timeout=scaled(30)) as s:
            s.sendall(f"POST /mpub?topic={topic} HTTP/1.0\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
            other.pub(topic, "quick")
            assert s.makefile("rb").read().endswith(b"OK")
    assert drained(d, topic)[:3] == [b"first", b"quick", b"sleep"]
    assert d.topic_stats(topic)["message_count"] == 202


def test_a_slow_batch_whose_client_leaves(launch_mock, topic):
    d = launch_mock(daemon={"threads": 1, "slow_operation": "10ms"}, on_reject="divert")
    d.client().pub(topic, "first")
    with d.client() as c:
        c.send_mpub(topic, [b"reject it", b"divert x"] + [b"sleep".ljust(5000)] * 50)
        d.wait_log("mock: slow operation")
    d.client().pub(topic, "second")
    bodies = drained(d, topic)
    assert bodies[0] == b"first" and b"second" in bodies
    d.stop()


def test_the_stop_answers_what_is_under_way(launch_mock, topic):
    d = launch_mock(on_reject="divert")
    c = d.client()
    for i in range(200):
        c.send_mpub(topic, [b"reject", b"a"])
    eventually(lambda: d.topic_stats(topic), 10, "it has begun")
    d.stop()
    answered = 0
    try:
        while True:
            assert c.frame().data == b"OK"
            answered += 1
    except Closed:  # a reset may have destroyed some
        pass
    d.start()
    for name in (topic, f"{topic}.rejected"):  # what was answered is there
        assert (d.topic_stats(name) or {"depth": 0})["depth"] >= answered
