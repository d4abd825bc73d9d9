"""Started as the test scripts of client libraries start the original."""

import os
import re
import signal
import socket

import pytest

from pluqtest import Dropin
from pluqtest import daemon as under_test
from pluqtest.certs import authorities
from pluqtest.fakeauth import EVERYTHING, FakeAuth


def test_nsqd_as_client_libraries_start_it(adopt):
    certs = authorities()
    d = adopt(Dropin("nsqd", start=False))
    nobody = socket.socket()  # bound, so that nobody else listens there
    nobody.bind(("127.0.0.1", 0))
    d.arguments = [f"--lookupd-tcp-address=127.0.0.1:{nobody.getsockname()[1]}", "-broadcast-address=127.0.0.1", f"--data-path={d.data}",
                   "--mem-queue-size", "100", "-tcp-address", "127.0.0.1:0", "-http-address", "127.0.0.1:0",
                   "-https-address", "127.0.0.1:0", "-tls-cert", certs.server.cert, "-tls-key", certs.server.key, "--log-level=debug",
                   "[object Object]"]
    d.start()
    assert d.http("GET", "/ping").body == b"OK"
    assert d.http("GET", "/config/mem_queue_size").body == b"100"
    assert d.http("GET", "/info").json()["broadcast_address"] == "127.0.0.1"
    d.client().pub("topic", "one")
    c = d.consumer("topic", "channel", 1)
    assert c.bodies(1) == [b"one"]
    c = d.client()
    c.secure(certs.context())
    c.pub("topic", "two")
    d.signal(signal.SIGTERM)
    assert d.wait() == 0
    assert "nsqd.dat" in d.files()
    nobody.close()


def test_the_default_data_directory_is_the_working_directory(adopt, tmp_path, monkeypatch):
    d = adopt(Dropin("nsqd", "--tcp-address=127.0.0.1:0", "--http-address=127.0.0.1:0", start=False))
    monkeypatch.chdir(tmp_path)
    d.start()
    d.client().pub("topic", "one")
    d.stop()
    assert (tmp_path / "nsqd.dat").exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_told_to_stop_it_ends_with_0(adopt, number):
    d = adopt(Dropin.nsqd()).start()
    d.signal(number)
    assert d.wait() == 0


def test_only_the_log_goes_to_standard_error(adopt):
    """And nothing to standard output, which scripts throw away or read."""
    d = adopt(Dropin.nsqd()).start()
    d.stop()
    assert all(re.match(r"\d{4}-\d\d-\d\dT[\d:.]+Z (debug|info|warn) ", line) for line in d.log().splitlines())


def test_a_second_one_in_the_same_directory_is_refused(adopt):
    d = adopt(Dropin.nsqd()).start()
    other = adopt(Dropin.nsqd(f"--data-path={d.data}")).spawn()
    assert other.wait() == 1
    assert re.search(rf"^nsqd: .*{d.data}.*$", other.log(), re.M)


def test_found_in_path(adopt):
    """A relative link, started by its bare name."""
    d = adopt(Dropin.nsqd())
    d.program.unlink()
    d.program.symlink_to(os.path.relpath(under_test.PROGRAM, d.program.parent.resolve()))
    d.env["PATH"] = f"{d.program.parent}:{os.environ['PATH']}"
    d.program, link = "nsqd", d.program
    argv = d.command()
    d.command = lambda: ["sh", "-c", 'exec "$@"', "sh", *argv]
    d.start()
    assert os.readlink(link).startswith("..")
    assert d.http("GET", "/ping").body == b"OK"


@pytest.mark.parametrize("method", ["get", "post"])
def test_auth_servers_are_asked(adopt, method):
    fake = FakeAuth()
    fake.answer = lambda asked: fake.allow(*([EVERYTHING] if asked.secret == "good" else []))
    d = adopt(Dropin.nsqd(f"--auth-http-address={fake.address}", "--auth-http-request-method", method)).start()
    c = d.client()
    assert c.identify(feature_negotiation=True)["auth_required"] is True
    c.command("PUB t", "x")
    c.fatal('E_AUTH_FIRST AUTH required before PUB')
    c = d.client()
    c.auth("good")
    c.pub("t", "x")
    c = d.client()
    c.command("AUTH", "bad")
    c.fatal("E_UNAUTHORIZED AUTH no authorizations found")
    assert {a.method for a in fake.asked} == {method.upper()}
    fake.end()


def test_auth_servers_that_appear_need_a_restart(adopt, tmp_path):
    path = tmp_path / "nsqd.toml"
    path.write_text("")
    d = adopt(Dropin.nsqd(f"--config={path}")).start()
    path.write_text('auth_http_addresses = ["127.0.0.1:4181"]\n')
    d.signal(signal.SIGHUP)
    d.wait_log(r"warn auth-http: is new in the configuration: this needs a restart")


def test_auth_servers_of_the_file_change_on_hangup(adopt, tmp_path):
    one, two = FakeAuth(), FakeAuth()
    path = tmp_path / "nsqd.toml"
    path.write_text(f'auth_http_addresses = ["{one.address}"]\n')
    d = adopt(Dropin.nsqd(f"--config={path}")).start()
    d.client().auth("s")
    path.write_text(f'auth_http_addresses = ["{two.address}"]\n')
    d.signal(signal.SIGHUP)
    d.wait_log(r"info core: reloaded")
    d.client().auth("s")
    assert len(one.asked) == len(two.asked) == 1
    one.end()
    two.end()
