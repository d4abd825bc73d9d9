"""The plugin auth-cert: what a verified client certificate says who its owner is."""

import signal

import pytest

from pluqtest import eventually

UNKNOWN = "E_UNAUTHORIZED AUTH no authorizations found"
RULES = """
CN=client.example
	publish ^by-cn$
DNS:*.example
	publish ^by-dns$
IP:10.1.2.3
	publish ^by-ip$
URI:spiffe://example.org/client
	publish ^by-uri$
email:client@example.org
	publish ^by-email$
CN=chained.example DNS:nameless.example
	subscribe ^some$ ^c$
"""


@pytest.fixture
def guarded(launch, tmp_path, certs):
    def start(text, policy="require-verify", **options):
        (tmp_path / "rules").write_text(text)
        d = launch.make(plugins=[("auth-cert", {"data_file": tmp_path / "rules", **options})], **certs.server.options,
                        tls_client_auth_policy=policy, tls_root_ca_file=certs.ca_file)
        d.rules = tmp_path / "rules"
        return d.start()
    return start


def secured(d, certs, pair):
    c = d.client()
    c.secure(certs.context(pair))
    return c


def test_names_of_a_verified_certificate(guarded, certs):
    d = guarded(RULES)
    c = secured(d, certs, certs.client)
    assert c.auth("anything") == {"identity": "client.example", "identity_url": "", "permission_count": 5}
    for name in ("cn", "dns", "ip", "uri", "email"):
        c.pub(f"by-{name}", b"x")
    c.command("PUB other", b"x")
    c.fatal('E_UNAUTHORIZED AUTH failed for PUB on "other" ""')
    c = secured(d, certs, certs.client_chained)
    assert c.auth("x")["identity"] == "chained.example"
    c.sub("some", "c")
    c = secured(d, certs, certs.client_nameless)
    assert c.auth("x")["identity"] == "DNS:nameless.example"
    c.pub("by-dns", b"x")
    c = secured(d, certs, certs.client_rsa)
    c.command("AUTH", "x")
    c.fatal(UNKNOWN)


def test_what_is_not_verified_is_a_claim(guarded, certs):
    """The same names, signed by somebody else or by itself; no certificate, no TLS at all."""
    d = guarded(RULES, policy="require")
    for pair in (certs.client_foreign, certs.client_self_signed):
        c = secured(d, certs, pair)
        c.command("AUTH", "x")
        c.fatal(UNKNOWN)
    d = guarded(RULES, policy="")
    for c in (d.client(), secured(d, certs, None)):
        c.command("AUTH", "x")
        c.fatal(UNKNOWN)


def test_a_reload_takes_a_good_file_and_refuses_a_bad_one(guarded, certs):
    d = guarded("CN=client.example\n\tpublish ^a$\n")
    secured(d, certs, certs.client).auth("x")
    d.rules.write_text("CN=client.example\nDNS:*\n")
    d.process.send_signal(signal.SIGHUP)
    d.wait_log(r" error auth-cert: reload failed, .*/rules:2:1: a star stands only for the whole first label")
    secured(d, certs, certs.client).auth("x")
    d.rules.write_text("CN=chained.example\n\tpublish ^a$\n")
    d.process.send_signal(signal.SIGHUP)
    eventually(lambda: d.log().count("info auth-cert: 1 entries in") == 2, what="the new file is read")
    secured(d, certs, certs.client_chained).auth("x")
    c = secured(d, certs, certs.client)
    c.command("AUTH", "x")
    c.fatal(UNKNOWN)


def test_a_bad_file_stops_the_start(launch, tmp_path):
    (tmp_path / "rules").write_text("CN=a\n\tpublish x\nclient.example\n")
    d = launch.make(plugins=[("auth-cert", {"data_file": tmp_path / "rules"})]).spawn()
    assert d.wait() == 1
    assert f"{tmp_path}/rules:3:1: not a name" in d.log().splitlines()[-1]
