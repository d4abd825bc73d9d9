"""nsqjs, an existing client, against pluqd: 100,000 lines on two channels, nothing lost, nothing changed."""

import hashlib
import json
import os
import socket
import subprocess
from pathlib import Path

import pytest

from pluqtest import scaled

HERE = Path(__file__).resolve().parent
LINES = 100_000
CHANNELS = ["archive", "live"]


def sources():
    """The text files of the repository."""
    top = HERE.parent.parent
    for folder in ("plugin-api", "daemon", "plugins", "tests", "docs"):
        for path in sorted((top / folder).rglob("*")):
            if path.suffix in (".c", ".h", ".py", ".md") and path.is_file():
                yield path


@pytest.fixture(scope="session")
def real_lines(tmp_path_factory):
    """A file of LINES lines, each with its number before it; the texts repeat, the numbers do not."""
    texts = [t for path in sources() for t in path.read_text().splitlines()]
    path = tmp_path_factory.mktemp("lines") / "lines"
    with open(path, "w") as f:
        for n in range(LINES):
            f.write(f"{n:06} {texts[n % len(texts)]}\n")
    return path


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as s:
        return s.getsockname()[1]


@pytest.mark.parametrize("restart", ["no restart", "restart at rest", "restart in the midst"])
def test_roundtrip(launch, modules, real_lines, restart):
    """At rest the broker has carried out every answer it was sent, and nothing is due soon: what it holds is known, and it
    must bring back exactly that, nothing twice and nothing before its time. In the midst, answers are lost on their way: what
    they were about was in flight, so it comes again, and at once."""
    port = free_port()
    d = launch(tcp=f"127.0.0.1:{port}", mem_queue_size=2000, **{"log.level": "info"})
    job = {"port": port, "topic": "lines", "file": str(real_lines), "channels": CHANNELS, "readers": 3,
           "pauseAt": -1 if restart == "no restart" else LINES // 2, "atRest": restart == "restart at rest",
           "lateMs": int(scaled(3000))}
    for channel in CHANNELS:
        d.consumer("lines", channel).close()  # both get everything
    node = subprocess.Popen(["node", str(HERE / "roundtrip.js"), json.dumps(job)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                            env={**os.environ, "NODE_PATH": str(modules)}, text=True)
    try:
        if restart != "no restart":
            half = json.loads(node.stdout.readline())["half"]
            for channel in CHANNELS if restart == "restart at rest" else []:
                d.wait_channel("lines", channel, deadline=60, depth=0, in_flight_count=half["held"], deferred_count=half["late"])
            d.restart()
            node.stdin.write("go\n")
            node.stdin.flush()
        out, _ = node.communicate(timeout=scaled(120))
    finally:
        node.kill()
        node.wait()
    assert node.returncode == 0
    report = json.loads(out)
    wanted = hashlib.sha256(real_lines.read_bytes()).hexdigest()
    for channel in CHANNELS:
        r = report[channel]
        assert (r["lines"], r["sha256"]) == (LINES, wanted)
        assert r["requeued"] >= LINES // 23 and r["touched"] >= LINES // 101
        d.wait_channel("lines", channel, depth=0, in_flight_count=0, deferred_count=0)
        if restart != "restart in the midst":
            assert (r["repeated"], r["early"]) == (0, 0)
        if restart == "no restart":
            s = d.channel_stats("lines", channel)
            assert (s["message_count"], s["requeue_count"], s["timeout_count"]) == (LINES, r["requeued"], 0)
    assert d.topic_stats("lines")["depth"] == 0
    d.stop()
    assert d.files("*.bad") == []
