"""The plugin auth-token, and pluq_token that makes its entries."""

import fcntl
import os
import re
import signal
import subprocess
import termios

import pytest

from pluqtest import eventually, scaled
from pluqtest.authd import TOOL, make_entry
from pluqtest.client import RESPONSE

UNKNOWN = "E_UNAUTHORIZED AUTH no authorizations found"


def tool(*arguments, status=0, **kw):
    r = subprocess.run([TOOL, *arguments], capture_output=True, text=True, timeout=scaled(30), **kw)
    assert r.returncode == status, r
    return r


@pytest.fixture
def guarded(launch, tmp_path):
    """guarded(text, **options): a broker with this file."""
    def start(text, **options):
        (tmp_path / "tokens").write_text(text)
        d = launch.make(plugins=[("auth-token", {"data_file": tmp_path / "tokens", **options})])
        d.tokens = tmp_path / "tokens"
        return d.start()
    return start


def refused(d, secret, text=UNKNOWN):
    c = d.client()
    c.command("AUTH", secret)
    c.fatal(text)


def authed(d, secret):
    c = d.client()
    c.auth(secret)
    return c


def denied(d, secret, command, body=None, text=None):
    c = authed(d, secret)
    c.command(command, body)
    c.fatal(text or f"E_UNAUTHORIZED AUTH failed for {command.split()[0]} on")


# the plugin


def test_grants_of_tokens_and_passwords(guarded):
    shop, shop_secret = make_entry("shop", "publish ^orders$", "subscribe ^invoices$ ^shop$ ^audit$")
    joe, joe_secret = make_entry("joe@x", "subscribe,publish ^joe-", password="correct: horse\u00e4")
    nothing, nothing_secret = make_entry("nothing")
    d = guarded(f"# secrets\n\n{shop}\n{joe}{nothing}")
    c = d.client()
    assert c.identify(feature_negotiation=True)["auth_required"] is True
    assert c.auth(shop_secret) == {"identity": "shop", "identity_url": "", "permission_count": 2}
    c.pub("orders", b"x")
    c.sub("invoices", "shop")
    denied(d, shop_secret, "PUB invoices", b"x", 'E_UNAUTHORIZED AUTH failed for PUB on "invoices" ""')
    denied(d, shop_secret, "SUB invoices other", text='E_UNAUTHORIZED AUTH failed for SUB on "invoices" "other"')
    denied(d, shop_secret, "SUB orders shop", text='E_UNAUTHORIZED AUTH failed for SUB on "orders" "shop"')
    c = authed(d, joe_secret)
    c.pub("joe-1", b"x")
    c.sub("joe-1", "any", 1)
    assert c.message().body == b"x"
    refused(d, nothing_secret)
    for secret in ("shop", "shop:", shop_secret[:-1], shop_secret + "x", shop_secret[5:], "joe@x:correct: horse", "nobody:x", "\0"):
        refused(d, secret)
    for secret in (shop_secret, joe_secret):
        assert secret.partition(":")[2] not in d.log()


def test_channels_do_not_bind_publishing(guarded):
    entry, secret = make_entry("a", "subscribe,publish ^t$ ^c$")
    d = guarded(entry)
    authed(d, secret).pub("t", b"x")
    authed(d, secret).sub("t", "c")
    denied(d, secret, "SUB t d", text='E_UNAUTHORIZED AUTH failed for SUB on "t" "d"')


def test_a_reload_takes_a_good_file_and_refuses_a_bad_one(guarded):
    a, a_secret = make_entry("a", "publish .*")
    b, b_secret = make_entry("b", "publish .*")
    d = guarded(a)
    authed(d, a_secret).pub("t", b"x")
    d.tokens.write_text(a + b + "\tpublish (\n")
    d.process.send_signal(signal.SIGHUP)
    d.wait_log(r" error auth-token: reload failed, .*: .*/tokens:5:10: not a pattern: missing closing parenthesis")
    authed(d, a_secret).pub("t", b"x")
    d.tokens.write_text(b)
    d.process.send_signal(signal.SIGHUP)
    eventually(lambda: len(re.findall(r"info auth-token: 1 names in ", d.log())) == 2, what="the new file is read")
    authed(d, b_secret).pub("t", b"x")
    refused(d, a_secret)


def test_a_secret_that_was_taken_out_is_refused_after_the_ttl(guarded):
    a, a_secret = make_entry("a", "publish .*", "subscribe .*")
    d = guarded(a, ttl="1s")
    publisher, consumer = authed(d, a_secret), authed(d, a_secret).sub("t", "c")
    publisher.pub("t", b"x")
    d.tokens.write_text("")
    d.process.send_signal(signal.SIGHUP)
    d.wait_log(r"info auth-token: 0 names in ")

    def is_refused():
        publisher.command("PUB t", b"x")
        return b"E_UNAUTHORIZED" in publisher.frame().data

    eventually(is_refused, 10, "the publisher is refused")
    consumer.closed_after_errors(timeout=10)


def test_reloads_while_clients_come(guarded):
    """On two loops, with the hashes of passwords on the pool. The same entries all the time: nobody may notice."""
    token, token_secret = make_entry("t", "publish t")
    password, password_secret = make_entry("p", "publish t", password="x")
    d = guarded(token + password, ttl="1s")
    for i in range(20):
        clients = [(d.client(), secret) for secret in (token_secret, password_secret, "p:wrong") * 4]
        for c, secret in clients:
            c.command("AUTH", secret)
        d.process.send_signal(signal.SIGHUP)
        for c, secret in clients:
            if secret == "p:wrong":
                c.fatal(UNKNOWN)
            else:
                assert c.frame().kind == RESPONSE
                c.pub("t", b"x")
    assert d.log().count("info auth-token: 2 names in") > 1


@pytest.mark.parametrize("text,where", [
    ("a\n", "1:2: the hash is missing"),
    ("\n#\na md5:00\n", "3:3: not a hash"),
    ("\tpublish x\n", "1:2: a grant"),
    ("ENTRYENTRY", "2:1: 'a' is there already, in line 1"),
    ("ENTRY\tpublisher x\n", "2:2: 'publisher' is no permission"),
    ("ENTRY\tpublish [\n", "2:10: not a pattern"),
    (None, "cannot be opened: No such file or directory"),
])
def test_a_bad_file_stops_the_start(launch, tmp_path, text, where):
    path = tmp_path / "tokens"
    if text is not None:
        path.write_text(text.replace("ENTRY", make_entry("a")[0]))
    d = launch.make(plugins=[("auth-token", {"data_file": path})]).spawn()
    assert d.wait() == 1
    assert f"{path}:{'' if text else ' '}{where}" in d.log().splitlines()[-1]


# the command


def test_the_secret_is_told_once_and_is_not_in_the_entry():
    r = tool("--grant", "publish ^a$", "--grant", "subscribe b c", "name")
    assert re.fullmatch(r"name:[A-Za-z0-9_-]{43}\n", r.stderr)
    assert re.fullmatch(r"name sha256:[0-9a-f]{32}:[0-9a-f]{64}\n\tpublish \^a\$\n\tsubscribe b c\n", r.stdout)
    assert tool("name").stderr != r.stderr


def test_a_password_comes_by_standard_input_and_is_not_shown():
    r = tool("--password", "--rounds", "10000", "name", input="hunter2\nignored\n")
    assert r.stderr == "" and "hunter2" not in r.stdout
    assert re.fullmatch(r"name pbkdf2-sha256:10000:[0-9a-f]{32}:[0-9a-f]{64}\n", r.stdout)
    assert tool("--password", "--rounds", "10000", "name", input="hunter2\r").stdout != r.stdout  # the salt


def test_a_password_may_have_any_byte(guarded):
    entry, secret = make_entry("a", "publish t", password="a\0b")
    d = guarded(entry)
    authed(d, secret).pub("t", b"x")
    refused(d, "a:a")


class Typist:
    """pluq_token --password on a terminal of its own."""

    def __init__(self):
        self.terminal, end = os.openpty()
        self.process = subprocess.Popen([TOOL, "--password", "--rounds", "10000", "name"], stdin=end, stdout=subprocess.PIPE, stderr=end, text=True,
                                        start_new_session=True, preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
        os.close(end)
        self.shown = ""

    def wait(self, text):
        while text not in self.shown:
            self.shown += os.read(self.terminal, 1000).decode()

    def type(self, text):
        os.write(self.terminal, text.encode())

    def echoes(self):
        return bool(termios.tcgetattr(self.terminal)[3] & termios.ECHO)

    def end(self):
        out, _ = self.process.communicate(timeout=scaled(30))
        return self.process.returncode, out


@pytest.fixture
def typist():
    t = Typist()
    yield t
    t.process.kill()
    t.process.communicate()
    os.close(t.terminal)


@pytest.mark.parametrize("again, status", [("hunter2", 0), ("hunter3", 1), ("", 1)])
def test_a_terminal_is_asked_twice_without_echo(typist, again, status):
    typist.wait("Password: ")
    assert not typist.echoes()
    typist.type("hunter2\n")
    typist.wait("Again: ")
    typist.type(again + "\n")
    r, out = typist.end()
    assert r == status and out.startswith("name pbkdf2-sha256:10000:") == (status == 0)
    assert typist.echoes() and "hunter" not in typist.shown


@pytest.mark.parametrize("key, number", [("\x03", signal.SIGINT), ("", signal.SIGTERM)])
def test_who_gives_up_has_echo_again(typist, key, number):
    typist.wait("Password: ")
    typist.type("hunt" + key)
    if not key:
        typist.process.send_signal(number)
    assert typist.end() == (-number, "") and typist.echoes()


@pytest.mark.parametrize("text", ["", "\n", "x" * 4097, "x" * 5000 + "\n"])
def test_no_password_is_an_error(text):
    r = tool("--password", "name", status=1, input=text)
    assert r.stdout == "" and "password" in r.stderr


def test_the_longest_password(guarded):
    entry, secret = make_entry("a", "publish t", password="p" * 4096)
    d = guarded(entry)
    authed(d, secret).pub("t", b"x")
    refused(d, secret + "p")


@pytest.mark.parametrize("arguments", [
    [], ["a", "b"], ["a:b"], [""], ["x" * 65], ["--rounds", "9999", "a"], ["--rounds", "x", "a"], ["--rounds", "5000001", "a"],
    ["--grant", "a\nb", "a"], ["--grant", "", "a"], ["--nonsense", "a"],
])
def test_wrong_usage(arguments):
    r = tool(*arguments, status=2)
    assert r.stdout == "" and "usage: pluq_token" in r.stderr


def test_help_and_version():
    assert "--grant" in tool("--help").stdout
    assert re.fullmatch(r"pluq_token \(pluq \S+\)\n", tool("--version").stdout)
