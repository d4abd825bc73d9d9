"""The auth server: /auth byte for byte, its OAuth2 lookup, its stop; and a broker that asks it."""

import json
import signal
import socket
import ssl
import threading

import pytest

from pluqtest import eventually
from pluqtest.authd import Authd, make_entry

CSV = """\
login,ip,tls_required,topic,channel,subscribe,publish
,127.0.0.3,false,test,test,subscribe,
test_local,127.0.0.1,true,local,.*,subscribe,publish
test_publish,127.0.0.1,false,test_publish,,,publish
many,,false,b,1,subscribe,publish
many,,false,a,2,subscribe,
many,,false,b,3,subscribe,
many,,false,b,1,Subscribe,PUBLISH
many,10.0.0.0/8,false,c,"x, ""y""\u00e4",subscribe,
joe,,false,joes,.*,subscribe,publish
linked,fe80::/10,false,links,,,publish
"""
NOBODY = (403, b'{"message": "NOT_AUTHORIZED"}')
EMPTY = (200, b'{"ttl": 3600, "authorizations": [], "identity": ""}')


def granted(*entries, identity="", ttl=3600):
    text = ", ".join(f'{{"topic": "{t}", "channels": {json.dumps(c, ensure_ascii=False)}, "permissions": {json.dumps(p)}}}' for t, c, p in entries)
    return 200, f'{{"ttl": {ttl}, "authorizations": [{text}], "identity": "{identity}"}}'.encode()


@pytest.fixture(scope="module")
def csv(tmp_path_factory):
    path = tmp_path_factory.mktemp("csv") / "auth.csv"
    path.write_text(CSV)
    return path


@pytest.fixture(scope="module")
def authd(csv):
    d = Authd(plugins=[("auth-csv", {"data_file": csv})])
    yield d
    d.stop()
    d.remove()


BOTH = ["subscribe", "publish"]
CASES = [
    ({"secret": "test_publish"}, granted(("test_publish", [""], ["publish"]))),
    ({"secret": " test_publish\t", "remote_ip": "  127.0.0.1 ", "tls": " FALSE\n"}, granted(("test_publish", [""], ["publish"]))),
    ({"secret": "test_publish", "remote_ip": "127.0.0.2"}, EMPTY),
    ({"secret": "test_local"}, EMPTY),
    ({"secret": "test_local", "tls": "true"}, granted(("local", [".*"], BOTH))),
    ({"secret": "test_local", "tls": "True", "common_name": "x", "other": "y"}, granted(("local", [".*"], BOTH))),
    ({"secret": "nobody"}, EMPTY),
    ({"secret": ""}, NOBODY),
    ({"secret": "  "}, NOBODY),
    ({"secret": "", "remote_ip": "127.0.0.3"}, granted(("test", ["test"], ["subscribe"]))),
    ({"secret": "nobody", "remote_ip": "127.0.0.3"}, granted(("test", ["test"], ["subscribe"]))),
    ({"secret": "many"}, granted(("b", ["1", "1"], BOTH), ("b", ["3"], ["subscribe"]), ("a", ["2"], ["subscribe"]))),
    ({"secret": "test_publish", "remote_ip": "::ffff:127.0.0.1"}, granted(("test_publish", [""], ["publish"]))),
    ({"secret": "linked", "remote_ip": "fe80::1%eth0"}, granted(("links", [""], ["publish"]))),
    ({"secret": "linked", "remote_ip": "fe80::1"}, granted(("links", [""], ["publish"]))),
    ({"secret": "linked", "remote_ip": "fec0::1%eth0"}, EMPTY),
    ({"secret": "many", "remote_ip": "10.9.8.7"}, granted(("b", ["1", "1"], BOTH), ("b", ["3"], ["subscribe"]), ("a", ["2"], ["subscribe"]),
                                                          ("c", ['x, "y"\u00e4'], ["subscribe"]))),
]


@pytest.mark.parametrize("params,wanted", CASES)
def test_answers(authd, params, wanted):
    r = authd.ask(**params)
    assert (r.status, r.body) == wanted
    assert r.headers["content-type"] == "application/json; charset=UTF-8"


@pytest.mark.parametrize("params,wanted", CASES)
def test_answers_to_a_post(authd, params, wanted):
    lists = {k: [v] for k, v in {"remote_ip": "127.0.0.1", "tls": "false", "common_name": "", **params}.items()}
    r = authd.http("POST", "/auth", body=json.dumps(lists), headers={"Content-Type": "application/json"})
    assert (r.status, r.body) == wanted


@pytest.mark.parametrize("query,status,message", [
    ("", 400, "MISSING_ARG_SECRET"),
    ("remote_ip=x&tls=x", 400, "MISSING_ARG_SECRET"),
    ("secret=s", 400, "MISSING_ARG_REMOTE_IP"),
    ("secret=s&tls=x", 400, "MISSING_ARG_REMOTE_IP"),
    ("secret=s&remote_ip=&tls=false", 500, "INVALID_ARG_REMOTE_IP"),
    ("secret=s&remote_ip=localhost", 500, "INVALID_ARG_REMOTE_IP"),
    ("secret=s&remote_ip=127.0.0.1%25eth0&tls=false", 500, "INVALID_ARG_REMOTE_IP"),
    ("secret=s&remote_ip=::1%25&tls=false", 500, "INVALID_ARG_REMOTE_IP"),
    ("secret=s&remote_ip=::1%00&tls=false", 500, "INVALID_ARG_REMOTE_IP"),
    ("secret=s&remote_ip=" + "1" * 100 + "&tls=false", 500, "INVALID_ARG_REMOTE_IP"),
    ("secret=s&remote_ip=::1", 400, "MISSING_ARG_TLS"),
    ("secret=s&remote_ip=::1&tls=", 500, "INVALID_ARG_TLS"),
    ("secret=s&remote_ip=::1&tls=yes", 500, "INVALID_ARG_TLS"),
    ("secret=%zz&remote_ip=::1&tls=true", 400, "INVALID_REQUEST"),
])
def test_what_is_missing_or_bad(authd, query, status, message):
    r = authd.http("GET", f"/auth?{query}")
    assert (r.status, r.message) == (status, message)


@pytest.mark.parametrize("body", ["", "{", "[]", "{}", '{"secret": 1}', '{"secret": ["s"], "remote_ip": ["::1"], "tls": [false]}'])
def test_a_post_that_is_bad(authd, body):
    assert authd.http("POST", "/auth", body=body).status == 400


def test_a_post_that_is_too_long(authd):
    assert authd.http("POST", "/auth", body=b" " * (1 << 20)).status == 413


def test_other_paths_and_methods(authd):
    r = authd.http("GET", "/ping")
    assert (r.status, r.body) == (200, b"OK")
    assert authd.http("GET", "/healthz/ready").status == authd.http("GET", "/healthz/live").status == 200
    assert authd.http("DELETE", "/auth").status == 405
    assert authd.http("GET", "/nothing").status == 404


def test_a_reload(launch_authd, tmp_path):
    path = tmp_path / "auth.csv"
    path.write_text(CSV)
    d = launch_authd(plugins=[("auth-csv", {"data_file": path, "ttl": "90s"})])
    assert (r := d.ask(secret="test_publish")).body == granted(("test_publish", [""], ["publish"]), ttl=90)[1], r
    path.write_text(CSV.splitlines()[0] + "\ntest_publish,,,else,c,subscribe,\n")
    d.process.send_signal(signal.SIGHUP)
    eventually(lambda: d.ask(secret="test_publish").body == granted(("else", ["c"], ["subscribe"]), ttl=90)[1])


def test_secrets_are_not_logged(launch_authd, csv):
    d = launch_authd(plugins=[("auth-csv", {"data_file": csv})])
    d.ask(secret="xyzzy1")
    d.ask(secret="xyzzy2", tls="x")
    for method, path in [("PUT", "/auth"), ("GET", "/auth/"), ("GET", "/aut"), ("POST", "/auth")]:
        d.http(method, path, {"secret": "xyzzy3"})
    d.stop()
    assert " 404 GET /aut (" in d.log()
    assert "xyzzy" not in d.log()


def test_without_an_auth_plugin_it_does_not_start():
    d = Authd(start=False).spawn()
    try:
        assert d.wait() == 1
        assert "no auth plugin in this process" in d.log().splitlines()[-1]
    finally:
        d.remove()


# OAuth2


def test_a_token_s_login_takes_its_place(launch_authd, csv, endpoint):
    e = endpoint({"to ken&": "joe", "other": "nobody"})
    d = launch_authd(plugins=[("auth-csv", {"data_file": csv})], oauth2_echo_endpoint=f"http://127.0.0.1:{e.port}/echo?x=1")
    r = d.ask(secret="to ken&")
    assert (r.status, r.body) == granted(("joes", [".*"], BOTH), identity="joe")
    assert e.asked == [("/echo", {"x": "1", "access_token": "to ken&"})]
    r = d.ask(secret="other")
    assert (r.status, r.body) == (200, b'{"ttl": 3600, "authorizations": [], "identity": "nobody"}')
    for secret in ("joe", ""):  # the login itself is no token
        r = d.ask(secret=secret)
        assert (r.status, r.body) == NOBODY
        r = d.ask(secret=secret, remote_ip="127.0.0.3")  # what is open to anybody there still is
        assert (r.status, r.body) == granted(("test", ["test"], ["subscribe"]))
    assert "ken" not in d.log()


@pytest.mark.parametrize("answer", [b"", b"{", b"[]", b'{"data": {}}', b'{"data": {"login": 1}}', b'{"login": "joe"}', b'{"data": {"login": "joe"' + b" " * 70000])
def test_an_endpoint_that_talks_nonsense(launch_authd, csv, endpoint, answer):
    e = endpoint({"t": "joe"})
    e.answer = answer or b" "
    d = launch_authd(plugins=[("auth-csv", {"data_file": csv})], oauth2_echo_endpoint=f"http://127.0.0.1:{e.port}/")
    r = d.ask(secret="t")
    assert (r.status, r.body) == NOBODY
    d.wait_log(r"oauth2_echo_endpoint: no login: ")


def test_an_endpoint_that_is_not_there(launch_authd, csv):
    with socket.create_server(("127.0.0.1", 0)) as s:
        port = s.getsockname()[1]
    d = launch_authd(plugins=[("auth-csv", {"data_file": csv})], oauth2_echo_endpoint=f"http://127.0.0.1:{port}/")
    r = d.ask(secret="t")
    assert (r.status, r.body) == NOBODY
    d.wait_log(r"warn authd: oauth2_echo_endpoint: no login: ")


def test_an_endpoint_that_hangs(launch_authd, csv, endpoint):
    e = endpoint({"t": "joe"})
    e.hold()
    d = launch_authd(plugins=[("auth-csv", {"data_file": csv})], oauth2_echo_endpoint=f"http://127.0.0.1:{e.port}/", oauth2_timeout="200ms")
    r = d.ask(secret="t")
    assert (r.status, r.body) == NOBODY


def test_a_stop_answers_what_is_open(launch_authd, csv, endpoint):
    e = endpoint({"t": "joe"})
    e.hold()
    d = launch_authd(plugins=[("auth-csv", {"data_file": csv})], oauth2_echo_endpoint=f"http://127.0.0.1:{e.port}/", oauth2_timeout="10m")
    got = []
    t = threading.Thread(target=lambda: got.append(d.ask(secret="t")))
    t.start()
    eventually(lambda: e.asked, what="the endpoint is asked")
    d.stop()
    t.join()
    assert (got[0].status, got[0].message) == (503, "EXITING")


def test_the_endpoint_s_certificate(launch_authd, csv, endpoint, certs):
    """Verified for the name that is dialled, against the given roots; or not at all if so asked."""
    good, bad = endpoint({"t": "joe"}, context=certs.server_context()), endpoint({"t": "joe"}, context=certs.server_context(certs.server_foreign))
    elsewhere = endpoint({"t": "joe"}, context=certs.server_context(certs.server_elsewhere))
    joe = granted(("joes", [".*"], BOTH), identity="joe")
    for e, options, wanted in [(good, {"oauth2_root_ca_file": certs.ca_file}, joe), (good, {}, NOBODY),
                               (bad, {"oauth2_root_ca_file": certs.ca_file}, NOBODY),
                               (elsewhere, {"oauth2_root_ca_file": certs.ca_file}, NOBODY),
                               (bad, {"validate_cert": False}, joe)]:
        d = launch_authd(plugins=[("auth-csv", {"data_file": csv})], oauth2_echo_endpoint=f"https://localhost:{e.port}/", **options)
        r = d.ask(secret="t")
        assert (r.status, r.body) == wanted, (options, d.log()[-1000:])


@pytest.mark.parametrize("url", ["ftp://h/", "h/x", "https://", "http://u:p@h/", "http://a b/"])
def test_a_url_that_is_none_stops_the_start(csv, url):
    d = Authd(start=False, plugins=[("auth-csv", {"data_file": csv})], oauth2_echo_endpoint=url).spawn()
    try:
        assert d.wait() == 1
        assert "oauth2_echo_endpoint is not a URL" in d.log().splitlines()[-1]
    finally:
        d.remove()


# HTTPS


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion")
def test_https(launch_authd, csv, certs):
    d = launch_authd(plugins=[("auth-csv", {"data_file": csv})], **certs.server.options)
    r = d.https(certs.context(), "GET", "/auth", {"secret": "test_publish", "remote_ip": "127.0.0.1", "tls": "false"})
    assert (r.status, r.body) == granted(("test_publish", [""], ["publish"]))
    with pytest.raises(ssl.SSLError):
        d.https(certs.context(version=ssl.TLSVersion.TLSv1_1), "GET", "/ping")


def test_a_renewed_certificate(launch_authd, csv, certs, tmp_path):
    cert, key = tmp_path / "cert", tmp_path / "key"

    def use(pair):
        cert.write_bytes(pair.cert.read_bytes())
        key.write_bytes(pair.key.read_bytes())

    def shown():
        return ssl.get_server_certificate(d.https_at)

    use(certs.server)
    d = launch_authd(plugins=[("auth-csv", {"data_file": csv})], tls_cert=cert, tls_key=key)
    assert shown() in certs.server.leaf.read_text()
    use(certs.server_renewed)
    d.process.send_signal(signal.SIGHUP)
    eventually(lambda: shown() in certs.server_renewed.leaf.read_text(), what="the new certificate is shown")
    cert.write_text("nonsense")
    d.process.send_signal(signal.SIGHUP)
    d.wait_log(r"error authd: reload failed, the old options stay: ")
    assert shown() in certs.server_renewed.leaf.read_text()


def test_https_without_a_certificate_does_not_start(csv):
    d = Authd(start=False, plugins=[("auth-csv", {"data_file": csv})], https_address="127.0.0.1:0").spawn()
    try:
        assert d.wait() == 1
        assert "https_address needs tls_cert and tls_key" in d.log().splitlines()[-1]
    finally:
        d.remove()


# asked by a broker


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_broker_asks_it(launch, launch_authd, tmp_path, csv, method):
    """auth-http at the broker; at the auth server a token's file, and behind it the CSV."""
    entry, secret = make_entry("shop", "publish ^orders$", "subscribe ^invoices$ ^shop$")
    (tmp_path / "tokens").write_text(entry)
    a = launch_authd(plugins=[("auth-token", {"data_file": tmp_path / "tokens", "ttl": "2h"}), ("auth-csv", {"data_file": csv})])
    d = launch(plugins=[("auth-http", {"address": [f"127.0.0.1:{a.http_at[1]}"], "request_method": method})])
    c = d.client()
    assert c.auth(secret) == {"identity": "shop", "identity_url": "", "permission_count": 2}
    c.pub("orders", b"x")
    c.sub("invoices", "shop")
    c = d.client()
    assert c.auth("test_publish")["permission_count"] == 1
    c.pub("test_publish", b"x")
    c.command("PUB other", b"x")
    c.fatal('E_UNAUTHORIZED AUTH failed for PUB on "other" ""')
    c = d.client()
    c.command("AUTH", "nobody")
    c.fatal("E_UNAUTHORIZED AUTH no authorizations found")


@pytest.mark.parametrize("trust", [True, False])
def test_a_certificate_s_name_through_a_broker(launch, launch_authd, tmp_path, certs, trust):
    """The broker sends the common name; whether it has verified it, only the operator knows."""
    (tmp_path / "rules").write_text("CN=client.example\n\tpublish ^orders$\n")
    a = launch_authd(plugins=[("auth-cert", {"data_file": tmp_path / "rules"})], trust_common_name=trust)
    d = launch(plugins=[("auth-http", {"address": [f"127.0.0.1:{a.http_at[1]}"]})], **certs.server.options,
               tls_client_auth_policy="require-verify", tls_root_ca_file=certs.ca_file)
    c = d.client()
    c.secure(certs.context(certs.client))
    if trust:
        assert c.auth("x")["identity"] == "client.example"
        c.pub("orders", b"x")
    else:
        c.command("AUTH", "x")
        c.fatal("E_UNAUTHORIZED AUTH no authorizations found")
