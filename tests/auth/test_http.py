"""auth-http in a daemon: what it asks, whom, and what it makes of trouble."""

import json
import signal
import ssl

import pytest

from pluqtest.certs import authorities
from pluqtest.fakeauth import EVERYTHING, FakeAuth

FAILED = "E_AUTH_FAILED AUTH failed"


@pytest.fixture
def fakes():
    """fakes(...) makes a FakeAuth that ends with the test."""
    made = []

    def make(**kw):
        made.append(FakeAuth(**kw))
        return made[-1]

    yield make
    for fake in made:
        fake.end()


@pytest.fixture
def serve(launch):
    """serve(address, ...) starts a daemon that asks there."""
    def start(*addresses, options=(), **kw):
        return launch(plugins=[("auth-http", {"address": list(addresses), **dict(options)})], **kw)
    return start


def refused(d, secret="s", with_=FAILED):
    c = d.client()
    c.command("AUTH", secret)
    c.fatal(with_)


def lets_in(d, secret="s"):
    c = d.client()
    answer = c.auth(secret)
    c.pub("t", "x")
    return answer


# what is asked


def test_get(fakes, serve):
    fake = fakes()
    fake.answer = fake.allow(EVERYTHING, identity="joe", identity_url="http://joe.example")
    d = serve(fake.address)
    assert lets_in(d, "sec ret&\xe9\0") == {"identity": "joe", "identity_url": "http://joe.example", "permission_count": 1}
    asked, = fake.asked
    assert asked.method == "GET" and not asked.body
    assert asked.target == "/auth?common_name=&remote_ip=127.0.0.1&secret=sec+ret%26%C3%A9%00&tls=false"
    assert asked.headers["accept"] == "application/vnd.nsq; version=1.0" and asked.headers["host"] == fake.address
    assert "sec ret" not in d.log() and "sec+ret" not in d.log()


def test_post(fakes, serve):
    fake = fakes()
    d = serve(fake.url("/x?y=1"), options={"request_method": "post"})
    lets_in(d, b"sec\xff\"<")
    asked, = fake.asked
    assert (asked.method, asked.target) == ("POST", "/x?y=1")
    assert asked.headers["content-type"] == "application/json"
    assert asked.body == rb'{"common_name":[""],"remote_ip":["127.0.0.1"],"secret":["sec\ufffd\"\u003c"],"tls":["false"]}'


def test_a_query_is_joined(fakes, serve):
    fake = fakes()
    lets_in(serve(fake.url("/x?y=1")))
    assert fake.asked[0].path == "/x" and fake.asked[0].query["y"] == ["1"] and fake.asked[0].secret == "s"


def test_under_tls_with_a_certificate(fakes, serve):
    certs, fake = authorities(), fakes()
    d = serve(fake.address, tls_client_auth_policy="require-verify", tls_root_ca_file=certs.ca_file, https_address="", **certs.server.options)
    c = d.client()
    c.secure(certs.context(certs.client))
    c.auth("s")
    assert fake.asked[0].query["tls"] == ["true"] and fake.asked[0].query["common_name"] == [certs.client.cn]


def test_over_unix_sockets(fakes, serve, tmp_path):
    fake = fakes(path=tmp_path / "auth")
    lets_in(serve(fake.address, tcp=str(tmp_path / "tcp")))
    assert fake.asked[0].path == "/auth" and fake.asked[0].query["remote_ip"] == [""]


# several servers


def test_the_others_are_asked_when_one_fails(fakes, serve):
    trouble = [FakeAuth.say(500), FakeAuth.tell(ttl=0), b"rubbish\r\n\r\n", None, b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{}",
               FakeAuth.tell(ttl=1, authorizations=[{**EVERYTHING, "topic": "("}])]
    bad = [fakes() for _ in trouble]
    for fake, answer in zip(bad, trouble):
        fake.answer = answer
    away, good = fakes(), fakes()
    away.refuse()
    d = serve(away.address, *(f.address for f in bad), good.address)
    for _ in range(10):
        lets_in(d)
    assert len(good.asked) == 10
    good.refuse()
    refused(d)
    assert d.wait_log(r"warn auth-http: cannot tell about client \S+: .*\d: .*; ")


def test_where_it_begins_is_chance(fakes, serve):
    one, two = fakes(), fakes()
    d = serve(one.address, two.address)
    for _ in range(40):
        c = d.client()
        c.auth("s")
        c.close()
    assert len(one.asked) + len(two.asked) == 40 and one.asked and two.asked


# trouble


def test_a_refusal_is_kept(fakes, serve):
    one, two = fakes(), fakes()
    one.answer = two.answer = FakeAuth.say(403, '{"message": "NOT_AUTHORIZED"}')
    d = serve(one.address, two.address, **{"auth.deny_ttl": "10m"})
    for _ in range(3):
        refused(d)
    assert len(one.asked) == len(two.asked) == 1


def test_one_that_knows_the_client_is_found(fakes, serve):
    """As with the original, for which a refusal is a failure like others."""
    one, two = fakes(), fakes()
    one.answer = FakeAuth.say(403, '{"message": "NOT_AUTHORIZED"}')
    d = serve(one.address, two.address)
    for i in range(10):
        lets_in(d, f"s{i}")
    assert len(two.asked) == 10


def test_nothing_granted(fakes, serve):
    fake = fakes()
    fake.answer = fake.allow()
    refused(serve(fake.address), with_="E_UNAUTHORIZED AUTH no authorizations found")


def test_one_that_hangs_is_given_up(fakes, serve):
    slow, good = fakes(), fakes()
    slow.answer = slow.hang
    d = serve(slow.address, good.address, options={"request_timeout": "100ms"})
    for _ in range(6):
        lets_in(d)
    assert len(good.asked) == 6


def test_nobody_waits_for_a_slow_one(fakes, serve):
    fake = fakes()
    fake.answer = lambda asked: fake.hang(asked) if asked.secret.startswith("slow") else fake.allow(EVERYTHING)
    d = serve(fake.address, options={"request_timeout": "10m"}, **{"auth.timeout": "10m"})
    waiting = [d.client() for _ in range(30)]
    for i, c in enumerate(waiting):
        c.command("AUTH", f"slow {i}")
    fake.wait_asked(len(waiting))
    for _ in range(5):
        lets_in(d)
    for c in waiting[:10]:
        c.close()  # their questions are dropped
    fake.release()
    for c in waiting[10:]:
        assert json.loads(c.live_frame().data)["permission_count"] == 1


def test_a_stop_does_not_wait_for_it(fakes, serve):
    fake = fakes()
    fake.answer = fake.hang
    d = serve(fake.address, options={"request_timeout": "10m"}, **{"auth.timeout": "10m"})
    c = d.client()
    c.command("AUTH", "s")
    fake.wait_asked()
    d.stop()


# redirects and https


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("method", ["get", "post"])
def test_redirects(fakes, serve, status, method):
    first, second = fakes(), fakes()
    first.answer = lambda a: FakeAuth.say(status, Location=second.url("/there?x") if a.path == "/again" else "../again")
    lets_in(serve(first.url("/a/b"), options={"request_method": method}))
    assert [a.path for a in first.asked] == ["/a/b", "/again"] and second.asked[0].target == "/there?x"
    body = method == "post" and status > 303
    assert second.asked[0].method == ("POST" if body else "GET") and bool(second.asked[0].body) == body
    assert second.asked[0].headers["accept"] == "application/vnd.nsq; version=1.0"


def test_no_redirect_from_https_to_http(fakes, serve):
    certs = authorities()
    plain, secure = fakes(), fakes(tls=certs.server_context(certs.server))
    secure.answer = FakeAuth.say(307, Location=plain.url())
    d = serve(secure.url(), options={"tls_root_ca_file": str(certs.ca_file), "request_method": "post"})
    refused(d)
    d.wait_log("it leads from https to http")
    assert secure.asked and not plain.asked


def test_redirects_without_end(fakes, serve):
    fake = fakes()
    fake.answer = FakeAuth.say(302, Location="/again")
    d = serve(fake.address)
    refused(d)
    d.wait_log("too many redirects")
    assert len(fake.asked) == 10


def test_https(fakes, serve):
    certs = authorities()
    fake = fakes(tls=certs.server_context(certs.server))
    lets_in(serve(fake.url(), options={"tls_root_ca_file": str(certs.ca_file)}))


def test_https_shows_a_certificate_if_there_is_one(fakes, serve):
    certs = authorities()
    fake = fakes(tls=certs.server_context(certs.server, certs.ca_file))
    lets_in(serve(fake.url(), options={"tls_root_ca_file": str(certs.ca_file), "tls_cert": str(certs.client.cert), "tls_key": str(certs.client.key)}))
    assert fake.asked[0].certificate["subject"] == ((("commonName", certs.client.cn),),)


@pytest.mark.parametrize("pair, ca", [("server", "other_ca_file"), ("server_expired", "ca_file"), ("server_elsewhere", "ca_file"),
                                      ("server_foreign", "ca_file")])
def test_https_that_is_not_to_be_trusted(fakes, serve, pair, ca):
    certs = authorities()
    fake = fakes(tls=certs.server_context(getattr(certs, pair)))
    refused(serve(fake.url(), options={"tls_root_ca_file": str(getattr(certs, ca))}))
    assert not fake.asked


def test_https_below_the_lowest_version(fakes, serve):
    certs = authorities()
    context = certs.server_context(certs.server)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    fake = fakes(tls=context)
    options = {"tls_root_ca_file": str(certs.ca_file)}
    lets_in(serve(fake.url(), options=options))
    refused(serve(fake.url(), options={**options, "tls_min_version": "tls1.3"}))


def test_a_plain_one_that_wants_https(fakes, serve):
    certs = authorities()
    secure, plain = fakes(tls=certs.server_context(certs.server)), fakes()
    plain.answer = FakeAuth.say(403, json.dumps({"message": "TLS_REQUIRED", "https_port": secure.port}))
    lets_in(serve(plain.url("/x?y=1"), options={"tls_root_ca_file": str(certs.ca_file)}))
    assert secure.asked[0].path == "/x" and secure.asked[0].query["y"] == ["1"] and secure.asked[0].secret == "s"


# reload


def test_hangup_changes_the_servers(fakes, serve):
    one, two = fakes(), fakes()
    d = serve(one.address)
    lets_in(d)
    config = d.home / "pluqd.yaml"
    config.write_text(config.read_text().replace(one.address, two.address))
    d.signal(signal.SIGHUP)
    d.wait_log(r"info core: reloaded")
    lets_in(d)
    assert len(one.asked) == 1 and len(two.asked) == 1
    config.write_text(config.read_text().replace(two.address, "ftp://nobody"))
    d.signal(signal.SIGHUP)
    d.wait_log(r"error auth-http: reload failed, the old options stay: address 'ftp://nobody': only http and https can be asked")
    lets_in(d)
    assert len(two.asked) == 2


@pytest.mark.parametrize("options, said", [
    ({"address": []}, "auth server"), ({"address": ["h:x"]}, "address 'h:x': the port is none"),
    ({"address": ["http://u:secret@h/"]}, "a user name or password in a URL is not supported"),
    ({"address": ["h:1"], "tls_root_ca_file": "/nonsuch"}, "/nonsuch"), ({"address": ["h:1"], "request_method": "put"}, "request_method"),
])
def test_what_stops_a_start(launch, options, said):
    d = launch.make(plugins=[("auth-http", options)]).spawn()
    assert d.wait() == 1
    assert said in d.log().splitlines()[-1] and "secret" not in d.log()
