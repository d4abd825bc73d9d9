"""Certificates that change, and files that are not what they should be."""

import hashlib
import re
import shutil

import pytest

from pluqtest import eventually, sclient
from pluqtest.authbackends import reload_and_wait
from pluqtest.tls import Failed


@pytest.fixture
def files(tmp_path, certs):
    """Copies that a test may spoil: cert, key, ca."""

    class Files:
        cert, key, ca = tmp_path / "server.pem", tmp_path / "server.key", tmp_path / "ca.pem"

        def put(self, pair):
            shutil.copyfile(pair.cert, self.cert)
            shutil.copyfile(pair.key, self.key)

        @property
        def options(self):
            return {"tls_cert": self.cert, "tls_key": self.key, "tls_root_ca_file": self.ca, "https_address": "127.0.0.1:0"}

    f = Files()
    f.put(certs.server)
    shutil.copyfile(certs.ca_file, f.ca)
    return f


def served(d, certs):
    """The certificate's SHA-256, over both."""
    c = d.client()
    c.secure(certs.context())
    seen = hashlib.sha256(c.tls.getpeercert(True)).hexdigest()
    c.pub("served", "x")
    assert sclient.run(d.https_at, certs=certs).has("200 OK")
    return seen


def errors(text):
    return [line for line in text.splitlines() if re.search(r"\b(error|fatal)\b", line) or line.startswith("pluqd:")]


def test_a_renewed_certificate(launch, certs, files):
    """Connections go on as they are; new ones see the new certificate."""
    d = launch(**files.options)
    old = d.client()
    old.secure(certs.context())
    old.sub("t", "c", 10)
    assert served(d, certs) == certs.server.fingerprint()
    files.put(certs.server_renewed)
    reload_and_wait(d)
    assert served(d, certs) == certs.server_renewed.fingerprint()
    old.pub("t", "over the old connection")
    assert old.bodies(1) == [b"over the old connection"]
    assert d.topic_stats("t")["channels"][0]["clients"][0]["remote_address"] == old.local
    files.put(certs.server_rsa)  # another kind of key
    reload_and_wait(d)
    assert served(d, certs) == certs.server_rsa.fingerprint()
    assert errors(d.log()) == []


def test_a_session_of_before_the_reload(launch, certs, files, tmp_path):
    d = launch(**files.options)
    session = tmp_path / "session"
    assert sclient.run(d.https_at, "-sess_out", session, certs=certs).has("200 OK")
    files.put(certs.server_renewed)
    reload_and_wait(d)
    assert sclient.run(d.https_at, "-sess_in", session, certs=certs).has("200 OK")


def test_a_policy_and_a_root_that_change(launch, certs, files):
    """Who was let in stays; who comes is judged anew, also with a session of before."""
    d = launch(tls_client_auth_policy="require-verify", tls_required="tcp-https", **files.options)
    inside = d.client()
    context = certs.context(certs.client)
    inside.secure(context)
    inside.pub("t", "x")
    with pytest.raises(Failed):
        d.client().secure(certs.context(certs.client_foreign))
    shutil.copyfile(certs.other_ca_file, files.ca)
    reload_and_wait(d)
    inside.pub("t", "still here")
    d.client().secure(certs.context(certs.client_foreign))
    with pytest.raises(Failed):
        d.client().secure(context)
    with pytest.raises(Failed):
        d.client().secure(context, session=inside.tls.session)


def spoil_cert(f, certs):
    f.cert.write_text("-----BEGIN CERTIFICATE-----\nnot base 64 at all\n-----END CERTIFICATE-----\n")


def spoil_key(f, certs):
    f.key.write_text("no key\n")


def other_key(f, certs):
    shutil.copyfile(certs.client.key, f.key)


def empty_cert(f, certs):
    f.cert.write_text("")


def cut_cert(f, certs):
    f.cert.write_bytes(f.cert.read_bytes()[:200])


def no_cert(f, certs):
    f.cert.unlink()


def no_key(f, certs):
    f.key.unlink()


def no_ca(f, certs):
    f.ca.unlink()


def empty_ca(f, certs):
    f.ca.write_text("")


def folder_for_a_key(f, certs):
    f.key.unlink()
    f.key.mkdir()


def locked_key(f, certs):
    """Nobody is there to be asked for the pass phrase."""
    certs._openssl("pkey", "-in", certs.server.key, "-aes256", "-passout", "pass:secret", "-out", f.key)


def swapped(f, certs):
    cert, key = f.cert.read_bytes(), f.key.read_bytes()
    f.cert.write_bytes(key)
    f.key.write_bytes(cert)


# What is done to the files, and the one that the complaint must name.
BROKEN = {spoil_cert: "cert", spoil_key: "key", other_key: "", empty_cert: "cert", cut_cert: "cert", no_cert: "cert", no_key: "key",
          no_ca: "ca", empty_ca: "ca", folder_for_a_key: "key", locked_key: "key", swapped: ""}
broken = pytest.mark.parametrize("spoil", BROKEN, ids=lambda f: f.__name__)


def check_complaint(line, files, spoil):
    assert "error:" not in line and "routines" not in line, line
    wanted = getattr(files, BROKEN[spoil]) if BROKEN[spoil] else files.cert.parent
    assert str(wanted) in line, line


@broken
def test_broken_at_the_start(launch, certs, files, spoil):
    spoil(files, certs)
    d = launch.make(**files.options).spawn()
    assert d.wait() != 0
    lines = errors(d.log())
    assert len(lines) == 1, d.log()
    check_complaint(lines[0], files, spoil)


@broken
def test_broken_at_a_reload(launch, certs, files, spoil):
    """What was good goes on, and the next good files are taken."""
    d = launch(**files.options)
    inside = d.client()
    inside.secure(certs.context())
    spoil(files, certs)
    reload_and_wait(d)
    lines = errors(d.log())
    assert len(lines) == 1, d.log()
    check_complaint(lines[0], files, spoil)
    inside.pub("t", "x")
    assert served(d, certs) == certs.server.fingerprint()
    if files.key.is_dir():
        files.key.rmdir()
    files.put(certs.server_renewed)
    shutil.copyfile(certs.ca_file, files.ca)
    reload_and_wait(d)
    assert served(d, certs) == certs.server_renewed.fingerprint()


@pytest.mark.parametrize("missing", ["tls_cert", "tls_key"])
def test_only_one_of_both(launch, certs, files, missing):
    options = {k: v for k, v in files.options.items() if k not in (missing, "https_address")}
    d = launch.make(**options).spawn()
    assert d.wait() != 0
    lines = errors(d.log())
    assert len(lines) == 1 and missing in lines[0], d.log()


def test_reloads_under_load(launch, certs, files):
    """Handshakes and publishes go on while the files change again and again. One that is read when only the first of two files is new
    does not fit, and is not taken."""
    d = launch(**files.options)
    p = d.client()
    p.secure(certs.context())
    for n in range(30):
        files.put([certs.server, certs.server_renewed, certs.server_rsa][n % 3])
        d.signal(1)
        c = d.client()
        c.secure(certs.context(), **{"client_id": f"{n}"})
        c.pub("t", "x")
        p.pub("t", "x")
    files.put(certs.server_renewed)
    reload_and_wait(d)
    eventually(lambda: served(d, certs) == certs.server_renewed.fingerprint())
