"""Auth servers that hang, vanish, stammer or rave: the client that waits is refused in time, and nobody else notices."""

import os
import time

import pytest

from pluqtest import eventually
from pluqtest.authbackends import Account, AuthServer, Grant, Http, Token, reload_and_wait

FAILED = "E_AUTH_FAILED AUTH failed"
PATIENCE = "700ms"
GOOD = b'{"ttl":3600,"authorizations":[{"topic":".*","channels":[".*"],"permissions":["subscribe","publish"]}]}'
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


def until_closed(s):
    """The daemon loses its patience, not this."""
    s.settimeout(60)
    while s.recv(4096):
        pass


def hang(s):
    until_closed(s)


def close(s):
    s.close()


def half_an_answer(s):
    s.sendall(HEAD + b"Content-Length: 1000\r\n\r\n" + GOOD)
    s.close()


def hang_in_the_answer(s):
    s.sendall(HEAD + b"Content-Length: 1000\r\n\r\n" + GOOD)
    until_closed(s)


def endless_head(s):
    while True:
        s.sendall(b"X-More: " + b"x" * 1000 + b"\r\n")


def endless_body(s):
    s.sendall(HEAD + b"\r\n")
    while True:
        s.sendall(b" " * 65536)


def garbage(s):
    s.sendall(os.urandom(1 << 20))


def garbage_in_the_body(s):
    s.sendall(HEAD + b"Content-Length: 1048576\r\n\r\n" + os.urandom(1 << 20))


def long_promise(s):
    s.sendall(HEAD + b"Content-Length: 9223372036854775807\r\n\r\n{")
    until_closed(s)


def negative_length(s):
    s.sendall(HEAD + b"Content-Length: -1\r\n\r\n" + GOOD)


def two_lengths(s):
    s.sendall(HEAD + b"Content-Length: 5\r\nContent-Length: 500\r\n\r\n" + GOOD)


def byte_by_byte_for_ever(s):
    for b in HEAD + b"Content-Length: 1000000\r\n\r\n" + b" " * 1000000:
        s.sendall(bytes([b]))
        time.sleep(0.01)


def redirect_to_itself(s):
    s.sendall(b"HTTP/1.1 302 Found\r\nLocation: /auth\r\nContent-Length: 0\r\n\r\n")


BAD = [hang, close, half_an_answer, hang_in_the_answer, endless_head, endless_body, garbage, garbage_in_the_body, long_promise,
       negative_length, two_lengths, byte_by_byte_for_ever, redirect_to_itself]


class Impatient(Http):
    settings = {"request_timeout": PATIENCE, "connect_timeout": PATIENCE}


@pytest.fixture
def backend(tmp_path):
    b = Impatient(tmp_path)
    yield b
    b.close()


@pytest.mark.parametrize("how", BAD, ids=lambda f: f.__name__)
def test_bad_server(launch, backend, how):
    backend.set(Account("s", (Grant(".*"),)))
    d = backend.attach(launch(plugins=backend.plugins(), threads=1, **{"auth.deny_ttl": "1ms"}))
    inside = d.client()
    inside.auth("s")
    before = d.descriptors()
    backend.server.misbehave = how
    waiting = [d.client() for _ in range(3)]
    for n, c in enumerate(waiting):
        c.command("AUTH", f"victim{n}")
        inside.pub("t", "x")
    for c in waiting:
        c.fatal(FAILED, timeout=10)
    backend.server.misbehave = None
    eventually(lambda: d.descriptors() <= before, 10, "no connection to the server stays behind")
    inside.pub("t", "x")
    if not d.sanitized():
        assert d.rss_kib() < 100000
    c = d.client()
    c.auth("s")
    c.pub("t", "it is asked again")


def test_byte_by_byte_but_good(launch, backend):
    def slowly(s):
        for b in HEAD + b"Content-Length: %d\r\n\r\n" % len(GOOD) + GOOD:
            s.sendall(bytes([b]))

    backend.server.misbehave = slowly
    d = backend.attach(launch(plugins=backend.plugins()))
    c = d.client()
    assert c.auth("s")["permission_count"] == 1
    c.pub("t", "x")


@pytest.mark.parametrize("how", [hang, close, garbage, None], ids=["hangs", "closes", "raves", "is gone"])
def test_the_next_server_is_asked(launch, backend, how):
    """Whichever of the two is tried first."""
    backend.set(*(Account(f"s{n}", (Grant(".*"),)) for n in range(8)))
    bad = AuthServer(lambda query: (500, ""))
    bad.misbehave = how
    if how is None:
        bad.close()
    (name, options), = backend.plugins()
    d = launch(plugins=[(name, {**options, "address": [bad.where, *options["address"]]})])
    try:
        for n in range(8):
            c = d.client()
            c.auth(f"s{n}")
            c.pub("t", "x")
            c.close()
    finally:
        bad.close()


def test_a_server_that_comes_back(launch, backend):
    backend.set(Account("s", (Grant(".*"),)))
    d = backend.attach(launch(plugins=backend.plugins(), **{"auth.deny_ttl": "1ms"}))
    address = backend.server.address
    backend.server.close()
    for _ in range(3):
        c = d.client()
        c.command("AUTH", "s")
        c.fatal(FAILED)
    backend.server = AuthServer(backend._answer, address=address)
    c = d.client()
    c.auth("s")
    c.pub("t", "x")


def test_a_stop_while_a_server_hangs(launch, backend):
    backend.server.misbehave = hang
    d = backend.attach(launch(plugins=[("auth-http", {"address": [backend.server.where], "request_timeout": "1m"})],
                              **{"auth.timeout": "1m"}))
    for n in range(5):
        c = d.client()
        c.command("AUTH", f"s{n}")
    eventually(lambda: len(backend.server.questions) == 5)
    d.stop(deadline=10)


def test_a_token_file_that_cannot_be_read(launch, tmp_path):
    """It is gone, cut off in the midst, or a folder: the secrets that were there are good on."""
    b = Token(tmp_path)
    b.set(Account("old", (Grant("^t$"),)))
    d = b.attach(launch(plugins=b.plugins()))
    path = tmp_path / b.file
    whole = path.read_text()

    def works(name):
        c = d.client()
        c.auth(b.secret(name))
        c.pub("t", "x")

    for spoil in (path.unlink, lambda: path.write_text(whole[:40]), path.unlink, path.mkdir):
        spoil()
        before = len(d.log())
        reload_and_wait(d)
        errors = [line for line in d.log()[before:].splitlines() if " error " in line]
        assert len(errors) == 1 and str(path) in errors[0], errors
        works("old")
    path.rmdir()
    b.set(Account("new", (Grant("^t$"),)))
    works("new")
