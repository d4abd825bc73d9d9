"""The HTTP API: its common rules and the answers' bytes."""

import json
import time

import pytest

from pluqtest import RawHttp

TYPE = "application/json; charset=utf-8"
GETS = ["/ping", "/info", "/topics", "/channels", "/lookup", "/nodes", "/debug"]
POSTS = ["/topic/create", "/topic/delete", "/topic/tombstone", "/channel/create", "/channel/delete"]


def bare(r):
    """A success without data."""
    assert (r.status, r.body) == (200, b"") and "content-type" not in r.headers, r
    assert r.headers["x-nsq-content-type"] == "nsq; version=1.0"


def test_ping(lookupd):
    r = lookupd.http("GET", "/ping")
    assert (r.status, r.body) == (200, b"OK")
    assert r.headers["content-type"] == "text/plain; charset=utf-8" and "x-nsq-content-type" not in r.headers


def test_health(lookupd):
    for path in ("/healthz/live", "/healthz/ready"):
        r = lookupd.http("GET", path)
        assert (r.status, r.body) == (200, b"OK")


def test_info(lookupd):
    r = lookupd.http("GET", "/info")
    assert (r.status, r.body, r.headers["content-type"]) == (200, b'{"version":"1.3.0"}', TYPE)
    with RawHttp(lookupd.http_at) as raw:
        raw.send("GET /info HTTP/1.1\r\nHost: x\r\n\r\n")
        assert raw.head()[1]["x-nsq-content-type"] == "nsq; version=1.0"


def test_empty_answers_are_lists(launch_lookupd):
    d = launch_lookupd()
    assert d.http("GET", "/topics").body == b'{"topics":[]}'
    assert d.http("GET", "/channels?topic=none").body == b'{"channels":[]}'
    assert d.http("GET", "/nodes").body == b'{"producers":[]}'
    assert d.http("GET", "/debug").body == b"{}"
    bare(d.http("POST", "/topic/create?topic=t"))
    assert d.http("GET", "/lookup?topic=t").body == b'{"channels":[],"producers":[]}'
    assert d.http("GET", "/debug").body == b"{}"


@pytest.mark.parametrize("path", GETS + POSTS)
def test_methods(lookupd, path):
    allow = "GET, OPTIONS" if path in GETS else "OPTIONS, POST"
    for method in ("GET", "POST", "PUT", "DELETE", "HEAD"):
        if method in allow:
            continue
        r = lookupd.http(method, path)
        assert (r.status, r.headers["allow"]) == (405, allow), (method, r)
        assert method == "HEAD" or r.message == "METHOD_NOT_ALLOWED"
    r = lookupd.http("OPTIONS", path)
    assert (r.status, r.body, r.headers["allow"]) == (200, b"", allow)


def test_unknown_path(lookupd):
    r = lookupd.http("GET", "/nothing")
    assert (r.status, r.message, r.headers["content-type"]) == (404, "NOT_FOUND", TYPE)
    assert r.headers["x-nsq-content-type"] == "nsq; version=1.0"


def test_redirects(lookupd):
    for path in ("/topics/", "/TOPICS"):
        r = lookupd.http("GET", path)
        assert (r.status, r.headers["location"]) == (301, "/topics")
    r = lookupd.http("POST", "/Topic/Create?topic=x")
    assert (r.status, r.headers["location"]) == (307, "/topic/create?topic=x")


@pytest.mark.parametrize("method,path", [("GET", "/lookup"), ("GET", "/channels"), *(("POST", p) for p in POSTS)])
@pytest.mark.parametrize("query", ["topic=%zz", "topic=a;b=c", "topic=a&channel=c&node=n:1&%f"])
def test_bad_queries(lookupd, method, path, query):
    r = lookupd.http(method, f"{path}?{query}")
    assert (r.status, r.message) == (400, "INVALID_REQUEST")


@pytest.mark.parametrize("path", ["/topics", "/nodes", "/debug", "/info", "/ping"])
def test_queries_that_nobody_looks_at(lookupd, path):
    assert lookupd.http("GET", path + "?%zz;").status == 200


ERRORS = [
    ("GET", "/channels", 400, "MISSING_ARG_TOPIC"),
    ("GET", "/lookup", 400, "MISSING_ARG_TOPIC"),
    ("GET", "/lookup?topic=", 404, "TOPIC_NOT_FOUND"),
    ("GET", "/lookup?topic=none", 404, "TOPIC_NOT_FOUND"),
    ("GET", "/lookup?topic=*", 404, "TOPIC_NOT_FOUND"),
    ("GET", "/lookup?topic=a%00b", 404, "TOPIC_NOT_FOUND"),
    ("POST", "/topic/create", 400, "MISSING_ARG_TOPIC"),
    ("POST", "/topic/create?topic=", 400, "INVALID_ARG_TOPIC"),
    ("POST", "/topic/create?topic=*", 400, "INVALID_ARG_TOPIC"),
    ("POST", "/topic/create?topic=" + "x" * 65, 400, "INVALID_ARG_TOPIC"),
    ("POST", "/topic/delete", 400, "MISSING_ARG_TOPIC"),
    ("POST", "/topic/tombstone", 400, "MISSING_ARG_TOPIC"),
    ("POST", "/topic/tombstone?node=a:1", 400, "MISSING_ARG_TOPIC"),
    ("POST", "/topic/tombstone?topic=t", 400, "MISSING_ARG_NODE"),
    *((("POST", f"/channel/{action}{query}", 400, text)
       for action in ("create", "delete")
       for query, text in [("", "MISSING_ARG_TOPIC"), ("?channel=c", "MISSING_ARG_TOPIC"),
                           ("?topic=$", "INVALID_ARG_TOPIC"), ("?topic=t", "MISSING_ARG_CHANNEL"),
                           ("?topic=t&channel=", "INVALID_ARG_CHANNEL"), ("?topic=t&channel=*", "INVALID_ARG_CHANNEL")])),
    ("POST", "/channel/delete?topic=none&channel=c", 404, "CHANNEL_NOT_FOUND"),
]


@pytest.mark.parametrize("method,target,status,text", ERRORS)
def test_errors(lookupd, method, target, status, text):
    r = lookupd.http(method, target)
    assert (r.status, r.message, r.headers["content-type"]) == (status, text, TYPE)
    assert r.headers["x-nsq-content-type"] == "nsq; version=1.0"


def test_parameters_come_from_the_query_alone(lookupd):
    r = lookupd.http("POST", "/topic/create", body="topic=from_body",
                     headers={"Content-Type": "application/x-www-form-urlencoded"})
    assert (r.status, r.message) == (400, "MISSING_ARG_TOPIC")
    bare(lookupd.http("POST", "/topic/create?topic=first&topic=second", body=b"x" * 100000))
    assert "first" in lookupd.topics() and "second" not in lookupd.topics()
    bare(lookupd.http("POST", "/topic/create?topic=esc%23ephemeral"))
    assert "esc#ephemeral" in lookupd.topics()


def test_channel_create_makes_the_topic(lookupd, topic):
    for _ in range(2):
        bare(lookupd.http("POST", "/channel/create", {"topic": topic, "channel": "c"}))
    assert lookupd.lookup(topic) == (["c"], []) and lookupd.channels(topic) == ["c"]
    bare(lookupd.http("POST", "/topic/create", {"topic": topic}))
    assert lookupd.channels(topic) == ["c"]
    bare(lookupd.http("POST", "/channel/delete", {"topic": topic, "channel": "c"}))
    assert lookupd.lookup(topic) == ([], [])
    assert lookupd.http("POST", "/channel/delete", {"topic": topic, "channel": "c"}).message == "CHANNEL_NOT_FOUND"


def test_topic_delete_takes_all_and_any_name(lookupd, topic):
    lookupd.post("/channel/create", topic=topic, channel="a")
    lookupd.post("/channel/create", topic=topic, channel="b")
    for name in (topic, topic, "never-there", "*", ""):
        bare(lookupd.http("POST", "/topic/delete", {"topic": name}))
    assert lookupd.lookup(topic) is None and lookupd.channels(topic) == []


def test_star_is_a_name_like_any_other(lookupd, topic):
    lookupd.post("/channel/create", topic=topic, channel="c")
    assert lookupd.get("/channels", topic="*") == {"channels": []}
    lookupd.post("/topic/delete", topic="*")
    lookupd.post("/topic/tombstone", topic="*", node="q1.example:4151")
    assert lookupd.channels(topic) == ["c"]


def test_lookup_bytes(lookupd, topic):
    with lookupd.broker(topology_zone="a", topology_region="eu") as b:
        b.register(topic, "c1")
        wanted = ('{"channels":["c1"],"producers":[{"remote_address":"%s","hostname":"q1","broadcast_address":"q1.example",'
                  '"tcp_port":4150,"http_port":4151,"version":"1.3.0","topology_zone":"a","topology_region":"eu"}]}' % b.local)
        assert lookupd.http("GET", "/lookup", {"topic": topic}).body == wanted.encode()


def test_nodes_bytes(launch_lookupd):
    d = launch_lookupd()
    b = d.broker()
    person = ('"remote_address":"%s","hostname":"q1","broadcast_address":"q1.example","tcp_port":4150,"http_port":4151,'
              '"version":"1.3.0","topology_zone":"","topology_region":""' % b.local)
    assert d.http("GET", "/nodes").body == ('{"producers":[{%s,"tombstones":[],"topics":[]}]}' % person).encode()
    b.register("t", "c")
    assert d.http("GET", "/nodes").body == ('{"producers":[{%s,"tombstones":[false],"topics":["t"]}]}' % person).encode()
    d.post("/topic/tombstone", topic="t", node="q1.example:4151")
    assert d.http("GET", "/nodes").body == ('{"producers":[{%s,"tombstones":[true],"topics":["t"]}]}' % person).encode()


def test_texts_are_escaped(lookupd, topic):
    odd = 'a"\\<&>\u2028\t\x01\x00é'
    with lookupd.broker(hostname=odd) as b:
        b.register(topic)
        body = lookupd.http("GET", "/lookup", {"topic": topic}).body.decode()
        assert '"hostname":"a\\"\\\\\\u003c\\u0026\\u003e\\u2028\\t\\u0001\\u0000é"' in body
        assert json.loads(body)["producers"][0]["hostname"] == odd


def test_debug(launch_lookupd):
    d = launch_lookupd()
    b = d.broker()
    b.register("t", "c")
    b.register("u")
    d.post("/channel/create", topic="empty", channel="c")
    d.post("/topic/tombstone", topic="u", node="q1.example:4151")
    seen = d.get("/debug")
    assert sorted(seen) == ["channel:t:c", "client::", "topic:t:", "topic:u:"]
    for key, producers in seen.items():
        p, = producers
        update = p.pop("last_update")
        at = p.pop("tombstoned_at")
        assert list(p) == ["id", "hostname", "broadcast_address", "tcp_port", "http_port", "version", "topology_zone",
                           "topology_region", "tombstoned"]
        assert p["id"] == b.local and p["tombstoned"] == (key == "topic:u:")
        assert at == -6795364578871345152 if not p["tombstoned"] else at >= update
        assert abs(update - time.time_ns()) < 60e9
