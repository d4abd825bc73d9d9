"""What goes to statsd. With an interval of an hour everything comes at the stop, with shorter ones in rounds."""

import re
import signal
import subprocess

import pytest

from pluqtest import Dropin, Pluqd
from pluqtest.authbackends import reload_and_wait
from pluqtest.metricsdump import Dump
from pluqtest.shim import Names
from pluqtest.statsd import Sink, Statsd
from pluqtest.wait import eventually

KEYS = ["message_count", "message_bytes", "depth", "backend_depth"]
CHANNEL_KEYS = ["message_count", "depth", "backend_depth", "in_flight_count", "deferred_count", "requeue_count", "timeout_count", "clients"]
MEMORY_KEYS = ["heap_objects", "heap_idle_bytes", "heap_in_use_bytes", "heap_released_bytes", "gc_pause_usec_100", "gc_pause_usec_99",
               "gc_pause_usec_95", "next_gc_bytes", "gc_runs"]
COUNTERS = {"message_count", "message_bytes", "requeue_count", "timeout_count", "gc_runs"}


@pytest.fixture
def sink():
    s = Sink()
    yield s
    s.close()


def statsd(sink, **options):
    return [("statsd", {"address": sink.address, "interval": "1h", "prefix": "", **options})]


def change(d, **options):
    """Other options for the statsd plugin, by SIGHUP."""
    d.plugins[0][1].update(options)
    d._config_file()
    reload_and_wait(d)


def keys_of(topics, percentiles=()):
    names = []
    for topic, channels in topics:
        names += [f"topic.{topic}.{k}" for k in KEYS]
        names += [f"topic.{topic}.e2e_processing_latency_{p}" for p in percentiles if channels]
        for channel in channels:
            names += [f"topic.{topic}.channel.{channel}.{k}" for k in CHANNEL_KEYS]
            names += [f"topic.{topic}.channel.{channel}.e2e_processing_latency_{p}" for p in percentiles]
    return names


def test_names_order_and_types(launch, sink):
    """Sorted bytewise, dots and all; the prefix has the announced name and HTTP port."""
    d = launch(plugins=statsd(sink, prefix="nsq.%s"), broadcast_address="h.example.com", broadcast_http_port=5190,
               e2e_processing_latency_percentile=[1.0, 0.99, 0.985])
    for topic, channels in [("b", ["z", "a.x", "B#ephemeral"]), ("B", []), ("a#ephemeral", ["c"])]:
        d.post("/topic/create", topic=topic)
        for channel in channels:
            d.post("/channel/create", topic=topic, channel=channel)
    d.stop()
    sink.close()
    wanted = keys_of([("B", []), ("a#ephemeral", ["c"]), ("b", ["B#ephemeral", "a.x", "z"])], ["100", "99", "98"])
    wanted += [f"mem.{k}" for k in MEMORY_KEYS]
    assert sink.names() == [f"nsq.h_example_com_5190.{name}" for name in wanted]
    for name, _, kind in sink.lines():
        assert kind == ("c" if name.rpartition(".")[2] in COUNTERS else "g"), name


@pytest.mark.parametrize("size", [None, 100, 1400])
def test_packets(launch, sink, size):
    """Full, but no larger than they may be, unless a line alone is."""
    d = launch(plugins=statsd(sink, prefix="p", **({"udp_packet_size": size} if size else {})))
    d.post("/topic/create", topic="t" * 60)
    d.post("/channel/create", topic="t" * 60, channel="c" * 60)
    d.stop()
    sink.close()
    assert len(sink.lines()) == len(KEYS) + len(CHANNEL_KEYS) + len(MEMORY_KEYS)
    for one, following in zip(sink.datagrams, [*sink.datagrams[1:], None]):
        assert one.endswith(b"\n")
        assert len(one) <= (size or 508) or one.count(b"\n") == 1
        assert following is None or len(one) + following.index(b"\n") + 1 > (size or 508)


def test_values_and_rounds(launch, sink):
    d = launch(plugins=statsd(sink, interval="1100ms", mem_stats=False), mem_queue_size=3)
    with d.client() as p, d.consumer("t", "c") as c:
        for i in range(30):
            p.pub("t", b"x" * 10)
            if i % 10 == 9:
                eventually(lambda n=i: sink.total("topic.t.message_count") == n + 1, 20, "a round has told of it")
        p.dpub("t", 60_000, b"later")
        c.rdy(3)
        c.fin(c.message())
        c.req(c.message(), 0)
        d.wait_channel("t", "c", requeue_count=1, in_flight_count=3)
        wanted = d.channel_stats("t", "c")

        def told():
            assert sink.total("topic.t.message_count") == sink.total("topic.t.channel.c.message_count") == 31
            assert sink.total("topic.t.message_bytes") == 305
            assert sink.total("topic.t.channel.c.requeue_count") == 1
            for key, name in [("depth", "depth"), ("backend_depth", "backend_depth"), ("in_flight_count", "in_flight_count"),
                              ("deferred_count", "deferred_count"), ("client_count", "clients")]:
                assert sink.last(f"topic.t.channel.c.{name}") == wanted[key], name
            return True

        eventually(told, 20, "a round tells of it")
        assert not any(name.startswith("mem.") for name in sink.names())
    d.stop()
    sink.close()
    assert sink.last("topic.t.channel.c.clients") == 0  # told at the stop
    assert sink.total("topic.t.message_count") == 31


def test_one_made_anew_goes_backwards(launch, sink):
    d = launch(plugins=statsd(sink, interval="1100ms"))
    with d.client() as p:
        p.pub_all("t", [b"x"] * 5)
        eventually(lambda: sink.total("topic.t.message_count") == 5, 20, "the first round")
        change(d, interval="1h")
        at = len(sink.values("topic.t.message_count"))
        d.post("/topic/delete", topic="t")
        p.pub("t", b"x")
    d.stop()
    sink.close()
    assert [v for v in sink.values("topic.t.message_count")[at:] if v] == [-4]  # a round on its way at the reload has 0


def test_latency(launch, sink):
    d = launch(plugins=statsd(sink), e2e_processing_latency_percentile=[0.5, 1.0])
    with d.client() as p, d.consumer("t", "c", 10) as c:
        p.pub_all("t", [b"x"] * 10)
        for m in c.messages(10):
            c.fin(m)
        d.wait_channel("t", "c", depth=0, in_flight_count=0)
        stats = d.channel_stats("t", "c")["e2e_processing_latency"]
    d.post("/channel/create", topic="t", channel="other")
    d.stop()
    sink.close()
    have = {round(p["quantile"] * 100): p["value"] for p in stats["percentiles"]}
    for p in (50, 100):
        assert abs(sink.last(f"topic.t.channel.c.e2e_processing_latency_{p}") - have[p]) <= 1
        assert sink.last(f"topic.t.channel.other.e2e_processing_latency_{p}") == 0
        assert sink.last(f"topic.t.e2e_processing_latency_{p}") > 0


def test_ephemeral_ones_left_out(launch, sink):
    d = launch(plugins=statsd(sink, exclude_ephemeral=True, mem_stats=False, all=True))
    for topic in ["a#ephemeral", "b"]:
        for channel in ["c", "d#ephemeral"]:
            d.post("/topic/create", topic=topic)
            d.post("/channel/create", topic=topic, channel=channel)
    d.stop()
    sink.close()
    names = sink.names()
    assert names[:12] == keys_of([("b", ["c"])]) and "topic.b.channel.c.delivered_messages" in names
    assert not any("ephemeral" in name for name in names)


def test_datagrams_are_spread(launch, sink):
    """Over two of the three seconds; the daemon serves meanwhile."""
    d = launch(plugins=statsd(sink))
    for i in range(40):
        d.post("/topic/create", topic=f"t{i:02}")
    change(d, interval="3s")
    eventually(lambda: "mem.gc_runs" in sink.names(), 20, "a round has gone out")
    end = next(i for i, one in enumerate(sink.datagrams) if b"mem.gc_runs" in one)
    assert end > 5 and sink.times[end] - sink.times[0] > 1
    assert d.http("GET", "/ping").body == b"OK"


def test_the_rest_goes_out_at_the_stop(launch, sink):
    """What is left of a round, and then a last round: nothing is lost, and nobody waits for the times of datagrams."""
    d = launch(plugins=statsd(sink))
    topics = [f"t{i:02}" for i in range(40)]
    for topic in topics:
        d.post("/topic/create", topic=topic)
    change(d, interval="3s")
    eventually(lambda: sink.datagrams, 20, "a first datagram")
    d.stop()
    sink.close()
    one_round = [*keys_of([(t, []) for t in topics]), *(f"mem.{k}" for k in MEMORY_KEYS)]
    names = sink.names()
    assert len(names) >= 2 * len(one_round) and names == one_round * (len(names) // len(one_round))


@pytest.mark.parametrize("where", ["::1", "unix"])
def test_other_sockets(launch, tmp_path, where):
    sink = Sink(tmp_path / "s" if where == "unix" else where)
    d = launch(plugins=statsd(sink))
    d.client().pub("t", b"x")
    d.stop()
    sink.close()
    assert sink.total("topic.t.message_count") == 1 and len(sink.lines()) == 13


def test_reload(launch, sink):
    other = Sink()
    d = launch(plugins=statsd(sink, interval="1100ms"))
    d.client().pub("t", b"x")
    eventually(lambda: sink.total("topic.t.message_count") == 1, 20, "the first address")
    change(d, address=other.address, prefix="p.%s.q", mem_stats=False)
    d.client().pub("t", b"x")
    eventually(other.names, 20, "the other address")
    d.stop()
    other.close()
    assert sink.total("topic.t.message_count") == 1
    assert all(re.fullmatch(rf"p\.\S+_{d.http_at[1]}\.q\.topic\.t\.\w+", n) for n in other.names()), other.names()
    assert sum(line[1] for line in other.lines() if line[0].endswith(".q.topic.t.message_count")) == 1


def test_a_bad_reload_changes_nothing(launch, sink):
    d = launch(plugins=statsd(sink))
    d.plugins[0][1]["address"] = "no port"
    d._config_file()
    d.signal(signal.SIGHUP)
    d.wait_log(r"error statsd: reload failed, the old options stay: address 'no port': it needs a port")
    d.client().pub("t", b"x")
    d.stop()
    sink.close()
    assert sink.total("topic.t.message_count") == 1


def test_nobody_listens(launch, tmp_path):
    """Publishing feels nothing of it; what is lost is counted, and told of at once and then at growing gaps."""
    sink = Sink()
    sink.close()
    dump = Dump(tmp_path, interval="50ms")
    d = launch(plugins=[*statsd(sink, interval="1100ms"), *dump.plugins()])
    d.wait_log(r"warn statsd: \d+ of \d+ datagrams were not taken by 127\.0\.0\.1:\d+: Connection refused \(1 rounds in a row\)", 20)
    assert dump.next().value("statsd_datagrams", plugin="statsd", detail="refused") >= 1
    with d.client() as p, d.consumer("t", "c", 1) as c:
        p.pub("t", b"x")
        c.fin(c.message())


def test_a_statsd_that_is_away_for_a_while(launch, tmp_path):
    """What was sent meanwhile is lost, as with the original, and that is counted; what comes later is right."""
    dump, sink = Dump(tmp_path, interval="50ms"), Sink("127.0.77.1")  # whose ports nobody else gets
    d = launch(plugins=[*statsd(sink, interval="1100ms", udp_packet_size=8000), *dump.plugins()])
    p = d.client()
    p.pub_all("t", [b"x"] * 3)
    eventually(lambda: sink.total("topic.t.message_count") == 3, 20, "it is there")
    sink.close()
    p.pub_all("t", [b"x"] * 4)

    def lost():
        return dump.next().value("statsd_datagrams", plugin="statsd", detail="refused")

    before = eventually(lost, 20, "a round, of one datagram, finds nobody")
    eventually(lambda: lost() > before, 20, "and one that surely had the change")
    back = Sink("127.0.77.1", int(sink.address.rpartition(":")[2]))
    p.pub_all("t", [b"x"] * 5)
    d.wait_log(r"info statsd: 127\.0\.77\.1:\d+ takes datagrams again, after \d+ rounds", 20)
    d.stop()
    back.close()
    assert back.total("topic.t.message_count") == 5 and back.last("topic.t.depth") == 12


def test_a_name_that_hangs(launch, sink):
    """The round is left out after a second, and made up for by the next one; a stop is not held up."""
    names = Names(statsd_example="hang")
    port = sink.address.rpartition(":")[2]
    d = launch(plugins=[("statsd", {"address": f"statsd.example:{port}", "interval": "1100ms", "prefix": ""})], **names.options())
    d.client().pub("t", b"x")
    d.wait_log(r"warn statsd: metrics could not be handed on: statsd\.example:\d+: its address was not found within 1s", 20)
    names.set(statsd_example="127.0.0.1")
    eventually(lambda: sink.total("topic.t.message_count") == 1, 20, "it is found")
    names.set(statsd_example="hang")
    d.stop()
    assert "abandoned" not in d.log()


def test_a_name_that_moves(launch):
    """Rounds follow it, and what both got adds up."""
    here = Sink("127.0.77.1")
    port = int(here.address.rpartition(":")[2])
    there = Sink("127.0.77.2", port)
    names = Names(statsd_example="127.0.77.1")
    d = launch(plugins=[("statsd", {"address": f"statsd.example:{port}", "interval": "1100ms", "prefix": ""})], **names.options())
    d.client().pub("t", b"x")
    eventually(lambda: here.total("topic.t.message_count") == 1, 20, "it is where the name says")
    names.set(statsd_example="127.0.77.2")
    d.client().pub_all("t", [b"x"] * 2)
    eventually(there.names, 20, "and then there")
    d.stop()
    here.close()
    there.close()
    assert here.total("topic.t.message_count") + there.total("topic.t.message_count") == 3


def test_a_name_that_does_not_exist(launch):
    d = launch(plugins=[("statsd", {"address": "none.example:8125", "interval": "1100ms"})], **Names().options())
    d.wait_log(r"warn statsd: metrics could not be handed on: none\.example:8125: Name or service not known", 20)
    assert d.http("GET", "/ping").body == b"OK"


def test_a_path_that_does_not_exist(launch, tmp_path):
    dump = Dump(tmp_path, interval="50ms")
    d = launch(plugins=[("statsd", {"address": str(tmp_path / "none"), "interval": "1100ms"}), *dump.plugins()])
    d.wait_log(r"warn statsd: metrics could not be handed on: \S+/none: No such file or directory", 20)
    assert dump.next().value("metrics_takes", plugin="statsd", detail="failed") >= 1
    assert d.http("GET", "/ping").body == b"OK"


def test_tags_and_all_that_is_measured(launch, sink):
    d = launch(plugins=statsd(sink, dogstatsd=True, all=True, prefix="nsq"))
    with d.client() as p, d.consumer("t.a", "c", 1) as c:
        p.pub("t.a", b"abc")
        c.fin(c.message())
        d.wait_channel("t.a", "c", in_flight_count=0)
    d.stop()
    sink.close()
    have = {(line[0], *line[3:]): line[1:3] for line in sink.lines()}
    assert have["nsq.topic.message_count", "topic:t.a"] == (1, "c")
    assert have["nsq.channel.depth", "topic:t.a,channel:c"] == (0, "g")
    assert have["nsq.channel.finished_messages", "topic:t.a,channel:c"] == (1, "c")
    assert have["nsq.channel.received_bytes", "topic:t.a,channel:c"] == (3, "c")
    assert have["nsq.channel.finish_latency.count", "topic:t.a,channel:c"] == (1, "c")
    assert have["nsq.nsqd_commands", "plugin:nsqd,command:PUB"] == (1, "c")
    assert ("nsq.loop_turns", "loop:0") in have and ("nsq.mem.heap_objects",) in have
    assert len(have) == len(sink.lines())


@pytest.mark.parametrize("option, value, said", [
    ("interval", "1s", "statsd.interval: '1s' is not a duration of at least 1.000000001s"),
    ("udp_packet_size", "0", "statsd.udp_packet_size: '0' is not"),
    ("address", "localhost", "address 'localhost': it needs a port from 1 to 65535"),
    ("address", "::1:8125", "an IPv6 address goes in brackets"),
    ("prefix", "a:b", "prefix 'a:b': no name has a ':'"),
])
@pytest.mark.parametrize("check", [False, True])
def test_bad_options_stop_the_start(adopt, sink, option, value, said, check):
    d = adopt(Pluqd(start=False, plugins=statsd(sink, **{option: value})))
    r = subprocess.run([*d.command(), *(["--check-config"] if check else [])], capture_output=True, text=True, timeout=30)
    assert r.returncode == 1 and said in r.stderr.splitlines()[-1], r


@pytest.mark.parametrize("by", ["flags", "file"])
def test_the_original_s_options(adopt, sink, tmp_path, by):
    flags = [f"--statsd-address={sink.address}", "--statsd-prefix=x.%s", "--statsd-interval=1h", "--statsd-mem-stats=false",
             "--statsd-exclude-ephemeral", "--statsd-udp-packet-size=100", "--broadcast-address=::1"]
    if by == "file":
        path = tmp_path / "nsqd.toml"
        path.write_text(f'statsd_address = "{sink.address}"\nstatsd_prefix = "x.%s"\nstatsd_interval = "1h"\nstatsd_mem_stats = false\n'
                        'statsd_exclude_ephemeral = true\nstatsd_udp_packet_size = 100\nbroadcast_address = "::1"\n')
        flags = [f"--config={path}"]
    d = adopt(Dropin.nsqd(*flags)).start()
    d.client().pub("t", b"x")
    d.post("/topic/create", topic="u#ephemeral")
    d.stop()
    sink.close()
    assert sink.names() == [f"x.[__1]_{d.http_at[1]}.{name}" for name in keys_of([("t", [])])]
    assert len(sink.datagrams) > 1


def test_the_original_s_options_without_an_address(adopt):
    d = adopt(Dropin.nsqd("--statsd-interval=1s", "--statsd-prefix=x", "--statsd-address=")).start()
    assert "plugin statsd" not in d.log() and "plugin nsqd" in d.log()


def test_the_real_statsd_through_many_rounds(launch, modules, tmp_path):
    """Topics come and go meanwhile; over all rounds and flushes it adds up to what was published."""
    real = Statsd(modules, tmp_path)
    try:
        d = launch(plugins=statsd(real, interval="1100ms"))
        published = {f"t{i}": 0 for i in range(12)}
        with d.client() as p:
            for i in range(5):
                for n, topic in enumerate(published):
                    if n % 5 <= i:
                        p.pub_all(topic, [b"x"] * (n + 1))
                        published[topic] += n + 1
                last = published["t0"]
                eventually(lambda want=last: real.total("topic.t0.message_count") == want, 20, "a round has told of it")
        d.post("/topic/delete", topic="t1")
        d.stop()
        del published["t1"]

        def told(topic):  # a flush may come between datagrams of a round
            return (real.total(f"topic.{topic}.message_count"), real.total(f"topic.{topic}.message_bytes"),
                    real.gauges().get(f"topic.{topic}.depth"))

        for topic, count in published.items():
            eventually(lambda t=topic, n=count: told(t) == (n, n, n), 20, f"{count} in {topic}")
        assert all(f["counters"]["statsd.bad_lines_seen"] == 0 for f in real.flushed())
    finally:
        real.close()


def test_the_real_statsd(launch, modules, tmp_path):
    """Its flushed counters are what was published, its gauges what is there."""
    real = Statsd(modules, tmp_path)
    try:
        d = launch(plugins=statsd(real, interval="1100ms", prefix="nsq.%s"), broadcast_address="127.0.0.1")
        prefix = f"nsq.127_0_0_1_{d.http_at[1]}"
        published = {"one": 0, "two.dots": 0}
        with d.client() as p, d.consumer("one", "c", 5) as c:
            for i in range(20):
                for topic, step in [("one", 3), ("two.dots", 7)]:
                    p.pub_all(topic, [b"x" * 10] * (i % step + 1))
                    published[topic] += i % step + 1
                for m in c.messages(i % 3 + 1):
                    c.fin(m)
                if i % 5 == 4:
                    eventually(lambda: real.total(f"{prefix}.topic.one.message_count") > 0, 20, "a round has come")
            d.wait_channel("one", "c", depth=0, in_flight_count=0)
        d.stop()
        for topic, count in published.items():
            eventually(lambda t=topic, n=count: real.total(f"{prefix}.topic.{t}.message_count") == n, 20, f"{count} in {topic}")
            assert real.total(f"{prefix}.topic.{topic}.message_bytes") == count * 10
        assert real.total(f"{prefix}.topic.one.channel.c.message_count") == published["one"]
        gauges = real.gauges()
        assert gauges[f"{prefix}.topic.two.dots.depth"] == published["two.dots"]
        assert gauges[f"{prefix}.topic.one.channel.c.depth"] == 0 and gauges[f"{prefix}.topic.one.channel.c.clients"] == 0
        assert gauges[f"{prefix}.mem.heap_in_use_bytes"] >= 0  # sanitizers have a heap of their own
        assert all(f["counters"]["statsd.bad_lines_seen"] == 0 for f in real.flushed())
    finally:
        real.close()
