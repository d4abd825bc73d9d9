"""e2e_processing_latency: the original's percentiles, in /stats and as metrics."""

import re
import subprocess
import time

import pytest

from pluqtest import Pluqd
from pluqtest.metricsdump import Dump, asked
from pluqtest.shim import Clock

OFF = {"count": 0, "percentiles": None}


def values(e2e):
    return {p["quantile"]: p["value"] for p in e2e["percentiles"]}


def finish(d, n, topic="t", channel="c"):
    with d.consumer(topic, channel, 100) as c:
        for m in c.messages(n):
            c.fin(m)
        c.sync()
        d.wait_channel(topic, channel, depth=0, in_flight_count=0)


def test_off(launch):
    d = launch()
    with d.client() as p:
        p.pub("t", b"x")
    finish(d, 1)
    t = d.topic_stats("t")
    assert t["e2e_processing_latency"] == OFF and t["channels"][0]["e2e_processing_latency"] == OFF
    assert re.search(rb"e2e%: \n", d.http("GET", "/stats").body)


def test_on(launch, tmp_path):
    dump = Dump(tmp_path, interval="1h")
    d = launch(plugins=dump.plugins(), e2e_processing_latency_percentile=[0.5, 1.0, 0.99, 0.5])  # one of them twice
    with d.client() as p:
        began = time.monotonic()
        p.pub_all("t", [b"x"] * 20)
    assert d.topic_stats("t")["e2e_processing_latency"] == OFF  # it has no channel
    d.post("/channel/create", topic="t", channel="other")
    empty = d.channel_stats("t", "other")["e2e_processing_latency"]
    assert empty["count"] == 0 and [(p["quantile"], p["value"]) for p in empty["percentiles"]] == [
        (0.5, 0), (1, 0), (0.99, 0), (0.5, 0)]
    with d.client() as p:
        p.pub_all("t", [b"x"] * 20)
    finish(d, 40, channel="other")
    most = (time.monotonic() - began) * 1e9
    t = d.topic_stats("t")
    assert t["e2e_processing_latency"]["count"] == 40
    have = values(t["channels"][0]["e2e_processing_latency"])
    assert have == values(t["e2e_processing_latency"])
    assert 0 < have[0.5] <= have[0.99] <= have[1] <= most * 1.01
    s = asked(d)
    for q, detail in [(0.5, "0.5"), (1, "1"), (0.99, "0.99")]:
        assert abs(s.value("channel_e2e_latency", channel="other", detail=detail) * 1e9 - have[q]) <= 1
        assert abs(s.value("topic_e2e_latency", topic="t", detail=detail) * 1e9 - have[q]) <= 1
    text = d.http("GET", "/stats").body.decode()
    lines = re.findall(r"e2e%: (.*)\n", text)
    assert len(lines) == 2 and all(re.fullmatch(r"\d+\.\d(ns|us|ms|s)(, \d+\.\d(ns|us|ms|s)){3}", line) for line in lines), lines


def test_figures_are_right_and_the_window_passes(launch):
    """1 s, 2 s ... 10 s by a clock that the test moves; after the window they are gone."""
    clock = Clock()
    d = launch(**clock.options(), e2e_processing_latency_percentile=[1.0, 0.5, 0.1], e2e_processing_latency_window_time="10m",
               msg_timeout="10m")
    began = time.monotonic()
    with d.client() as p, d.consumer("t", "c", 100) as c:
        p.pub_all("t", [b"x"] * 10)
        for left, m in zip(range(9, -1, -1), c.messages(10)):
            clock.advance(1)
            c.fin(m)
            d.wait_channel("t", "c", in_flight_count=left)
    passed = time.monotonic() - began  # real time goes on too
    have = values(d.channel_stats("t", "c")["e2e_processing_latency"])
    for q, seconds in [(1, 10), (0.5, 5), (0.1, 1)]:
        assert 0.99e9 * seconds <= have[q] <= 1.01e9 * (seconds + passed), have
    assert d.channel_stats("t", "c")["e2e_processing_latency"]["count"] == 10
    clock.advance(11 * 60)
    gone = d.channel_stats("t", "c")["e2e_processing_latency"]
    assert gone["count"] == 0 and set(values(gone).values()) == {0}


@pytest.mark.parametrize("value", ["0", "-0.5", "1.01"])
def test_bad_percentiles_stop_the_start(value):
    d = Pluqd(start=False, e2e_processing_latency_percentile=[0.5, value])
    r = subprocess.run(d.command(), capture_output=True, text=True, timeout=30)
    d.remove()
    assert r.returncode == 1 and "invalid E2E processing latency percentile: " in r.stderr, r.stderr
