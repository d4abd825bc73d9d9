"""auth-csv in a daemon: its file at the start, on SIGHUP, and what clients may do by it."""

import signal

import pytest

from pluqtest.certs import authorities
from pluqtest.client import ERROR
from pluqtest.wait import eventually

HEAD = "login,ip,tls_required,topic,channel,subscribe,publish\n"
FAILED = "E_UNAUTHORIZED AUTH no authorizations found"


@pytest.fixture
def data(tmp_path):
    """data(rows) writes the file and returns its path."""
    def write(rows, head=HEAD):
        path = tmp_path / "accounts.csv"
        path.write_text(head + rows)
        return path
    return write


@pytest.fixture
def serve(launch, data):
    """serve(rows) starts a daemon with that file."""
    def start(rows, head=HEAD, ttl="1h", **options):
        return launch(plugins=[("auth-csv", {"data_file": str(data(rows, head)), "ttl": ttl})], **options)
    return start


def hang_up(d, pattern):
    d.log_from = d.log_path.stat().st_size
    d.signal(signal.SIGHUP)
    d.wait_log(pattern)


def test_rows_of_a_login_and_of_anybody(serve):
    d = serve('alice,127.0.0.0/8,false,^orders$,.*,subscribe,publish\r\n\r\nalice,,,^mail$,"^a,b$",subscribe,\n,,,^news$,,subscribe,\n')
    c = d.client()
    answer = c.auth("alice")
    assert answer["identity"] == "" and answer["permission_count"] == 3
    c.pub("orders", "x")
    c.command("PUB mail", "x")
    c.fatal('E_UNAUTHORIZED AUTH failed for PUB on "mail" ""')
    c = d.client()
    c.auth("alice")
    c.sub("orders", "any")
    c = d.client()
    assert c.auth("whoever")["permission_count"] == 1
    c.sub("news", "c")
    c = d.client()
    c.auth("whoever")
    c.command("SUB orders any")
    c.fatal('E_UNAUTHORIZED AUTH failed for SUB on "orders" "any"')
    assert "alice" not in d.log()


def test_nobody_s_secret(serve):
    d = serve("alice,,,t,,subscribe,publish\nbob,10.0.0.0/8,,t,,subscribe,publish\n")
    for secret in ("alic", "alice ", "alice\0", "Alice", "bob", "x" * 5000):
        c = d.client()
        c.command("AUTH", secret)
        c.fatal(FAILED)


def test_tls_required(serve):
    certs = authorities()
    d = serve("a,127.0.0.1,True,t,,,publish\n", https_address="", **certs.server.options)
    c = d.client()
    c.command("AUTH", "a")
    c.fatal(FAILED)
    c = d.client()
    c.secure(certs.context())
    c.auth("a")
    c.pub("t", "x")


def test_a_unix_socket_has_no_address(serve, tmp_path):
    d = serve("a,127.0.0.1,,t,,,publish\nb,,,t,,,publish\n", tcp=str(tmp_path / "s"))
    c = d.client()
    c.command("AUTH", "a")
    c.fatal(FAILED)
    c = d.client()
    c.auth("b")
    c.pub("t", "x")


def test_hangup_takes_the_new_file_whole_or_not_at_all(serve, data):
    d = serve("a,,,t,,,publish\n")
    old = d.client()
    old.auth("a")
    path = data("b,,,t,,,publish\nb,10.0.0,,t,,,publish\n")
    hang_up(d, rf"error auth-csv: reload failed, the old options stay: {path}:3:3: ip: '10.0.0' is neither an address nor a network")
    d.client().auth("a")
    data("b,,,t,,,publish\nc,,,t,,yes,no\n")
    hang_up(d, r"info core: reloaded")
    assert f"{path}:3: grants nothing: it is passed over" in d.log()
    d.client().auth("b")
    c = d.client()
    c.command("AUTH", "c")
    c.fatal(FAILED)
    old.pub("t", "goes on until its time is over")


def test_one_whose_row_is_gone_is_found_out_in_time(serve, data):
    d = serve("a,,,t,,subscribe,publish\n", ttl="100ms")
    publisher, consumer = d.client(), d.client()
    publisher.auth("a")
    consumer.auth("a")
    consumer.sub("t", "c")
    data("b,,,t,,,publish\n")
    hang_up(d, r"info core: reloaded")
    consumer.closed_after_errors()

    def refused():
        publisher.command("PUB t", "x")
        return publisher.live_frame().kind == ERROR
    eventually(refused, what="the publisher is asked about again")
    publisher.closed()


def test_admin_column(serve):
    d = serve("a,,,t,,,publish,\nb,,,t,,,,admin\n", HEAD.replace("\n", ",admin\n"), http_auth="on")

    def create(secret):
        return d.http("POST", "/topic/create", {"topic": "t"}, headers={"Authorization": f"Bearer {secret}"}).status
    assert create("a") == 403 and create("b") == 200 and create("c") in (401, 403)


@pytest.mark.parametrize("mode, told", [(0o600, ""), (0o640, ""), (0o644, "read the secrets in it"), (0o602, "write it")])
def test_a_file_that_is_everybody_s(launch, data, mode, told):
    """Told at the start, which goes on, and again on SIGHUP."""
    path = data("a,,,t,,,publish\n")
    path.chmod(mode)
    d = launch(plugins=[("auth-csv", {"data_file": str(path)})])
    d.client().auth("a")
    for sign in (r"info core: pluqd \S+ ready", r"info core: reloaded"):
        d.wait_log(sign)
        warnings = [line for line in d.log().splitlines() if " warn auth-csv: " in line]
        assert len(warnings) == bool(told) and all(f"{path}: everybody on this machine may {told}" in line for line in warnings)
        hang_up(d, r"info core: reloaded")


@pytest.mark.parametrize("head, rows, said", [
    (HEAD, "a,,,t,,subscribe\n", ":2:1: 6 fields, where the first line has 7"),
    (HEAD, "a,,maybe,t,,subscribe,\n", ":2:4: tls_required: 'maybe' is neither true nor false"),
    (HEAD, "\na,,,(,,subscribe,\n", ":3:5: topic: not a pattern: missing closing parenthesis"),
    (HEAD, 'a,,,"t,,subscribe,\n', ":2:5: the quote that begins here has no end"),
    ("login,ip\n", "", ":1:1: the column tls_required is missing"),
    ("", "", ":1:1: the line that names the columns is missing"),
])
def test_what_stops_a_start(launch, data, head, rows, said):
    path = data(rows, head)
    d = launch.make(plugins=[("auth-csv", {"data_file": str(path)})]).spawn()
    assert d.wait() == 1
    assert d.log().splitlines()[-1].endswith(said) or f"{path}{said}" in d.log().splitlines()[-1]


def test_a_file_that_is_not_there(launch, tmp_path):
    d = launch.make(plugins=[("auth-csv", {"data_file": str(tmp_path / "none")})]).spawn()
    assert d.wait() == 1
    assert "none: cannot be opened: No such file or directory" in d.log()


def test_many_logins(serve):
    rows = "".join(f"login-{i},,,^t{i}$,,,publish\n" for i in range(20000))
    d = serve(rows)
    for i in (0, 1, 777, 19999):
        c = d.client()
        c.auth(f"login-{i}")
        c.pub(f"t{i}", "x")
    assert {t["topic_name"] for t in d.stats()["topics"]} == {"t0", "t1", "t777", "t19999"}
