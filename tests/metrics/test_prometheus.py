"""The plugin prometheus: what it exposes, to whom, and that Prometheus' own tools like it."""

import gzip
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import threading
from pathlib import Path

import pytest

from pluqtest.authd import Authd
from pluqtest.authbackends import Account, Grant, Mock
from pluqtest.exposition import Exposition
from pluqtest.lookupd import Lookupd
from pluqtest.wait import eventually, scaled

TEXT = "text/plain; version=0.0.4; charset=utf-8"
OPEN = "application/openmetrics-text; version=1.0.0; charset=utf-8"
DASHBOARD = Path(__file__).resolve().parents[2] / "docs" / "grafana" / "pluq.json"

# One that is named must be there: the tests fail, they are not skipped.
PROMTOOL = os.environ.get("PROMTOOL") or shutil.which("promtool")
needs_promtool = pytest.mark.skipif(not PROMTOOL, reason="promtool is not there (Debian's package prometheus has it), and PROMTOOL does not say where")


def plugins(**options):
    return [("prometheus", options)]


def scraped(d, path="/metrics", **kw):
    r = d.http("GET", path, **kw)
    assert r.status == 200 and r.headers["content-type"] == TEXT, r
    return Exposition(r.body.decode())


@pytest.fixture
def busy(launch, tmp_path):
    """A daemon that has something to tell of everything: topics, channels, consumers, auth, validators, storage."""
    backend = Mock(tmp_path)
    backend.set(Account("known", (Grant(".*", (".*",), "subscribe,publish"),)))
    d = backend.attach(launch.make(
        plugins=[*backend.plugins(), ("validate-json", {"topics": ["json*"], "on_reject": "divert"}),
                 ("validate-lua", {"topics": ["lua*"], "script": str(tmp_path / "check.lua")}), *plugins()],
        mem_queue_size=2, sync_every=1, threads=2, e2e_processing_latency_percentile=["0.99", "0.5"],
        e2e_processing_latency_window_time="10m"))
    (tmp_path / "check.lua").write_text('function validate(topic, body) return body ~= "bad", "bad" end\n')
    d.start()
    p = backend.admitted("known", None)
    c = backend.admitted("known", None)
    c.sub("t", "c")
    p.pub_all("t", [b"x" * 10] * 6)
    p.dpub("t", 60_000, b"later")
    c.rdy(1)
    c.fin(c.message())
    c.req(c.message(), 0)
    c.message()
    e = backend.admitted("known", None)
    e.sub("t", "e#ephemeral")
    p.pub("json", b"{}")
    p.pub("json", b"{")
    p.pub("lua", b"good")
    p.send(b"PUB lua\n\x00\x00\x00\x03bad")
    assert p.frame().kind == 1
    d.wait_channel("t", "c", requeue_count=1, in_flight_count=1)
    scraped(d)  # there are metrics of scrapes only after one
    return d


def judged_by_promtool(text):
    done = subprocess.run([PROMTOOL, "check", "metrics"], input=text, capture_output=True, timeout=scaled(60))
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


@needs_promtool
def test_promtool_has_no_remark(busy):
    judged_by_promtool(busy.http("GET", "/metrics").body)
    busy.post("/topic/pause", topic="t")
    busy.post("/channel/empty", topic="t", channel="c")
    busy.post("/channel/delete", topic="t", channel="e#ephemeral")
    judged_by_promtool(busy.http("GET", "/metrics").body)


@needs_promtool
def test_promtool_has_no_remark_on_odd_names_and_none(launch, adopt, tmp_path):
    d = launch(plugins=plugins())
    judged_by_promtool(d.http("GET", "/metrics").body)
    longest = "x" * 64
    for t in (".", "..a-_.", "0", longest, "e" * 54 + "#ephemeral"):
        d.post("/topic/create", topic=t)
        for c in (longest, "-", "e#ephemeral"):
            d.post("/channel/create", topic=t, channel=c)
    body = d.http("GET", "/metrics").body
    judged_by_promtool(body)
    assert len(Exposition(body.decode()).all("pluq_channel_depth")) == 15
    judged_by_promtool(adopt(Lookupd(start=False, plugins=plugins())).start().http("GET", "/metrics").body)
    (tmp_path / "users.csv").write_text("login,ip,tls_required,topic,channel,subscribe,publish\n")
    authd = adopt(Authd(start=False, plugins=[("auth-csv", {"data_file": tmp_path / "users.csv"}), *plugins()])).start()
    judged_by_promtool(authd.http("GET", "/metrics").body)


def test_it_tells_what_stats_tell(busy):
    s, stats = scraped(busy), busy.stats()
    for t in stats["topics"]:
        here = {"topic": t["topic_name"]}
        for metric, key in [("topic_published_messages_total", "message_count"), ("topic_published_bytes_total", "message_bytes"),
                            ("topic_depth", "depth"), ("topic_backend_depth", "backend_depth"), ("topic_paused", "paused")]:
            assert s.value("pluq_" + metric, **here) == t[key], (metric, here)
        assert s.value("pluq_topic_channels", **here) == len(t["channels"])
        for c in t["channels"]:
            here["channel"] = c["channel_name"]
            for metric, key in [("received_messages_total", "message_count"), ("depth", "depth"), ("backend_depth", "backend_depth"),
                                ("in_flight_messages", "in_flight_count"), ("deferred_messages", "deferred_count"),
                                ("requeued_messages_total", "requeue_count"), ("timed_out_messages_total", "timeout_count"),
                                ("consumers", "client_count"), ("paused", "paused")]:
                assert s.value("pluq_channel_" + metric, **here) == c[key], (metric, here)
            quantiles = {have["quantile"]: value for have, value in s.all("pluq_channel_e2e_latency_seconds", **here)}
            assert list(quantiles) == ["0.99", "0.5"]
            for p in c["e2e_processing_latency"]["percentiles"] or []:
                assert quantiles[f"{p['quantile']:g}"] == pytest.approx(p["value"] / 1e9)
    assert {have["topic"] for have, _ in s.all("pluq_topic_depth")} == {t["topic_name"] for t in stats["topics"]}
    buckets, total, count = s.histogram("pluq_channel_finish_latency_seconds", topic="t", channel="c")
    assert count == 1 and 0 <= total < 60


def test_what_it_tells_of_the_daemon(busy):
    s = scraped(busy)
    assert s.total("pluq_build_info") == 1 and s.all("pluq_build_info")[0][0]["version"]
    assert s.value("process_open_fds") == pytest.approx(busy.descriptors(), abs=8)
    assert s.value("process_resident_memory_bytes") == pytest.approx(busy.rss_kib() * 1024, rel=0.5)
    for name in ("process_max_fds", "process_cpu_seconds_total", "process_start_time_seconds", "pluq_loop_turn_seconds_count",
                 "pluq_storage_sync_seconds_count"):
        assert s.value(name) > 0, name
    assert s.value("pluq_auth_verdicts_total", plugin="auth-mock", verdict="allow") >= 3
    assert s.value("pluq_validator_verdicts_total", plugin="validate-json", topic="json", verdict="diverted") == 1
    assert s.value("pluq_validator_verdicts_total", plugin="validate-json", topic="json", verdict="accepted") == 1
    assert s.value("pluq_validator_verdicts_total", plugin="validate-lua", topic="lua", verdict="rejected") == 1
    assert s.value("pluq_prometheus_omitted_topics", reason="limit") == 0


def test_order_and_repetition(busy):
    first, second = scraped(busy), scraped(busy)
    assert first.order == second.order == sorted(first.order)
    for name in first.order:
        if not re.search("process_|metrics_|loop_|plugin_|connections|heap|memory", name):
            assert [x[:2] for x in first.families[name].samples] == [x[:2] for x in second.families[name].samples], name


def test_openmetrics(busy):
    accept = "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
    r = busy.http("GET", "/metrics", headers={"Accept": accept})
    assert r.headers["content-type"] == OPEN
    s, text = Exposition(r.body.decode(), openmetrics=True), scraped(busy)
    assert s.names() == text.names()
    assert s.families["pluq_topic_published_bytes"].unit == "bytes" and s.families["process_cpu_seconds"].type == "counter"
    assert not [n for n in s.names() if n.endswith("_created")]
    assert s.total("pluq_topic_published_messages_total") == text.total("pluq_topic_published_messages_total")


def test_compression(busy):
    headers = {"Accept-Encoding": "deflate, gzip;q=0.8, identity;q=0.5"}
    r = busy.http("GET", "/metrics", headers=headers)
    assert r.headers["content-encoding"] == "gzip" and r.headers["vary"] == "Accept, Accept-Encoding" and r.headers["content-type"] == TEXT
    assert len(r.body) < 8192
    assert Exposition(gzip.decompress(r.body).decode()).names() == scraped(busy).names()
    for refused in ("gzip;q=0", "identity, gzip;q=0.5", "br"):
        r = busy.http("GET", "/metrics", headers={"Accept-Encoding": refused})
        assert "content-encoding" not in r.headers and r.headers["vary"] == "Accept, Accept-Encoding"
    if shutil.which("curl"):
        url = "http://%s:%d/metrics" % busy.http_at
        done = subprocess.run(["curl", "-sSf", "--compressed", url], capture_output=True, check=True, timeout=scaled(60))
        assert Exposition(done.stdout.decode()).names() == scraped(busy).names()


def test_limits_and_reload(launch):
    options = {"max_topics": 2, "max_channels": 3}
    d = launch(plugins=[("prometheus", options)])
    for t in ("a", "b", "c#ephemeral", "d"):
        d.post("/topic/create", topic=t)
        for c in ("x", "y#ephemeral"):
            d.post("/channel/create", topic=t, channel=c)
    s = scraped(d)
    assert [have["topic"] for have, _ in s.all("pluq_topic_depth")] == ["a", "b"]
    assert [(h["topic"], h["channel"]) for h, _ in s.all("pluq_channel_depth")] == [("a", "x"), ("a", "y#ephemeral"), ("b", "x")]
    assert s.value("pluq_prometheus_omitted_topics", reason="limit") == 2
    assert s.value("pluq_prometheus_omitted_channels", reason="limit") == 5
    options.update(max_topics="none", max_channels="none", exclude_ephemeral=True)
    d._config_file()
    d.signal(signal.SIGHUP)
    s = eventually(lambda: (lambda x: x if x.value("pluq_prometheus_omitted_topics", reason="ephemeral") else None)(scraped(d)), 10, "the reload")
    assert [(h["topic"], h["channel"]) for h, _ in s.all("pluq_channel_depth")] == [("a", "x"), ("b", "x"), ("d", "x")]
    assert s.value("pluq_prometheus_omitted_channels", reason="ephemeral") == 5  # all of c#ephemeral too
    assert s.value("pluq_prometheus_omitted_topics", reason="limit") == 0


def test_where_it_is_served(launch):
    d = launch(plugins=[("prometheus", {"path": "/a/b"}), ("small", {"plugin": "prometheus", "path": "/small", "max_topics": 0})])
    d.post("/topic/create", topic="t")
    assert d.http("GET", "/metrics").status == 404 and d.http("POST", "/a/b").status == 405
    assert scraped(d, "/a/b").value("pluq_topic_depth", topic="t") == 0
    s = scraped(d, "/small")
    assert not s.all("pluq_topic_depth") and s.value("pluq_prometheus_omitted_topics", plugin="small", reason="limit") == 1


def test_a_path_that_somebody_else_serves(launch):
    d = launch.make(plugins=plugins(path="/ping")).spawn()
    assert d.wait() != 0
    assert "prometheus: /ping is served by nsqd already" in d.log()


@pytest.mark.parametrize("path", ["metrics", "/a?b"])
def test_a_path_that_is_none(launch, path):
    d = launch.make(plugins=plugins(path=path)).spawn()
    assert d.wait() != 0
    assert f"prometheus: path: '{path}' is no path" in d.log()


def test_it_needs_a_secret_where_others_do(launch, tmp_path):
    backend = Mock(tmp_path)
    backend.set(Account("known", (Grant("^t$", (".*",), "subscribe"),)))
    d = backend.attach(launch.make(plugins=[*backend.plugins(), *plugins()], http_auth=True)).start()
    r = d.http("GET", "/metrics")
    assert r.status == 401 and b"pluq_" not in r.body
    assert d.http("GET", "/metrics", headers={"Authorization": "Bearer unknown"}).status in (401, 403)
    assert scraped(d, headers={"Authorization": "Bearer known"}).value("process_start_time_seconds") > 0


def test_on_every_listener(launch, certs):
    d = launch(plugins=plugins(), **certs.server.options)
    assert Exposition(d.https(certs.context(), "GET", "/metrics").body.decode()).all("pluq_build_info")


def test_of_a_discovery_daemon(adopt):
    d = adopt(Lookupd(start=False, plugins=plugins())).start()
    s = scraped(d)
    assert s.value("pluq_loop_turn_seconds_count") > 0 and not s.all("pluq_topic_depth")


def test_a_scraper_that_leaves(launch):
    """What was rendered for it is given back: the sanitizers would tell."""
    d = launch(plugins=plugins())
    for _ in range(20):
        c = d.raw_http()
        c.send("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
        c.close()
    eventually(lambda: scraped(d).value("pluq_connections", plugin="nsqd", listener="HTTP") == 1, 10, "they have left")


def test_a_scraper_that_does_not_read_holds_up_no_publish(launch):
    """Although what it has asked for is larger than memory_limit, and than what the kernel takes of it."""
    d = launch(plugins=plugins(), memory_limit="2MiB")
    for t in range(20):
        topic = f"{t:02}".rjust(64, "t")
        d.post("/topic/create", topic=topic)
        for c in range(150):
            d.post("/channel/create", topic=topic, channel=f"{c:03}".rjust(64, "c"))
    assert len(d.http("GET", "/metrics").body) > 6 << 20
    with socket.socket() as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        s.connect(d.http_at)
        s.sendall(b"GET /metrics HTTP/1.0\r\n\r\n")
        assert s.recv(8) == b"HTTP/1.0"
        with d.client() as p:
            for _ in range(100):
                p.pub("t", bytes(1000))
        assert s.recv(1)


def test_scraping_while_everything_changes(launch):
    """Topics come and go, a reload comes: each scrape is whole."""
    d = launch(plugins=plugins(), threads=2)
    through = threading.Event()
    failures = []

    def scrape(accept):
        try:
            while not through.is_set():
                r = d.http("GET", "/metrics", headers={"Accept": accept, "Accept-Encoding": "gzip"})
                Exposition(gzip.decompress(r.body).decode(), openmetrics=accept.startswith("application"))
        except Exception as e:
            failures.append(e)

    threads = [threading.Thread(target=scrape, args=(a,)) for a in ("text/plain", "application/openmetrics-text")]
    for t in threads:
        t.start()
    with d.client() as p:
        for i in range(60):
            p.pub(f"t{i % 7}", b"x" * (i + 1))
            d.post("/channel/create", topic=f"t{i % 7}", channel="c")
            if i % 5 == 4:
                d.post("/topic/delete", topic=f"t{i % 7}")
            if i % 20 == 19:
                d.signal(signal.SIGHUP)
    through.set()
    for t in threads:
        t.join()
    assert not failures, failures


# the dashboard


def expressions(panel):
    for target in panel.get("targets", []):
        yield target["expr"]
    for inner in panel.get("panels", []):
        yield from expressions(inner)


def test_the_dashboard_asks_for_what_there_is(busy, adopt):
    """Metrics that come only with their first event are known by what the documentation says."""
    board = json.loads(DASHBOARD.read_text())
    queries = [e for p in board["panels"] for e in expressions(p)]
    queries += [v["query"]["query"] if isinstance(v["query"], dict) else v["query"] for v in board["templating"]["list"] if v["type"] == "query"]
    busy.post("/channel/empty", topic="t", channel="c")
    p = busy.client()
    p.send(b"NONSENSE\n")
    p.fatal("E_INVALID invalid command NONSENSE")
    s = scraped(busy)
    discovery = adopt(Lookupd(start=False, plugins=plugins())).start()
    asked = set()
    for q in queries:
        found = set(re.findall(r"\b((?:pluq|process)_[a-z0-9_]+)", q))
        assert found, q
        asked |= found
    assert asked - s.names() - scraped(discovery).names() == set()
    labels = {label for f in s.families.values() for _, have, _ in f.samples for label in have} | {"instance", "job"}
    for q in queries:
        for grouped in re.findall(r"\bby \(([^)]*)\)", q):
            assert set(re.split(r",\s*", grouped)) <= labels, q
        for matcher in re.findall(r"\{([^}]*)\}", q):
            assert set(re.findall(r"(\w+)\s*(?:=~|!~|!=|=)", matcher)) <= labels, q
    assert len({p["id"] for p in board["panels"]}) == len(board["panels"])


@needs_promtool
def test_promtool_understands_every_query(tmp_path):
    """As rules, in which Grafana's variables are what Grafana would make of them."""
    board = json.loads(DASHBOARD.read_text())
    queries = [e for p in board["panels"] for e in expressions(p)]
    plain = [re.sub(r"\$(__rate_interval)", "1m", re.sub(r'"\$\w+"', '".*"', q)) for q in queries]
    rules = [{"record": f"q:{i}", "expr": q} for i, q in enumerate(plain)]
    (tmp_path / "rules.yml").write_text(json.dumps({"groups": [{"name": "dashboard", "rules": rules}]}))
    done = subprocess.run([PROMTOOL, "check", "rules", tmp_path / "rules.yml"], capture_output=True, text=True, timeout=scaled(60))
    assert done.returncode == 0, done.stdout + done.stderr
