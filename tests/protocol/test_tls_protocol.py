"""TLS and compression as the protocol agrees on them, the policy that requires TLS, HTTPS, and certificates read again."""

import hashlib
import json
import signal
import ssl
import struct

import pytest

from pluqtest import Pluqd, eventually, tls
from pluqtest.certs import authorities
from pluqtest.client import ERROR, RESPONSE
from pluqtest.compress import Deflate, Snappy

CERTS = authorities()
CLIENT_KEYS = ("tls", "tls_cipher_suite", "tls_version", "tls_negotiated_protocol", "tls_negotiated_protocol_is_mutual", "snappy", "deflate")


def compressed(c, **fields):
    """Identifies, with or without TLS, and goes on compressed. The decoded answer."""
    compression = "snappy" if fields.get("snappy") else "deflate"
    if fields.get("tls_v1"):
        answer = c.secure(CERTS.context(), **{k: v for k, v in fields.items() if k != "tls_v1"})
    else:
        answer = c.identify(feature_negotiation=True, **fields)
    assert answer[compression] is True
    c.add_coder(Snappy() if compression == "snappy" else Deflate())
    c.response()
    return answer


@pytest.fixture(scope="module")
def secure():
    d = Pluqd(**CERTS.server.options)
    yield d
    d.stop()
    d.remove()


def shown(d, c):
    """What /stats says of a client that has published."""
    c.pub("shown", "x")
    mine = [p for p in d.stats(topic="shown")["producers"] if p["remote_address"] == c.local]
    return tuple(mine[0][k] for k in CLIENT_KEYS)


# the dialogue


def test_tls_is_offered_with_a_certificate_only(secure, broker):
    assert broker.client().identify(feature_negotiation=True, tls_v1=True)["tls_v1"] is False
    assert secure.client().identify(feature_negotiation=True)["tls_v1"] is False
    secure.client().identify(tls_v1=True)  # without negotiation it stays in the clear
    c = secure.client()
    c.secure(CERTS.context())
    c.pub("t", "x")
    c.sub("t", "c", 1)
    assert c.message().body == b"x"


@pytest.mark.parametrize("version, name", [(ssl.TLSVersion.TLSv1_2, "TLS1.2"), (ssl.TLSVersion.TLSv1_3, "TLS1.3")])
def test_stats_show_version_and_suite(secure, version, name):
    c = secure.client()
    c.secure(CERTS.context(version=version))
    is_tls, suite, v, protocol, mutual, snappy, deflate = shown(secure, c)
    assert (is_tls, v, protocol, mutual, snappy, deflate) == (True, name, "", True, False, False)
    number = next(s["id"] & 0xffff for s in CERTS.context().get_ciphers() if s["name"] == c.tls.cipher()[0])
    assert suite == f"Unknown {number}"


@pytest.mark.parametrize("cipher, name", [
    ("ECDHE-ECDSA-AES128-GCM-SHA256", "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"), ("ECDHE-ECDSA-AES256-SHA", "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA"),
    ("ECDHE-ECDSA-AES256-GCM-SHA384", "Unknown 49196"),
])
def test_suites_that_have_a_name(secure, cipher, name):
    c = secure.client()
    c.secure(CERTS.context(version=ssl.TLSVersion.TLSv1_2, ciphers=cipher))
    assert shown(secure, c)[:3] == (True, name, "TLS1.2")


def test_stats_of_a_clear_connection(secure):
    assert shown(secure, secure.client()) == (False, "", "", "", False, False, False)


@pytest.mark.parametrize("under_tls", [False, True])
@pytest.mark.parametrize("which", ["snappy", "deflate"])
def test_compression(secure, which, under_tls):
    c = secure.client()
    answer = compressed(c, tls_v1=under_tls, **{which: True})
    assert (answer["snappy"], answer["deflate"]) == (which == "snappy", which == "deflate")
    facts = shown(secure, c)
    assert (facts[0], facts[5], facts[6]) == (under_tls, which == "snappy", which == "deflate")
    bodies = [bytes([i]) * 5000 for i in range(50)]
    c.mpub(f"{which}{under_tls}", bodies)
    c.sub(f"{which}{under_tls}", "c", 50)
    assert sorted(c.bodies(50)) == bodies


@pytest.mark.parametrize("options, asked, answered", [
    ({"snappy": False}, {"snappy": True}, {"snappy": False}), ({"deflate": False}, {"deflate": True, "deflate_level": 3}, {"deflate": False, "deflate_level": 6}),
    ({"snappy": False}, {"snappy": True, "deflate": True}, {"snappy": False, "deflate": True}),
    ({"max_deflate_level": 4}, {"deflate": True, "deflate_level": 9}, {"deflate_level": 4, "max_deflate_level": 4}),
    ({"max_deflate_level": 9}, {"deflate": True, "deflate_level": 9}, {"deflate_level": 9}),
    ({}, {"deflate": True, "deflate_level": 0}, {"deflate_level": 6}), ({}, {"deflate": True, "deflate_level": 1}, {"deflate_level": 1}),
])
def test_what_is_agreed_on(adopt, options, asked, answered):
    d = adopt(Pluqd(**options))
    answer = d.client().identify(feature_negotiation=True, **asked)
    assert {k: answer[k] for k in answered} == answered


def test_deflate_and_snappy_exclude_each_other(secure):
    c = secure.client()
    c.identify_raw(json.dumps({"feature_negotiation": True, "snappy": True, "deflate": True}))
    c.fatal("E_IDENTIFY_FAILED cannot enable both deflate and snappy compression")
    secure.client().identify(snappy=True, deflate=True)  # nothing was negotiated


def test_what_is_pipelined_behind_an_upgrade_is_lost(secure):
    c = secure.client()
    body = json.dumps({"feature_negotiation": True, "snappy": True}).encode()
    c.send(b"IDENTIFY\n" + struct.pack(">i", len(body)) + body + b"BAD\n")
    assert c.live_frame().kind == RESPONSE
    c.add_coder(Snappy())
    c.response()
    c.pub("t", "x")


def test_a_second_identify_upgrades_nothing(secure):
    c = secure.client()
    compressed(c, tls_v1=True, snappy=True)
    answer = c.identify(feature_negotiation=True, tls_v1=True, snappy=True, deflate=True, output_buffer_size=64)
    assert (answer["tls_v1"], answer["snappy"], answer["deflate"], answer["output_buffer_size"]) == (False, False, False, 64)
    c.pub("again", "x" * 1000)
    c.sub("again", "c", 1)
    assert c.message().body == b"x" * 1000


def test_identify_behind_publishes(secure):
    c = secure.client()
    body = json.dumps({"feature_negotiation": True, "tls_v1": True}).encode()
    c.send((b"PUB before\n" + struct.pack(">i", 1) + b"x") * 20 + b"IDENTIFY\n" + struct.pack(">i", len(body)) + body)
    for _ in range(20):
        c.response()
    assert json.loads(c.live_frame().data)["tls_v1"] is True
    c.start_tls(CERTS.context())
    c.response()


def test_a_large_identify(secure):
    c = secure.client()
    c.secure(CERTS.context(), user_agent="a" * 100000)
    c.pub("t", "x")


def test_a_handshake_that_fails_is_told_in_the_clear(secure):
    c = secure.client()
    assert c.identify(feature_negotiation=True, tls_v1=True)["tls_v1"] is True
    c.send_raw_lenient(b"PUB t\n" + struct.pack(">i", 1) + b"x")
    f = c.frame()
    assert f.kind == ERROR and f.data.startswith(b"E_IDENTIFY_FAILED IDENTIFY failed ") and len(f.data) > 40
    c.closed()


def test_a_handshake_that_stalls_is_cut(secure):
    c = secure.client()
    c.identify(feature_negotiation=True, tls_v1=True, heartbeat_interval=1000)
    other = secure.client()
    f = c.frame(timeout=15)  # no heartbeat before
    assert f.kind == ERROR and f.data.startswith(b"E_IDENTIFY_FAILED IDENTIFY failed ")
    c.closed()
    other.pub("t", "x")


# what is required


@pytest.mark.parametrize("required", ["tcp-https", "true"])
def test_required_tls_comes_first(adopt, required):
    d = adopt(Pluqd(tls_required=required, **CERTS.server.options))
    for line, name in [("NOP", "NOP"), ("PUB t", "PUB"), ("SUB", "SUB"), ("AUTH x", "AUTH"), ("CLS", "CLS"), ("FIN " + "0" * 16, "FIN"), ("what ever", "what"),
                       ("", "")]:
        c = d.client()
        c.identify(feature_negotiation=True)
        c.command(line)
        c.fatal(f"E_INVALID cannot {name} in current state (TLS required)")
    c = d.client()
    c.secure(CERTS.context())
    c.pub("t", "x")
    r = d.http("GET", "/stats")
    if required == "true":
        assert r.status == 403 and r.body == b'{"message": "TLS_REQUIRED", "https_port": %d}' % d.https_at[1]
    else:
        assert r.status == 200
    assert d.https(CERTS.context(), "GET", "/ping").body == b"OK"
    assert d.https(CERTS.context(), "POST", "/pub", {"topic": "t"}, body=b"y").body == b"OK"
    value = d.https(CERTS.context(), "GET", "/config/tls_required").body
    assert value == (b"2" if required == "true" else b"1")


def test_values_of_the_original(adopt):
    d = adopt(Pluqd(tls_client_auth_policy="require", tls_min_version="tls1.3", **CERTS.server.options))
    context = CERTS.context(CERTS.client)
    for key, value in [("tls_required", b"2"), ("tls_min_version", b"772"), ("tls_client_auth_policy", b"require"), ("snappy", b"true"), ("deflate", b"true"),
                       ("tls_cert", str(CERTS.server.cert).encode()), ("https_address", b"127.0.0.1:0")]:
        assert d.https(context, "GET", f"/config/{key}").body == value


def test_standard_values(broker):
    assert broker.http("GET", "/config/tls_required").body == b"0"
    assert broker.http("GET", "/config/tls_min_version").body == b"771"


@pytest.mark.parametrize("floor, version, good", [
    (None, ssl.TLSVersion.TLSv1_1, False), (None, ssl.TLSVersion.TLSv1_2, True), ("tls1.0", ssl.TLSVersion.TLSv1, True),
    ("tls1.1", ssl.TLSVersion.TLSv1, False), ("tls1.3", ssl.TLSVersion.TLSv1_2, False),
])
@pytest.mark.filterwarnings("ignore:ssl.TLSVersion")
def test_lowest_version(adopt, floor, version, good):
    d = adopt(Pluqd(**({"tls_min_version": floor} if floor else {}), **CERTS.server.options))
    c = d.client()
    if good:
        c.secure(CERTS.context(version=version))
        assert shown(d, c)[2] == {ssl.TLSVersion.TLSv1: "TLS1.0", ssl.TLSVersion.TLSv1_2: "TLS1.2"}[version]
        return
    with pytest.raises(tls.Failed):
        c.secure(CERTS.context(version=version))


@pytest.mark.parametrize("options, said", [
    ({"tls_cert": CERTS.server.cert}, "tls_key: is missing"), ({"tls_key": CERTS.server.key}, "tls_cert: is missing"),
    ({"tls_required": True}, "tls_required: cannot require TLS of clients without tls_cert and tls_key"),
    ({"tls_client_auth_policy": "require"}, "tls_client_auth_policy: cannot require TLS of clients without tls_cert and tls_key"),
    ({"tls_cert": "/nonsuch.pem", "tls_key": CERTS.server.key}, "tls_cert: cannot read a certificate from /nonsuch.pem: No such file or directory"),
    ({"tls_cert": CERTS.server.cert, "tls_key": "/nonsuch.key"}, "tls_key: cannot read the key from /nonsuch.key: No such file or directory"),
    ({"tls_cert": CERTS.server.cert, "tls_key": CERTS.client.key}, f"tls_key: the key in {CERTS.client.key} does not belong to the certificate"),
    ({"tls_root_ca_file": "/nonsuch.pem"}, "tls_root_ca_file: cannot read certificates from /nonsuch.pem: No such file or directory"),
    ({"tls_root_ca_file": "/nonsuch.pem", **CERTS.server.options}, "tls_root_ca_file: cannot read certificates from /nonsuch.pem"),
    ({"tls_ciphers": "NOTHING", **CERTS.server.options}, 'tls_ciphers: no TLS cipher is known by "NOTHING"'),
    ({"tls_ciphersuites": "NOTHING", **CERTS.server.options}, "tls_ciphersuites: not a list of TLS 1.3 cipher suites"),
    ({"http_auth": True}, "http_auth"),
])
def test_what_stops_a_start(adopt, options, said):
    d = adopt(Pluqd(start=False, **options)).spawn()
    assert d.wait() == 1
    assert said in d.log().splitlines()[-1]


def test_a_policy_with_an_unknown_word_is_warned_of(adopt):
    d = adopt(Pluqd(tls_client_auth_policy="verify-perhaps", **CERTS.server.options))
    d.wait_log(r'warn nsqd: tls_client_auth_policy: "verify-perhaps" is neither require nor require-verify')
    c = d.client()
    c.command("NOP")
    c.fatal("E_INVALID cannot NOP in current state (TLS required)")
    c = d.client()
    c.secure(CERTS.context())


# reading again


class Renewed(Pluqd):
    """Its TLS options are in a file, for SIGHUP."""

    def __init__(self, **options):
        super().__init__(start=False, **({"https_address": "127.0.0.1:0"} if options else {}))
        self.tell(**options)
        self.start()

    def tell(self, **options):
        self.config = "plugins:\n  - nsqd: " + json.dumps(options, default=str) + "\n  - diskqueue: {}\n"
        self._config_file()

    def reload(self, said):
        n = len(self.log())
        self.signal(signal.SIGHUP)
        eventually(lambda: said in self.log()[n:], 10, said)


def certificate(d, context=None):
    """SHA-256 of what it shows a new client."""
    c = d.client()
    c.secure(context or CERTS.context())
    return hashlib.sha256(c.tls.getpeercert(True)).hexdigest()


def test_certificates_are_read_again(adopt):
    d = adopt(Renewed(**CERTS.server.options))
    old = d.client()
    old.secure(CERTS.context())
    assert certificate(d) == CERTS.server.fingerprint()
    d.tell(**CERTS.server_renewed.options)
    d.reload("info core: reloaded")
    assert certificate(d) == CERTS.server_renewed.fingerprint()
    old.pub("t", "x")
    d.tell(tls_cert="/nonsuch.pem", tls_key=CERTS.server.key)
    d.reload("tls_cert: cannot read a certificate from /nonsuch.pem")
    assert certificate(d) == CERTS.server_renewed.fingerprint()
    d.tell(tls_cert=CERTS.server.cert, tls_key=CERTS.client.key)
    d.reload("does not belong to the certificate")
    assert certificate(d) == CERTS.server_renewed.fingerprint()
    d.tell()
    d.reload("tls_cert: TLS is switched off by a restart only")
    d.tell(tls_client_auth_policy="require", **CERTS.server.options)
    d.reload("needs a restart")
    old.pub("t", "y")
    d.tell(tls_min_version="tls1.3", **CERTS.server.options)
    d.reload("info core: reloaded")
    with pytest.raises(tls.Failed):
        certificate(d, CERTS.context(version=ssl.TLSVersion.TLSv1_2))
    assert certificate(d) == CERTS.server.fingerprint()
    assert d.http("GET", "/config/tls_min_version").body == b"772"
    assert d.https(CERTS.context(), "GET", "/ping").status == 200
    old.pub("t", "z")


def test_the_same_files_are_read_again(adopt):
    d = adopt(Renewed())
    cert, key = d.home / "cert.pem", d.home / "key.pem"

    def put(pair):
        cert.write_bytes(pair.cert.read_bytes())
        key.write_bytes(pair.key.read_bytes())
    put(CERTS.server)
    d.tell(tls_cert=cert, tls_key=key)
    d.reload("info core: reloaded")
    put(CERTS.server_renewed)
    assert certificate(d) == CERTS.server.fingerprint()
    d.reload("info core: reloaded")
    assert certificate(d) == CERTS.server_renewed.fingerprint()
    cert.write_text("")
    d.reload("tls_cert: cannot read a certificate from")
    assert certificate(d) == CERTS.server_renewed.fingerprint()


def test_a_reload_that_fails_changes_nothing(adopt):
    d = adopt(Renewed(**CERTS.server.options))
    d.tell(lookupd_tls_root_ca_file="/nonsuch.pem", tls_min_version="tls1.3", **CERTS.server_renewed.options)
    d.reload("TLS to lookup daemons: cannot read certificates from /nonsuch.pem")
    assert certificate(d, CERTS.context(version=ssl.TLSVersion.TLSv1_2)) == CERTS.server.fingerprint()
    assert d.http("GET", "/config/tls_min_version").body == b"771"


def test_a_first_certificate_comes_by_a_reload(adopt):
    d = adopt(Renewed())
    assert d.client().identify(feature_negotiation=True, tls_v1=True)["tls_v1"] is False
    d.tell(**CERTS.server.options)
    d.reload("info core: reloaded")
    assert "https_address is opened by a restart only" in d.log()
    assert certificate(d) == CERTS.server.fingerprint()
