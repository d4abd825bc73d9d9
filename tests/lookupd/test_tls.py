"""TLS of the discovery daemon: a TCP listener that speaks nothing else, HTTPS, and what is closed in their favour."""

import json
import re
import shutil
import signal
import socket
import ssl

import pytest

from pluqtest import eventually
from pluqtest.lookupd import Broker
from pluqtest.tls import Failed


@pytest.fixture
def secure(launch_lookupd, certs):
    """secure(**options) starts one that listens in every way; without a TCP listener in the clear if TLS is required."""

    def start(pair=None, **options):
        clear = {} if options.get("tls_required") else {"tcp": "127.0.0.1:0"}
        options = {**(pair or certs.server).options, "tls_tcp_address": "127.0.0.1:0", **options}
        return launch_lookupd.make(**{"tcp": "", **clear}, **options).start()

    return start


def test_a_broker_under_tls_is_one_like_any_other(secure, certs):
    d = secure()
    b = d.stranger(tls=certs.context())
    me = b.identify()
    assert (me["tcp_port"], me["http_port"], me["https_port"]) == (d.tcp[1], d.http_at[1], d.https_at[1])
    b.register("t", "c")
    b.ping()
    plain = d.broker()
    plain.register("u")
    assert d.topics() == ["t", "u"]
    assert d.lookup("t") == (["c"], [b.local])
    b.close()
    eventually(lambda: d.lookup("t") == (["c"], []))


def test_https_is_the_same_api(secure, certs):
    d = secure()
    d.https(certs.context(), "POST", "/topic/create", {"topic": "t"})
    clear, r = d.http("GET", "/topics"), d.https(certs.context(), "GET", "/topics")
    assert (r.status, r.body) == (clear.status, clear.body) == (200, b'{"topics":["t"]}')


def test_who_knows_no_https_port_is_told_as_the_original_does(launch_lookupd):
    raw = launch_lookupd().stranger()
    raw.command("IDENTIFY", json.dumps({"broadcast_address": "q", "hostname": "q", "tcp_port": 1, "http_port": 2, "version": "1"}))
    assert list(json.loads(raw.reply())) == ["broadcast_address", "hostname", "http_port", "tcp_port", "version"]


def test_what_speaks_no_tls_is_told_apart(secure):
    d = secure()
    b = Broker(d.tls_at)
    b.send("IDENTIFY\n" + " " * 100)
    d.wait_log(r"TLS handshake with 127\.0\.0\.1:\d+ failed: the peer speaks no TLS \(plain text\?\)")
    b.close()
    d.broker().ping()  # the other listener is as it was


def test_required_closes_all_in_the_clear(secure, certs):
    d = secure(tls_required=True)
    assert d.tcp is None
    for method, path in ("GET", "/ping"), ("GET", "/topics"), ("POST", "/topic/create?topic=t"), ("GET", "/nowhere"), ("PUT", "/healthz/live"):
        r = d.http(method, path)
        assert (r.status, r.body) == (403, b'{"message": "TLS_REQUIRED", "https_port": %d}' % d.https_at[1])
        assert r.headers["content-type"] == "application/json; charset=utf-8"
        assert r.headers["x-nsq-content-type"] == "nsq; version=1.0"
    assert d.https(certs.context(), "GET", "/ping").body == b"OK"
    b = d.stranger(tls=certs.context())
    assert b.identify()["tcp_port"] == d.tls_at[1]
    b.register("t")
    assert d.https(certs.context(), "GET", "/topics").json() == {"topics": ["t"]}
    assert "/nowhere" not in d.log()


def test_required_without_https(secure):
    d = secure(tls_required=True, https_address="")
    assert d.http("GET", "/ping").body == b'{"message": "TLS_REQUIRED", "https_port": 0}'


# ---- certificates of clients ----

@pytest.mark.parametrize("policy, good, bad", [
    ("", [None, "client", "client_foreign"], []),
    ("require", ["client", "client_foreign", "client_expired"], [None]),
    ("require-verify", ["client", "client_chained"], [None, "client_foreign", "client_expired", "client_self_signed"]),
])
def test_policies(secure, certs, policy, good, bad):
    d = secure(tls_client_auth_policy=policy, tls_root_ca_file=certs.ca_file)
    for name in good:
        context = certs.context(name and getattr(certs, name))
        d.stranger(tls=context).identify()
        assert d.https(context, "GET", "/ping").body == b"OK"
    for name in bad:
        context = certs.context(name and getattr(certs, name))
        with pytest.raises((Failed, AssertionError)):  # in TLS 1.3 the client hears of it when it reads
            d.stranger(tls=context).identify()
        with pytest.raises((ssl.SSLError, OSError)):
            d.https(context, "GET", "/ping")
    assert d.log().count("TLS handshake with") >= min(1, len(bad))


def test_versions_and_ciphers(secure, certs):
    d = secure(certs.server_rsa, tls_min_version="tls1.2", tls_ciphers="ECDHE-RSA-AES128-GCM-SHA256", tls_ciphersuites="TLS_CHACHA20_POLY1305_SHA256")
    old = d.stranger(tls=certs.context(version=ssl.TLSVersion.TLSv1_2))
    assert (old.tls.version(), old.tls.cipher()[0]) == ("TLSv1.2", "ECDHE-RSA-AES128-GCM-SHA256")
    new = d.stranger(tls=certs.context())
    assert (new.tls.version(), new.tls.cipher()[0]) == ("TLSv1.3", "TLS_CHACHA20_POLY1305_SHA256")
    for b in old, new:
        b.identify()
    with pytest.raises(Failed):
        d.stranger(tls=certs.context(version=ssl.TLSVersion.TLSv1_1))


# ---- options ----

@pytest.mark.parametrize("options, words", [
    ({"tls_tcp_address": "127.0.0.1:0"}, "tls_tcp_address: .* without tls_cert and tls_key"),
    ({"https_address": "127.0.0.1:0"}, "https_address: .* without tls_cert and tls_key"),
    ({"tls_required": True, "tcp": ""}, "tls_required: .* without tls_cert and tls_key"),
    ({"tls_client_auth_policy": "require"}, "tls_client_auth_policy: .* without tls_cert and tls_key"),
    ({"tls_cert": "server"}, "tls_key: is missing"),
    ({"tls_key": "server"}, "tls_cert: is missing"),
    ({"tls_cert": "server", "tls_key": "client"}, r"server\.pem|client\.key"),
    ({"tls_cert": "nowhere", "tls_key": "server"}, "/nowhere"),
    ({"tls_cert": "server", "tls_key": "server", "tls_client_auth_policy": "maybe"}, "tls_client_auth_policy: is neither require nor require-verify"),
    ({"tls_cert": "server", "tls_key": "server", "tls_required": True}, "tcp_address: .*tls_tcp_address"),
    ({"tls_cert": "server", "tls_key": "server", "tls_ciphers": "ROT13"}, "ROT13"),
    ({"tls_min_version": "ssl3"}, "tls_min_version"),
    ({"http_auth": True}, "auth plugin"),
])
def test_a_mistake_stops_the_start(launch_lookupd, certs, options, words):
    files = {"server": certs.server, "client": certs.client}
    for key, field in ("tls_cert", "cert"), ("tls_key", "key"):
        if options.get(key) in files:
            options = {**options, key: getattr(files[options[key]], field)}
        elif key in options:
            options = {**options, key: "/nowhere"}
    d = launch_lookupd.make(**{"https_address": "", **options}).spawn()
    assert d.wait() != 0
    d.wait_log(words)


# ---- reload ----

@pytest.fixture
def filed(launch_lookupd, certs, tmp_path):
    """Its certificate and most options are in files; reload(words, **changes) changes those of its configuration and waits for words in the
    log."""
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    install(certs.server, cert, key)
    standard = {"tls_cert": cert, "tls_key": key, "tls_root_ca_file": certs.ca_file}

    def config(**changes):
        return json.dumps({"plugins": [{"lookupd": {**standard, **changes}}]}, default=str)

    d = launch_lookupd(config=config(), https_address="127.0.0.1:0", http_address="", tls_tcp_address="127.0.0.1:0")
    d.files = cert, key

    def reload(wanted, **changes):
        (d.home / "lookupd.yaml").write_text(config(**changes))
        before = len(d.log())
        d.signal(signal.SIGHUP)
        eventually(lambda: re.search(wanted, d.log()[before:]), 10, f"log line {wanted!r}")

    d.reload = reload
    return d


def install(pair, cert, key):
    shutil.copy(pair.cert, cert)
    shutil.copy(pair.key, key)


def shown(d, certs):
    """The serial number of the certificate, on which both listeners agree."""
    with d.stranger(tls=certs.context()) as b:
        number = b.tls.getpeercert()["serialNumber"]
    with socket.create_connection(d.https_at) as s, certs.context().wrap_socket(s, server_hostname="localhost") as t:
        assert t.getpeercert()["serialNumber"] == number
    return number


def test_new_certificates_by_sighup(filed, certs):
    d = filed
    old = d.stranger(tls=certs.context())
    old.identify()
    before = shown(d, certs)
    install(certs.server_renewed, *d.files)
    d.reload("reload")
    eventually(lambda: shown(d, certs) != before)
    old.register("t")  # connections stay
    assert d.https(certs.context(), "GET", "/topics").json() == {"topics": ["t"]}


def test_a_reload_that_fails_changes_nothing(filed, certs):
    d = filed
    before = shown(d, certs)
    d.files[0].write_text("no certificate")
    d.reload("tls_cert|cert.pem")
    assert shown(d, certs) == before
    install(certs.server_renewed, *d.files)
    d.reload("tls_client_auth_policy", tls_client_auth_policy="maybe")
    assert shown(d, certs) == before


def test_a_policy_by_sighup(filed, certs):
    d = filed
    d.stranger(tls=certs.context()).identify()
    d.reload("reload", tls_client_auth_policy="require-verify")

    def refused():
        try:
            d.stranger(tls=certs.context()).identify()
        except AssertionError:
            return True
    eventually(refused)
    d.stranger(tls=certs.context(certs.client)).identify()
    d.reload("switched off by a restart only", tls_cert="", tls_key="")
    d.stranger(tls=certs.context(certs.client)).identify()
