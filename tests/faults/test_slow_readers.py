"""Peers that send and do not read, or read slowly."""

import select
import time

import pytest

from pluqtest import SLOW, eventually, scaled
from pluqtest.client import sized


def test_a_publisher_that_never_reads_its_answers(launch):
    """It is held back instead of its answers filling memory; others are not."""
    d = launch()
    p = d.client()
    p.sock.setblocking(False)
    block = (b"PUB t\n" + sized(b"x")) * 5000
    before = d.rss_kib()
    sent, end = 0, time.monotonic() + 10
    view = memoryview(block)
    while sent < 20_000_000 and time.monotonic() < end:
        _, writable, _ = select.select([], [p.sock], [], 1)
        if not writable:
            break
        try:
            sent += p.sock.send(view[sent % len(block):])
        except BlockingIOError:
            pass
    other = d.client()
    other.pub("other", "x")
    if SLOW == 1:
        # mem_queue_size messages are in memory; what it has pipelined and the answers add little
        assert d.rss_kib() - before < 40_000
    p.sock.setblocking(True)
    p.sock.settimeout(scaled(10))
    for _ in range(sent // 11):  # every whole command is answered in the end
        p.response(timeout=10)


def test_a_client_that_takes_nothing_is_closed_by_the_write_deadline(launch):
    """The original keeps it as long as it sends commands."""
    d = launch(max_rdy_count=100000)
    c = d.client()
    c.identify(heartbeat_interval=1000)
    c.sub("t", "c", 100000)
    p = d.client()
    for _ in range(30):
        p.mpub("t", ["z" * 50000] * 20)

    def gone():
        c.send_lenient(b"NOP\n")
        return d.channel_stats("t", "c")["client_count"] == 0

    eventually(gone, 10, "closed although it goes on sending NOP")


def test_a_consumer_that_is_slow_with_large_messages_is_heard(launch):
    """What it finishes while it has not read them is finished."""
    d = launch()
    c = d.consumer("t", "c", 1)
    p = d.client(timeout=20)
    p.pub("t", "small")
    m = c.message()
    for _ in range(30):  # more than the kernel's buffers hold
        p.pub("t", b"z" * 1048576)
    c.rdy(40)

    def counts():
        s = d.channel_stats("t", "c")
        return s["in_flight_count"], s["depth"], s["clients"][0]["finish_count"]

    eventually(lambda: 2 < counts()[0] < 31, what="the daemon has sent what it can")
    for _ in range(20):  # each is read at a time of its own, while the output is full
        c.send("NOP\n")
        d.http("GET", "/ping")
    c.fin(m)
    eventually(lambda: counts()[2] == 1, what="the message is finished")
    for _ in range(30):
        assert len(c.message().body) == 1048576


@pytest.mark.parametrize("chunk", [1000, 100_000])
def test_a_slow_consumer_gets_every_byte(launch, chunk):
    d = launch()
    p = d.client()
    n = 600  # more than the kernel's buffers hold, so that the daemon's writes are cut short
    bodies = [bytes([i % 251]) * 20000 for i in range(n)]
    for i in range(0, n, 20):
        p.mpub("t", bodies[i:i + 20])
    c = d.client()
    c.sub("t", "c", n)
    total = n * (20000 + 34)
    got = bytearray()
    end = time.monotonic() + scaled(30)
    while len(got) < total and time.monotonic() < end:
        if chunk == 1000 and len(got) < 200_000:
            time.sleep(0.0005)  # the reader's own pace
        got += c.sock.recv(chunk)
    c.rest = got
    assert [c.message().body for _ in range(n)] == bodies


def test_a_slow_http_client(launch):
    d = launch()
    p = d.client()
    for i in range(300):
        p.pub(f"topic-{i:040}", "x")
    slow = []
    for _ in range(5):
        h = d.raw_http()
        h.send("GET /stats?format=json HTTP/1.1\r\nHost: x\r\n\r\n" * 20)
        slow.append(h)
    assert d.http("GET", "/ping").body == b"OK"
    for h in slow:
        for _ in range(20):
            assert len(h.response().json()["topics"]) == 300
        h.close()


def test_the_daemon_stops_in_time_although_nobody_reads(launch):
    d = launch(max_rdy_count=100000)
    stuck = [d.consumer("t", f"c{i}", 100000) for i in range(5)]
    p = d.client()
    for _ in range(20):
        p.mpub("t", ["z" * 50000] * 20)
    start = time.monotonic()
    d.stop()
    assert time.monotonic() - start < scaled(10)
    assert len(stuck) == 5
