"""validate-lua through the daemon; what scripts may and may not do is in the unit tests."""

import os
import threading
from pathlib import Path

from pluqtest.authbackends import reload_and_wait
from pluqtest.client import sized

EXAMPLE = Path(os.environ["PLUQ_SOURCE_DIR"]) / "docs" / "examples" / "check.lua"


def answer(c, topic, body):
    c.send(f"PUB {topic}\n".encode() + sized(body))
    return c.frame().data


def refused(reason):
    return b"E_BAD_MESSAGE PUB rejected by validate-lua: " + reason


def test_the_example(launch):
    d = launch(plugins=[("validate-lua", {"script": str(EXAMPLE)})])
    c = d.client()
    assert answer(c, "jobs", b'{"o":"+","l":"x"}') == b"OK"
    assert answer(c, "jobs", b'{"o":"-","l":"x","bl":1}') == b"OK"
    assert answer(c, "jobs", b'{"o":"-","l":"x"}') == refused(b"o must be + (with l) or - (with l and bl)")
    assert answer(c, "jobs", b"[") == refused(b"JSON: it ends too early at byte 2")
    assert answer(c, "jobs", b"1") == refused(b"not an object")
    assert answer(c, "jobs", b" " * 65537) == refused(b"larger than 65536 bytes")
    assert answer(c, "jobs", b"#test 1") == b"OK"
    assert d.topic_stats("jobs")["message_count"] == 2
    assert d.topic_stats("jobs.test")["message_count"] == 1


def test_a_runaway_script_costs_its_message_only(launch, tmp_path):
    script = tmp_path / "check.lua"
    script.write_text("local kept = {}\nfunction validate(topic, body)\n  if body == 'spin' then while true do end end\n"
                      "  if body == 'grow' then while true do kept[#kept + 1] = {} end end\n"
                      "  if body == 'fail' then local x = body.y.z end\n  return true\nend\n")
    d = launch(plugins=[("validate-lua", {"script": str(script), "max_memory": "1MiB"})])
    c = d.client()
    for _ in range(3):
        assert answer(c, "t", b"good") == b"OK"
        assert answer(c, "t", b"spin") == refused(b"the script took too long")
        assert answer(c, "t", b"grow") == refused(b"the script ran out of memory")
        assert answer(c, "t", b"fail") == refused(b"script error: check.lua:5: attempt to index a nil value (field 'y')")
    assert d.topic_stats("t")["message_count"] == 3
    d.wait_log("a message for t was rejected: the script took too long")


def test_a_script_that_does_not_start(launch, tmp_path):
    script = tmp_path / "check.lua"
    for text, why in (("function validate(", ":1: <name> or '...' expected near <eof>"), ("x = 1\n", ": there is no function validate")):
        script.write_text(text)
        d = launch.make(plugins=[("validate-lua", {"script": str(script)})]).spawn()
        assert d.wait() != 0
        assert f"script: {script}{why}" in d.log().strip().splitlines()[-1]


def test_reloads_under_load(launch, tmp_path):
    """A message is judged by one script or the other; one that is broken changes nothing."""
    script = tmp_path / "check.lua"

    def write(text):
        fresh = tmp_path / "fresh"
        fresh.write_text(text)
        fresh.rename(script)

    def version(n):
        return f"function validate(topic, body) return body == 'a', 'version {n}' end\n"

    write(version(0))
    d = launch(plugins=[("validate-lua", {"script": str(script)})], threads=3)
    stop, wrong, accepted = threading.Event(), [], [0] * 4

    def publish(n):
        c = d.client()
        while not stop.is_set():
            got = answer(c, f"t{n}", b"a"), answer(c, f"t{n}", b"b")
            if got[0] != b"OK" or not got[1].startswith(refused(b"version ")):
                wrong.append(got)
            accepted[n] += 1
        c.close()

    threads = [threading.Thread(target=publish, args=(n,)) for n in range(4)]
    for t in threads:
        t.start()
    for i in range(1, 11):
        write(version(i))
        reload_and_wait(d)
    write("function validate(")
    d.signal(1)
    d.wait_log("reload failed, the old options stay: script: .*check.lua:1: ")
    stop.set()
    for t in threads:
        t.join()
    assert not wrong
    c = d.client()
    assert answer(c, "t0", b"b") == refused(b"version 10")
    for n in range(4):
        assert d.topic_stats(f"t{n}")["message_count"] == accepted[n]
