"""openssl's own client."""

import re
import subprocess

from .wait import scaled

PING = b"GET /ping HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"


class Result:
    """What became of one run."""

    def __init__(self, output):
        self.output = output

    def __repr__(self):
        return self.output[-3000:]

    def _find(self, pattern):
        m = re.search(pattern, self.output, re.M)
        return m and m.group(1)

    @property
    def version(self):
        """"TLSv1.3", or None: no handshake was finished."""
        v = self._find(r"^(?:New|Reused), (\S+), Cipher is (?!\(NONE\))")
        return v and self._find(r"^\s+Protocol  ?: (\S+)") or v

    @property
    def cipher(self):
        return self._find(r"^(?:New|Reused), \S+, Cipher is (?!\(NONE\))(\S+)")

    @property
    def reused(self):
        return self.output.count("\nReused, ")

    @property
    def verified(self):
        """Whether it was content with the server's certificate."""
        return self._find(r"Verify return code: (\d+)") == "0"

    @property
    def alert(self):
        """The number of the alert that the server has sent, or None."""
        n = self._find(r"alert number (\d+)")
        return n and int(n)

    @property
    def certificates(self):
        """How many the server has shown (with -showcerts)."""
        return self.output.count("-----BEGIN CERTIFICATE-----")

    def has(self, text):
        return text in self.output


def _command(address, certs, name, *arguments):
    return ["openssl", "s_client", "-connect", "%s:%d" % address, "-CAfile", str(certs.ca_file), "-servername", name, "-verify_hostname", name,
            *map(str, arguments)]


def run(address, *arguments, certs, pair=None, send=PING, name="localhost", timeout=20):
    """Connects, sends those bytes, and reads until the server closes."""
    argv = _command(address, certs, name, "-ign_eof", *arguments)
    if pair:
        argv += ["-cert", str(pair.leaf), "-cert_chain", str(pair.cert), "-key", str(pair.key)]
    r = subprocess.run(argv, input=send, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=scaled(timeout))
    return Result(r.stdout.decode("latin-1"))


def renegotiate(address, certs, timeout=20):
    """Connects with TLS 1.2 and asks for another handshake; until it gives up or the server closes."""
    with subprocess.Popen(_command(address, certs, "localhost", "-tls1_2"), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT) as p:
        p.stdin.write(b"R\n")
        p.stdin.flush()
        try:
            p.wait(scaled(timeout))
        finally:
            p.kill()
        return Result(p.stdout.read().decode("latin-1"))
