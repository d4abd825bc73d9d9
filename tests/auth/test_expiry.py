"""Times to live, on a clock that the test moves: who is asked about again, and what comes of it."""

import pytest

from pluqtest import Closed, eventually
from pluqtest.authbackends import Account, Authd, Blocking, Cert, Csv, Grant, Http, Mock, Token
from pluqtest.shim import Clock

ALL = Grant(".*")
FAILED = "E_AUTH_FAILED AUTH failed"
TTL = 20  # seconds: below the default heartbeat, so no deadline of another kind is near

asked_backends = pytest.mark.parametrize("backend", [Mock, Blocking, Http], indirect=True, ids=lambda b: b.name)


def short(kind):
    """With that time to live for all."""
    return type("Short" + kind.__name__, (kind,), {"ttl": TTL})


every_backend = pytest.mark.parametrize("backend", [Mock, Blocking, Http, *map(short, [Csv, Authd, Token, Cert])], indirect=True,
                                        ids=lambda b: b.name)


@pytest.fixture
def backend(request, tmp_path):
    """The one that the test is parametrised with."""
    b = request.param(tmp_path)
    yield b
    b.close()


@pytest.fixture
def timed(launch, backend, certs):
    """timed(*accounts, **options) starts a daemon with the backend, on a clock that the test moves."""

    def start(*accounts, **options):
        clock = Clock()
        backend.set(*accounts)
        # A question that is open while the clock is moved is not late for that.
        options = {"auth.timeout": "10m", **backend.options(certs), **options, **clock.options()}
        d = backend.attach(launch.make(plugins=backend.plugins(), **options)).start()
        d.clock = clock
        d.backend, d.certs = backend, certs
        return d

    return start


def account(secret, *grants, **kw):
    return Account(secret, grants, **{"ttl": TTL, **kw})


def denied(verb, topic, channel=""):
    return f'E_UNAUTHORIZED AUTH failed for {verb} on "{topic}" "{channel}"'


def publisher(d, name):
    return d.backend.admitted(name, d.certs)


def wait_asked(backend, name, times):
    """What a backend of the daemon's has been asked is told by the log, which is written a little later."""
    def check():
        assert backend.asked(name) <= times
        return backend.asked(name) == times
    eventually(check, what=f"{times} questions about {name}")


def taken(c):
    """The next message, finished: nothing of it comes back when the clock moves on."""
    body, = c.bodies(1)
    return body


def ended(c):
    """The daemon closes; what it has said before but heartbeats."""
    seen = []
    try:
        while True:
            if (f := c.frame()) != (0, b"_heartbeat_"):
                seen.append(f)
    except Closed:
        return seen


def cut_off(c, text):
    assert ended(c) in ([], [(1, text.encode())])


def consumer(d, secret, topic="t", channel="c"):
    return publisher(d, secret).sub(topic, channel, 10)


@every_backend
def test_a_subscriber_whose_grant_is_gone_is_closed_within_its_time_to_live(timed, backend):
    d = timed(account("keeps", ALL), account("loses", ALL))
    stays, goes = consumer(d, "keeps"), consumer(d, "loses", channel="other")
    p = publisher(d, "keeps")
    p.pub("t", "first")
    assert [taken(c) for c in (stays, goes)] == [b"first"] * 2
    backend.set(account("loses", Grant("^elsewhere$")))
    d.clock.advance(TTL)
    cut_off(goes, denied("SUB", "t", "other"))
    for n in range(3):  # and the other one goes on, beyond further times to live
        p.pub("t", "more")
        assert taken(stays) == b"more"
        d.clock.advance(TTL / 2)
    d.wait_channel("t", "other", client_count=0)
    d.wait_channel("t", "c", client_count=1)


@every_backend
def test_a_subscriber_that_is_unknown_by_then_is_closed(timed, backend):
    d = timed(account("loses", ALL))
    c = consumer(d, "loses")
    backend.set(account("loses"))
    d.clock.advance(TTL)
    cut_off(c, denied("SUB", "t", "c"))


@every_backend
def test_a_subscriber_in_good_standing_is_asked_about_again_and_stays(timed, backend):
    d = timed(account("s", ALL))
    c = consumer(d, "s")
    p = publisher(d, "s")
    for n in range(4):
        p.pub("t", f"{n}")
        assert taken(c) == b"%d" % n
        d.clock.advance(TTL)


@asked_backends
def test_a_question_for_each_time_to_live(timed, backend):
    d = timed(account("s", ALL))
    p = publisher(d, "s")
    for _ in range(50):
        p.pub("t", "x")
    wait_asked(backend, "s", 1)
    d.clock.advance(TTL + 1)
    for _ in range(50):
        p.pub("t", "x")
    wait_asked(backend, "s", 2)
    d.clock.advance(TTL + 1)
    p.pub("t", "x")
    wait_asked(backend, "s", 3)


@every_backend
@pytest.mark.parametrize("verb", ["PUB", "MPUB", "DPUB"])
def test_a_publisher_is_judged_by_the_new_answer(timed, backend, verb):
    d = timed(account("s", ALL))
    p = publisher(d, "s")
    p.pub("t", "x")
    backend.set(account("s", Grant("^u$")))
    p.pub("t", "the old answer is still good")
    d.clock.advance(TTL + 1)
    p.pub("u", "x")
    if verb == "MPUB":
        p.send_mpub("t", ["x"])
    else:
        p.command("DPUB t 10" if verb == "DPUB" else "PUB t", "x")
    p.fatal(denied(verb, "t"))


@every_backend
def test_a_publisher_without_any_grant_by_then(timed, backend):
    d = timed(account("s", ALL))
    p = publisher(d, "s")
    p.pub("t", "x")
    backend.set(account("s"))
    d.clock.advance(TTL + 1)
    p.command("PUB t", "x")
    p.fatal(denied("PUB", "t"))


@asked_backends
def test_a_backend_that_is_down_cuts_off_where_it_is_told_to(timed, backend):
    d = timed(account("s", ALL), **{"auth.on_error": "deny"})
    p, c = publisher(d, "s"), consumer(d, "s")
    p.pub("t", "x")
    backend.set(account("s", ALL, verdict="error"))
    p.pub("t", "not asked yet")
    d.clock.advance(TTL + 1)
    p.command("PUB t", "x")
    p.fatal(FAILED)
    c.bodies(2)
    cut_off(c, FAILED)


@asked_backends
def test_a_backend_that_is_down_for_a_while_costs_nobody_a_connection(timed, backend):
    d = timed(account("s", ALL), **{"auth.on_error": "stale:2m"})
    p, c = publisher(d, "s"), consumer(d, "s")
    backend.set(account("s", ALL, verdict="error"))
    for n in range(3):
        d.clock.advance(TTL + 1)
        p.pub("t", f"{n}")
        taken(c)
    eventually(lambda: backend.asked("s") >= 5, what="it is tried again")
    asked = backend.asked("s")
    backend.set(account("s", Grant("^u$")))
    d.clock.advance(TTL + 1)
    eventually(lambda: backend.asked("s") > asked)
    cut_off(c, denied("SUB", "t", "c"))

    def refused():
        """The first publish after a time of trouble is still judged by the old answer, and has the chain asked."""
        p.command("PUB t", "x")
        f = p.live_frame()
        assert f in [(0, b"OK"), (1, denied("PUB", "t").encode())]
        return f.kind == 1

    eventually(refused)
    p.closed()


@asked_backends
def test_patience_with_a_backend_that_is_down_ends(timed, backend):
    d = timed(account("s", ALL), **{"auth.on_error": "stale:1m"})
    p, c = publisher(d, "s"), consumer(d, "s")
    backend.set(account("s", ALL, verdict="error"))
    for _ in range(3):
        d.clock.advance(TTL)
        p.pub("t", "x")
        taken(c)
    d.clock.advance(TTL + 60)
    p.command("PUB t", "x")
    p.fatal(FAILED)
    cut_off(c, FAILED)


@asked_backends
def test_who_is_new_is_not_let_in_on_an_old_answer(timed, backend):
    d = timed(account("s", ALL), **{"auth.on_error": "stale:1h"})
    publisher(d, "s").pub("t", "x")
    backend.set(account("s", ALL, verdict="error"))
    c = d.client()
    c.command("AUTH", "s")
    c.fatal(FAILED)


@asked_backends
def test_a_rejected_client_that_comes_again_costs_the_backend_one_question(timed, backend):
    d = timed(account("nobody"), account("fine", ALL))
    for _ in range(100):
        c = d.client()
        c.command("AUTH", "nobody")
        c.fatal("E_UNAUTHORIZED AUTH no authorizations found")
        c.close()
    wait_asked(backend, "nobody", 1)
    publisher(d, "fine").pub("t", "others are asked about")
    d.clock.advance(5.5)
    c = d.client()
    c.command("AUTH", "nobody")
    c.fatal("E_UNAUTHORIZED AUTH no authorizations found")
    wait_asked(backend, "nobody", 2)
    backend.set(account("nobody", ALL))
    d.clock.advance(5.5)
    publisher(d, "nobody").pub("t", "let in by now")


@asked_backends
def test_the_time_for_which_a_refusal_counts_is_an_option(timed, backend):
    d = timed(account("nobody"), **{"auth.deny_ttl": "1m"})

    def refused():
        c = d.client()
        c.command("AUTH", "nobody")
        c.fatal("E_UNAUTHORIZED AUTH no authorizations found")

    refused()
    d.clock.advance(50)
    refused()
    wait_asked(backend, "nobody", 1)
    d.clock.advance(11)
    refused()
    wait_asked(backend, "nobody", 2)


@asked_backends
def test_a_refusal_is_of_these_facts_only(timed, backend):
    """Another address, another secret: another question."""
    d = timed(account("s", ALL, ip="127.0.0.2"))
    c = d.client()
    c.command("AUTH", "s")
    c.fatal("E_UNAUTHORIZED AUTH no authorizations found")
    c = d.client(source=("127.0.0.2", 0))
    c.auth("s")
    c.pub("t", "x")
