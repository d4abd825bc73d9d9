"""What an auth server may answer, and what must not be believed. Every question has a client of its own; another goes on."""

import json
import re

import pytest

from pluqtest import Pluqd
from pluqtest.authbackends import Account, Grant, Http

FAILED = "E_AUTH_FAILED AUTH failed"
NOBODY = "E_UNAUTHORIZED AUTH no authorizations found"
GOOD = {"topic": "^t$", "channels": [".*"], "permissions": ["subscribe", "publish"]}


def answer(**fields):
    """A good one but for these fields; ... leaves one out."""
    whole = {"ttl": 3600, "identity": "me", "identity_url": "http://me", "authorizations": [GOOD], **fields}
    return json.dumps({k: v for k, v in whole.items() if v is not ...})


def entry(**fields):
    return answer(authorizations=[GOOD, {k: v for k, v in {**GOOD, **fields}.items() if v is not ...}])


WRONG = {
    "status 500": (500, answer()),
    "status 201": (201, answer()),
    "status 204": (204, ""),
    "status 403": (403, '{"message": "NOT_AUTHORIZED"}'),
    "status 404": (404, "not here"),
    "nothing": (200, ""),
    "text": (200, "OK"),
    "a list": (200, "[]"),
    "null": (200, "null"),
    "a number": (200, "3600"),
    "cut off": (200, answer()[:-1]),
    "more behind it": (200, answer() + "x"),
    "two answers": (200, answer() + answer()),
    "bytes": (200, b"\xff\xfe\x00\x01" * 100),
    "not UTF-8": (200, answer(identity="?").replace("?", "\xff").encode("latin-1")),
    "deep": (200, '{"ttl":3600,"authorizations":' + "[" * 100000),
    "the old envelope": (200, json.dumps({"status_code": 200, "data": json.loads(answer())})),
    "no ttl": (200, answer(ttl=...)),
    "ttl 0": (200, answer(ttl=0)),
    "ttl negative": (200, answer(ttl=-1)),
    "ttl with a fraction": (200, answer(ttl=1.5)),
    "ttl a text": (200, answer(ttl="3600")),
    "ttl null": (200, answer(ttl=None)),
    "ttl true": (200, answer(ttl=True)),
    "ttl beyond 64 bits": (200, answer(ttl=1 << 70)),
    "authorizations an object": (200, answer(authorizations={})),
    "authorizations a text": (200, answer(authorizations="all")),
    "an entry that is a number": (200, answer(authorizations=[1])),
    "identity a number": (200, answer(identity=5)),
    "identity_url a list": (200, answer(identity_url=[])),
    "topic a number": (200, entry(topic=1)),
    "channels a text": (200, entry(channels=".*")),
    "a channel that is null's list": (200, entry(channels=[[]])),
    "permissions a text": (200, entry(permissions="publish")),
    "an unknown permission": (200, entry(permissions=["publish", "delete"])),
    "an empty permission": (200, entry(permissions=[""])),
    "a topic that is no pattern": (200, entry(topic="(")),
    "a channel that is no pattern": (200, entry(channels=["ok", "[z-a]"])),
}

EMPTY = {
    "no authorizations": answer(authorizations=...),
    "null": answer(authorizations=None),
    "none": answer(authorizations=[]),
}

FINE = {
    "as it should be": answer(),
    "other keys": answer(more={"x": [1, 2]}),
    "no identity": answer(identity=..., identity_url=...),
    "identity null": answer(identity=None, identity_url=None),
    "white space": " \n" + answer() + "\n ",
    "a pattern that takes for ever": entry(topic="^(a+)+$"),
    "grants for others": entry(topic="^somebody-else$"),
    "the same twice": entry(),
    "a very long time": answer(ttl=1 << 40),
}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    backend = Http(tmp_path_factory.mktemp("lies"))
    backend.set(Account("honest", (Grant("^fine$"),)))
    d = backend.attach(Pluqd(plugins=backend.plugins(), start=False)).start()
    yield d, backend
    d.stop()
    d.remove()
    backend.close()


def ask(server, name, status, body):
    """A client about which the server says so."""
    d, backend = server
    secret = f"secret of {name}"
    backend.raw[secret] = (status, body)
    other = d.client()
    other.auth("honest")
    c = d.client()
    c.command("AUTH", secret)
    other.pub("fine", "x")
    return c


@pytest.mark.parametrize("name", WRONG)
def test_wrong(server, name):
    d, _ = server
    ask(server, name, *WRONG[name]).fatal(FAILED)
    assert f"secret of {name}" not in d.log()


@pytest.mark.parametrize("name, words", [("status 500", "500"), ("cut off", "JSON"), ("no ttl", "ttl"), ("an unknown permission", "permission"),
                                         ("a topic that is no pattern", "pattern"), ("authorizations a text", "authorizations")])
def test_the_cause_is_told(launch, tmp_path, name, words):
    """With the server, first at once and then at growing gaps."""
    backend = Http(tmp_path)
    d = backend.attach(launch(plugins=backend.plugins()))
    for n in range(20):
        backend.raw[f"s{n}"] = WRONG[name]
        c = d.client()
        c.command("AUTH", f"s{n}")
        c.fatal(FAILED)
    backend.close()
    told = [line for line in d.log().splitlines() if " warn " in line]
    assert told and all(re.search(words, line) and backend.server.where in line for line in told), told
    assert len(told) < 10


@pytest.mark.parametrize("name", EMPTY)
def test_nothing_granted(server, name):
    ask(server, "empty " + name, 200, EMPTY[name]).fatal(NOBODY)


@pytest.mark.parametrize("name", FINE)
def test_fine(server, name):
    c = ask(server, "fine " + name, 200, FINE[name])
    f = c.live_frame()
    assert f.kind == 0, f
    assert set(json.loads(f.data)) == {"identity", "identity_url", "permission_count"}
    c.pub("t", "x")
    c.command("PUB other", "x")
    c.fatal('E_UNAUTHORIZED AUTH failed for PUB on "other" ""')


def test_a_pattern_that_takes_for_ever_is_given_up(server):
    """A topic that such a pattern never ends on; other clients do not wait for it."""
    c = ask(server, "explosive", 200, answer(authorizations=[{**GOOD, "topic": "^(a+)+$"}]))
    assert c.live_frame().kind == 0
    c.command("PUB " + "a" * 60 + "b", "x")
    kind, text = c.live_frame()
    assert kind == 1 and text.startswith((b"E_UNAUTHORIZED", b"E_AUTH_FAILED")), text
    c.closed()
