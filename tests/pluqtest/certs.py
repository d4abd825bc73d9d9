"""Certificates for tests, made with openssl's command line when they are first asked for, once per session.

    certs = authorities()
    certs.server.cert, certs.server.key   # PEM files
    Pluqd(tls_cert=certs.server.cert, tls_key=certs.server.key)
    certs.context(certs.client)           # Python's client side: trusts the root, shows that certificate
"""

import atexit
import functools
import hashlib
import shutil
import ssl
import subprocess
import tempfile
from pathlib import Path
from typing import NamedTuple, Optional

SERVER_NAMES = ("DNS:localhost", "DNS:broker.example", "IP:127.0.0.1", "IP:::1")
_KEYS = {"ec": ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"], "rsa": ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"]}


class Pair(NamedTuple):
    cert: Path  # its own certificate, then the intermediate ones
    key: Path
    leaf: Path  # its own certificate alone
    cn: str

    @property
    def options(self):
        """For a handler of the daemon."""
        return {"tls_cert": self.cert, "tls_key": self.key}

    def fingerprint(self):
        """SHA-256 of the certificate, to tell which one a server has shown."""
        der = ssl.PEM_cert_to_DER_cert(self.leaf.read_text())
        return hashlib.sha256(der).hexdigest()


class Issuer(NamedTuple):
    pair: Pair
    chain: bytes  # PEM of itself and what is between it and the root; the root itself is not sent


class Certs:
    """Everything lies in one folder; `file` makes paths there for what tests write themselves."""

    def __init__(self, folder):
        self.folder = Path(folder)

    def file(self, name, content):
        path = self.folder / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    @staticmethod
    def _openssl(*args):
        r = subprocess.run(["openssl", *map(str, args)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if r.returncode:
            raise RuntimeError(f"openssl {' '.join(map(str, args))}: {r.stdout}")

    def make(self, name, cn="", names=(), issuer: Optional[Issuer] = None, key="ec", days=30, ca=False, usage=None):
        """A fresh pair. issuer None: signed by itself. days below 0: it has run out."""
        cert, secret, request = (self.folder / f"{name}.{suffix}" for suffix in ("leaf.pem", "key", "csr"))
        self._openssl("genpkey", *_KEYS[key], "-out", secret)
        self._openssl("req", "-new", "-key", secret, "-out", request, "-subj", f"/CN={cn}" if cn else "/O=pluq tests")
        lines = ["basicConstraints=critical,CA:" + ("TRUE" if ca else "FALSE")]
        if ca:
            lines += ["keyUsage=critical,keyCertSign,cRLSign", "subjectKeyIdentifier=hash"]
        if names:
            lines.append("subjectAltName=" + ",".join(names))
        if usage:
            lines.append("extendedKeyUsage=" + usage)
        extensions = self.file(f"{name}.ext", "\n".join(lines) + "\n")
        signer = ["-signkey", secret] if issuer is None else ["-CA", issuer.pair.leaf, "-CAkey", issuer.pair.key, "-CAcreateserial"]
        self._openssl("x509", "-req", "-in", request, *signer, "-days", days, "-sha256", "-extfile", extensions, "-out", cert)
        chain = self.file(f"{name}.pem", cert.read_bytes() + (issuer.chain if issuer else b""))
        return Pair(chain, secret, cert, cn)

    def issuer(self, name, cn, parent=None):
        pair = self.make(name, cn, issuer=parent, ca=True)
        return Issuer(pair, b"" if parent is None else pair.leaf.read_bytes() + parent.chain)

    # authorities

    @functools.cached_property
    def root(self):
        return self.issuer("root", "pluq test root")

    @functools.cached_property
    def other_root(self):
        """One that nobody trusts who was not told to."""
        return self.issuer("other-root", "another root")

    @functools.cached_property
    def intermediate(self):
        return self.issuer("intermediate", "pluq test intermediate", self.root)

    @property
    def ca_file(self):
        return self.root.pair.leaf

    @property
    def other_ca_file(self):
        return self.other_root.pair.leaf

    # servers

    def _server(self, name, issuer, **kw):
        kw = {"cn": "localhost", "names": SERVER_NAMES, **kw}
        return self.make(name, issuer=issuer, usage="serverAuth", **kw)

    @functools.cached_property
    def server(self):
        return self._server("server", self.root)

    @functools.cached_property
    def server_renewed(self):
        return self._server("server-renewed", self.root)

    @functools.cached_property
    def server_rsa(self):
        return self._server("server-rsa", self.root, key="rsa")

    @functools.cached_property
    def server_chained(self):
        """Signed by an intermediate authority, whose certificate is in its file."""
        return self._server("server-chained", self.intermediate)

    @functools.cached_property
    def server_expired(self):
        return self._server("server-expired", self.root, days=-1)

    @functools.cached_property
    def server_elsewhere(self):
        """Good, for another host."""
        return self._server("server-elsewhere", self.root, cn="elsewhere.example", names=["DNS:elsewhere.example"])

    @functools.cached_property
    def server_foreign(self):
        """Signed by the other root."""
        return self._server("server-foreign", self.other_root)

    # clients

    def _client(self, name, issuer, **kw):
        return self.make(name, issuer=issuer, usage="clientAuth", **kw)

    @functools.cached_property
    def client(self):
        return self._client("client", self.root, cn="client.example",
                            names=["DNS:client.example", "DNS:alias.example", "email:client@example.org", "URI:spiffe://example.org/client",
                                   "IP:10.1.2.3"])

    @functools.cached_property
    def client_rsa(self):
        return self._client("client-rsa", self.root, cn="rsa.example", key="rsa")

    @functools.cached_property
    def client_chained(self):
        return self._client("client-chained", self.intermediate, cn="chained.example", names=["DNS:chained.example"])

    @functools.cached_property
    def client_expired(self):
        return self._client("client-expired", self.root, cn="client.example", days=-1)

    @functools.cached_property
    def client_nameless(self):
        """Has no common name, but alternative ones."""
        return self._client("client-nameless", self.root, names=["DNS:nameless.example"])

    @functools.cached_property
    def client_foreign(self):
        """Claims to be the client; signed by the other root."""
        return self._client("client-foreign", self.other_root, cn="client.example", names=["DNS:client.example"])

    @functools.cached_property
    def client_self_signed(self):
        return self._client("client-self-signed", None, cn="client.example", names=["DNS:client.example"])

    @functools.cache
    def named_client(self, cn):
        """One whose common name this is."""
        return self._client(f"client-named-{cn}", self.root, cn=cn)

    # Python's side

    def context(self, pair=None, ca_file=None, verify=True, version=None, ciphers=None):
        """A client's: trusts the root (or ca_file), shows the pair. version: of ssl.TLSVersion, this one alone."""
        c = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        if not verify:
            c.check_hostname = False
            c.verify_mode = ssl.CERT_NONE
        c.load_verify_locations(ca_file or self.ca_file)
        if pair:
            c.load_cert_chain(pair.cert, pair.key)
        if version:
            if version < ssl.TLSVersion.TLSv1_2:
                c.set_ciphers("DEFAULT:@SECLEVEL=0")
            c.minimum_version = c.maximum_version = version
        if ciphers:
            c.set_ciphers(ciphers)
        return c

    def server_context(self, pair=None, client_ca=None):
        """For fake servers. client_ca: asks for a certificate and verifies it."""
        pair = pair or self.server
        c = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        c.load_cert_chain(pair.cert, pair.key)
        if client_ca:
            c.load_verify_locations(client_ca)
            c.verify_mode = ssl.CERT_REQUIRED
        return c


@functools.cache
def authorities():
    """Those of this session."""
    folder = tempfile.mkdtemp(prefix="pluqtest-certs-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return Certs(folder)
