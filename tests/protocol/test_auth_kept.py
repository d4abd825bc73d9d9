"""What the daemon keeps of the answers of auth plugins, and what happens when they cannot tell."""

import re
import signal
import time

import pytest

from pluqtest import eventually
from pluqtest.client import ERROR
from pluqtest.guarded import ALL, BLOCKING, HOUR, RULES, Guarded


@pytest.fixture
def fresh(adopt):
    """A broker of the test's own."""
    return lambda rules=None, **options: adopt(Guarded(rules or RULES, **options)).start()


def refused(d, secret):
    c = d.client()
    c.command("AUTH", secret)
    f = c.live_frame()
    c.close()
    return f.kind == ERROR


def reload(d):
    seen = d.log().count("core: reloaded")
    d.signal(signal.SIGHUP)
    eventually(lambda: d.log().count("core: reloaded") > seen, 20, "the configuration is read again")


def test_with_stale_a_publisher_outlives_its_backend_and_a_refusal_counts_at_once(fresh):
    d = fresh({"p": ("allow", 200, 0, ALL)}, **{"auth.on_error": "stale:10m"})
    c = d.authed("p")
    d.tell({"p": ("error", 0, 0)})
    eventually(lambda: c.pub("t", "x") or d.asked("p") >= 3, 20, "it is asked again and again")
    assert re.search(r"warn auth-mock: cannot tell about client 127\.0\.0\.1: ", d.log())
    d.tell({"p": ("deny", 0, 0)})

    def cut():
        c.command("PUB t", "x")
        f = c.live_frame()
        return f if f.kind == ERROR else None
    assert eventually(cut, 20, "it is refused").data == b"E_AUTH_FAILED AUTH failed"


def test_a_reload_forgets_refusals_and_leaves_sessions_alone(fresh):
    d = fresh({"p": ("allow", HOUR, 0, ALL), "x": ("deny", 0, 0)}, **{"auth.deny_ttl": "1h"})
    c, s = d.authed("p"), d.authed("p").sub("t", "c", 1)
    assert refused(d, "x")
    d.tell({"x": ("allow", HOUR, 0, ALL), "p": ("deny", 0, 0)})
    assert refused(d, "x") and d.asked("x") == 1
    reload(d)
    assert not refused(d, "x")
    c.pub("t", "still here")
    assert s.message().body == b"still here"
    assert d.asked("p") == 2


def test_a_reload_takes_the_settings(adopt):
    d = adopt(Guarded(RULES))
    config = ("auth: {on_error: %s, timeout: %s, deny_ttl: 0}\nplugins: [nsqd, diskqueue, {auth-mock: {plugin: "
              f"{d.plugins[0][1]['plugin']}, file: {d.rules}}}}}]\n")
    d.config = config % ("deny", "60s")
    d.start()
    d.config = config % ("later", "300ms")
    d._config_file()
    d.signal(signal.SIGHUP)
    d.wait_log(r"reload failed, the old configuration stays: .*:1: auth\.on_error: \"later\" is neither deny nor stale:DURATION")
    d.config = config % ("stale:1m", "300ms")
    d._config_file()
    reload(d)
    c = d.client()
    c.command("AUTH", "slow")
    c.fatal("E_AUTH_FAILED AUTH failed")


def test_a_plugin_that_blocks_slows_nobody_else(fresh):
    d = fresh({**RULES, "stuck": ("allow", HOUR, 5000, ALL)}, mock=BLOCKING, threads=1)
    c = d.authed("good")
    waiting = d.client()
    waiting.command("AUTH", "stuck")
    d.wait_log("asked stuck")
    worst = 0
    for _ in range(100):
        before = time.monotonic()
        c.pub("t", "x")
        worst = max(worst, time.monotonic() - before)
    assert worst < 2.5
    d.wait_log(r"warn auth-mock: slow operation: ask ", 10)
    eventually(lambda: waiting.live_frame().kind != ERROR, 10, "the slow answer comes")


@pytest.mark.parametrize("secret", ["slow", "late"])
def test_a_stop_ends_open_questions(fresh, secret):
    d = fresh({"slow": ("never", 0, 0), "late": ("allow", HOUR, 5000, ALL)}, **{"auth.timeout": "60s"})
    clients = [d.client() for _ in range(5)]
    for c in clients:
        c.command("AUTH", secret)
    eventually(lambda: d.asked(secret) == 5, 20, "all are asked about")
    d.stop()


def test_a_catastrophic_pattern_grants_nothing_and_holds_nobody_up(fresh):
    d = fresh({"evil": ("allow", HOUR, 0, "subscribe,publish ^(a+)+$ ^(a+)+$")})
    c = d.authed("evil")
    topic = "a" * 60 + "_"
    c.command(f"PUB {topic}", "x")
    c.fatal(f'E_UNAUTHORIZED AUTH failed for PUB on "{topic}" ""')
    d.wait_log(r"warn auth-mock: the pattern \"\^\(a\+\)\+\$\" takes too long to match and grants nothing")


def test_a_pattern_that_does_not_compile_is_an_error_of_the_plugin(fresh):
    d = fresh({"bad": ("allow", HOUR, 0, "subscribe ^t[$ .*")})
    c = d.client()
    c.command("AUTH", "bad")
    c.fatal("E_AUTH_FAILED AUTH failed")
    d.wait_log(r"warn auth-mock: cannot tell about client 127\.0\.0\.1: the pattern \"\^t\[\$\" does not compile: missing")
