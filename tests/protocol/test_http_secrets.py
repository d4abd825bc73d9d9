"""http_auth: what requests of the broker's HTTP API need, and what they get to see."""

import base64

import pytest

from pluqtest.client import Client
from test_auth_protocol import HOUR, Guarded

RULES = {
    "all": ("allow", HOUR, 0, "subscribe,publish,admin .* .*"),
    "in": ("allow", HOUR, 0, "publish ^in$ .*"),
    "out": ("allow", HOUR, 0, "subscribe ^out$ ^ch$"),
    "boss": ("allow", HOUR, 0, "admin ^in$ .*"),
    "bad": ("deny", 0, 0),
}


@pytest.fixture(scope="module")
def api():
    d = Guarded(RULES, http_auth=True).start()
    for topic in ("in", "out", "other"):
        c = d.client()
        c.auth("all")
        c.pub(topic, "x")
        c.sub(topic, "ch")
        d.kept = getattr(d, "kept", []) + [c]
        Client.alive.remove(c)
    both = d.client()
    both.auth("all")
    both.pub("other", "x")
    both.pub("in", "y")
    d.kept.append(both)
    Client.alive.remove(both)
    yield d
    for c in d.kept:
        c.sock.close()
    d.stop()
    d.remove()


def ask(d, secret, method, path, **params):
    headers = {"Authorization": f"Bearer {secret}"} if secret else {}
    return d.http(method, path, params, body=params.pop("body", None), headers=headers)


@pytest.mark.parametrize("path", ["/ping", "/healthz/live", "/healthz/ready"])
def test_health_is_open(api, path):
    assert api.http("GET", path).status == 200


@pytest.mark.parametrize("method, path, params", [
    ("GET", "/stats", {}), ("GET", "/info", {}), ("GET", "/config/max_rdy_count", {}), ("POST", "/pub", {"topic": "in"}),
    ("POST", "/topic/create", {"topic": "in"}), ("PUT", "/config/log_level", {}),
])
def test_the_rest_needs_a_secret(api, method, path, params):
    for secret in (None, "unheard of", "bad"):
        assert ask(api, secret, method, path, **params).status == 401


def test_a_basic_password_will_do(api):
    word = base64.b64encode(b"anybody:in").decode()
    assert api.http("GET", "/info", headers={"Authorization": f"Basic {word}"}).status == 200


@pytest.mark.parametrize("secret, method, path, params, status", [
    ("in", "POST", "/pub", {"topic": "in", "body": b"x"}, 200), ("in", "POST", "/mpub", {"topic": "in", "body": b"x\ny"}, 200),
    ("in", "POST", "/pub", {"topic": "out", "body": b"x"}, 403), ("out", "POST", "/pub", {"topic": "out", "body": b"x"}, 403),
    ("in", "POST", "/topic/pause", {"topic": "in"}, 403), ("boss", "POST", "/topic/pause", {"topic": "in"}, 200),
    ("boss", "POST", "/topic/unpause", {"topic": "in"}, 200), ("boss", "POST", "/topic/pause", {"topic": "out"}, 403),
    ("boss", "POST", "/pub", {"topic": "in", "body": b"x"}, 403), ("boss", "PUT", "/config/log_level", {"body": b"debug"}, 403),
    ("all", "PUT", "/config/log_level", {"body": b"debug"}, 200), ("in", "GET", "/config/log_level", {}, 200),
    ("in", "GET", "/stats", {"topic": "in"}, 200), ("out", "GET", "/stats", {"topic": "in"}, 403),
])
def test_permissions(api, secret, method, path, params, status):
    body = params.get("body")
    r = api.http(method, path, {k: v for k, v in params.items() if k != "body"}, body=body, headers={"Authorization": f"Bearer {secret}"})
    assert r.status == status, r


@pytest.mark.parametrize("secret, topics, publishers", [
    ("all", ["in", "other", "out"], 4), ("in", ["in"], 2), ("out", ["out"], 1), ("boss", ["in"], 2),
])
def test_stats_show_what_may_be_seen(api, secret, topics, publishers):
    stats = ask(api, secret, "GET", "/stats", format="json").json()
    assert [t["topic_name"] for t in stats["topics"]] == topics
    assert len(stats["producers"]) == publishers
    assert {c["topic"] for p in stats["producers"] for c in p["pub_counts"]} == set(topics)
    text = ask(api, secret, "GET", "/stats").body.decode()
    for topic in ("in", "other", "out"):
        assert (f"[{topic:<15}] depth" in text) is (topic in topics)
        assert (f"{topic}=" in text) is (topic in topics)
