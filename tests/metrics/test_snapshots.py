"""What metrics plugins are given, and when."""

import os
import re
import signal
import socket
import time

import pytest

from pluqtest.authbackends import Account, Grant, Mock
from pluqtest.lookupd import Lookupd
from pluqtest.metricsdump import Dump, asked
from pluqtest.wait import eventually


@pytest.fixture
def dump(tmp_path):
    return Dump(tmp_path, interval="50ms")


def test_topics_and_channels(launch, dump):
    d = launch(plugins=dump.plugins(), mem_queue_size=2)
    with d.client() as p, d.consumer("t", "c") as c:
        p.pub_all("t", [b"x" * 10] * 5)
        p.dpub("t", 30_000, b"later")
        c.rdy(1)
        c.fin(c.message())
        c.req(c.message(), 0)
        c.message()
        d.wait_channel("t", "c", requeue_count=1, in_flight_count=1)
        s = asked(d)
        assert {x["topic"] for x in s.samples if "topic" in x} == {"t"}
        assert s.value("topic_published_messages", topic="t") == 6
        assert s.value("topic_published", topic="t") == 55
        assert s.value("topic_channels", topic="t") == 1
        here = {"topic": "t", "channel": "c"}
        stats = d.channel_stats("t", "c")
        assert s.value("channel_delivered_from_memory_messages", detail="global", **here) == stats["global_msg_count"]
        for metric, key in [("channel_received_messages", "message_count"), ("channel_depth", "depth"),
                            ("channel_backend_depth", "backend_depth"), ("channel_in_flight_messages", "in_flight_count"),
                            ("channel_deferred_messages", "deferred_count"), ("channel_requeued_messages", "requeue_count"),
                            ("channel_timed_out_messages", "timeout_count"), ("channel_consumers", "client_count"),
                            ("channel_paused", "paused")]:
            assert s.value(metric, **here) == stats[key], metric
        assert s.value("channel_received", **here) == 55
        assert s.value("channel_delivered_messages", **here) == 3
        assert s.value("channel_delivered", **here) == 30
        assert s.value("channel_finished_messages", **here) == 1
        latency = s.one("channel_finish_latency", **here)["histogram"]
        assert latency["count"] == sum(n for _, n in latency["buckets"]) == 1
        assert 0 <= latency["sum"] < 60 and latency["buckets"][0][0] <= max(latency["sum"] * 1.02, 2e-6)
        assert {x["detail"]: x["value"] for x in s.all("channel_deferred_messages_due", **here)} == {
            "1s": 0, "10s": 0, "1m": 1, "10m": 0, "1h": 0, "later": 0}


def test_order(launch, dump):
    """Those about no topic come first, then topic by topic, channel by channel."""
    d = launch(plugins=dump.plugins())
    for t in ["b", "a#ephemeral", "B"]:
        for c in ["z", "a", "Z"]:
            d.post("/topic/create", topic=t)
            d.post("/channel/create", topic=t, channel=c)
    places = [(s.get("topic", ""), s.get("channel", "")) for s in asked(d).samples]
    assert places == sorted(places)
    assert len(set(places)) == 1 + 3 * 4


def test_age_of_the_oldest_message(launch, dump):
    d = launch(plugins=dump.plugins(), mem_queue_size=1)
    here = {"topic": "t", "channel": "c"}
    with d.client() as p, d.consumer("t", "c") as c:
        assert asked(d).value("channel_oldest_message_age", **here) == 0
        first = time.monotonic()
        p.pub_all("t", [b"1", b"2", b"3"])
        eventually(lambda: asked(d).value("channel_oldest_message_age", **here) > 0.2, 10, "it grows")
        age, passed = asked(d).value("channel_oldest_message_age", **here), time.monotonic() - first
        assert age <= passed + 1
        c.rdy(1)
        for _ in range(3):  # memory head, in flight, storage
            m = c.message()
            assert asked(d).value("channel_oldest_message_age", **here) > 0.2
            c.fin(m)
        d.wait_channel("t", "c", depth=0, in_flight_count=0)
        assert asked(d).value("channel_oldest_message_age", **here) == 0
        p.pub("u", b"x")
        eventually(lambda: asked(d).value("topic_oldest_message_age", topic="u") > 0, 10, "a topic's own queue has one too")


def test_age_of_what_was_there_before_a_restart(launch, dump):
    """Nobody consumes it, so nothing else reads it."""
    d = launch(plugins=dump.plugins())
    d.post("/topic/create", topic="t")
    d.post("/channel/create", topic="t", channel="c")
    with d.client() as p:
        p.pub_all("t", [b"1", b"2", b"3"])
        p.pub_all("u", [b"x"])
    before = time.time()
    d.stop()
    d.start()

    def age(metric, **labels):
        found = asked(d).all(metric, **labels)
        return found and found[0]["value"]

    eventually(lambda: age("channel_oldest_message_age", topic="t", channel="c"), 10, "the age of what is in storage")
    eventually(lambda: age("topic_oldest_message_age", topic="u"), 10, "likewise of a topic's own queue")
    passed = time.time() - before
    assert age("channel_oldest_message_age", topic="t", channel="c") > passed - 0.1
    assert d.channel_stats("t", "c")["depth"] == 3 and d.topic_stats("u")["depth"] == 1
    with d.consumer("t", "c", 3) as c:
        for body in b"1", b"2", b"3":
            m = c.message()
            assert m.body == body
            c.fin(m)
        d.wait_channel("t", "c", depth=0, in_flight_count=0)


def test_drops(launch, dump):
    d = launch(plugins=dump.plugins(), mem_queue_size=3)
    d.post("/topic/create", topic="t")
    d.post("/channel/create", topic="t", channel="e#ephemeral")
    with d.client() as p:
        p.pub_all("t", [b"x"] * 10)
        d.wait_channel("t", "e#ephemeral", depth=3)
        p.pub_all("w", [b"x"] * 4)
    d.post("/channel/empty", topic="t", channel="e#ephemeral")
    d.post("/topic/empty", topic="w")
    s = asked(d)
    assert s.value("channel_dropped_messages", channel="e#ephemeral", detail="full") == 7
    assert s.value("channel_dropped_messages", channel="e#ephemeral", detail="emptied") == 3
    assert s.value("topic_dropped_messages", topic="w", detail="emptied") == 4
    with d.client() as p:
        p.pub("t", b"x")
    d.post("/topic/delete", topic="t")
    assert asked(d).value("deleted_messages") == 1


def test_the_daemon_itself(launch, dump):
    d = launch(plugins=dump.plugins(), threads=2, broadcast_address="h.example", sync_every=1, mem_queue_size=0)
    with d.client() as p, d.consumer("t", "c", 1) as c:
        p.pub("t", b"x")
        c.fin(c.message())
        p.send(b"NONSENSE\n")
        p.fatal("E_INVALID invalid command NONSENSE")
        d.wait_channel("t", "c", depth=0)
        s = asked(d)
        assert (s.host, s.port) == ("h.example", d.http_at[1])
        assert s.value("nsqd_commands", detail="PUB") == 1 and s.value("nsqd_commands", detail="FIN") == 1
        assert s.value("nsqd_errors", detail="E_INVALID") == 1
        assert s.value("nsqd_connections", detail="subscribed") == 1
        assert s.value("connections_accepted", plugin="nsqd", detail="TCP") == 2
        assert s.value("connections", plugin="nsqd", detail="HTTP") >= 1
        assert not s.all("connections_in_request", detail="TCP")
    assert s.one("build_information")["detail"]
    assert abs(s.value("process_start_time") - time.time()) < 600
    assert s.value("process_open_fds") > 5 and s.value("process_max_fds") > 5
    assert s.value("process_resident_memory") > 1 << 20
    assert {x["detail"] for x in s.all("loop_turns")} == {"0", "1"}
    assert s.total("loop_busy") > 0 and s.one("loop_turn")["histogram"]["count"] > 0
    assert s.one("storage_sync")["histogram"]["count"] >= 1
    assert s.value("plugin_pool_operations", plugin="diskqueue") > 0 and s.value("plugin_pool_time", plugin="diskqueue") > 0
    eventually(lambda: asked(d).value("nsqd_connections", detail="subscribed") == 0, 10, "it has left")
    s = asked(d)
    assert s.total("nsqd_connections") == 0


def test_http_connections_by_what_they_do(launch, dump):
    d = launch(plugins=dump.plugins())

    def seen():
        s = asked(d)
        return s.value("connections", plugin="nsqd", detail="HTTP"), s.value("connections_in_request", plugin="nsqd", detail="HTTP")

    eventually(lambda: seen()[1] == 1, 10, "only who asks")
    with socket.create_connection(d.http_at) as idle, socket.create_connection(d.http_at) as slow:
        idle.sendall(b"GET /ping HTTP/1.1\r\nHost: x\r\n\r\n")
        assert idle.recv(4096).startswith(b"HTTP/1.1 200 OK")
        slow.sendall(b"POST /pub?topic=t HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n1")
        eventually(lambda: seen() == (3, 2), 10, "two in a request, one of them who asks")
        slow.sendall(b"2")
        assert slow.recv(4096).startswith(b"HTTP/1.1 200 OK")
        eventually(lambda: seen() == (3, 1), 10, "it is idle again")
        slow.sendall(b"GET /pi")
        eventually(lambda: seen() == (3, 2), 10, "the next one has begun")
    eventually(lambda: seen() == (1, 1), 10, "they have left, one of them in a request")


def timed(s, metric):
    return {x["plugin"] for x in s.all(metric) if x["value"] > 0}


def test_time_spent_in_plugins(launch, tmp_path, dump):
    """Of every kind, each under its name."""
    backend = Mock(tmp_path)
    backend.set(Account("known", (Grant(".*", (".*",), "subscribe,publish"),)))
    judge = ("json", {"plugin": "validate-json", "topics": ["t"]})
    d = backend.attach(launch.make(plugins=[*backend.plugins(), judge, *dump.plugins()], mem_queue_size=0)).start()
    with d.client() as p, d.client() as c:
        for x in p, c:
            x.identify()
            x.auth("known")
        c.sub("t", "c", 1)
        p.pub("t", b"{}")
        c.fin(c.message())
        dump.next()
        s = asked(d)
        eventually(lambda: timed(asked(d), "plugin_pool_time") >= {"diskqueue", "dump", "metrics", "metadata"}, 10, "the pool has done it all")
    assert timed(s, "plugin_loop_time") >= {"nsqd", "auth-mock"}
    assert s.value("validator_judging", plugin="json") > 0


def test_counters_only_grow_and_takes_go_on(launch, dump):
    d = launch(plugins=dump.plugins())
    with d.client() as p:
        for _ in range(5):
            p.pub("t", b"x")
            dump.next()
    values = [s.total("topic_published_messages") for s in dump.snapshots()]
    assert values == sorted(values) and values[-1] == 5
    times = [s.real_ns for s in dump.snapshots()]
    assert times == sorted(set(times))


def test_steps_follow_each_take(launch, tmp_path):
    dump = Dump(tmp_path, interval="200ms", steps=3)
    launch(plugins=dump.plugins())
    eventually(lambda: len(dump.lines()) >= 8, 20, "two rounds")
    kinds = [line.get("step", "snapshot") for line in dump.lines()][:8]
    assert kinds == ["snapshot", 3, 2, 1] * 2


def test_the_last_snapshot(launch, tmp_path):
    """At the stop: with everything that was counted, though the interval is not over; the queues are still there."""
    dump = Dump(tmp_path, interval="1h", steps=3)
    d = launch(plugins=dump.plugins())
    with d.client() as p:
        p.pub_all("t", [b"x"] * 7)
    d.stop()
    assert [line.get("step", "snapshot") for line in dump.lines()] == ["snapshot", 3, 2, 1]
    s, = dump.snapshots()
    assert s.value("topic_published_messages", topic="t") == 7 and s.value("topic_depth", topic="t") == 7
    assert s.total("nsqd_connections") == 0


def test_a_failing_plugin_is_left_alone_for_longer_and_longer(launch, tmp_path, dump):
    other = Dump(tmp_path, "other", interval="50ms", path="")
    dump.fail_while.touch()
    began = time.monotonic()
    d = launch(plugins=[*dump.plugins(), *other.plugins()])
    d.wait_log(r"warn dump: metrics could not be handed on: told to fail")

    def told(result):
        return other.next().value("metrics_takes", plugin="dump", detail=result)

    eventually(lambda: told("failed") >= 3 and told("missed") >= 3, 20, "it fails, and is paused")
    assert told("taken") == 0 and dump.lines() == []
    lines = d.log().count("could not be handed on")
    assert lines <= 2 + time.monotonic() - began  # at once, then a second or more apart
    dump.fail_while.unlink()
    eventually(dump.snapshots, 20, "it is asked again")
    d.wait_log(r"info dump: metrics are handed on again")


def test_a_hanging_plugin_holds_up_nobody(launch, tmp_path, dump):
    other = Dump(tmp_path, "other", interval="50ms", path="")
    dump.hang_while.touch()
    d = launch(plugins=[*dump.plugins(), *other.plugins()], slow_operation="100ms")
    eventually(lambda: other.next().value("metrics_takes", plugin="dump", detail="missed") > 3, 20, "it misses snapshots")
    d.wait_log(r"warn dump: slow operation: take has been running")
    assert other.next().value("plugin_pool_jobs", plugin="dump", detail="running") + \
        other.next().value("plugin_pool_jobs", plugin="dump", detail="hanging") >= 1
    with d.client() as p, d.consumer("t", "c", 1) as c:
        p.pub("t", b"x")
        c.fin(c.message())
    assert d.http("GET", "/ping").body == b"OK"
    dump.hang_while.unlink()
    eventually(lambda: len(dump.snapshots()) > 2, 20, "it goes on")


@pytest.mark.parametrize("timeout", ["30s", "3s"])
def test_a_plugin_that_hangs_at_the_stop(launch, tmp_path, timeout):
    """The queues are put away meanwhile, and the daemon does not wait for ever. That is no stop that is given up."""
    dump = Dump(tmp_path, interval="1h")
    env = {"TSAN_OPTIONS": os.environ.get("TSAN_OPTIONS", "") + ":report_thread_leaks=0"}  # the one that hangs
    d = launch(plugins=dump.plugins(), env=env, shutdown_timeout=timeout)
    with d.client() as p:
        p.pub_all("t", [b"x"] * 3)
    dump.hang_while.touch()
    d.stop()
    assert re.search(r"warn dump: is not through with the last metrics", d.log())
    dump.hang_while.unlink()
    d.plugins = []
    d.start()
    assert d.topic_stats("t")["depth"] == 3


def test_reload_changes_the_interval(launch, tmp_path):
    dump = Dump(tmp_path, interval="1h")
    d = launch(plugins=dump.plugins())
    dump.options["interval"] = "50ms"
    d._config_file()
    d.signal(signal.SIGHUP)
    eventually(lambda: len(dump.snapshots()) > 2, 20, "takes at the new interval")


def test_rendering(launch, dump):
    d = launch(plugins=dump.plugins())
    r = d.http("GET", "/dump", headers={"Accept-Encoding": "x-plain"})
    assert r.status == 200 and r.headers["content-encoding"] == "x-plain" and r.headers["vary"] == "Accept, Accept-Encoding"
    assert "content-encoding" not in d.http("GET", "/dump").headers
    assert d.http("POST", "/dump", body=b"x").status == 405
    assert d.http("GET", "/DUMP").status == 301
    dump.fail_while.touch()
    assert d.http("GET", "/dump").status == 500
    d.wait_log(r"warn dump: metrics could not be rendered: told to fail")


def test_rendering_needs_a_secret_where_others_do(launch, tmp_path, dump):
    backend = Mock(tmp_path)
    backend.set(Account("known", (Grant("^t$", (".*",), "subscribe"),)))
    d = backend.attach(launch.make(plugins=[*backend.plugins(), *dump.plugins()], http_auth=True)).start()
    assert d.http("GET", "/dump").status == 401
    headers = {"Authorization": "Bearer known"}
    assert d.http("GET", "/dump?topic=u", headers=headers).status == 200  # it is about no topic
    s = asked(d, headers=headers)
    assert s.total("auth_verdicts", detail="allow") >= 1 and s.total("auth_verdicts", detail="deny") == 0


def test_every_daemon_has_metrics(adopt, dump):
    d = adopt(Lookupd(start=False, plugins=dump.plugins())).start()
    s = asked(d)
    assert s.all("loop_turns") and not s.all("topic_depth") and s.host == ""


def test_the_age_of_what_is_in_storage_takes_no_memory(launch, dump):
    """Many channels that nobody consumes: asking for their ages must not bring what they hold into memory, where it would stay."""
    d = launch(plugins=dump.plugins(), memory_limit="8MiB", mem_queue_size=0)
    channels = [f"c{i}" for i in range(24)]
    d.post("/topic/create", topic="t")
    for c in channels:
        d.post("/channel/create", topic="t", channel=c)
    with d.client() as p:
        p.pub_all("t", [bytes(1_000_000)])
    for c in channels:
        d.wait_channel("t", c, backend_depth=1)
    d.restart()
    eventually(lambda: len(asked(d).all("channel_oldest_message_age", topic="t")) == len(channels), 20, "all ages are known")
    assert asked(d).value("memory_used") < 4 << 20
