"""Keep-alive, pipelining, chunked bodies, Expect, malformed requests."""

import json

import pytest

from pluqtest import eventually


def test_keep_alive_is_the_default_of_1_1(broker):
    with broker.raw_http() as h:
        for _ in range(50):
            h.send("GET /ping HTTP/1.1\r\nHost: x\r\n\r\n")
            r = h.response()
            assert (r.status, r.body) == (200, b"OK")


def test_connection_close_is_honoured(broker):
    with broker.raw_http() as h:
        h.send("GET /ping HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        r = h.response()
        assert r.body == b"OK" and r.headers["connection"].lower() == "close"
        assert h.eof()


def test_1_0_closes_after_the_answer(broker):
    with broker.raw_http() as h:
        h.send("GET /ping HTTP/1.0\r\n\r\n")
        assert h.response().body == b"OK"
        assert h.eof()


def test_1_0_with_keep_alive(broker):
    with broker.raw_http() as h:
        for _ in range(3):
            h.send("GET /ping HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
            r = h.response()
            assert r.body == b"OK" and r.headers.get("connection", "").lower() == "keep-alive"


def test_pipelined_requests_are_answered_in_order(broker, topic):
    with broker.raw_http() as h:
        asked = "".join(f"POST /pub?topic={topic} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(str(i))}\r\n\r\n{i}"
                        f"GET /{i} HTTP/1.1\r\nHost: x\r\n\r\n" for i in range(100))
        h.send(asked)
        for _ in range(100):
            assert h.response().body == b"OK"
            assert h.response().status == 404
    assert broker.consumer(topic, "c", 200).bodies(100) == [b"%d" % i for i in range(100)]


def test_a_request_byte_by_byte(broker, topic):
    with broker.raw_http() as h:
        for b in f"POST /pub?topic={topic} HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc".encode():
            h.send(bytes([b]))
        assert h.response().body == b"OK"
    assert broker.consumer(topic, "c", 1).message().body == b"abc"


def chunked(*chunks):
    return b"".join(b"%x\r\n%s\r\n" % (len(c), c) for c in chunks) + b"0\r\n\r\n"


def test_chunked_body(broker, topic):
    with broker.raw_http() as h:
        h.send(f"POST /pub?topic={topic} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
        for b in chunked(b"one,", b"two", b"," * 1000):
            h.send(bytes([b]))
        assert h.response().body == b"OK"
        h.send("GET /ping HTTP/1.1\r\nHost: x\r\n\r\n")
        assert h.response().body == b"OK"
    assert broker.consumer(topic, "c", 1).message().body == b"one,two" + b"," * 1000


def test_chunk_extensions_and_trailers(broker, topic):
    with broker.raw_http() as h:
        h.send(f"POST /pub?topic={topic} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
               "3;name=value\r\nabc\r\n0\r\nTrailer: x\r\n\r\nGET /ping HTTP/1.1\r\nHost: x\r\n\r\n")
        assert h.response().body == b"OK"
        assert h.response().body == b"OK"
    assert broker.consumer(topic, "c", 1).message().body == b"abc"


def test_chunked_body_past_the_limit(launch):
    d = launch(max_msg_size=100)
    with d.raw_http() as h:
        h.send(b"POST /pub?topic=t HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + chunked(b"x" * 60, b"y" * 60))
        r = h.response()
        assert (r.status, r.message) == (413, "MSG_TOO_BIG")


def test_expect_100_continue(broker, topic):
    with broker.raw_http() as h:
        h.send(f"POST /pub?topic={topic} HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n")
        assert h.response(head_only=True).status == 100
        h.send("hi")
        assert h.response().body == b"OK"


def test_expect_with_a_body_too_large_is_refused_at_once(broker, topic):
    with broker.raw_http() as h:
        h.send(f"POST /pub?topic={topic} HTTP/1.1\r\nHost: x\r\nContent-Length: 2000000\r\nExpect: 100-continue\r\n\r\n")
        r = h.response()
        assert (r.status, r.message) == (413, "MSG_TOO_BIG")


def test_a_get_with_a_body(broker):
    with broker.raw_http() as h:
        h.send("GET /ping HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello" * 2)
        assert h.response().body == b"OK"
        assert h.response().body == b"OK"


@pytest.mark.parametrize("request_bytes", [
    b"\r\n\r\nnonsense\r\n\r\n", b"GET\r\n\r\n", b"GET /ping\r\n\r\n", b"GET /ping HTTP/9.9\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00",
    b"GET /ping HTTP/1.1\r\nbroken header\r\n\r\n", b"POST /pub HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
    b"POST /pub HTTP/1.1\r\nHost: x\r\nContent-Length: 1x\r\n\r\n",
    b"POST /pub?topic=t HTTP/1.1\r\nHost: x\r\nContent-Length : 1\r\n\r\nx",
    b"POST /pub?topic=t HTTP/1.1\r\nHost: x\r\nTransfer-Encoding : chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n",
    b"POST /pub HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n",
    b"POST /pub HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    b"POST /pub HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n",
    b"POST /pub HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
    b"POST /pub HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
])
def test_malformed_requests_get_an_error_or_a_close(broker, request_bytes):
    with broker.raw_http() as h:
        h.send(request_bytes)
        try:
            h.half_close()
            status, _ = h.head()
        except OSError:
            status = b""
        assert status == b"" or 400 <= int(status.split()[1]) < 600, status
    assert broker.http("GET", "/ping").status == 200


def test_a_huge_header_is_refused(broker):
    with broker.raw_http() as h:
        try:
            h.send(b"GET /ping HTTP/1.1\r\nX: " + b"y" * 4_000_000 + b"\r\n\r\n")
            status, _ = h.head()
        except OSError:
            status = b""
        assert status == b"" or 400 <= int(status.split()[1]) < 500, status
    assert broker.http("GET", "/ping").status == 200


def test_a_half_closing_client_gets_its_answer(broker):
    with broker.raw_http() as h:
        h.send("GET /info HTTP/1.1\r\nHost: x\r\n\r\n")
        h.half_close()
        assert h.response().status == 200
        assert h.eof()


def test_a_large_answer_is_whole(broker, topic):
    for i in range(300):
        broker.client().pub(f"{topic}_{i:03}", "x")
    r = broker.http("GET", "/stats", {"format": "json"})
    assert len([t for t in r.json()["topics"] if t["topic_name"].startswith(topic)]) == 300
    assert len(r.body) > 30000


def test_a_client_that_leaves_before_its_answer(broker, topic):
    broker.post("/topic/create", topic=topic)
    for _ in range(50):
        h = broker.raw_http()
        h.send("GET /stats?format=json HTTP/1.1\r\nHost: x\r\n\r\n" * 3)
        h.close()
    eventually(lambda: json.loads(broker.http("GET", "/info").body)["version"])


def test_idle_and_half_sent_requests_do_not_disturb_others(broker):
    idle = [broker.raw_http() for _ in range(50)]
    for h in idle[::2]:
        h.send("GET /pi")
    assert broker.http("GET", "/ping").status == 200
    for h in idle[::2]:
        h.send("ng HTTP/1.1\r\nHost: x\r\n\r\n")
        assert h.response().body == b"OK"
    for h in idle:
        h.close()
