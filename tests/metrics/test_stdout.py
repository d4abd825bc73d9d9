"""Metrics as lines, for people and for collectors."""

import json
import os
import re
import signal
import subprocess

import pytest

from pluqtest.wait import eventually, scaled


def stdout(path="stdout", **options):
    return [("stdout", {"to": str(path), "interval": "100ms", **options})]


def objects(path):
    text = path.read_text() if path.exists() else ""
    return [json.loads(line) for line in text[:text.rfind("\n") + 1].splitlines()]


def test_lines_for_people(launch, tmp_path):
    d = launch(plugins=stdout(tmp_path / "m", interval="1h"), broadcast_address="h.example")
    with d.client() as p, d.consumer("t", "c", 1) as c:
        p.pub_all("t", [b"x"] * 12)
        c.fin(c.message())
        d.wait_channel("t", "c", depth=10)
    d.stop()
    text = (tmp_path / "m").read_text()
    assert re.match(rf"\d{{4}}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{{3}}Z h\.example:{d.http_at[1]}\n  \w", text)
    blocks = re.split(r"^topic ", text, flags=re.M)
    assert [b.partition("\n")[0] for b in blocks[1:]] == ["t", "t, channel c"]
    assert re.search(r"^  topic_published_messages +12$", blocks[1], re.M)
    assert re.search(r"^  channel_depth +10$", blocks[2], re.M)
    assert re.search(r"^  channel_finish_latency +1 +mean \S+ \S+  p50 ", blocks[2], re.M)
    assert re.search(r"^  connections\{plugin=nsqd, listener=TCP\} +0$", blocks[0], re.M)
    columns = {m.end() - m.start() for m in re.finditer(r"^  \S.*?\S  +(?:\d\S*)(?=$| )", text, re.M)}
    assert len(columns) == 1, columns


def test_rates(launch, tmp_path):
    path = tmp_path / "m"
    d = launch(plugins=stdout(path, metrics=["topic_published_messages"]))
    d.client().pub_all("t", [b"x"] * 100)
    eventually(lambda: re.search(r"^topic t\n  topic_published_messages +100 +\d+(\.\d+)?/s$", path.read_text(), re.M), 10, "a rate")
    eventually(lambda: re.search(r"^topic t\n  topic_published_messages +100 +0/s$", path.read_text(), re.M), 10, "that goes down")


def test_json_lines(launch, tmp_path):
    path = tmp_path / "m"
    d = launch(plugins=stdout(path, format="json"))
    d.post("/topic/create", topic="t")
    d.post("/channel/create", topic="t", channel="c#ephemeral")
    eventually(lambda: objects(path), 10, "changes are told from the second snapshot on")
    d.client().pub_all("t", [b"x" * 5] * 7)

    def of(metric):
        return [o for o in objects(path) if o["metric"] == metric]

    eventually(lambda: sum(o.get("change", 0) for o in of("channel_received_messages")) >= 7, 10, "it is told")
    o = of("channel_received_messages")[-1]
    assert (o["type"], o["topic"], o["channel"], o["value"]) == ("counter", "t", "c#ephemeral", 7) and o["port"] == d.http_at[1]
    assert of("topic_published")[-1]["unit"] == "bytes"
    assert of("connections")[-1]["labels"] == {"listener": of("connections")[-1]["labels"]["listener"]}
    assert len(of("loop_turn")[-1]["buckets"]) > 0
    assert len({o["time"] for o in objects(path)}) > 1


def test_filters_and_reload(launch, tmp_path):
    path = tmp_path / "m"
    d = launch(plugins=stdout(path, format="json", metrics=["topic_*", "channel_*"], **{"except": ["*_paused"]}))
    d.post("/topic/create", topic="t")
    eventually(lambda: objects(path), 10, "it writes")
    names = {o["metric"] for o in objects(path)}
    assert "topic_depth" in names and "topic_paused" not in names and all(n.startswith("topic_") for n in names)
    d.plugins[0][1].update(metrics=["loop_*"], to=str(tmp_path / "n"))
    d._config_file()
    d.signal(signal.SIGHUP)
    eventually(lambda: {o["metric"] for o in objects(tmp_path / "n")} >= {"loop_turns"}, 10, "elsewhere, others")
    assert all(o["metric"].startswith("loop_") for o in objects(tmp_path / "n"))


def test_a_rotated_file_is_opened_anew(launch, tmp_path):
    path, old = tmp_path / "m", tmp_path / "m.1"
    d = launch(plugins=stdout(path, format="json"))
    eventually(lambda: objects(path), 10, "it writes")
    path.rename(old)
    d.signal(signal.SIGHUP)
    eventually(lambda: objects(path), 10, "it writes again")
    size = old.stat().st_size
    assert old.read_bytes().endswith(b"\n")
    before = len(objects(path))
    eventually(lambda: len(objects(path)) > before, 10, "there alone")
    assert old.stat().st_size == size
    first = objects(path)[0]["time"]
    assert any("change" in o for o in objects(path) if o["time"] == first)  # nothing is lost between the two


def test_standard_output(launch):
    """Here it is the log's file too."""
    d = launch(plugins=stdout(metrics=["topic_depth"]))
    d.post("/topic/create", topic="t")
    d.wait_log(r"^topic t\n  topic_depth  0$")


def test_a_full_disk(launch):
    d = launch(plugins=stdout("/dev/full"))
    d.wait_log(r"warn stdout: metrics could not be handed on: /dev/full: No space left on device")
    with d.client() as p, d.consumer("t", "c", 1) as c:
        p.pub("t", b"x")
        c.fin(c.message())


@pytest.mark.parametrize("read", ["closed", "unread"])
def test_a_pipe_that_nobody_reads(launch, read):
    """Standard output is one that blocks, and the daemon neither ends nor waits; nor does the stop."""
    reader, writer = os.pipe()
    if read == "closed":
        os.close(reader)
    d = launch.make(plugins=stdout(format="json"))
    d.enter = lambda: os.dup2(writer, 1)
    d.start()
    os.close(writer)
    wrong = "Broken pipe" if read == "closed" else "nobody reads it"
    d.wait_log(rf"warn stdout: metrics could not be handed on: standard output: {wrong}", 20)
    with d.client() as p, d.consumer("t", "c", 1) as c:
        p.pub("t", b"x")
        c.fin(c.message())
    assert d.http("GET", "/ping").body == b"OK"
    d.stop()
    if read == "closed":
        return
    os.set_blocking(reader, False)
    data = b""
    while chunk := os.read(reader, 1 << 16):
        data += chunk
    os.close(reader)
    *whole, _ = data.split(b"\n")
    assert len(whole) > 10 and all(json.loads(line)["metric"] for line in whole)


@pytest.mark.parametrize("options, said", [
    ({"to": "/nonsuch/m"}, "stdout: /nonsuch/m: No such file or directory"),
    ({"to": "/"}, "stdout: /: Is a directory"),
    ({"interval": "1ms"}, "stdout.interval: '1ms' is not a duration of at least 10ms"),
    ({"format": "xml"}, "stdout.format: 'xml' is not one of text, json"),
    ({"metrics": ["topic_*", "[a"]}, "stdout: metrics: the glob '[a' has a [ without its ]"),
])
def test_bad_options_stop_the_start(launch, options, said):
    d = launch.make(plugins=[("stdout", options)]).spawn()
    assert d.wait() == 1
    assert said in d.log().splitlines()[-1]


def test_a_check_finds_globs_that_match_nothing(launch):
    d = launch.make(plugins=[("stdout", {"except": ["x", "Topic*"]})])
    r = subprocess.run([*d.command(), "--check-config"], capture_output=True, text=True, timeout=scaled(30))
    assert r.returncode == 1
    assert "stdout: except: the glob 'Topic*' matches no metric: their names are of a-z, 0-9 and _" in r.stderr.splitlines()[-1]
