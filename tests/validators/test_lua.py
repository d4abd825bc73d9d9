"""validate-lua through the daemon; what scripts may and may not do is in the unit tests."""

import os
import re
import subprocess
import threading
from pathlib import Path

import pytest
from pluqtest.authbackends import reload_and_wait
from pluqtest.client import answer
from pluqtest.daemon import Pluqd
from pluqtest.wait import eventually

# What goes wrong in a thread is a failure of its test.
pytestmark = pytest.mark.filterwarnings("error::pytest.PytestUnhandledThreadExceptionWarning")

EXAMPLE = Path(os.environ["PLUQ_SOURCE_DIR"]) / "docs" / "examples" / "check.lua"


def refused(reason):
    return b"E_BAD_MESSAGE PUB rejected by validate-lua: " + reason


def test_the_example(launch):
    d = launch(plugins=[("validate-lua", {"script": str(EXAMPLE)})])
    c = d.client()
    assert answer(c, "jobs", b'{"o":"+","l":"x"}') == b"OK"
    assert answer(c, "jobs", b'{"o":"-","l":"x","bl":1}') == b"OK"
    assert answer(c, "jobs", b'{"o":"-","l":"x"}') == refused(b"o must be + (with l) or - (with l and bl)")
    for unset in (b'{"o":"+","l":null}', b'{"o":"-","l":null,"bl":1}', b'{"o":"-","l":"x","bl":null}', b'{"o":"+"}', b"[]"):
        assert answer(c, "jobs", unset) == refused(b"o must be + (with l) or - (with l and bl)")
    assert answer(c, "jobs", b"[") == refused(b"JSON: it ends too early at byte 2")
    assert answer(c, "jobs", b"1") == refused(b"not an object")
    assert answer(c, "jobs", b" " * 65537) == refused(b"larger than 65536 bytes")
    assert answer(c, "jobs", b"#test 1") == b"OK"
    assert d.topic_stats("jobs")["message_count"] == 2
    assert d.topic_stats("jobs.test")["message_count"] == 1


def test_the_guides_examples_agree(launch, tmp_path):
    """Of jobs with +; null is not set, false is."""
    guide = (EXAMPLE.parents[1] / "operators.md").read_text()
    script = tmp_path / "check.lua"
    script.write_text("".join(f"{line}\n" for line in re.search(r"^    function validate.*?^    end$", guide, re.M | re.S)[0].split("\n")))
    rules = re.findall(r"^ {10}- (o == .*)$", guide, re.M)
    assert len(rules) == 2
    d = launch(plugins=[("validate-lua", {"topics": ["l"], "script": str(script)}), ("example", {"plugin": "validate-lua", "topics": ["e"], "script": str(EXAMPLE)}),
                        ("validate-json", {"topics": ["j"], "accept_if": rules})])
    c = d.client()
    for body, good in [(b'{"o":"+","l":"x"}', True), (b'{"o":"+","l":false}', True), (b'{"o":"+","l":null}', False), (b'{"o":"+"}', False),
                       (b'{"o":"-","l":null}', False), (b"[1]", False), (b"1", False), (b"{", False)]:
        assert {topic: answer(c, topic, body) == b"OK" for topic in "lej"} == {topic: good for topic in "lej"}, body


def test_a_runaway_script_costs_its_message_only(launch, tmp_path):
    script = tmp_path / "check.lua"
    script.write_text("local kept = {}\nfunction validate(topic, body)\n  if body == 'spin' then while true do end end\n"
                      "  if body == 'grow' then while true do kept[#kept + 1] = {} end end\n"
                      "  if body == 'fail' then local x = body.y.z end\n  return true\nend\n")
    d = launch(plugins=[("validate-lua", {"script": str(script), "max_memory": "1MiB"}), ("prometheus", {})])
    c = d.client()
    for _ in range(3):
        assert answer(c, "t", b"good") == b"OK"
        assert answer(c, "t", b"spin") == refused(b"the script took too long")
        assert answer(c, "t", b"grow") == refused(b"the script ran out of memory")
        assert answer(c, "t", b"fail") == refused(b"script error: check.lua:5: attempt to index a nil value (field 'y')")
    assert d.topic_stats("t")["message_count"] == 3
    d.wait_log("a message for t was rejected: the script took too long")

    def counted():
        text = d.http("GET", "/metrics").body
        return dict(re.findall(r'validate_lua_failures\w*\{[^}\n]*reason="(\w+)"[^}\n]*\} (\d+)', text if isinstance(text, str) else text.decode()))

    eventually(lambda: counted() == {"answer": "0", "error": "3", "instructions": "3", "memory": "3"}, 10, "the failures are counted")


@pytest.mark.parametrize("check", [False, True])
@pytest.mark.parametrize("text, why", [
    ("function validate(", ":1: <name> or '...' expected near <eof>"),
    ("local x = {}\nlocal y = x.z.z\n", ":2: attempt to index a nil value (field 'z')"),
    ("x = 1\n", ": there is no function validate"),
    ("validate = {}\n", ": there is no function validate"),
    ("while true do end\n", ": takes more than 10 times max_instructions to start"),
    (None, ": cannot be opened: No such file or directory"),
])
def test_a_script_that_does_not_start(adopt, tmp_path, text, why, check):
    script = tmp_path / "check.lua"
    if text is not None:
        script.write_text(text)
    d = adopt(Pluqd(start=False, plugins=[("validate-lua", {"script": str(script)})]))
    r = subprocess.run([*d.command(), *(["--check-config"] if check else [])], capture_output=True, text=True, timeout=60)
    assert r.returncode == 1 and f"script: {script}{why}" in r.stderr.strip().splitlines()[-1], r


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
    d = launch(plugins=[("validate-lua", {"script": str(script)})], threads=4)
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
