"""What a server under TLS agrees on, shows and remembers."""

import re
import ssl
import subprocess

import pytest

from pluqtest import Client, sclient
from pluqtest.tls import Failed

V = ssl.TLSVersion
OLD = ["-cipher", "DEFAULT:@SECLEVEL=0"]
ASKED = {"-tls1": ("TLSv1", OLD), "-tls1_1": ("TLSv1.1", OLD), "-tls1_2": ("TLSv1.2", []), "-tls1_3": ("TLSv1.3", [])}
FLOORS = {"tls1.0": "-tls1", "tls1.1": "-tls1_1", "tls1.2": "-tls1_2", "tls1.3": "-tls1_3"}


def local_openssl_has(version):
    """Whether it can speak that version with itself."""
    r = subprocess.run(["openssl", "ciphers", "-s", version, "DEFAULT:@SECLEVEL=0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    return bool(r.stdout.strip())


# versions


@pytest.mark.parametrize("floor", [None, *FLOORS])
def test_lowest_version(secured, certs, floor):
    d = secured(**({"tls_min_version": floor} if floor else {}))
    order = list(ASKED)
    for asked, (name, more) in ASKED.items():
        if not local_openssl_has(asked):
            continue
        r = sclient.run(d.https_at, asked, *more, certs=certs)
        if order.index(asked) >= order.index(FLOORS[floor or "tls1.2"]):
            assert r.version == name and r.has("200 OK"), (asked, r)
        else:
            assert r.version is None and r.alert in (70, 40), (asked, r)


def test_lowest_version_over_v2(secured, certs):
    d = secured(tls_min_version="tls1.3")
    c = d.client()
    with pytest.raises(Failed):
        c.secure(certs.context(version=V.TLSv1_2))
    c = d.client()
    c.secure(certs.context())
    assert c.tls.version() == "TLSv1.3"


# ciphers


def test_ciphers(secured, certs):
    d = secured(tls_ciphers="ECDHE-ECDSA-AES128-GCM-SHA256", tls_ciphersuites="TLS_CHACHA20_POLY1305_SHA256")
    assert sclient.run(d.https_at, "-tls1_2", certs=certs).cipher == "ECDHE-ECDSA-AES128-GCM-SHA256"
    assert sclient.run(d.https_at, "-tls1_3", certs=certs).cipher == "TLS_CHACHA20_POLY1305_SHA256"
    for refused in [["-tls1_2", "-cipher", "ECDHE-ECDSA-AES256-GCM-SHA384"], ["-tls1_3", "-ciphersuites", "TLS_AES_128_GCM_SHA256"]]:
        r = sclient.run(d.https_at, *refused, certs=certs)
        assert r.version is None and r.alert == 40, r


@pytest.mark.parametrize("option", ["tls_ciphers", "tls_ciphersuites"])
def test_ciphers_that_there_are_not(launch, certs, option):
    d = launch.make(**certs.server.options, **{option: "NO-SUCH-CIPHER"}).spawn()
    assert d.wait() != 0
    said = [line for line in d.log().splitlines() if "cipher" in line.lower()]
    assert len(said) == 1 and "NO-SUCH-CIPHER" in said[0], d.log()


# what /stats shows; the names of the original


SHOWN = [
    (V.TLSv1_2, "server_rsa", "ECDHE-RSA-AES128-GCM-SHA256", "TLS1.2", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"),
    (V.TLSv1_2, "server", "ECDHE-ECDSA-AES128-GCM-SHA256", "TLS1.2", "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"),
    (V.TLSv1_2, "server_rsa", "AES128-SHA", "TLS1.2", "TLS_RSA_WITH_AES_128_CBC_SHA"),
    (V.TLSv1_2, "server", "ECDHE-ECDSA-AES256-GCM-SHA384", "TLS1.2", f"Unknown {0xc02c}"),
    (V.TLSv1_3, "server", None, "TLS1.3", None),
]


@pytest.mark.parametrize("version, pair, cipher, shown_version, shown_cipher", SHOWN, ids=lambda x: str(x))
def test_stats(secured, certs, version, pair, cipher, shown_version, shown_cipher):
    d = secured(getattr(certs, pair))
    c = d.client()
    c.secure(certs.context(version=version, ciphers=cipher))
    c.sub("t", "c")
    d.consumer("t", "plain")
    channels = {ch["channel_name"]: ch["clients"][0] for ch in d.topic_stats("t")["channels"]}
    keys = ("tls", "tls_version", "tls_cipher_suite", "tls_negotiated_protocol", "tls_negotiated_protocol_is_mutual")
    if shown_cipher is None:
        number = {"TLS_AES_128_GCM_SHA256": 0x1301, "TLS_AES_256_GCM_SHA384": 0x1302, "TLS_CHACHA20_POLY1305_SHA256": 0x1303}[c.tls.cipher()[0]]
        shown_cipher = f"Unknown {number}"
    assert tuple(channels["c"][k] for k in keys) == (True, shown_version, shown_cipher, "", True)
    assert tuple(channels["plain"][k] for k in keys) == (False, "", "", "", False)


# certificates


def test_the_chain_is_served(secured, certs):
    d = secured(certs.server_chained)
    r = sclient.run(d.https_at, "-showcerts", certs=certs)
    assert r.certificates == 2 and r.verified, r
    c = d.client()
    c.secure(certs.context())
    c.pub("t", "x")


@pytest.mark.parametrize("pair", ["server", "server_rsa", "server_expired", "server_elsewhere", "server_foreign"])
def test_what_a_client_makes_of_the_certificate(secured, certs, pair):
    """It is served as it is; that it is bad, the client finds."""
    d = secured(getattr(certs, pair))
    r = sclient.run(d.https_at, certs=certs)
    assert r.verified is (pair in ("server", "server_rsa")) and r.has("200 OK"), r


def test_no_protocol_is_negotiated(secured, certs):
    d = secured()
    r = sclient.run(d.https_at, "-alpn", "h2,http/1.1", certs=certs)
    assert r.has("No ALPN negotiated") and r.has("200 OK"), r


# resumption


@pytest.mark.parametrize("policy", ["", "require-verify"], ids=lambda p: p or "no policy")
@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
def test_a_session_is_resumed(secured, certs, tmp_path, version, policy):
    d = secured(tls_client_auth_policy=policy, tls_root_ca_file=certs.ca_file, tls_required="tcp-https")
    how = {"certs": certs, "pair": certs.client if policy else None}
    session = tmp_path / "session"
    first = sclient.run(d.https_at, version, "-sess_out", session, **how)
    assert first.reused == 0 and first.has("200 OK") and session.exists(), first
    again = sclient.run(d.https_at, version, "-sess_in", session, **how)
    assert again.reused == 1 and again.has("200 OK"), again


def test_reconnecting(secured, certs):
    """openssl connects five times more with the session of the first time."""
    d = secured()
    r = sclient.run(d.https_at, "-tls1_2", "-reconnect", certs=certs)
    assert r.reused == 5, r


@pytest.mark.parametrize("version", [V.TLSv1_2, V.TLSv1_3])
def test_a_session_over_v2(secured, certs, version):
    """With four loops: whichever a connection comes to knows the session. The certificate is known then too."""
    d = secured(tls_client_auth_policy="require-verify", tls_root_ca_file=certs.ca_file, tls_required="tcp-https", threads=4)
    context = certs.context(certs.client, version=version)
    c = d.client()
    c.secure(context)
    c.pub("t", "x")  # the tickets have come by then
    session = c.tls.session
    resumed = 0
    for _ in range(8):
        again = d.client()
        again.secure(context, session=session)
        again.pub("t", "x")
        resumed += again.tls.session_reused
        session = again.tls.session
    assert resumed == 8


def test_a_session_without_the_certificate_is_good_for_nothing_more(secured, certs):
    """One that was made without a certificate does not get past a policy that came with a reload."""
    d = secured()
    context = certs.context()
    c = d.client()
    c.secure(context)
    c.pub("t", "x")
    assert c.tls.session
    other = secured(tls_client_auth_policy="require-verify", tls_root_ca_file=certs.ca_file)
    again = other.client()
    with pytest.raises(Failed):
        again.secure(context, session=c.tls.session)


# the end


def test_the_stream_is_ended_properly(secured, certs):
    d = secured()
    c = d.client()
    c.secure(certs.context())
    c.command("PUB bad*name", "x")
    c.fatal('E_BAD_TOPIC PUB topic name "bad*name" is not valid')
    assert c.coders[0].said_goodbye
    c = d.client()
    c.secure(certs.context())
    c.sub("t", "c", 1)
    d.stop()
    c.closed()
    assert c.coders[0].said_goodbye


def test_a_client_that_ends_the_stream(secured, certs):
    d = secured()
    c = d.client()
    c.secure(certs.context())
    c.sub("t", "c", 1)
    c.send_raw_lenient(c.coders[0].goodbye())
    d.wait_channel("t", "c", client_count=0)


# much


def test_a_lot_goes_through(secured, certs):
    """Bodies larger than a record, in both directions at once."""
    d = secured(max_msg_size=1 << 20)
    c, p = d.client(), d.client()
    for one in (c, p):
        one.secure(certs.context())
    c.sub("t", "c", 2500)
    bodies = [bytes([n % 256]) * (1 + n * 3001) for n in range(200)]
    for b in bodies:
        p.pub("t", b)
    assert sorted(c.bodies(200, timeout=20)) == sorted(bodies)


def test_byte_by_byte(secured, certs):
    """A handshake and a command, each byte of which comes alone."""
    d = secured()
    c = d.client()
    assert c.identify(feature_negotiation=True, tls_v1=True)["tls_v1"]
    send = c.sock.sendall

    class Slow:
        def __getattr__(self, name):
            return getattr(c_sock, name)

        def sendall(self, data):
            for n in range(len(data)):
                send(data[n:n + 1])

    c_sock, c.sock = c.sock, Slow()
    c.start_tls(certs.context())
    c.response()
    c.pub("t", "x")


# plain text where TLS is expected


@pytest.mark.parametrize("what", [b"GET /ping HTTP/1.1\r\nHost: x\r\n\r\n", b"  V2IDENTIFY\n", b"\0" * 100, b"\x16\x03\x01\x00\x05hello"],
                         ids=["HTTP", "V2", "zeros", "a false record"])
def test_plain_text_to_a_tls_port(secured, certs, what):
    """One line that tells the peer's address and what is wrong."""
    d = secured()
    c = Client(d.https_at, magic=None)
    c.send(what)
    with pytest.raises(AssertionError):
        c.read_exact(1000)
    line = d.wait_log(rf".*{c.local}.*").group()
    assert re.search("TLS", line) and "error:" not in line, line
    assert len([line for line in d.log().splitlines() if c.local in line and " debug " not in line]) == 1, d.log()
    assert d.https(certs.context(), "GET", "/ping").body == b"OK"


def test_plain_text_instead_of_a_handshake(secured, certs):
    d = secured()
    c = d.client()
    assert c.identify(feature_negotiation=True, tls_v1=True)["tls_v1"]
    c.send("PUB t\n")
    kind, text = c.frame()
    assert kind == 1 and text.startswith(b"E_IDENTIFY_FAILED IDENTIFY failed "), text
    c.closed_after_errors()
    d.wait_log(rf"{c.local}.*TLS")


def test_tls_to_a_plain_port(secured, certs):
    d = secured()
    c = Client(d.http_at, magic=None)
    with pytest.raises(Failed):
        c.start_tls(certs.context())
    c = Client(d.tcp, magic=None)
    with pytest.raises(Failed):
        c.start_tls(certs.context())
    d.client().pub("t", "x")
