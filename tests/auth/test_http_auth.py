"""http_auth: the HTTP side of the broker and of the discovery daemon asks for a secret."""

import base64

import pytest

from pluqtest import Pluqd
from pluqtest.authbackends import Account, Grant, Mock
from pluqtest.lookupd import Lookupd

ACCOUNTS = [
    Account("all", (Grant("^t$", (".*",), "subscribe,publish"),)),
    Account("reads", (Grant("^t$", (".*",), "subscribe"),)),
    Account("writes", (Grant("^t$", (".*",), "publish"),)),
    Account("elsewhere", (Grant("^u$", (".*",), "subscribe,publish,admin"),)),
    Account("rules-t", (Grant("^t$", (".*",), "admin"),)),
    Account("rules-c", (Grant("^t$", ("^c$",), "admin"),)),
    Account("rules-the-daemon", (Grant("^$", (".*",), "admin"),)),
    Account("rules-all", (Grant(".*", (".*",), "admin"),)),
    Account("known"),
    Account("denied", verdict="deny"),
    Account("broken", verdict="error"),
]
OK, NO, WHO = 200, 403, 401

# Request: what each secret that is not refused gets.
BROKER = {
    ("POST", "/pub?topic=t"): {"all": OK, "writes": OK, "reads": NO, "elsewhere": NO, "rules-t": NO, "rules-all": NO},
    ("POST", "/mpub?topic=t"): {"all": OK, "writes": OK, "reads": NO, "elsewhere": NO, "rules-all": NO},
    ("GET", "/stats?format=json&topic=t"): {"all": OK, "writes": OK, "reads": OK, "rules-t": OK, "rules-all": OK, "elsewhere": NO},
    ("GET", "/stats?format=json"): {"all": OK, "elsewhere": OK, "rules-the-daemon": OK},
    ("GET", "/info"): {"all": OK, "elsewhere": OK},
    ("POST", "/topic/create?topic=t"): {"rules-t": OK, "rules-all": OK, "all": NO, "writes": NO, "elsewhere": NO, "rules-the-daemon": NO},
    ("POST", "/channel/create?topic=t&channel=c"): {"rules-t": OK, "rules-c": OK, "rules-all": OK, "all": NO, "elsewhere": NO},
    ("POST", "/channel/create?topic=t&channel=d"): {"rules-t": OK, "rules-c": NO, "rules-all": OK, "all": NO},
    ("POST", "/channel/pause?topic=t&channel=c"): {"rules-c": OK, "all": NO},
    ("POST", "/channel/unpause?topic=t&channel=c"): {"rules-c": OK, "reads": NO},
    ("POST", "/channel/empty?topic=t&channel=c"): {"rules-c": OK, "reads": NO},
    ("POST", "/topic/pause?topic=t"): {"rules-t": OK, "all": NO},
    ("POST", "/topic/unpause?topic=t"): {"rules-t": OK, "all": NO},
    ("POST", "/topic/empty?topic=t"): {"rules-t": OK, "all": NO},
    ("PUT", "/config/log_level"): {"rules-the-daemon": OK, "rules-all": OK, "all": NO, "rules-t": NO, "elsewhere": NO},
}
LOOKUPD = {
    ("POST", "/topic/create?topic=t"): {"rules-t": OK, "rules-all": OK, "all": NO, "elsewhere": NO},
    ("POST", "/channel/create?topic=t&channel=c"): {"rules-c": OK, "rules-all": OK, "all": NO},
    ("GET", "/lookup?topic=t"): {"all": OK, "reads": OK, "writes": OK, "rules-t": OK, "elsewhere": NO},
    ("GET", "/channels?topic=t"): {"all": OK, "reads": OK, "elsewhere": NO},
    ("GET", "/topics"): {"all": OK, "elsewhere": OK},
    ("GET", "/nodes"): {"all": OK, "elsewhere": OK},
    ("GET", "/info"): {"all": OK, "elsewhere": OK},
    ("POST", "/topic/tombstone?topic=t&node=x:1"): {"rules-t": OK, "all": NO},
}


@pytest.fixture(scope="module", params=[(Pluqd, BROKER), (Lookupd, LOOKUPD)], ids=["nsqd", "lookupd"])
def server(request, tmp_path_factory):
    kind, table = request.param
    backend = Mock(tmp_path_factory.mktemp("http"))
    backend.set(*ACCOUNTS)
    d = backend.attach(kind(plugins=backend.plugins(), start=False, http_auth=True)).start()
    for topic in "tu":
        r = d.http("POST", "/topic/create", {"topic": topic}, headers=bearer("rules-all"))
        assert r.status == 200, r
    yield d, table
    d.stop()
    d.remove()


def bearer(secret):
    return {"Authorization": f"Bearer {secret}"}


def basic(secret, user="anybody"):
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{secret}".encode()).decode()}


def ask(d, request, headers=None):
    method, target = request
    body = None if method == "GET" else b"info" if "config" in target else b"x"
    return d.http(method, target, body=body, headers=headers)


def test_permissions(server):
    d, table = server
    for request, wanted in table.items():
        for secret, status in wanted.items():
            r = ask(d, request, bearer(secret))
            assert r.status == status, (request, secret, r)
            if status == NO:
                assert r.message == "FORBIDDEN"


def test_who_is_not_known(server):
    d, table = server
    for request in table:
        for headers in [None, bearer("stranger"), bearer("denied"), basic("stranger"), {"Authorization": "Bearer"},
                        {"Authorization": "Basic !!"}, {"Authorization": "Digest all"}, {"Authorization": "all"}]:
            r = ask(d, request, headers)
            assert (r.status, r.message) == (WHO, "UNAUTHORIZED"), (request, headers, r)
        r = ask(d, request, bearer("broken"))
        assert (r.status, r.message) == (503, "AUTH_UNAVAILABLE"), (request, r)


def test_a_basic_password(server):
    d, table = server
    for request in table:
        if request[0] == "GET" and "topic=t" in request[1]:
            assert ask(d, request, basic("all")).status == OK
            assert ask(d, request, basic("all", user="")).status == OK
            assert ask(d, request, basic("elsewhere")).status == NO


def test_health_needs_no_secret(server):
    d, _ = server
    assert d.http("GET", "/ping").body == b"OK"
    for path in ("/healthz/live", "/healthz/ready"):
        assert d.http("GET", path).status == 200


def test_what_is_not_there_tells_no_more_than_what_is(server):
    d, _ = server
    assert ask(d, ("GET", "/lookup?topic=secret-topic" if isinstance(d, Lookupd) else "/stats?topic=secret-topic"), bearer("all")).status == NO


def test_topics_that_a_secret_has_no_grant_for_are_left_out(server):
    d, _ = server

    def seen(secret):
        if isinstance(d, Lookupd):
            return sorted(d.http("GET", "/topics", headers=bearer(secret)).json()["topics"])
        r = d.http("GET", "/stats", {"format": "json"}, headers=bearer(secret)).json()
        return sorted(t["topic_name"] for t in r["topics"])

    assert seen("all") == ["t"]
    assert seen("elsewhere") == ["u"]
    assert seen("rules-all") == ["t", "u"]
    assert seen("rules-the-daemon") == []


def test_many_requests_on_one_connection(server):
    """Each is judged by its own secret."""
    d, table = server
    request = next(r for r in table if r[0] == "GET" and "topic=t" in r[1])
    with d.raw_http() as h:
        for secret, status in [("all", OK), ("elsewhere", NO), ("stranger", WHO), ("reads", OK), ("broken", 503), ("all", OK)] * 5:
            h.send(f"GET {request[1]} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {secret}\r\n\r\n")
            assert h.response().status == status


def test_pipelined_requests(server):
    d, table = server
    request = next(r for r in table if r[0] == "GET" and "topic=t" in r[1])
    turns = [("all", OK), ("elsewhere", NO), ("stranger", WHO), ("reads", OK)] * 5
    with d.raw_http() as h:
        h.send("".join(f"GET {request[1]} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {s}\r\n\r\n" for s, _ in turns))
        assert [h.response().status for _ in turns] == [status for _, status in turns]


def test_secrets_stay_out_of_the_log(server):
    d, table = server
    for request in table:
        ask(d, request, bearer("a-very-private-secret"))
        ask(d, request, basic("a-very-private-secret"))
    said = [line for line in d.log().splitlines() if "a-very-private-secret" in line and "asked" not in line]
    assert said == []


def test_without_an_auth_plugin_it_does_not_start(launch):
    d = launch.make(http_auth=True).spawn()
    assert d.wait() != 0
    assert len([line for line in d.log().splitlines() if "http_auth" in line or "auth plugin" in line]) == 1, d.log()


def test_off_by_default(launch, tmp_path):
    b = Mock(tmp_path)
    d = launch(plugins=b.plugins())
    d.post("/pub", b"x", topic="t")
    assert d.stats()["topics"][0]["topic_name"] == "t"
    assert "asked" not in d.log()


@pytest.mark.parametrize("http_auth", [False, True])
def test_plugins_that_nobody_asks_are_warned_of(adopt, tmp_path, http_auth):
    d = adopt(Lookupd(start=False, http_auth=http_auth, plugins=Mock(tmp_path).plugins())).start()
    assert ("core: there are auth plugins, but no handler asks them" in d.log()) != http_auth


def test_a_broker_asks_them_without_http_auth(launch, tmp_path):
    d = launch(plugins=Mock(tmp_path).plugins())
    assert "no handler asks them" not in d.log()
