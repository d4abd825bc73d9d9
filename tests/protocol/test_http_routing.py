"""Paths, methods, redirects and the forms of answers."""

import pytest

NSQ = "x-nsq-content-type"
JSON = "application/json; charset=utf-8"
TEXT = "text/plain; charset=utf-8"

ROUTES = {
    "/ping": ["GET"], "/info": ["GET"], "/stats": ["GET"], "/config/log_level": ["GET", "PUT"],
    "/pub": ["POST"], "/mpub": ["POST"],
    **{f"/topic/{v}": ["POST"] for v in ("create", "delete", "empty", "pause", "unpause")},
    **{f"/channel/{v}": ["POST"] for v in ("create", "delete", "empty", "pause", "unpause")},
}
METHODS = ["GET", "POST", "PUT", "DELETE", "HEAD", "PATCH"]


@pytest.mark.parametrize("path", ["/", "/nothing", "/config/", "/config/a/b", "/topic", "/topic/create/x", "/pubx",
                                  "/PING/x", "/%70ingx"])
@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS"])
def test_unknown_path(broker, path, method):
    r = broker.http(method, path)
    assert (r.status, r.message) == (404, "NOT_FOUND")
    assert r.headers["content-type"] == JSON
    assert r.headers[NSQ] == "nsq; version=1.0"


@pytest.mark.parametrize("path", list(ROUTES))
def test_wrong_method(broker, path):
    for method in METHODS:
        if method in ROUTES[path]:
            continue
        r = broker.http(method, path)
        assert r.status == 405, (method, r)
        assert r.headers["allow"] == ", ".join(sorted([*ROUTES[path], "OPTIONS"]))
        assert r.headers["content-type"] == JSON
        if method != "HEAD":
            assert r.message == "METHOD_NOT_ALLOWED"
        else:
            assert r.body == b""


@pytest.mark.parametrize("path", list(ROUTES))
def test_options(broker, path):
    r = broker.http("OPTIONS", path)
    assert (r.status, r.body) == (200, b"")
    assert r.headers["allow"] == ", ".join(sorted([*ROUTES[path], "OPTIONS"]))


def test_options_asterisk(broker):
    with broker.raw_http() as h:
        h.send("OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n")
        r = h.response()
        assert (r.status, r.body) == (200, b"")


@pytest.mark.parametrize("asked, right", [
    ("/ping/", "/ping"), ("//ping", "/ping"), ("/x/../ping", "/ping"), ("/./ping", "/ping"), ("/PING", "/ping"),
    ("/Stats?format=json&x=%20y", "/stats?format=json&x=%20y"), ("/stats/?a=b", "/stats?a=b"),
    ("/config/log_level/", "/config/log_level"),
])
def test_get_is_redirected_to_the_right_path(broker, asked, right):
    r = broker.http("GET", asked)
    assert r.status == 301
    assert r.headers["location"] == right
    assert b"<a href=" in r.body


@pytest.mark.parametrize("asked, right", [
    ("/pub/?topic=t", "/pub?topic=t"), ("/Topic/Create?topic=t", "/topic/create?topic=t"), ("/mpub//?a=1", "/mpub?a=1"),
])
def test_other_methods_are_redirected_with_307(broker, asked, right):
    r = broker.http("POST", asked, body=b"x")
    assert (r.status, r.body) == (307, b"")
    assert r.headers["location"] == right


@pytest.mark.parametrize("method, path", [("GET", "/pub/"), ("POST", "/ping/"), ("PUT", "/STATS")])
def test_no_redirect_to_a_route_of_another_method(broker, method, path):
    assert broker.http(method, path).status in (404, 405)


def test_forms_of_answers(broker, topic):
    r = broker.post("/topic/create", topic=topic)
    assert r.body == b"" and "content-type" not in r.headers and r.headers["content-length"] == "0"
    r = broker.post("/pub", "x", topic=topic)
    assert r.body == b"OK" and r.headers["content-type"] == TEXT
    for path in ("/info", "/stats?format=json"):
        r = broker.http("GET", path)
        assert r.headers["content-type"] == JSON and not r.body.endswith(b"\n")
    for path in ("/info", "/stats?format=json", "/stats"):
        assert broker.http("GET", path).headers[NSQ] == "nsq; version=1.0"


def test_ping_is_plain(broker):
    r = broker.http("GET", "/ping")
    assert (r.status, r.body, r.headers["content-type"]) == (200, b"OK", TEXT)
    assert NSQ not in r.headers


@pytest.mark.parametrize("query", ["topic=a%zz", "topic=%", "topic=%4", "topic=a;b=c", "topic=a&x=%gg", "%=1", ";"])
@pytest.mark.parametrize("method, path", [("POST", "/topic/create"), ("POST", "/channel/create"), ("POST", "/pub"),
                                          ("POST", "/mpub"), ("GET", "/stats"), ("POST", "/topic/delete")])
def test_malformed_query(broker, method, path, query):
    r = broker.http(method, f"{path}?{query}", body=b"x" if method == "POST" else None)
    assert (r.status, r.message) == (400, "INVALID_REQUEST")


def test_queries_are_decoded(broker, topic):
    for raw in (topic, topic.replace("_", "%5f"), f"{topic}&topic=other", f"{topic}&&", f"{topic}&junk"):
        assert broker.http("POST", f"/topic/create?topic={raw}").status == 200
    assert broker.topic_stats(topic)
    assert broker.http("POST", "/topic/create?topic=a+b").message == "INVALID_TOPIC"
    assert broker.http("POST", "/topic/create?Topic=x").message == "MISSING_ARG_TOPIC"
    assert broker.http("POST", f"/topic/create?topic={topic}%23ephemeral").status == 200
    assert broker.topic_stats(topic + "#ephemeral")
    assert broker.http("POST", "/topic/create?topic=a%00b").message == "INVALID_TOPIC"


def test_parameters_are_not_taken_from_a_form(broker, topic):
    r = broker.http("POST", "/topic/create", body=f"topic={topic}".encode(),
                    headers={"Content-Type": "application/x-www-form-urlencoded"})
    assert r.message == "MISSING_ARG_TOPIC"


def test_requests_are_logged_at_info_but_not_publishes(broker, topic):
    before = len(broker.log())
    broker.post("/pub", "x", topic=topic)
    broker.http("POST", "/mpub", {"topic": topic + "?"}, body=b"x")
    broker.http("OPTIONS", "/info")
    broker.http("GET", "/Info")
    broker.http("GET", "/nowhere")
    broker.http("GET", "/info?last=1")

    def lines():
        text = broker.log()[before:].splitlines()
        found = [line for line in text if " info " in line and " /" in line]
        return found if any("last=1" in line for line in found) else None

    from pluqtest import eventually
    logged = eventually(lines)
    assert len(logged) == 2, logged
    assert "404 GET /nowhere (127.0.0.1:" in logged[0]
    assert "200 GET /info?last=1 (127.0.0.1:" in logged[1]
