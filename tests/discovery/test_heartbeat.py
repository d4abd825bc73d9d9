"""PING, answers that are waited for, pauses between tries; on a clock that the test moves."""

import pytest

from pluqtest import eventually, never
from pluqtest.client import sized
from pluqtest.shim import Clock


@pytest.fixture
def timed(launch, fake):
    clock = Clock()
    d = launch(lookupd_tcp_address=fake.address, **clock.options())
    d.clock = clock
    fake.peer()
    return d


def hurry_to_the_next(clock, fake, n):
    """Moves time on until the connection behind the n-th comes; returns the time between the two, by the broker's clock."""
    before = clock.mono_ns

    def come():
        if len(fake.peers) == n:
            clock.advance(0.25)
        return len(fake.peers) > n
    eventually(come)
    return (clock.mono_ns - before) / 1e9 + fake.peers[n].opened - fake.peers[n - 1].opened


def pings(p):
    return p.lines.count("PING")


def test_ping_every_15_seconds(timed, fake):
    p = fake.peer()
    timed.wait_log("registered")
    for n in range(5):
        timed.clock.advance(13)  # real time passes too
        never(lambda: pings(p) > n, 0.1)
        timed.clock.advance(2)
        eventually(lambda: pings(p) == n + 1)
    assert p is fake.peer()


def test_other_commands_do_not_put_off_the_ping(timed, fake):
    p = fake.peer()
    timed.wait_log("registered")
    timed.clock.advance(13)
    timed.post("/topic/create", topic="t")
    fake.wait_state({"t": []})
    assert not pings(p)
    timed.clock.advance(2)
    eventually(lambda: pings(p) == 1)


@pytest.mark.parametrize("mute", ["PING", "REGISTER t"])
def test_an_answer_that_does_not_come_is_waited_for_5_seconds(timed, fake, mute):
    p = fake.peer()
    timed.wait_log("registered")
    fake.on_command = lambda peer, line: None if line == mute and peer is p else fake.answer(peer, line)
    if mute == "PING":
        timed.clock.advance(15)
    else:
        timed.post("/topic/create", topic="t")
    eventually(lambda: p.lines[-1] == mute)
    timed.clock.advance(3)
    never(lambda: p.ended, 0.1)
    timed.clock.advance(2)
    eventually(lambda: p.ended)
    timed.wait_log("lookupd .*: does not answer")
    eventually(lambda: len(fake.peers) == 2)
    fake.wait_state({} if mute == "PING" else {"t": []})


def test_a_slow_one_that_goes_on_answering_is_not_given_up(timed, fake):
    """Forty registrations, each answered 3 s after the one before."""
    p = fake.peer()
    timed.wait_log("registered")
    fake.on_command = lambda peer, line: None
    for n in range(40):
        timed.post("/topic/create", topic=f"t{n}")
    eventually(lambda: len(p.lines) == 41)
    for n in range(40):
        timed.clock.advance(3)
        p.send(sized(b"OK"))
        for _ in range(2):  # so that loop 0 has seen the answer
            assert timed.http("GET", "/ping").status == 200
        assert not p.ended
    timed.post("/topic/create", topic="last")
    eventually(lambda: p.lines[-1] == "REGISTER last")
    assert len(fake.peers) == 1


def test_pauses_grow(launch, fake):
    """1/4 s, 1/2 s, 1 s ... 8 s; pauses may be longer on a busy machine, but never shorter."""
    clock = Clock()
    fake.on_connect = lambda peer: peer.close()
    d = launch(lookupd_tcp_address=fake.address, **clock.options())
    eventually(lambda: fake.peers)
    for n, pause in enumerate([0.25, 0.5, 1, 2, 4, 8, 8, 8, 8], 1):
        assert hurry_to_the_next(clock, fake, n) >= pause
    for n in 1, 2, 4, 8:
        d.wait_log(rf"lookupd {fake.address}: closed by the peer \({n} in a row\); tried again")
    assert not [n for n in (3, 5, 6, 7, 9) if f"({n} in a row)" in d.log()]


def test_who_identifies_and_then_refuses_is_not_hurried_either(launch, fake):
    clock = Clock()
    fake.on_command = lambda peer, line: (fake.answer(peer, line) if line == "IDENTIFY" else
                                          peer.send(sized(b"E_INVALID no \x1b[31m")))
    d = launch(lookupd_tcp_address=fake.address, **clock.options())
    d.post("/topic/create", topic="t")
    for n, pause in enumerate([0.25, 0.5, 1, 2, 4, 8, 8, 8], 1):
        eventually(lambda: len(fake.peers) == n and fake.peers[-1].ended)
        assert hurry_to_the_next(clock, fake, n) >= pause
    d.wait_log(r'answers a command with "E_INVALID no \\x1b\[31m"')
    fake.on_command = fake.answer
    hurry_to_the_next(clock, fake, len(fake.peers))
    fake.wait_state({"t": []}, deadline=20)


def test_one_that_lasted_is_tried_again_at_once(timed, fake):
    """A connection that stood for a heartbeat ends the count."""
    for n in range(1, 6):
        eventually(lambda: len(fake.peers) == n and timed.log().count(": registered") == n)
        timed.clock.advance(15.1)
        eventually(lambda: pings(fake.peers[-1]) == 1)
        fake.drop()
    eventually(lambda: len(fake.peers) == 6)
    assert "(2 in a row)" not in timed.log()
