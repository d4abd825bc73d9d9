"""GET /stats, both forms."""

import json
import re
import socket
import time

import pytest

from pluqtest import eventually

TOP = ["version", "health", "start_time", "topics", "memory", "producers"]
TOPIC = ["topic_name", "channels", "depth", "backend_depth", "message_count", "message_bytes", "paused", "e2e_processing_latency"]
CHANNEL = ["channel_name", "depth", "backend_depth", "in_flight_count", "deferred_count", "message_count",
           "requeue_count", "timeout_count", "client_count", "clients", "paused", "e2e_processing_latency"]
CLIENT = ["client_id", "hostname", "version", "remote_address", "state", "ready_count", "in_flight_count", "message_count",
          "finish_count", "requeue_count", "connect_ts", "sample_rate", "deflate", "snappy", "user_agent", "topology_zone",
          "topology_region", "tls", "tls_cipher_suite", "tls_version", "tls_negotiated_protocol",
          "tls_negotiated_protocol_is_mutual"]
MEMORY = ["heap_objects", "heap_idle_bytes", "heap_in_use_bytes", "heap_released_bytes", "gc_pause_usec_100",
          "gc_pause_usec_99", "gc_pause_usec_95", "next_gc_bytes", "gc_total_runs"]
NO_LATENCY = {"count": 0, "percentiles": None}


def without(keys, *names):
    return [k for k in keys if k not in names]


def test_an_empty_broker(launch):
    d = launch()
    s = d.stats()
    assert list(s) == TOP
    assert (s["topics"], s["producers"], s["health"]) == ([], None, "OK")
    assert abs(s["start_time"] - time.time()) < 60
    assert list(s["memory"]) == MEMORY and all(isinstance(v, int) for v in s["memory"].values())
    assert s["version"] == d.http("GET", "/info").json()["version"]
    text = d.http("GET", "/stats").body.decode()
    assert "\nTopics: None\n" in text and "Producers: None" in text


def test_keys_in_order_and_values(broker, topic):
    c = broker.consumer(topic, "c", 2, client_id="cid", hostname="ch", user_agent="ua/1", sample_rate=99)
    p = broker.client()
    p.mpub(topic, ["aa", "bbb", "c", "d"])
    a, _ = c.messages(2)
    c.fin(a)
    c.req(c.message(), 60000)
    c.message()
    s = broker.wait_channel(topic, "c", in_flight_count=2, deferred_count=1)
    assert list(without(s, "global_msg_count")) == CHANNEL
    whole = broker.stats(topic=topic)
    assert list(whole) == TOP
    t, = whole["topics"]
    assert list(t) == TOPIC
    assert {k: t[k] for k in without(TOPIC, "channels")} == {
        "topic_name": topic, "depth": 0, "backend_depth": 0, "message_count": 4, "message_bytes": 7, "paused": False,
        "e2e_processing_latency": NO_LATENCY}
    assert {k: s[k] for k in without(CHANNEL, "clients")} == {
        "channel_name": "c", "depth": 0, "backend_depth": 0, "in_flight_count": 2, "deferred_count": 1,
        "message_count": 4, "requeue_count": 1, "timeout_count": 0, "client_count": 1, "paused": False,
        "e2e_processing_latency": NO_LATENCY}
    client, = s["clients"]
    assert list(client) == CLIENT
    assert abs(client.pop("connect_ts") - time.time()) < 60
    assert client == {
        "client_id": "cid", "hostname": "ch", "version": "V2", "remote_address": c.local, "state": 3, "ready_count": 2,
        "in_flight_count": 2, "message_count": 4, "finish_count": 1, "requeue_count": 1, "sample_rate": 99, "deflate": False,
        "snappy": False, "user_agent": "ua/1", "topology_zone": "", "topology_region": "", "tls": False,
        "tls_cipher_suite": "", "tls_version": "", "tls_negotiated_protocol": "", "tls_negotiated_protocol_is_mutual": False}
    producer, = [e for e in whole["producers"] if e["remote_address"] == p.local]
    keys = list(producer)
    assert keys.index("pub_counts") == keys.index("tls") - 1
    assert without(keys, "pub_counts") == CLIENT
    assert producer["pub_counts"] == [{"topic": topic, "count": 4}]


def test_global_message_count(broker, topic):
    c = broker.consumer(topic, "c", 5)
    assert "global_msg_count" not in broker.channel_stats(topic, "c")
    broker.client().mpub(topic, ["x"] * 3)
    c.messages(3)
    s = broker.channel_stats(topic, "c")
    assert s["global_msg_count"] == 3
    assert list(s).index("global_msg_count") == list(s).index("message_count") + 1


def test_the_json_is_compact(broker, topic):
    broker.client().pub(topic, "x")
    raw = broker.http("GET", "/stats?format=json").body
    assert raw == json.dumps(json.loads(raw), separators=(",", ":")).encode()


def test_html_escapes_in_strings(broker, topic):
    c = broker.client()
    c.identify(client_id="<a&b>\u2028é\x01\"\\\t")
    c.pub(topic, "x")
    raw = broker.http("GET", "/stats", {"format": "json", "topic": topic}).body
    assert rb'"client_id":"\u003ca\u0026b\u003e\u2028' in raw
    assert json.loads(raw)["producers"]


def test_sorted_bytewise(launch):
    d = launch()
    names = ["b", "a", "Z", "_", "a.b", "a-b", "10", "9"]
    for n in names:
        d.post("/topic/create", topic=n)
    for n in names:
        d.post("/channel/create", topic="a", channel=n)
    s = d.stats()
    assert [t["topic_name"] for t in s["topics"]] == sorted(names)
    channels = [t for t in s["topics"] if t["topic_name"] == "a"][0]["channels"]
    assert [c["channel_name"] for c in channels] == sorted(names)


def test_topic_filter(broker, topic):
    broker.client().pub(topic, "x")
    broker.client().pub(topic + "_other", "x")
    assert [t["topic_name"] for t in broker.stats(topic=topic)["topics"]] == [topic]
    s = broker.stats(topic="nobody")
    assert (s["topics"], s["producers"]) == (None, None)


def test_channel_filter(broker, topic):
    for t in ("1", "2"):
        for c in ("a", "b"):
            broker.consumer(f"{topic}_{t}", c + t)
    broker.consumer(f"{topic}_1", "both")
    broker.consumer(f"{topic}_2", "both")

    def names(**filters):
        return [(t["topic_name"][-1], [c["channel_name"] for c in t["channels"]]) for t in broker.stats(**filters)["topics"]]

    assert names(channel="a1") == [("1", ["a1"])]
    assert names(channel="both") == [("1", ["both"]), ("2", ["both"])]
    assert names(channel="nowhere") == []
    assert names(topic=f"{topic}_1", channel="b2") == []
    assert names(topic=f"{topic}_2", channel="b2") == [("2", ["b2"])]


@pytest.mark.parametrize("value, shown", [("true", True), ("1", True), ("", True), ("x", True), ("false", False), ("0", False)])
def test_include_parameters(broker, topic, value, shown):
    broker.consumer(topic, "c").pub(topic, "x")
    s = broker.stats(topic=topic, include_clients=value, include_mem=value)
    assert ("memory" in s) is shown
    c, = s["topics"][0]["channels"]
    assert c["client_count"] == 1
    assert (c["clients"] is not None) is shown
    assert (s["producers"] is not None) is shown


def test_clients_is_an_empty_list_without_consumers(broker, topic):
    broker.post("/topic/create", topic=topic)
    broker.post("/channel/create", topic=topic, channel="c")
    assert broker.channel_stats(topic, "c")["clients"] == []


def test_a_publishing_subscriber_is_in_both_lists(broker, topic):
    c = broker.consumer(topic, "c")
    c.pub(topic, "x")
    s = broker.stats(topic=topic)
    assert [e["remote_address"] for e in s["topics"][0]["channels"][0]["clients"]] == [c.local]
    assert c.local in [e["remote_address"] for e in s["producers"]]


def test_producers_are_listed_whatever_the_topic_filter(broker, topic):
    p = broker.client()
    p.pub(topic, "x")
    broker.post("/topic/create", topic=topic + "_2")
    mine = [e for e in broker.stats(topic=topic + "_2")["producers"] if e["remote_address"] == p.local]
    assert len(mine) == 1 and "pub_counts" not in mine[0]


def test_an_ipv6_peer_is_in_brackets_only_with_its_port(launch):
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("no IPv6 here")
    d = launch(tcp="[::1]:0")
    with socket.create_connection(d.tcp) as s:
        s.sendall(b"  V2SUB t c\n")
        d.wait_channel("t", "c", client_count=1)
        client, = d.channel_stats("t", "c")["clients"]
        assert client["client_id"] == client["hostname"] == "::1"
        assert client["remote_address"] == f"[::1]:{s.getsockname()[1]}"


def test_other_formats_are_text(broker):
    for value in ("text", "JSON", ""):
        r = broker.http("GET", "/stats", {"format": value})
        assert r.headers["content-type"] == "text/plain; charset=utf-8"
        assert r.body.startswith(b"nsqd v")


DURATION = r"(\d+h)?(\d+m)?\d+s"


def test_text_layout(broker, topic):
    c = broker.consumer(topic, "chan", 3, hostname="host", user_agent="agent")
    p = broker.client()
    p.identify(hostname="ph", user_agent="pa")
    p.mpub(topic, ["x"] * 5)
    c.fin(c.message())
    c.messages(3)
    c.sync()
    broker.wait_channel(topic, "chan", in_flight_count=3)
    text = broker.http("GET", "/stats", {"topic": topic}).body.decode()
    head = re.match(r"nsqd v(\S+) \(built w/.+\)\n"
                    r"start_time \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d)\n"
                    r"uptime (\d+h)?(\d+m)?\d+(\.\d+)?(s|ms|µs)\n"
                    r"\nHealth: OK\n\nMemory:\n((?:   \S+ +\t\d+\n){9})\nTopics:\n", text)
    assert head, text
    block = head.group(head.lastindex)
    assert block.splitlines()[0] == f"   {'heap_objects':<25}\t{number_of(block, 'heap_objects')}"
    assert [line.split()[0] for line in block.splitlines()] == MEMORY
    rest = text[head.end():]
    c_port, p_port = c.local.split(":")[1], p.local.split(":")[1]
    wanted = (rf"\n?   \[{topic:<15}\] depth: 0     be-depth: 0     msgs: 5        e2e%: \n"
              rf"      \[{'chan':<25}\] depth: 1     be-depth: 0     inflt: 3    def: 0    re-q: 0     timeout: 0     msgs: 5        e2e%: \n"
              rf"        \[V2 {f'host:{c_port} agent':<21}\] state: 3 inflt: 3    rdy: 3    fin: 1        re-q: 0        msgs: 4        connected: {DURATION}\n")
    assert re.match(wanted, rest), rest
    producers = rest[rest.index("Producers:"):]
    assert re.search(rf"^   \[V2 {f'ph:{p_port} pa':<21}\] msgs: 5        topics: {topic}=5 connected: {DURATION}$", producers, re.M), rest


def number_of(block, key):
    return re.search(rf"{key} +\t(\d+)", block).group(1)


def test_text_marks_what_is_paused(broker, topic):
    broker.post("/topic/create", topic=topic)
    broker.post("/channel/create", topic=topic, channel="c")
    broker.post("/topic/pause", topic=topic)
    broker.post("/channel/pause", topic=topic, channel="c")
    text = broker.http("GET", "/stats", {"topic": topic, "include_mem": "false"}).body.decode()
    assert f"\n*P [{topic:<15}] depth: 0     be-depth: 0" in text
    assert f"\n   *P [{'c':<25}] depth: 0" in text
    assert "Memory:" not in text


def test_start_time_and_counters_after_a_restart(launch):
    d = launch()
    c = d.consumer("t", "c", 1)
    d.client().pub_all("t", ["x"] * 10)
    c.message()
    d.restart()
    s = d.topic_stats("t")
    assert (s["message_count"], s["message_bytes"], s["depth"]) == (0, 0, 0)
    ch, = s["channels"]
    assert (ch["depth"], ch["message_count"], ch["timeout_count"], ch["in_flight_count"]) == (10, 0, 0, 0)


def test_stats_of_many_topics_are_consistent(launch):
    d = launch(threads=4)
    p = d.client()
    for i in range(500):
        p.command(f"PUB t{i:03}", "x")
    for _ in range(500):
        p.response()
    s = d.stats()
    assert [t["topic_name"] for t in s["topics"]] == [f"t{i:03}" for i in range(500)]
    assert all(t["depth"] == t["message_count"] == 1 for t in s["topics"])
    eventually(lambda: d.http("GET", "/stats").status == 200)
