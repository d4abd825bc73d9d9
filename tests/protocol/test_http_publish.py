"""POST /pub and /mpub: every row of their tables."""

import struct
import time

import pytest

from pluqtest import scaled
from pluqtest.client import mpub_body, sized

OPTIONS = {"max_msg_size": 1000, "max_body_size": 5000, "max_req_timeout": "10s"}


def refuse(broker, path, params, body, status, message, headers=None):
    r = broker.http("POST", path, params, body=body, headers=headers)
    assert (r.status, r.message) == (status, message), r


def consume(broker, topic, n):
    return broker.consumer(topic, "c", 500).bodies(n)


def test_pub_keeps_every_byte(broker, topic):
    body = bytes(range(256))
    r = broker.post("/pub", body, topic=topic)
    assert r.body == b"OK"
    assert consume(broker, topic, 1) == [body]


def test_pub_at_the_limit(broker, topic):
    broker.post("/pub", b"x" * 1000, topic=topic)


def test_pub_past_the_limit_is_answered_before_the_body(broker, topic):
    with broker.raw_http() as h:
        h.send("POST /pub HTTP/1.1\r\nHost: x\r\nContent-Length: 1001\r\n\r\n")  # no topic either: this comes first
        r = h.response()
        assert (r.status, r.message) == (413, "MSG_TOO_BIG")


def test_pub_with_a_body_cut_short(broker, topic):
    with broker.raw_http() as h:
        h.send(f"POST /pub?topic={topic} HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n12345")
        h.half_close()
        r = h.response()
        assert (r.status, r.message) == (500, "INTERNAL_ERROR")
    assert broker.topic_stats(topic) is None


@pytest.mark.parametrize("query", ["", "?topic=%zz", "?topic=bad!"])
def test_pub_empty_body_comes_before_the_query(broker, query):
    refuse(broker, "/pub" + query, None, b"", 400, "MSG_EMPTY")


@pytest.mark.parametrize("path", ["/pub", "/mpub"])
def test_topic_parameter(broker, path):
    refuse(broker, path, None, b"x", 400, "MISSING_ARG_TOPIC")
    for name in ("", "bad!", "a" * 65, "#ephemeral", "ü"):
        refuse(broker, path, {"topic": name}, b"x", 400, "INVALID_TOPIC")


@pytest.mark.parametrize("defer", ["-1", "1.5", "", " 5", "5 ", "x", "10001", "1e3", "0x5", "99999999999999999999", "+", "-"])
def test_pub_bad_defer_has_still_made_the_topic(broker, topic, defer):
    refuse(broker, "/pub", {"topic": topic, "defer": defer}, b"x", 400, "INVALID_DEFER")
    assert broker.topic_stats(topic)["message_count"] == 0


@pytest.mark.parametrize("defer", ["0", "+5", "-0", "005"])
def test_pub_accepted_defer(broker, topic, defer):
    broker.post("/pub", "x", topic=topic, defer=defer)
    assert consume(broker, topic, 1) == [b"x"]


def test_pub_defer_defers(broker, topic):
    c = broker.consumer(topic, "c", 1)
    start = time.monotonic()
    broker.post("/pub", "x", topic=topic, defer=300)
    answered = time.monotonic()
    c.message()
    now = time.monotonic()
    assert now - start >= 0.3 and now - answered < 0.3 + scaled(0.2)


def test_mpub_text(broker, topic):
    r = broker.post("/mpub", b"one\n\ntwo\r\n\n\n three \nlast", topic=topic)
    assert r.body == b"OK"
    assert consume(broker, topic, 4) == [b"one", b"two\r", b" three ", b"last"]


@pytest.mark.parametrize("body", [b"", b"\n", b"\n\n\n"])
def test_mpub_text_without_a_message(broker, topic, body):
    assert broker.post("/mpub", body, topic=topic).body == b"OK"
    assert broker.topic_stats(topic)["message_count"] == 0


def test_mpub_text_line_past_the_message_limit(broker, topic):
    refuse(broker, "/mpub", {"topic": topic}, b"ok\n" + b"x" * 1001 + b"\n", 413, "MSG_TOO_BIG")
    assert broker.topic_stats(topic)["message_count"] == 0
    broker.post("/mpub", b"x" * 1000 + b"\n" + b"y" * 1000, topic=topic)


def test_mpub_past_the_body_limit_is_answered_before_the_body(broker):
    with broker.raw_http() as h:
        h.send("POST /mpub HTTP/1.1\r\nHost: x\r\nContent-Length: 5001\r\n\r\n")
        r = h.response()
        assert (r.status, r.message) == (413, "BODY_TOO_BIG")


def test_mpub_chunked_past_the_body_limit(broker, topic):
    with broker.raw_http() as h:
        h.send(f"POST /mpub?topic={topic} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
        line = b"x" * 99 + b"\n"
        h.send(b"".join(b"64\r\n" + line + b"\r\n" for _ in range(51)) + b"0\r\n\r\n")
        r = h.response()
        assert (r.status, r.message) == (413, "BODY_TOO_BIG")


def test_mpub_at_the_body_limit(broker, topic):
    broker.post("/mpub", (b"x" * 99 + b"\n") * 50, topic=topic)
    assert broker.topic_stats(topic)["message_count"] == 50


@pytest.mark.parametrize("binary", ["true", "1", "", "True", "yes", "2"])
def test_mpub_binary(broker, topic, binary):
    body = mpub_body([b"a\nb", b"\0", b"c" * 1000])[4:]
    assert broker.post("/mpub", body, topic=topic, binary=binary).body == b"OK"
    assert consume(broker, topic, 3) == [b"a\nb", b"\0", b"c" * 1000]


@pytest.mark.parametrize("binary", ["false", "0"])
def test_mpub_not_binary(broker, topic, binary):
    broker.post("/mpub", b"\0\0\0\1\nx", topic=topic, binary=binary)
    assert consume(broker, topic, 2) == [b"\0\0\0\1", b"x"]


def i32(*numbers):
    return struct.pack(f">{len(numbers)}i", *numbers)


@pytest.mark.parametrize("body, message", [
    (b"", "BAD_BODY"), (b"\0\0\0", "BAD_BODY"), (i32(0), "BAD_BODY"), (i32(-1), "BAD_BODY"), (i32((5000 - 4) // 5 + 1), "BAD_BODY"),
    (i32(2147483647), "BAD_BODY"),
    (i32(1), "BAD_MESSAGE"), (i32(1, 0), "BAD_MESSAGE"), (i32(1, -1), "BAD_MESSAGE"), (i32(1, 1001), "BAD_MESSAGE"),
    (i32(1, 2147483647), "BAD_MESSAGE"), (i32(1, 5) + b"1234", "BAD_MESSAGE"), (i32(2) + sized(b"ok"), "BAD_MESSAGE"),
    (i32(2) + sized(b"ok") + b"\0\0", "BAD_MESSAGE"),
])
def test_mpub_malformed_binary_queues_nothing_but_makes_the_topic(broker, topic, body, message):
    refuse(broker, "/mpub", {"topic": topic, "binary": "true"}, body, 413, message)
    assert broker.topic_stats(topic)["message_count"] == 0


def test_mpub_binary_ignores_bytes_after_the_last_message(broker, topic):
    broker.post("/mpub", i32(1) + sized(b"x") + b"rest", topic=topic, binary="true")
    assert consume(broker, topic, 1) == [b"x"]


def test_mpub_ignores_defer(broker, topic):
    broker.post("/mpub", b"x", topic=topic, defer="nonsense")
    assert consume(broker, topic, 1) == [b"x"]


def test_counts_and_order_with_many_requests(broker, topic):
    for i in range(100):
        broker.post("/pub", f"{i}", topic=topic)
    assert consume(broker, topic, 100) == [b"%d" % i for i in range(100)]
    t = broker.topic_stats(topic)
    assert (t["message_count"], t["message_bytes"]) == (100, 190)
