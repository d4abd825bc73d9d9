"""Client certificates: who is let in by which policy, over HTTPS with openssl's client and over the V2 protocol."""

import ssl

import pytest

from pluqtest import Client, Pluqd, sclient
from pluqtest.lookupd import Lookupd
from pluqtest.tls import Failed

POLICIES = ["", "require", "require-verify"]
GOOD = ["client", "client_rsa", "client_chained", "client_nameless"]
BAD = ["client_expired", "client_foreign", "client_self_signed"]
CLIENTS = ["none", *GOOD, *BAD]
VERSIONS = {"-tls1_2": ssl.TLSVersion.TLSv1_2, "-tls1_3": ssl.TLSVersion.TLSv1_3}


def let_in(policy, client):
    return policy == "" or policy == "require" and client != "none" or client in GOOD


def pair_of(certs, client):
    return None if client == "none" else getattr(certs, client)


@pytest.fixture(scope="module")
def brokers(certs):
    """{policy: broker}"""
    yield from _daemons(certs, lambda **o: Pluqd(https_address="127.0.0.1:0", tls_required="tcp-https", **o))


@pytest.fixture(scope="module")
def lookupds(certs):
    """{policy: discovery daemon}"""
    yield from _daemons(certs, lambda **o: Lookupd(https_address="127.0.0.1:0", tls_tcp_address="127.0.0.1:0", **o))


def _daemons(certs, make):
    started = {}
    try:
        for policy in POLICIES:
            started[policy] = make(**certs.server.options, tls_client_auth_policy=policy, tls_root_ca_file=certs.ca_file)
        yield started
        for d in started.values():
            d.stop()
    finally:
        for d in started.values():
            if d.alive():
                d.kill()
            d.remove()


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("policy", POLICIES, ids=lambda p: p or "no policy")
def test_https(brokers, certs, policy, client, version):
    r = sclient.run(brokers[policy].https_at, version, certs=certs, pair=pair_of(certs, client))
    assert r.has("HTTP/1.1 200 OK") is let_in(policy, client), r
    if not let_in(policy, client):
        assert r.alert, r


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("policy", POLICIES, ids=lambda p: p or "no policy")
def test_lookupd(lookupds, certs, policy, client):
    d = lookupds[policy]
    r = sclient.run(d.https_at, certs=certs, pair=pair_of(certs, client))
    assert r.has("HTTP/1.1 200 OK") is let_in(policy, client), r
    if let_in(policy, client):
        d.stranger(tls=certs.context(pair_of(certs, client))).ping()
    else:
        with pytest.raises(Failed):
            d.stranger(tls=certs.context(pair_of(certs, client))).ping()


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("policy", POLICIES, ids=lambda p: p or "no policy")
def test_v2(brokers, certs, topic, policy, client, version):
    d = brokers[policy]
    c = d.client()
    context = certs.context(pair_of(certs, client), version=VERSIONS[version])
    if let_in(policy, client):
        c.secure(context)
        c.pub(topic, "x")
        return
    with pytest.raises(Failed):
        c.secure(context)
    d.wait_log(rf"{c.local}.*(certificate|TLS)")


WHY = {"client_expired": "expired", "client_foreign": "issuer", "client_self_signed": "self-signed", "none": "no certificate"}


@pytest.mark.parametrize("client", WHY)
def test_what_the_log_says_of_a_refused_one(secured, certs, client):
    """One line, the peer's address, and why, in words."""
    d = secured(tls_client_auth_policy="require-verify", tls_root_ca_file=certs.ca_file)
    c = Client(d.https_at, magic=None)
    with pytest.raises(Failed):
        c.start_tls(certs.context(pair_of(certs, client)))
        c.frame()
    line = d.wait_log(rf".*warn net: TLS handshake with {c.local} failed: .*").group()
    assert WHY[client] in line and "error:" not in line and "routines" not in line, line
    assert len([line for line in d.log().splitlines() if c.local in line and " debug " not in line]) == 1


def test_the_error_of_a_failed_handshake_is_in_the_clear(brokers, certs):
    """What stands behind the alert is a frame."""
    d = brokers["require-verify"]
    c = d.client()
    assert c.identify(feature_negotiation=True, tls_v1=True)["tls_v1"] is True
    with pytest.raises(Failed):
        c.start_tls(certs.context(version=ssl.TLSVersion.TLSv1_2))  # 1.3: the client has finished before the server judges
    kind, text = c.frame()
    assert kind == 1 and text.startswith(b"E_IDENTIFY_FAILED IDENTIFY failed "), text
    c.closed()


REQUIRED = {
    # tls_required, policy: is TLS required over TCP, over HTTP
    ("false", ""): (False, False),
    ("tcp-https", ""): (True, False),
    ("true", ""): (True, True),
    ("false", "require"): (True, True),
    ("tcp-https", "require"): (True, False),
    ("false", "require-verify"): (True, True),
}


@pytest.mark.parametrize("required, policy", REQUIRED)
def test_required(secured, certs, required, policy):
    tcp, http = REQUIRED[required, policy]
    d = secured(tls_required=required, tls_client_auth_policy=policy, tls_root_ca_file=certs.ca_file)
    context = certs.context(certs.client)
    for command in ["PUB t", "SUB t c", "MPUB t", "NOP", "AUTH", "FIN", "NONSENSE"]:
        c = d.client()
        c.identify()
        c.send(command + "\n")
        verb = command.split()[0]
        if tcp:
            c.fatal(f"E_INVALID cannot {verb} in current state (TLS required)")
    c = d.client()
    if not tcp:
        c.pub("t", "in the clear")
    c = d.client()
    c.secure(context)
    c.pub("t", "under TLS")
    for method, path in [("GET", "/ping"), ("GET", "/stats"), ("POST", "/pub?topic=t"), ("GET", "/nowhere"), ("DELETE", "/ping")]:
        r = d.http(method, path, body=b"x" if method == "POST" else None)
        if http:
            assert r.status == 403 and r.body == b'{"message": "TLS_REQUIRED", "https_port": %d}' % d.https_at[1], r
            assert r.headers["content-type"] == "application/json; charset=utf-8" and r.headers["x-nsq-content-type"] == "nsq; version=1.0"
        else:
            assert r.status in (200, 404, 405), r
        s = d.https(context, method, path, body=b"x" if method == "POST" else None)
        assert s.status == {"/nowhere": 404}.get(path, 405 if method == "DELETE" else 200), s


def test_required_without_https(launch, certs):
    d = launch(https_address="", **certs.server.options, tls_required=True)
    assert d.http("GET", "/ping").body == b'{"message": "TLS_REQUIRED", "https_port": 0}'


@pytest.mark.parametrize("options", [{"tls_required": True}, {"tls_required": "tcp-https"}, {"tls_client_auth_policy": "require"}],
                         ids=lambda o: ",".join(o))
def test_required_without_a_certificate(launch, options):
    d = launch.make(**options).spawn()
    assert d.wait() != 0
    assert len([line for line in d.log().splitlines() if "tls_" in line]) == 1, d.log()


def test_tls_that_nobody_asks_for(secured, certs):
    d = secured()
    c = d.client()
    assert c.identify(feature_negotiation=True)["tls_v1"] is False
    c.pub("t", "x")
    c = d.client()
    c.identify(tls_v1=True)  # without negotiation: no upgrade
    c.pub("t", "x")


def test_tls_that_is_not_there(launch):
    d = launch()
    c = d.client()
    assert c.identify(feature_negotiation=True, tls_v1=True)["tls_v1"] is False
    c.pub("t", "x")


def test_lookupd_required(launch_lookupd, certs):
    d = launch_lookupd(tcp="", tls_required=True, https_address="127.0.0.1:0", tls_tcp_address="127.0.0.1:0", **certs.server.options)
    for path in ("/ping", "/topics", "/nowhere"):
        r = d.http("GET", path)
        assert r.status == 403 and r.body == b'{"message": "TLS_REQUIRED", "https_port": %d}' % d.https_at[1], r
    assert d.https(certs.context(), "GET", "/ping").body == b"OK"
    d.stranger(tls=certs.context()).ping()


def test_lookupd_required_with_a_clear_listener(launch_lookupd, certs):
    d = launch_lookupd.make(tls_required=True, tls_tcp_address="127.0.0.1:0", **certs.server.options).spawn()
    assert d.wait() != 0
    assert len([line for line in d.log().splitlines() if "tls_required" in line]) == 1, d.log()
