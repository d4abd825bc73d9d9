"""The load generator: every mode runs against the broker and accounts for its messages. How fast it was is not looked at."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from pluqtest import eventually
from pluqtest.wait import scaled

BUILD = Path(os.environ.get("PLUQ_BUILD_DIR", "."))
PROGRAM = BUILD / "bench" / "pluq-bench"
SCRIPT = Path(__file__).resolve().parents[2] / "bench" / "run"

SMALL = {
    "pub": "--count 1000 --rounds 2",
    "mpub": "--count 1000 --batch 100 --rounds 1",
    "sub": "--count 1000 --rounds 2",
    "latency": "--rate 500 --seconds 1",
    "memory": "--count 1000",
    "disk": "--count 1000 --rounds 1",
    "timers": "--count 200 --channels 3 --lead 2 --seconds 1",
    "idle-connections": "--connections 20",
    "idle-topics": "--count 20 --seconds 1",
}


def run(*arguments, status=0):
    done = subprocess.run([PROGRAM, *arguments], capture_output=True, text=True, timeout=scaled(120))
    assert done.returncode == status, done.stdout + done.stderr
    return done


def against(broker, mode, *more, small=None):
    place = ["--address", "%s:%d" % broker.tcp, "--http", "%s:%d" % broker.http_at, "--pid", str(broker.pid)]
    return run("--json", *place, *more, *(small or SMALL[mode]).split(), mode)


@pytest.mark.parametrize("mode", SMALL)
def test_a_mode_reports_and_leaves_no_topics(broker, mode):
    rows = [json.loads(line) for line in against(broker, mode).stdout.splitlines()]
    assert [r["row"] for r in rows] == (["disk-in", "disk-out"] if mode == "disk" else [mode])
    for r in rows:
        assert r.get("messages", r.get("connections", r.get("topics"))) > 0
        assert "early" not in r or r["early"] == 0
    eventually(lambda: broker.stats()["topics"] == [], what="its topics are deleted")


COATS = ["--tls", "--snappy", "--deflate", "--tls --snappy", "--tls --deflate"]


@pytest.mark.parametrize("mode", ["pub", "mpub", "sub", "latency", "idle-connections"])
@pytest.mark.parametrize("coat", COATS)
def test_connections_wear_what_is_asked_for(launch, certs, mode, coat):
    d = launch(https_address="", **certs.server.options)
    r = json.loads(against(d, mode, *coat.split(), "--text").stdout)
    assert r["row"] == mode


@pytest.mark.parametrize("resume", [[], ["--resume"]])
def test_handshakes(launch, certs, resume):
    d = launch(https_address="", **certs.server.options)
    r = json.loads(against(d, "handshakes", *resume, small="--count 40 --connections 4").stdout)
    assert (r["row"], r["messages"]) == ("handshakes", 40)


def test_what_is_not_offered_is_told(launch):
    d = launch(snappy=False)
    for options in (["--tls"], ["--snappy"]):
        r = run("--address", "%s:%d" % d.tcp, *options, "pub", status=1)
        assert r.stderr == f"pluq-bench: the server does not offer {options[0][2:]}\n"
    assert "does not offer TLS" in run("--address", "%s:%d" % d.tcp, "handshakes", status=1).stderr


def test_an_auth_check_is_cheap_enough_to_be_measured():
    done = subprocess.run([BUILD / "bench" / "auth-check"], capture_output=True, text=True, timeout=scaled(120), check=True)
    assert done.stdout.count(" ns\n") == 3


DISCOVERY = "--connections 20 --count 4 --channels 2 --rounds 30 --seconds 1"


def test_discovery_reports_and_leaves_no_topics(lookupd):
    done = against(lookupd, "discovery", small=DISCOVERY)
    rows = {r["row"]: r for r in map(json.loads, done.stdout.splitlines())}
    assert list(rows) == ["discovery-register", "discovery-lookup", "discovery-nodes", "discovery-idle"]
    r = rows["discovery-register"]
    assert (r["brokers"], r["topics"], r["registrations"]) == (20, 4, 20 * 4 * 2)
    for row, requests in (("discovery-lookup", 30), ("discovery-nodes", 3)):
        r = rows[row]
        assert r["requests"] == requests and 0 < r["p50_ms"] <= r["p99_ms"] <= r["max_ms"]
        assert r["answer_bytes"] > 20 * len("broker-1.bench.example")
    assert lookupd.topics() == []
    eventually(lambda: lookupd.nodes() == {}, what="its brokers have left")


SCRAPE = "--count 2 --channels 3 --rounds 2 --rate 25000 --seconds 1"


def test_scrape_reports_and_leaves_no_topics(launch):
    d = launch(plugins=[("prometheus", {})])
    rows = [json.loads(line) for line in against(d, "scrape", small=SCRAPE).stdout.splitlines()]
    assert [r["row"] for r in rows] == ["scrape-plain", "scrape-gzip", *(f"scrape-latency-{rate}{how}" for rate in (500, 25000)
                                                                        for how in ("", "-scraped", "-scraped-gzip"))]
    for r in rows[:2]:
        assert (r["messages"], r["channels"]) == (2, 6) and 0 < r["p50_ms"] <= r["max_ms"]
    assert rows[1]["mib"] < rows[0]["mib"]
    for r in rows[2:]:
        assert r.get("scrapes", 1) >= 1
    eventually(lambda: d.stats()["topics"] == [], what="its topics are deleted")


def test_scrape_tells_what_is_missing(broker):
    r = run("--address", "%s:%d" % broker.tcp, "--http", "%s:%d" % broker.http_at, *SCRAPE.split(), "scrape", status=1)
    assert "404" in r.stderr and "is the plugin prometheus configured?" in r.stderr
    assert "--http is needed" in run("--address", "%s:%d" % broker.tcp, *SCRAPE.split(), "scrape", status=1).stderr


def test_discovery_tells_what_is_refused(lookupd, broker):
    r = run("--address", "%s:%d" % broker.tcp, "--http", "%s:%d" % broker.http_at, *DISCOVERY.split(), "discovery", status=1)
    assert "pluq-bench: " in r.stderr and r.stdout == ""
    assert "--http is needed" in run("--address", "%s:%d" % lookupd.tcp, "discovery", status=1).stderr


def test_what_is_refused_is_no_result(launch):
    d = launch(max_msg_size=100)
    r = run("--address", "%s:%d" % d.tcp, "--size", "101", "--connections", "1", "--outstanding", "1", "--count", "1", "pub", status=1)
    assert "E_BAD_MESSAGE" in r.stderr and r.stdout == ""


def test_usage():
    assert "usage: pluq-bench" in run("--help").stdout
    assert "usage: pluq-bench" in run(status=2).stderr
    assert "usage: pluq-bench" in run("--bogus", "pub", status=2).stderr
    assert "usage: pluq-bench" in run("nosuchmode", status=2).stderr
    assert "--size: '0' is not a number from 1" in run("--size", "0", "pub", status=2).stderr


@pytest.mark.parametrize("row,lines", [("latency-slow", 1), ("discovery", 4), ("mpub-tls-snappy", 1), ("handshakes-resumed", 1),
                                       ("pub-auth", 1)])
def test_the_script_prints_a_table(tmp_path, row, lines):
    cores = sorted(os.sched_getaffinity(0))
    done = subprocess.run([SCRIPT, "--quick", "--rows", row, "--data", tmp_path, "--bench", PROGRAM,
                           "--server-core", str(cores[0]), "--generator-core", str(cores[-1])], capture_output=True, text=True,
                          timeout=scaled(300))
    assert done.returncode == 0, done.stdout + done.stderr
    rows = [line for line in done.stdout.splitlines() if line.startswith("| ")][2:]
    assert [row.count("|") for row in rows] == [7] * lines, done.stdout
    assert list(tmp_path.iterdir()) == []
