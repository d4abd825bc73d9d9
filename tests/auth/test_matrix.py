"""Who may do what: one table of cases, against every auth plugin, over the V2 protocol and over HTTP."""

import itertools
from typing import NamedTuple

import pytest

from pluqtest import Client, Pluqd
from pluqtest.authbackends import Account, Authd, Blocking, Cert, Csv, Grant, Http, Mock, Token
from pluqtest.client import mpub_body, sized
from pluqtest.httpclient import connection, exchange

NOBODY = "E_UNAUTHORIZED AUTH no authorizations found"
FAILED = "E_AUTH_FAILED AUTH failed"


class Case(NamedTuple):
    name: str
    account: Account
    allowed: tuple = ()
    denied: tuple = ()
    refused: str = ""           # AUTH itself, with this error
    source: str = "127.0.0.1"
    tls: bool = False


_secrets = (f"secret-{n}" for n in itertools.count())


def account(*grants, **kw):
    return Account(next(_secrets), grants, **kw)


def case(name, who, *, allowed=(), denied=(), **kw):
    return Case(name, who, tuple(allowed), tuple(denied), **kw)


CASES = [
    # topic
    case("whole topic", account(Grant("^orders$")), allowed=["PUB orders", "MPUB orders", "DPUB orders", "SUB orders c"],
         denied=["PUB orders2", "MPUB xorders", "DPUB Orders", "SUB orders2 c", "PUB orders#ephemeral"]),
    case("patterns are not anchored", account(Grant("order")), allowed=["PUB xorders", "SUB order c", "PUB order#ephemeral"],
         denied=["PUB odrer"]),
    case("begins with", account(Grant("^log\\.")), allowed=["PUB log.a", "SUB log.b c"], denied=["PUB loga", "PUB blog.a"]),
    case("the dot stands for any character", account(Grant("^a.c$")), allowed=["PUB abc", "PUB a.c"], denied=["PUB ac", "PUB abbc"]),
    case("one of several", account(Grant("^(eins|zwei)$")), allowed=["PUB eins", "PUB zwei"], denied=["PUB einszwei", "PUB drei"]),
    case("the empty pattern", account(Grant("^$")), denied=["PUB t", "SUB t c"]),
    case("ephemeral ones", account(Grant("#ephemeral$")), allowed=["PUB t#ephemeral", "SUB t#ephemeral c"], denied=["PUB t", "SUB t c"]),
    # channel
    case("one channel", account(Grant("^t$", ("^ch$",))), allowed=["SUB t ch"], denied=["SUB t d", "SUB t chx", "PUB t", "MPUB t", "DPUB t"]),
    case("a channel, not anchored", account(Grant("^t$", ("ch",))), allowed=["SUB t ch", "SUB t xchy"], denied=["SUB t d", "PUB t"]),
    case("every channel", account(Grant("^t$", (".*",))), allowed=["SUB t a", "SUB t b#ephemeral", "PUB t"], denied=["SUB u a"]),
    case("the empty channel alone", account(Grant("^t$", ("^$",))), allowed=["PUB t", "MPUB t", "DPUB t"], denied=["SUB t c"]),
    case("an empty channel pattern", account(Grant("^t$", ("",))), allowed=["PUB t", "SUB t c"]),
    case("any of the channels", account(Grant("^t$", ("^a$", "^b$"))), allowed=["SUB t a", "SUB t b"], denied=["SUB t c", "SUB t ab", "PUB t"]),
    case("no channel at all", account(Grant("^t$", ())), denied=["PUB t", "SUB t c", "MPUB t", "DPUB t"]),
    # permission
    case("subscribe alone", account(Grant("^t$", (".*",), "subscribe")), allowed=["SUB t c"], denied=["PUB t", "MPUB t", "DPUB t"]),
    case("publish alone", account(Grant("^t$", (".*",), "publish")), allowed=["PUB t", "MPUB t", "DPUB t"], denied=["SUB t c"]),
    case("admin alone", account(Grant("^t$", (".*",), "admin")), denied=["PUB t", "MPUB t", "DPUB t", "SUB t c"]),
    # several grants
    case("each for its own", account(Grant("^in$", (".*",), "publish"), Grant("^out$", ("^me$",), "subscribe")),
         allowed=["PUB in", "SUB out me"], denied=["PUB out", "SUB in me", "SUB out you"]),
    case("one that allows is enough", account(Grant("^t$", ("^no$",)), Grant("t", ("^c$",), "subscribe")),
         allowed=["SUB t c", "SUB tt c", "SUB t no"], denied=["PUB t"]),
    case("twenty", account(*(Grant(f"^t{n}$") for n in range(20))), allowed=["PUB t0", "SUB t19 c"], denied=["PUB t20"]),
    # nothing
    case("known, without a grant", account(), refused=NOBODY),
    case("denied", account(Grant(".*"), verdict="deny"), refused=FAILED),
    case("no opinion", account(Grant(".*"), verdict="silent"), refused=NOBODY),
    case("it cannot be told", account(Grant(".*"), verdict="error"), refused=FAILED),
    # address
    case("from its address", account(Grant("^t$"), ip="127.0.0.2"), allowed=["PUB t", "SUB t c"], denied=["PUB u"], source="127.0.0.2"),
    case("from another address", account(Grant("^t$"), ip="127.0.0.2"), refused=NOBODY, source="127.0.0.3"),
    # TLS
    case("under TLS", account(Grant("^t$"), tls=True), allowed=["PUB t", "SUB t c"], denied=["PUB u"], tls=True),
    case("in the clear where TLS is needed", account(Grant("^t$"), tls=True), refused=NOBODY),
    case("under TLS where it is not needed", account(Grant("^t$")), allowed=["PUB t"], denied=["PUB u"], tls=True),
    # slow
    case("late, but in time", account(Grant("^t$"), delay=0.2), allowed=["PUB t", "SUB t c"], denied=["PUB u"]),
]

BACKENDS = [Mock, Blocking, Csv, Http, Authd, Token, Cert]
TABLE = [pytest.param(b, c, id=f"{b.name}-{c.name}") for b in BACKENDS for c in CASES if b.can(c.account)]


@pytest.fixture(scope="module")
def brokers(tmp_path_factory, certs):
    """brokers(backend class) is a daemon that knows all accounts of the table, and what it costs to start it is paid once."""
    started = {}

    def of(kind):
        if kind not in started:
            backend = kind(tmp_path_factory.mktemp(kind.name))
            backend.set(*(c.account for c in CASES if kind.can(c.account)))
            options = {**certs.server.options, "https_address": "127.0.0.1:0", "http_auth": True, **backend.options(certs)}
            started[kind] = backend.attach(Pluqd(plugins=backend.plugins(), start=False, **options)).start(), backend
        return started[kind]

    yield of
    for d, backend in started.values():
        try:
            d.stop()
        finally:
            if d.alive():
                d.kill()
            d.remove()
            backend.close()


BODIES = {"PUB": sized(b"x"), "DPUB": sized(b"x"), "MPUB": mpub_body([b"x"]), "SUB": b""}


def line_of(command):
    verb, *rest = command.split()
    return f"{command} 10\n" if verb == "DPUB" else command + "\n"


def denial(command):
    verb, topic, *channel = command.split()
    return f'E_UNAUTHORIZED AUTH failed for {verb} on "{topic}" "{"".join(channel)}"'


def say(client, command):
    client.send(line_of(command).encode() + BODIES[command.split()[0]])


@pytest.mark.parametrize("kind, c", TABLE)
def test_v2(brokers, certs, kind, c):
    _, backend = brokers(kind)
    how = {"tls": c.tls, "source": (c.source, 0)}
    name = c.account.secret
    if c.refused:
        client = backend.connect(name, certs, **how)
        client.command("AUTH", backend.secret(name))
        client.fatal(c.refused)
        return
    for command in c.allowed:
        client = backend.admitted(name, certs, **how)
        say(client, command)
        client.response()
        client.close()
    for command in c.denied:
        client = backend.admitted(name, certs, **how)
        say(client, command)
        client.fatal(denial(command))


HTTP_OF = {"PUB": ("POST", "/pub?topic={}"), "DPUB": ("POST", "/pub?topic={}&defer=10"), "MPUB": ("POST", "/mpub?topic={}")}


def requests(commands):
    """What publishing commands are over HTTP."""
    for command in commands:
        verb, topic, *_ = command.split()
        if verb in HTTP_OF:
            method, target = HTTP_OF[verb]
            yield method, target.format(topic.replace("#", "%23"))


def ask(brokers, kind, c, certs, method, target):
    d, backend = brokers(kind)
    tls = c.tls or kind is Cert
    context = certs.context(certs.named_client(c.account.secret) if kind is Cert else None) if tls else None
    h = connection(d.https_at if tls else d.http_at, tls=context)
    h.source_address = (c.source, 0)
    try:
        return exchange(h, method, target, body=b"x", headers={"Authorization": f"Bearer {backend.secret(c.account.secret)}"})
    finally:
        h.close()


@pytest.mark.parametrize("kind, c", TABLE)
def test_http(brokers, certs, kind, c):
    if c.refused:
        wanted = {"error": (503, "AUTH_UNAVAILABLE")}.get(c.account.verdict, (401, "UNAUTHORIZED"))
        r = ask(brokers, kind, c, certs, "POST", "/pub?topic=t")
        assert (r.status, r.message) == wanted
        return
    for method, target in requests(c.allowed):
        r = ask(brokers, kind, c, certs, method, target)
        assert (r.status, r.body) == (200, b"OK"), (target, r)
    for method, target in requests(c.denied):
        r = ask(brokers, kind, c, certs, method, target)
        assert (r.status, r.message) == (403, "FORBIDDEN"), (target, r)
