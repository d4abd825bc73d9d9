"""validate-json through the daemon; what is JSON and what rules say is in the unit tests."""

import json
import shutil
import subprocess

import pytest

from pluqtest import scaled
from pluqtest.client import answer

CLASSIC = {"accept_if": ['o == "+" and l', 'o == "-" and l and bl']}


def judged(c, topic, body):
    """None, or the reason."""
    said = answer(c, topic, body)
    if said == b"OK":
        return None
    before = b"E_BAD_MESSAGE PUB rejected by validate-json: "
    assert said.startswith(before), said
    return said[len(before):].decode()


def test_the_case_of_the_classic_queue_reader(launch):
    d = launch(plugins=[("validate-json", {"topics": ["links*"], **CLASSIC})])
    c = d.client()
    for good in ({"o": "+", "l": "x"}, {"o": "-", "l": "x", "bl": "y"}, {"l": 1, "x": [{}], "o": "+"}):
        assert judged(c, "links", good) is None
    for bad in ({"o": "-", "l": "x"}, {"o": "+"}, {"o": "+", "l": None}, {"o": "?", "l": 1, "bl": 1}, {}, [], "x"):
        assert judged(c, "links.eu", bad).startswith("no rule of accept_if holds: ")
    assert judged(c, "links", b'{"o":"+","l":') == "not JSON: it ends too early at byte 13"
    assert judged(c, "others", b"no JSON at all") is None
    assert d.topic_stats("links")["message_count"] == 3


def test_members_and_limits(launch):
    d = launch(plugins=[("validate-json", {"require": ["id", "user.name"], "max_depth": 3, "max_size": "1KiB", "duplicates": "reject"})])
    c = d.client()
    assert judged(c, "t", {"id": 1, "user": {"name": "x"}}) is None
    assert judged(c, "t", {"id": 1, "user": {"id": "x"}}) == "the member user.name is not set"
    assert judged(c, "t", {"id": [[[]]], "user": {"name": "x"}}) == "nested deeper than 3 at byte 9"
    assert judged(c, "t", b'{"id":1,"id":2}') == "a member that is there already at byte 12"
    assert judged(c, "t", b'"' + b"x" * 1023 + b'"') == "longer than 1024 bytes"


@pytest.mark.parametrize("options,line", [
    ({"accept_if": ["a == 1", "b = 2"]}, "validate-json: accept_if: item 2, column 3: a comparison is written =="),
    ({"require": ["a and b"]}, "validate-json: require: item 1: only the names of members stand here"),
    ({"topics": ["x[y"]}, "validate-json: topics: 'x[y' has a [ without its ]"),
    ({"topics": ["x", "orders,bills"]}, "validate-json: topics: 'orders,bills' matches no topic: it has a character that no name has"),
    ({"divert_to": "x"}, "validate-json: divert_to is for on_reject: divert"),
    ({"on_reject": "divert", "divert_to": "x y"}, "validate-json: divert_to: 'x y' is not a valid name of a topic"),
    ({"max_depth": 0}, "max_depth"),
])
@pytest.mark.parametrize("check", [False, True])
def test_options_that_are_wrong(launch, options, line, check):
    d = launch.make(plugins=[("validate-json", options)])
    r = subprocess.run([*d.command(), *(["--check-config"] if check else [])], capture_output=True, text=True, timeout=scaled(30))
    assert r.returncode == 1
    last = r.stderr.strip().splitlines()[-1]
    assert last.startswith("pluqd: ") and line in last
    assert "max_depth" in line or line.startswith(("validate-json: accept", "validate-json: require")) or "pluqd.yaml:" in last


def test_two_in_a_row(launch):
    """In the configured order, each with its own topics."""
    d = launch(plugins=[("first", {"plugin": "validate-json", "root": "object"}),
                        ("second", {"plugin": "validate-json", "topics": ["o*"], "require": ["a"]})])
    c = d.client()
    assert answer(c, "orders", b"[]") == b"E_BAD_MESSAGE PUB rejected by first: not an object"
    assert answer(c, "orders", b"{}") == b"E_BAD_MESSAGE PUB rejected by second: the member a is not set"
    assert answer(c, "x", b"{}") == b"OK"


def curl(url, data):
    made = subprocess.run(["curl", "-sS", "-w", "\n%{http_code}", "--data-binary", "@-", url], input=data, capture_output=True,
                          timeout=scaled(20), check=True)
    body, _, status = made.stdout.rpartition(b"\n")
    return int(status), body


@pytest.mark.skipif(not shutil.which("curl"), reason="curl is not installed")
def test_curl(launch):
    d = launch(plugins=[("validate-json", CLASSIC)])
    at = "http://%s:%d" % d.http_at
    assert curl(f"{at}/pub?topic=t", b'{"o":"+","l":1}') == (200, b"OK")
    status, body = curl(f"{at}/pub?topic=t", b'{"o":"+"}')
    assert status == 400
    assert json.loads(body) == {"message": 'MSG_REJECTED by validate-json: no rule of accept_if holds: not (l), not (o == "-")'}
    status, body = curl(f"{at}/mpub?topic=t", b'{"o":"+","l":1}\n{"o":"+"}\n')
    assert (status, json.loads(body)["message"][:30]) == (400, "MSG_REJECTED message(1) by val")
    assert d.topic_stats("t")["message_count"] == 1
