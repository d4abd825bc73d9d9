"""Every endpoint of both HTTP APIs against secrets of every kind; with curl, as people use them; and while nobody can tell who they are."""

import hashlib
import os
import re
import socket
import subprocess
from pathlib import Path

import pytest

from pluqtest import Pluqd
from pluqtest.lookupd import Lookupd

REST = "the-rest-that-nobody-guesses"
GRANTS = {
    "reads": ["subscribe ^t$"],
    "writes": ["publish ^t$"],
    "rules": ["admin ^t$"],
    "rules-c": ["admin ^t$ ^c$"],
    "rules-all": ["admin .*"],
    "elsewhere": ["subscribe,publish,admin ^u$"],
}

# What a request needs, and who has it.
OPEN, KNOWN, ABOUT, PUBLISH, TOPIC, CHANNEL_C, CHANNEL_D, DAEMON = "open", "known", "about", "publish", "topic", "channel c", "channel d", "daemon"
ALLOWED = {
    OPEN: {None, "wrong", *GRANTS},
    KNOWN: set(GRANTS),
    ABOUT: {"reads", "writes", "rules", "rules-c", "rules-all"},
    PUBLISH: {"writes"},
    TOPIC: {"rules", "rules-all"},  # all of it
    CHANNEL_C: {"rules", "rules-c", "rules-all"},
    CHANNEL_D: {"rules", "rules-all"},
    DAEMON: {"rules-all"},
}

BROKER = [
    ("GET", "/ping", OPEN), ("GET", "/healthz/live", OPEN), ("GET", "/healthz/ready", OPEN),
    ("GET", "/info", KNOWN), ("GET", "/info?topic=u", KNOWN),
    ("GET", "/stats", KNOWN), ("GET", "/stats?format=json", KNOWN), ("GET", "/stats?topic=t", ABOUT), ("GET", "/stats?format=json&topic=t", ABOUT),
    ("GET", "/config/nsqlookupd_tcp_addresses", KNOWN),
    ("PUT", "/config/nsqlookupd_tcp_addresses", DAEMON), ("PUT", "/config/nsqlookupd_tcp_addresses?topic=t", DAEMON),
    ("POST", "/pub?topic=t", PUBLISH), ("POST", "/pub?topic=%74&defer=1", PUBLISH), ("POST", "/mpub?topic=t", PUBLISH),
    ("POST", "/mpub?topic=t&binary=true", PUBLISH),
    *(("POST", f"/topic/{verb}?topic=t", TOPIC) for verb in ("create", "pause", "unpause", "empty", "delete")),
    ("POST", "/topic/delete?topic=t&channel=c", TOPIC),
    *(("POST", f"/channel/{verb}?topic=t&channel=d", CHANNEL_D) for verb in ("create", "pause", "unpause", "empty", "delete")),
    *(("POST", f"/channel/{verb}?topic=t&channel=c", CHANNEL_C) for verb in ("create", "pause", "unpause", "empty", "delete")),
]
LOOKUPD = [
    ("GET", "/ping", OPEN), ("GET", "/healthz/live", OPEN), ("GET", "/healthz/ready", OPEN),
    ("GET", "/info", KNOWN), ("GET", "/topics", KNOWN), ("GET", "/nodes", KNOWN), ("GET", "/nodes?topic=u", KNOWN),
    ("GET", "/channels?topic=t", ABOUT), ("GET", "/lookup?topic=t", ABOUT), ("GET", "/channels", KNOWN), ("GET", "/lookup", KNOWN),
    ("GET", "/debug", DAEMON), ("GET", "/debug?topic=t", DAEMON),
    *(("POST", f"/topic/{verb}?topic=t", TOPIC) for verb in ("create", "delete", "tombstone")),
    ("POST", "/topic/delete?topic=t&channel=c", TOPIC),
    *(("POST", f"/channel/{verb}?topic=t&channel=d", CHANNEL_D) for verb in ("create", "delete")),
    *(("POST", f"/channel/{verb}?topic=t&channel=c", CHANNEL_C) for verb in ("create", "delete")),
]


def entries():
    for number, (name, grants) in enumerate(GRANTS.items()):
        salt = bytes([number]) * 16
        yield f"{name} sha256:{salt.hex()}:{hashlib.sha256(salt + REST.encode()).hexdigest()}\n" + "".join(f"\t{g}\n" for g in grants)


def credentials(who):
    secret = {None: None, "wrong": "rules-all:another"}.get(who, f"{who}:{REST}")
    return {"Authorization": f"Bearer {secret}"} if secret else {}


@pytest.fixture(params=["nsqd", "lookupd"])
def api(request, launch, launch_lookupd, tmp_path):
    """A daemon that has the topics t, with the channels c and d, and u; and its table."""
    (tmp_path / "tokens").write_text("".join(entries()))
    start, table = (launch, BROKER) if request.param == "nsqd" else (launch_lookupd, LOOKUPD)
    d = start(http_auth=True, plugins=[("auth-token", {"data_file": str(tmp_path / "tokens")})])
    d.table = table
    for target in "/topic/create?topic=t", "/topic/create?topic=u", "/channel/create?topic=t&channel=c", "/channel/create?topic=t&channel=d":
        assert ask(d, "POST", target, "rules-all").status == 200
    return d


def ask(d, method, target, who):
    body = {"PUT": b"[]", "POST": b"\0\0\0\1\0\0\0\1x" if "binary" in target else b"x"}.get(method)
    return d.http(method, target, body=body, headers=credentials(who))


def known(d):
    """All that it has."""
    if isinstance(d, Lookupd):
        topics = ask(d, "GET", "/topics", "rules-all").json()["topics"]
        return {t: sorted(ask(d, "GET", f"/channels?topic={t}", "rules-all").json()["channels"]) for t in topics}
    topics = ask(d, "GET", "/stats?format=json", "rules-all").json()["topics"]
    return {t["topic_name"]: (t["message_count"], t["paused"], sorted((c["channel_name"], c["paused"]) for c in t["channels"])) for t in topics}


def test_the_table_names_every_endpoint(api):
    source = Path(os.environ["PLUQ_SOURCE_DIR"]) / f"plugins/handlers/{api.handler}/http_routes.c"
    routes = set(re.findall(r'\{"([A-Z]+)", "(/[^"]*)"', source.read_text()))
    assert routes == {(method, re.sub("/config/.*", "/config/:opt", target.partition("?")[0])) for method, target, _ in api.table}


def test_who_may_not_is_refused_and_changes_nothing(api):
    before = known(api)
    for method, target, need in api.table:
        for who in [None, "wrong", *GRANTS]:
            if who in ALLOWED[need]:
                continue
            r = ask(api, method, target, who)
            status, message = (401, "UNAUTHORIZED") if who in (None, "wrong") else (403, "FORBIDDEN")
            assert (r.status, r.message) == (status, message), (method, target, who)
            assert r.headers["x-nsq-content-type"] == "nsq; version=1.0"
            assert r.headers.get("www-authenticate") == ('Basic realm="pluq", Bearer realm="pluq"' if status == 401 else None)
    assert known(api) == before
    assert REST not in api.log()


def test_who_may_is_answered(api):
    for method, target, need in api.table:
        for who in ALLOWED[need]:
            r = ask(api, method, target, who)
            assert r.status in (200, 400, 404), (method, target, who, r)
            assert r.status == 200 or r.message not in ("UNAUTHORIZED", "FORBIDDEN")
            if "/delete?" in target or "/create?" in target:  # what is gone comes back for the next one
                assert ask(api, "POST", target.replace("delete", "create"), "rules-all").status == 200


def test_topics_without_a_grant_are_left_out(api):
    def seen(who):
        if isinstance(api, Lookupd):
            return sorted(ask(api, "GET", "/topics", who).json()["topics"])
        return sorted(t["topic_name"] for t in ask(api, "GET", "/stats?format=json", who).json()["topics"])

    assert {who: seen(who) for who in GRANTS} == {
        "reads": ["t"], "writes": ["t"], "rules": ["t"], "rules-c": ["t"], "rules-all": ["t", "u"], "elsewhere": ["u"]}


def test_nodes_show_the_same_topics(launch_lookupd, tmp_path):
    (tmp_path / "tokens").write_text("".join(entries()))
    d = launch_lookupd(http_auth=True, plugins=[("auth-token", {"data_file": str(tmp_path / "tokens")})])
    b = d.broker()
    for topic in "u", "t", "v":
        b.register(topic, "c")
    for who, topics in ("reads", ["t"]), ("elsewhere", ["u"]), ("rules-all", ["t", "u", "v"]):
        node, = ask(d, "GET", "/nodes", who).json()["producers"]
        assert sorted(node["topics"]) == topics
        assert node["tombstones"] == [False] * len(topics)


def test_many_topics_are_shown_bit_by_bit(launch_lookupd, tmp_path):
    """More than fit into one turn of the loop: the request and who it is from outlive that."""
    (tmp_path / "tokens").write_text("".join(entries()).replace("subscribe ^t$", "subscribe ^t[0-9]*[05]$"))
    d = launch_lookupd(http_auth=True, plugins=[("auth-token", {"data_file": str(tmp_path / "tokens")})])
    b = d.broker()
    b.send("".join(f"REGISTER t{n} c\n" for n in range(5000)))
    for _ in range(5000):
        b.ok()
    wanted = {f"t{n}" for n in range(0, 5000, 5)}
    assert set(ask(d, "GET", "/topics", "reads").json()["topics"]) == wanted
    assert ask(d, "GET", "/topics", "elsewhere").json()["topics"] == []
    node, = ask(d, "GET", "/nodes", "reads").json()["producers"]
    assert set(node["topics"]) == wanted
    with d.raw_http() as h:  # who asks and leaves
        h.send(f"GET /topics HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer reads:{REST}\r\n\r\n")
    assert ask(d, "GET", "/ping", None).status == 200


@pytest.mark.parametrize("kind", [Pluqd, Lookupd], ids=["nsqd", "lookupd"])
def test_while_the_auth_server_is_down(kind, launch, launch_lookupd):
    with socket.socket() as nobody:  # keeps the port and does not listen
        nobody.bind(("127.0.0.1", 0))
        start, table = (launch, BROKER) if kind is Pluqd else (launch_lookupd, LOOKUPD)
        d = start(http_auth=True, plugins=[("auth-http", {"address": [f"127.0.0.1:{nobody.getsockname()[1]}"]})])
        for method, target, need in table:
            r = ask(d, method, target, "rules-all")
            assert r.status == (200 if need == OPEN else 503), (method, target, r)
            assert need == OPEN or r.message == "AUTH_UNAVAILABLE"
            assert ask(d, method, target, None).status == (200 if need == OPEN else 401)
        assert len(re.findall("is refused", d.log())) < 20  # it does not flood


def curl(d, *arguments, tls=None):
    """Status and body. tls: the root to trust."""
    arguments = list(arguments)
    base = f"https://localhost:{d.https_at[1]}" if tls else f"http://127.0.0.1:{d.http_at[1]}"
    command = ["curl", "-sS", "--max-time", "20", "-w", "\n%{http_code}", *(["--cacert", str(tls)] if tls else []), *arguments[:-1], base + arguments[-1]]
    r = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    assert r.returncode == 0, r.stderr
    body, _, status = r.stdout.rpartition("\n")
    return int(status), body


def test_with_curl(launch, certs, tmp_path):
    (tmp_path / "tokens").write_text("".join(entries()))
    d = launch(http_auth=True, plugins=[("auth-token", {"data_file": str(tmp_path / "tokens")})], **certs.server.options)
    for tls in None, certs.ca_file:
        assert curl(d, "/ping", tls=tls) == (200, "OK")
        assert curl(d, "/info", tls=tls) == (401, '{"message":"UNAUTHORIZED"}')
        assert curl(d, "-H", f"Authorization: Bearer writes:{REST}", "-d", "hello", "/pub?topic=t", tls=tls) == (200, "OK")
        assert curl(d, "--oauth2-bearer", f"writes:{REST}", "-d", "hello", "/pub?topic=t", tls=tls) == (200, "OK")
        assert curl(d, "--oauth2-bearer", f"writes:{REST}", "-d", "hello", "/pub?topic=u", tls=tls) == (403, '{"message":"FORBIDDEN"}')
        assert curl(d, "-u", f"anybody:writes:{REST}", "-d", "hello", "/pub?topic=t", tls=tls) == (200, "OK")
        assert curl(d, "--anyauth", "-u", f"anybody:writes:{REST}", "-d", "hello", "/pub?topic=t", tls=tls) == (200, "OK")
        # A stranger's body is not waited for; who may is told to send it.
        for who, wanted in ("wrong", (401, '{"message":"UNAUTHORIZED"}')), ("writes", (200, "OK")):
            (tmp_path / "big").write_bytes(b"x" * 500000)
            assert curl(d, "--oauth2-bearer", credentials(who)["Authorization"].partition(" ")[2], "-H", "Expect: 100-continue",
                        "--expect100-timeout", "60", "--data-binary", f"@{tmp_path / 'big'}", "/pub?topic=t", tls=tls) == wanted
    stats = curl(d, "-u", f":rules-all:{REST}", "/stats?format=json&topic=t", tls=certs.ca_file)[1]
    assert '"message_count":10,' in stats
